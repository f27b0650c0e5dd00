"""From a plan to a journal: cells run in this process, in others on this machine, or on a cluster.

Imports: words, process, statistics, journal, space, training, problems, evaluation, tuners, analysis, tensorboard.

    plan                  StudyPlan: what is to run
    outlook               outlook: what a plan can show
    cell                  CellTask, run_cell: a search and its retrainings
    retraining            retrain_incumbents: incumbents on fresh seeds
    replicate_trainings   ReplicateTrainings: what cells need not train again
    schedule              longest_first
    executor              Executor, Listener, run_here
    devices               choose: CPUs, or a GPU for each worker
    dask/                 the same on Dask's workers
    worker                run_remote: what a worker runs
    forkserver            forked: how workers of this machine start
    forkserver_preload    what they share
    runner                run: opens a study's folder and is the only writer there
    until_decided         until_decided: adds replicates
    table_study           table_study: trains a table of configurations
    winner_models         save_winners, best_model, continue_training
"""
