"""The report's tables; most hold the numbers behind a figure.

Imports: words, statistics, journal, analysis, exploration, report.

    answer          the tables that open a report
    base            Entry, Table, table
    checklist       good practice, item by item
    comparison      tuners, scores, pairs, ranks
    dependence      the score against one hyperparameter, and against two
    exploration     best trials, coverage, importance, bounds, rungs
    over_problems   what problems say together
    reaching        profiles, targets, speed-ups
    study           winners, budgets, failures, space, manifest
"""
