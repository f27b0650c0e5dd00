"""The tables of what it takes to reach a score: profiles, epochs to a target, targets reached, speed-ups."""

from __future__ import annotations

import math

import numpy as np

from tuning.analysis.problem_summary import ProblemSummary
from tuning.analysis.targets import LADDER
from tuning.formatting import count, decimals_for, number
from tuning.journal.incumbents import SHARES
from tuning.report.figures.curves import budget_grid
from tuning.report.figures.reaching import speed_words
from tuning.report.tables.base import Entry, Rows, Table, rows_of, score_entry, table

MAX_PROFILE_ROWS = 10


def profiles_table(problem: ProblemSummary) -> Table:
    """The share of replicates at least as good as a score, for up to `MAX_PROFILE_ROWS` of the profile's."""
    entries = {
        (row["tuner"], row["score"]): Entry(f"{row['share']:.0%} ({row['low']:.0%} to {row['high']:.0%})", row["share"])
        for row in rows_of(problem.profiles)
    }
    tuners = list(dict.fromkeys(tuner for tuner, _ in entries))
    highest = problem.objective.sign > 0
    scores = np.array(sorted(dict.fromkeys(score for _, score in entries), reverse=not highest))
    shown = scores[np.unique(np.linspace(0, len(scores) - 1, MAX_PROFILE_ROWS).round().astype(int))]
    places = decimals_for(scores)
    rows: Rows = [[score_entry(float(score), places), *(entries[tuner, score] for tuner in tuners)] for score in shown]
    better = "at least" if highest else "at most"
    metric = problem.objective.metric
    caption = f"Share of replicates whose final {metric} is {better} this, with Clopper and Pearson's intervals"
    return table(caption, [metric, *tuners], rows)


def targets_table(problem: ProblemSummary) -> Table:
    """Epochs to reach each target; unreached ones are marked."""
    part, contest = problem.targets, problem.contest
    never = f"not by {count(contest.budget_epochs)}" if contest.budget.seconds is None else "not in its time"
    places = decimals_for([*problem.finals["score"]])
    metric = problem.objective.metric
    rows: Rows = [
        [
            f"{row['target']}, {number(row['score'], places)}",
            str(row["tuner"]),
            Entry(f"{row['reached']} of {row['replicates']}", row["reached"]),
            *(_reached(row[name], never) for name in ("median", "earliest", "latest")),
            Entry("∞", math.inf) if math.isinf(row["expected"]) else Entry(number(row["expected"], 0), row["expected"]),
        ]
        for row in rows_of(part)
    ]
    columns = (
        f"Target {metric}", "Tuner", "Reached in", "Median epochs", "Earliest", "Latest", "Expected running time"
    )  # fmt: skip
    return table("Epochs until a replicate has a score as good as the target", columns, rows)


def _reached(epochs: float, never: str) -> Entry:
    return Entry(never if np.isinf(epochs) else number(epochs, 0 if epochs % 1 == 0 else 1), epochs)


def fixed_targets_table(problem: ProblemSummary) -> Table:
    """The shares of targets reached, at up to ten budgets."""
    part = problem.fixed_targets
    steps = sorted(part["spent_epochs"].unique())
    tuners = list(dict.fromkeys(part["tuner"]))
    entries = {
        (row["tuner"], row["spent_epochs"]): Entry(
            f"{row['share']:.0%} ({row['low']:.0%} to {row['high']:.0%})", row["share"]
        )
        for row in rows_of(part)
    }
    wanted = [max((step for step in steps if step <= budget), default=None) for budget in budget_grid(int(steps[-1]))]
    rows: Rows = [
        [Entry(count(epochs), epochs), *(entries[tuner, epochs] for tuner in tuners)]
        for epochs in dict.fromkeys(step for step in wanted if step is not None)
    ]
    caption = f"Share of {LADDER} targets reached over replicates, with Clopper and Pearson's intervals"
    return table(caption, ["Epochs spent", *tuners], rows)


def speed_table(problem: ProblemSummary) -> Table:
    """The speed-ups at each of `SHARES`."""
    part = problem.speed_ups
    places = decimals_for(part["score"])
    epochs = [int(share * problem.contest.budget_epochs) for share in SHARES]
    rows: Rows = [
        [
            Entry(count(row["spent_epochs"]), row["spent_epochs"]),
            str(row["tuner"]),
            score_entry(row["score"], places),
            Entry(f"{'over ' if row['at_least'] else ''}{number(row['needed'], 1)}", row["needed"]),
            Entry(speed_words(row), row["speed"]),
        ]
        for row in rows_of(part[part["spent_epochs"].isin(epochs)])
    ]
    columns = (
        "Epochs spent", "Tuner", f"Median best {problem.objective.metric}",
        f"Epochs of {problem.contest.longest_random}", "Speed-up",
    )  # fmt: skip
    return table(
        "Median epochs that random search needs for the same score, for each that a tuner spent", columns, rows
    )
