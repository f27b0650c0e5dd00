"""The best score so far over what was spent: epochs, the currency of a study, or seconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tuning.analysis.curves import CELL, incumbents_at, median_curve
from tuning.analysis.problem_summary import ProblemSummary
from tuning.formatting import names, plural, seconds
from tuning.journal.records import CellState
from tuning.report.figures.base import Figure
from tuning.report.figures.curve_chart import (
    CLOCK,
    EPOCHS,
    MAX_TOGETHER,
    TRAINING,
    Curves,
    Spent,
    chart,
    with_margin,
)
from tuning.statistics.intervals import median_ends, median_level

MAX_THIN_LINES = 10  # replicates drawn one by one; above, the interval is enough
EARLY = 0.1  # share of the budget whose medians may be off the axis of scores
GRID_STEPS = 10  # budgets in the table of numbers behind the curves
MAX_STEPS = 340  # points of a drawn curve: one for every two pixels


def timed(problem: ProblemSummary) -> pd.DataFrame:
    """The incumbents by the clock: a result counts when its trial ends, as single epochs are not timed.

    Returns:
        (num_incumbent_trials, 6): problem, tuner, replicate, seconds (of training and thinking since the cell began,
        as recorded by the trials; without the wait before a run was resumed; of training alone if the budget is in
        seconds), trial, score.
    """
    trials = problem.trials.sort_values([*CELL, "trial"], kind="stable")
    spent = _seconds(problem, trials)
    ends = trials[[*CELL, "trial"]].assign(seconds=spent.groupby([trials[name] for name in CELL], sort=False).cumsum())
    last = problem.incumbents.groupby([*CELL, "trial"], sort=False).tail(1)
    return last.merge(ends, on=[*CELL, "trial"])[[*CELL, "seconds", "trial", "score"]]


def _seconds(problem: ProblemSummary, rows: pd.DataFrame) -> pd.Series:
    """What the axis of seconds counts, of trials or cells."""
    train = rows["train_seconds"].astype(float)
    return train if problem.contest.budget.seconds is not None else train + rows["suggest_seconds"].astype(float)


def curve_of(
    problem: ProblemSummary,
    tuner: str,
    budgets: Sequence[float] | None = None,
    axis: Spent = EPOCHS,
    steps: pd.DataFrame | None = None,
    intervals: bool = True,
) -> pd.DataFrame:
    """`analysis.curves.median_curve` over a tuner's finished cells, at `budgets` or where it changes, with intervals.

    `steps` are those of `timed` if the axis is the clock.

    Returns:
        (num_defined_steps, 6): the axis' column, ``median``, ``low`` and ``high`` (`intervals.median_ends`; NaN of
        one replicate, and without `intervals`), ``replicates``.
    """
    done = problem.cells[(problem.cells["tuner"] == tuner) & (problem.cells["state"] == CellState.DONE)]
    replicates = [int(replicate) for replicate in done["replicate"]]
    steps = problem.incumbents if steps is None else steps.rename(columns={axis.column: "spent_epochs"})
    if budgets is None:
        mine = (steps["tuner"] == tuner) & steps["replicate"].isin(replicates)
        end = problem.contest.budget_epochs if axis is EPOCHS else _clock_end(problem, [tuner])
        budgets = _thinned([*(float(spent) for spent in steps.loc[mine, "spent_epochs"] if spent <= end), float(end)])
    matrix = incumbents_at(steps, problem.cells, tuner, replicates, budgets)
    curve = median_curve(matrix, budgets).drop(columns=["low", "high"])
    known = matrix[~np.isnan(matrix).all(axis=1)]
    known = known[:, ~np.isnan(known).any(axis=0)] if len(known) else known
    nothing = np.full(len(curve), np.nan)
    low, high = median_ends(known) if len(curve) and intervals else (nothing, nothing)
    return curve.assign(low=low, high=high).rename(columns={"spent_epochs": axis.column})


def _thinned(budgets: Sequence[float]) -> list[float]:
    """At most `MAX_STEPS` of them, evenly spread, the last kept; a step function is exact at each."""
    steps = sorted(set(budgets))
    if len(steps) <= MAX_STEPS:
        return steps
    even = np.linspace(steps[0], steps[-1], MAX_STEPS)
    return sorted({steps[int(place)] for place in np.minimum(np.searchsorted(steps, even), len(steps) - 1)})


def _clock_end(problem: ProblemSummary, tuners: Sequence[str]) -> float:
    """When the last finished cell of these tuners ended."""
    cells = problem.cells[problem.cells["tuner"].isin(list(tuners))]
    cells = cells[cells["state"] == CellState.DONE]
    return float(_seconds(problem, cells).max()) if len(cells) else 0.0


def budget_grid(budget_epochs: int) -> list[float]:
    """Up to `GRID_STEPS` whole budgets, evenly spread, the full budget last."""
    steps = np.unique(np.ceil(np.linspace(0, budget_epochs, GRID_STEPS + 1)[1:]))
    return [float(step) for step in steps if step >= 1]


def clock_grid(problem: ProblemSummary) -> list[float]:
    """`GRID_STEPS` times, evenly spread up to the end of the tuners' last cell; none if nothing was timed."""
    end = _clock_end(problem, problem.contest.tuners)
    return [float(step) for step in np.linspace(0, end, GRID_STEPS + 1)[1:]] if end > 0 else []


