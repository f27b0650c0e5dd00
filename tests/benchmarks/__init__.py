"""Benchmarks: `python -m tests.benchmarks` runs all and writes `reports/benchmarks.md`.

Each pairs Keras' or a library's own way with ours in alternating processes of one run, so that a machine that is busy
or slow is so for both. Absolute times are that machine's; the ratios are what is claimed. What grows with a study has
bounds instead, meant for an otherwise idle machine of two cores. Where one is missed the command says so, and fails.
"""
