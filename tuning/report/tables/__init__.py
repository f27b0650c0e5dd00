"""The report's tables; most hold the numbers behind a figure.

Imports: words, statistics, journal, analysis, exploration, report.

    answer          the tables that open a report
    base            Entry, Table, table
    checklist       good practice, item by item
    comparison      tuners, scores, pairs, ranks, targets
    exploration     best trials, coverage, importance, bounds, rungs
    over_problems   what problems say together
    study           winners, budgets, failures, space, manifest
"""