def best_so_far(problem: ProblemSummary, slug: str = "") -> Figure | None:
    """The incumbent over epochs spent: a step line for each tuner's median, a band for its interval.

    The axis ends at the tuners' budget: a baseline with more is judged there by what it had found by then.
    """
    steps = problem.incumbents
    steps = steps[steps["spent_epochs"] <= problem.contest.budget_epochs]
    if steps.empty:
        return None
    medians = _medians(problem, EPOCHS)
    domain, early = _focus(steps, medians, problem)
    end = float(max(problem.contest.budget_epochs, 1))
    thin = _drawn_to_the_end(steps, problem) if 1 < steps["replicate"].nunique() <= MAX_THIN_LINES else None
    metric = problem.objective.metric
    description = (
        f"Step curves of the best {metric} so far against training epochs spent, 0 to "
        f"{problem.contest.budget_epochs}, one colour for each of {plural(len(problem.contest.labels), 'tuner')}. "
        f"Medians there: {_last(medians, problem.contest.labels)}."
    )
    return Figure(
        f"best_so_far{slug}",
        "Best so far against epochs spent",
        f"Lines are medians over finished replicates, from the epoch at which each of them has a result"
        f"{', baselines dashed' if problem.contest.baselines else ''}{_spread(steps, medians, problem)}."
        f"{early} A result counts at the epoch that paid for it; nothing is interpolated."
        + longer(problem, "Drawn up to the tuners' budget, though it had more"),
        description,
        chart(Curves(problem, EPOCHS, end, medians, thin, domain, description)),
    )


def wall_clock(problem: ProblemSummary, slug: str = "") -> Figure | None:
    """The incumbent over the seconds that training and the tuner's thinking took."""
    if problem.incumbents.empty:
        return None
    steps = timed(problem)
    budget = problem.contest.budget.seconds
    axis, spent = (CLOCK, "training and thinking") if budget is None else (TRAINING, "training")
    medians = _medians(problem, axis, steps)
    end = _clock_end(problem, problem.contest.tuners)
    if steps.empty or medians.empty or end <= 0:
        return None
    medians = medians[medians["seconds"] <= end]
    domain, _ = _focus(problem.incumbents, _medians(problem, EPOCHS, intervals=False), problem)
    metric = problem.objective.metric
    description = (
        f"Step curves of the best {metric} so far against seconds of {spent}, 0 to {seconds(end)}, one "
        f"colour for each of {plural(len(problem.contest.labels), 'tuner')}. "
        f"Medians there: {_last(medians, problem.contest.labels)}."
    )
    medians_are = "The same medians" if budget is None else "Medians over finished replicates,"
    thinking = "and the tuner's own thinking " if budget is None else ""
    tested = (
        "No test compares tuners by time."
        if budget is None
        else "Judged is what each search had when its time was over."
    )
    return Figure(
        f"wall_clock{slug}",
        "Best so far against time",
        f"{medians_are} by the time that training {thinking}took, added up trial by trial; a "
        "result counts when its trial has ended, and a line ends with its tuner's last replicate. "
        "Times are those of this machine and run: cells side by side slow one another, and "
        f"what is computed in the place of a training takes none. {tested}",
        description,
        chart(Curves(problem, axis, end, medians, None, domain, description)),
    )


def _medians(
    problem: ProblemSummary, axis: Spent, steps: pd.DataFrame | None = None, intervals: bool = True
) -> pd.DataFrame:
    parts = [
        _turns(curve_of(problem, tuner, axis=axis, steps=steps, intervals=intervals), axis).assign(tuner=tuner)
        for tuner in problem.contest.labels
    ]
    return pd.concat(parts, ignore_index=True)


