"""The tables that open a report: a row for each tuner, and over several problems a row for each problem."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from tuning.analysis.choices import percent
from tuning.analysis.conduct import plain_random
from tuning.analysis.interval_coverage import students
from tuning.analysis.problem_summary import ProblemSummary
from tuning.formatting import MISSING, decimals_for, names
from tuning.report.tables.base import (
    Entry,
    Row,
    Rows,
    Table,
    estimate_entry,
    rows_of,
    score_entry,
    table,
    test_part,
)

EARLY = 0.25  # of the budget


def answer_table(problem: ProblemSummary) -> Table:
    """A row for each tuner, the one to take first, and baselines last: what one gets comes first."""
    rule = problem.objective
    got, title = _what_one_gets(problem)
    choice = problem.choice.table.set_index("tuner")
    timed = problem.contest.budget.seconds is not None  # nobody knows what was seen when a part of it was spent
    early = {} if timed else _early(problem)
    places = {
        "got": decimals_for([row[got] for row in rows_of(problem.winners)]) if got else 0,
        "seen": decimals_for([*problem.tuners["median"].dropna(), *early.values()]),
        "loss": decimals_for([0.0, *choice["loss"].dropna()]),
    }
    worth = {row["tuner"]: row for row in rows_of(problem.winners)}
    rows: Rows = []
    for row in sorted(rows_of(problem.tuners), key=lambda row: _order(row, choice, problem)):
        tuner = str(row["tuner"])
        best, loss = (choice[name].get(tuner, math.nan) for name in ("best", "loss"))
        rows.append(
            [
                tuner,
                *([estimate_entry(worth[tuner], got, places["got"]) if tuner in worth else MISSING] if got else []),
                MISSING if pd.isna(best) else Entry(percent(best), best),
                score_entry(loss, places["loss"]),
                score_entry(row["median"], places["seen"]),
                *([] if timed else [score_entry(early.get(tuner, math.nan), places["seen"])]),
            ]
        )
    columns = (
        "Tuner", *([title] if got else []), "Probability of being best", "Expected loss",
        f"Median best {rule.metric} seen",
        *([] if timed else [f"Seen at {EARLY:.0%} of the budget"]),
    )  # fmt: skip
    how = "without noise" if problem.endpoint.noise_free else "on fresh seeds"
    fresh = f"; {how} means over cells, with {students(problem.winners['cells'])}{test_part(problem)}" if got else ""
    same = plain_random(problem.conduct)
    shared = f"; {names(same)} are one algorithm, with one probability and one loss" if same else ""
    return table(f"What each tuner gives: medians over replicates{fresh}{shared}", columns, rows)


def problems_table(problems: Mapping[str, ProblemSummary]) -> Table:
    """A row for each problem: the tuner to take, and what each gives there."""
    first = next(iter(problems.values()))
    labels = first.contest.labels
    rows: Rows = []
    for name, problem in problems.items():
        got, _ = _what_one_gets(problem)
        part = problem.winners if got else problem.tuners
        scores = part.set_index("tuner")[got or "median"]
        places = decimals_for(scores.dropna())
        what = f"test {problem.objective.test_metric}" if got == "test" else problem.objective.metric
        taken = "any" if problem.choice.saturated else names(problem.choice.any_of, most=3) or MISSING
        rows.append([name, taken, what, *(score_entry(float(scores.get(label, math.nan)), places) for label in labels)])
    caption = "What each tuner's winners give on fresh seeds, means over cells; where nothing was retrained, the median"
    return table(f"{caption} of the best scores seen", ["Problem", "Take", "Score", *labels], rows)


def _what_one_gets(problem: ProblemSummary) -> tuple[str, str]:
    """The column of `ProblemSummary.winners` that tells it, and its title; empty if nothing was retrained."""
    for column, title in (
        ("test", f"Test {problem.objective.test_metric}"),
        ("retrained", f"{'Noise-free' if problem.endpoint.noise_free else 'Retrained'} {problem.objective.metric}"),
    ):
        if len(problem.winners) and problem.winners[column].notna().any():
            return column, title
    return "", ""


def _early(problem: ProblemSummary) -> dict[str, float]:
    """By tuner, its median when `EARLY` of the budget was spent."""
    grid = problem.standings[problem.standings["spent_epochs"] <= EARLY * problem.contest.budget_epochs]
    if grid.empty:
        return {}
    last = grid[grid["spent_epochs"] == grid["spent_epochs"].max()]
    return {str(row["tuner"]): float(row["median"]) for row in rows_of(last)}


def _order(row: Row, choice: pd.DataFrame, problem: ProblemSummary) -> tuple[bool, float]:
    loss = float(choice["loss"].get(row["tuner"], math.nan))
    return row["tuner"] in problem.contest.baselines, math.inf if math.isnan(loss) else loss
