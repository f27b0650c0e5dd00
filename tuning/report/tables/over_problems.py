"""The tables of what problems say together."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from tuning.analysis.choices import percent
from tuning.analysis.over_problems.over_problems import OverProblems
from tuning.analysis.summary import Summary
from tuning.formatting import MISSING, decimals_for, interval, number, p_value
from tuning.report.tables.base import Entry, Row, Rows, Table, rows_of, score_entry, table, value_of
from tuning.statistics.bootstrap import CONFIDENCE


def over_tables(over: OverProblems, tuners: Sequence[str]) -> list[Table]:
    """Which tuner to take, what each problem says, and what is left without it."""
    return [_tuners(over), _by_problem(over, tuners), _without(over)]


def _tuners(over: OverProblems) -> Table:
    ordered = over.tuners.sort_values("loss", kind="stable")
    places = decimals_for([0.0, *ordered["loss"]])
    rows: Rows = [
        [
            str(row["tuner"]),
            Entry(str(row["problems"]), row["problems"]),
            *(Entry(percent(row[name]), row[name]) for name in ("best", "best_these", "best_new")),
            score_entry(row["loss"], places),
        ]
        for row in rows_of(ordered)
    ]
    columns = (
        "Tuner", "Problems", "Best on problems like these", "Best on these", "Best on a new one",
        "Expected loss, spreads",
    )  # fmt: skip
    return table("Probability of being the best tuner, on average over problems", columns, rows)


def pairs_over_table(summary: Summary) -> Table:
    """Every pair over all problems."""
    pairs = summary.over_problems.pairs if summary.over_problems is not None else pd.DataFrame()
    rows: Rows = [
        [
            str(row["a"]),
            str(row["b"]),
            Entry(str(row["problems"]), row["problems"]),
            Entry(_with_ends(row, "difference", "low", "high"), value_of(row["difference"])),
            interval(row["general_low"], row["general_high"], 2),
            interval(row["new_low"], row["new_high"], 2),
            Entry(p_value(row["p_holm"]), value_of(row["p_holm"])),
            Entry(p_value(row["general_p_holm"]), value_of(row["general_p_holm"])),
            row["where"] or MISSING,
        ]
        for row in rows_of(pairs)
    ]
    columns = (
        "A", "B", "Problems", "A − B, these problems", "Problems like these", "A new problem", "p, these",
        "p, like these", "A is",
    )  # fmt: skip
    caption = f"Pairs over problems, in spreads, with {CONFIDENCE:.0%} intervals; p by Holm over all pairs"
    return table(caption, columns, rows)


def _with_ends(row: Row, name: str, low: str, high: str) -> str:
    return f"{number(row[name], 2, signed=True)} ({interval(row[low], row[high], 2)})"


def _by_problem(over: OverProblems, tuners: Sequence[str]) -> Table:
    """What each problem says, and what the others make of it."""
    rows: Rows = []
    for name, part in over.by_problem.groupby("problem", sort=False):
        of = {row["tuner"]: row for row in rows_of(part)}
        first = rows_of(part)[0]
        entries = [
            Entry(f"{number(of[tuner]['drawn'], 2, signed=True)} ({number(of[tuner]['seen'], 2, signed=True)})",
                  value_of(of[tuner]["drawn"]))
            if tuner in of else MISSING
            for tuner in tuners
        ]  # fmt: skip
        rows.append([str(name), Entry(str(first["draw"]), first["draw"]), f"{first['spread']:.3g}", *entries])
    caption = (
        "How far each tuner is above the average one, in spreads: drawn together with the other problems, and (as seen "
        "on this problem alone)"
    )
    return table(caption, ["Problem", "Draw", "One spread", *tuners], rows)


def _without(over: OverProblems) -> Table:
    rows: Rows = [
        [str(row["without"]), str(row["tuner"]), Entry(percent(row["best"]), row["best"]), row["lost"] or MISSING]
        for row in rows_of(over.left_out)
    ]
    columns = ("Without", "Take", "Best on problems like these", "No longer shown")
    return table("What is left of it without one problem", columns, rows)