def _spread(steps: pd.DataFrame, medians: pd.DataFrame, problem: ProblemSummary) -> str:
    """What can be shown beside the medians."""
    replicates = int(steps["replicate"].nunique())
    if replicates == 1:
        return "; there is one replicate"
    known = medians.loc[medians["low"].notna(), "replicates"]
    band = f"their exact {median_level(known):.0%} intervals" if len(known) else ""
    if len(problem.contest.tuners) > MAX_TOGETHER:
        return f"; bands are {band}" if band else ""
    thin = "single replicates" if replicates <= MAX_THIN_LINES else ""
    beside = " and ".join(part for part in (band, thin) if part)
    return f"; the page shows {beside} for the line under the pointer" if beside else ""


def _turns(curve: pd.DataFrame, axis: Spent) -> pd.DataFrame:
    """The rows where a step curve or its band changes, and the last; others draw nothing."""
    drawn = curve[["median", "low", "high"]].astype(float).fillna(0.0)
    changed = (drawn != drawn.shift()).any(axis=1)
    kept: pd.DataFrame = curve.loc[changed | (curve[axis.column] == curve[axis.column].max())]
    return kept


def _focus(steps: pd.DataFrame, medians: pd.DataFrame, problem: ProblemSummary) -> tuple[tuple[float, float], str]:
    """The range of scores to draw, and what to say about results outside it.

    The first results of a search, and baselines that do not search, are often so bad that they squeeze all that matters
    into a corner. If the tuners' final scores, and their medians from `EARLY` of the budget on, need at most half of
    the height, the axis shows only their range.
    """
    scores = steps["score"].astype(float)
    searches = steps[steps["tuner"].isin(problem.contest.tuners)]
    final = searches["score"].astype(float)[searches.groupby(["tuner", "replicate"]).tail(1).index]
    searched = medians[medians["tuner"].isin(problem.contest.tuners)]
    early = searched["spent_epochs"] <= EARLY * problem.contest.budget_epochs
    opening = searched["median"][searched[early].groupby("tuner").tail(1).index]
    needed = pd.concat([final, opening.astype(float), searched["median"][~early].astype(float)])
    low, high = float(needed.min()), float(needed.max())
    worst, best = float(scores.min()), float(scores.max())
    if not high > low or high - low > (best - worst) / 2:
        return with_margin(worst, best), ""
    outside = "below" if problem.objective.sign > 0 else "above"
    note = (
        f" Not drawn are results {outside} the axis: no final score of a tuner, and no median of one past {EARLY:.0%} "
        "of the budget."
    )
    domain = with_margin(low, high)
    return domain, note + off_the_axis(problem, domain)


def off_the_axis(problem: ProblemSummary, domain: Sequence[float]) -> str:
    """The baselines whose median is not on the axis, by name."""
    rows = problem.tuners[problem.tuners["tuner"].isin(problem.contest.baselines)]
    off = rows[(rows["median"] < domain[0]) | (rows["median"] > domain[1])]
    labels = [f"{row['tuner']} (median {row['median']:.4g})" for row in off.to_dict("records")]
    return f" Off the axis: {names(labels)}." if labels else ""


def _drawn_to_the_end(steps: pd.DataFrame, problem: ProblemSummary) -> pd.DataFrame:
    """The steps of each cell, the last repeated where the cell ended, so that its line is drawn that far."""
    columns = ["problem", "tuner", "replicate"]
    last = steps.sort_values("spent_epochs").groupby(columns, sort=False).tail(1)
    reached = last.drop(columns="spent_epochs").merge(problem.cells, on=columns)
    finished = reached["state"] == CellState.DONE
    reached["spent_epochs"] = np.where(
        finished, reached["planned_epochs"].clip(lower=problem.contest.budget_epochs), reached["charged_epochs"]
    )
    both = pd.concat([steps, reached[steps.columns]], ignore_index=True)
    return both.sort_values([*columns, "spent_epochs"])[["tuner", "replicate", "spent_epochs", "score"]]


def longer(problem: ProblemSummary, what: str) -> str:
    """Says that `what` is shown of baselines with more epochs than the tuners; empty if there are none."""
    each = "a cell" if problem.contest.budget.seconds is None else "at most"
    planned = problem.cells.groupby("tuner", sort=False)["planned_epochs"].max()
    longer = [
        f"{tuner} ({plural(int(epochs), 'epoch')} {each})"
        for tuner, epochs in planned.items()
        if epochs > problem.contest.budget_epochs
    ]
    return f" {what}: {names(longer)}." if longer else ""


def _last(medians: pd.DataFrame, tuners: Sequence[str]) -> str:
    """Where the drawn median of each tuner ends."""
    ends = medians.groupby("tuner")["median"].last().to_dict()
    return "; ".join(f"{tuner} {ends[tuner]:.4g}" if tuner in ends else f"{tuner} none" for tuner in tuners)
