"""The tables of how the score depends on one hyperparameter, and on two."""

from __future__ import annotations

import numpy as np

from tuning.exploration.exploration import Search
from tuning.formatting import count, decimals_for, interval, setting
from tuning.report.tables.base import Entry, Rows, Table, rows_of, score_entry, table
from tuning.statistics.bootstrap import CONFIDENCE

MAX_SIDE = 6  # values of a hyperparameter in the table of two


def dependence_table(search: Search) -> Table:
    """The mean at each value of each hyperparameter."""
    frame = search.dependence.frame
    places = decimals_for(frame["mean"])
    rows: Rows = [
        [
            str(row["hyperparameter"]),
            setting(row["value"]),
            score_entry(row["mean"], places),
            interval(row["low"], row["high"], places),
            Entry(count(row["trials"]), row["trials"]),
        ]
        for row in rows_of(frame)
    ]
    columns = (
        "Hyperparameter", "Value", f"Mean {search.objective.metric}", f"{CONFIDENCE:.0%} interval", "Trials nearest"
    )  # fmt: skip
    return table("The mean score expected at a value, over uniform draws of all others", columns, rows)


def surface_table(search: Search) -> Table:
    """The mean at some values of two hyperparameters: the first's are rows, the second's columns."""
    surface, (first, second) = search.dependence.surface, search.dependence.pair
    means = {(row["first"], row["second"]): float(row["mean"]) for row in rows_of(surface)}
    points = search.dependence.points or {}
    rows_at, columns_at = (_some(list(points[key].values)) for key in (first, second))
    places = decimals_for(surface["mean"])
    rows: Rows = [[setting(one), *(score_entry(means[one, other], places) for other in columns_at)] for one in rows_at]
    columns = [f"{first} \\ {second}", *(setting(other) for other in columns_at)]
    return table(f"Mean {search.objective.metric} over {first} (rows) and {second} (columns)", columns, rows)


def _some(values: list[object]) -> list[object]:
    """Up to `MAX_SIDE` of them, the first and the last among them."""
    kept = np.unique(np.linspace(0, len(values) - 1, MAX_SIDE).round().astype(int))
    return [values[place] for place in kept]
