"""Cells on Dask's workers: processes of this machine, or any cluster.

Imports: words, process, journal, problems, evaluation, runner.

    executor    on_dask, run_on_dask
    cluster     client_of: the workers
    winners     save_winners_on
    internals   steady_clock and others: private parts of Dask
"""
