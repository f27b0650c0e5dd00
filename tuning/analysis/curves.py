"""What a study's trials show: pure functions over the frames of `tuning.journal.frames` and the cells of a plan.

A score counts once its epoch has been paid for, so every curve is a right-continuous step function of the epochs
spent. It is undefined (NaN) before the first result and beyond what an unfinished cell has spent, and never
interpolated between results. Nothing is imputed: a cell without a final score is named, not filled in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from tuning.budget import Budget
from tuning.journal.frames import metric_column
from tuning.journal.records import BUDGET_SPENT, Cell, CellEnd, CellState, TrialState
from tuning.objective import Objective
from tuning.statistics.intervals import Ends, median_ends, student

CELL = ["problem", "tuner", "replicate"]
UNFINISHED = "UNFINISHED"
MISSING = "MISSING"
CELL_COLUMNS = [
    *CELL, "state", "reason", "error", "planned_epochs", "charged_epochs", "trials",
    "train_seconds", "suggest_seconds", "adds_up",
]  # fmt: skip
Floats = npt.NDArray[np.float64]


def incumbents(trials: pd.DataFrame, epochs: pd.DataFrame, objective: Objective) -> pd.DataFrame:
    """The steps of every cell's incumbent: one row for each result that is strictly better than all before it.

    With ``epoch="best"`` every epoch of a trial counts at once; with ``"last"``, or if a user's own `fit` has returned
    the score, a trial counts by its score, at its last epoch. FAILED trials never count. A continued trial's parent is
    in the same cell, so the best so far already includes its epochs.

    Args:
        trials: (num_trials, ...) one problem's rows of `frames.trials_frame`, in any order.
        epochs: (num_epochs, ...) one problem's rows of `frames.epochs_frame`, in any order.
        objective: Of the problem.

    Returns:
        (num_steps, 6): problem, tuner, replicate, spent_epochs, trial, score; sorted by cell and spent_epochs.
    """
    returned = _returned(trials)
    at_their_end = trials if objective.epoch == "last" else trials[returned]
    results = at_their_end.loc[at_their_end["state"] != TrialState.FAILED, [*CELL, "trial", "spent_epochs", "score"]]
    if len(at_their_end) < len(trials):
        by_epochs = _scored_epochs(epochs, trials[~returned], objective.metric)
        results = pd.concat([results, by_epochs], ignore_index=True) if len(results) else by_epochs
    steps = _improvements(results, objective.sign)[[*CELL, "spent_epochs", "trial", "score"]]
    return steps.reset_index(drop=True)


def _returned(trials: pd.DataFrame) -> pd.Series:
    """Whether the score of each trial is what a user's own `fit` returned."""
    return trials.get("returned", pd.Series(False, index=trials.index)).astype(bool)


def _scored_epochs(epochs: pd.DataFrame, trials: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The epochs of trials that count, with the objective's metric as ``score``."""
    column = metric_column(metric)
    counts = trials["state"] != TrialState.FAILED
    if column not in epochs.columns or not counts.any():
        return pd.DataFrame(columns=[*CELL, "trial", "spent_epochs", "score"])
    scored = epochs[[*CELL, "trial", "spent_epochs"]].assign(score=epochs[column])
    if counts.all() and "returned" not in trials.columns:
        return scored
    return scored.merge(trials.loc[counts, [*CELL, "trial"]], on=[*CELL, "trial"], how="inner")


def _improvements(results: pd.DataFrame, sign: float) -> pd.DataFrame:
    """The rows of `results` that beat all earlier ones of their cell; `sign` is 1 for max, -1 for min."""
    results = results.dropna(subset=["score"])
    # Cells by number: with millions of epochs, comparing names again and again would be slow.
    results = results.assign(cell=results.groupby(CELL).ngroup()).sort_values(["cell", "spent_epochs", "trial"])
    results["height"] = sign * results["score"].astype(float)
    results["best"] = results.groupby("cell", sort=False)["height"].cummax()
    before = results.groupby("cell", sort=False)["best"].shift()
    return results[before.isna() | (results["height"] > before)]


def incumbents_at(
    steps: pd.DataFrame,
    cells: pd.DataFrame,
    tuner: str,
    replicates: Sequence[int],
    budgets: npt.ArrayLike,
) -> Floats:
    """The incumbents of a tuner's replicates on one problem, on a grid of budgets.

    Args:
        steps: From `incumbents`.
        cells: The problem's rows of `cells_frame`: a cell that is not DONE is undefined beyond what it spent.
        tuner: Its label.
        replicates: (num_replicates,), the rows of the result.
        budgets: (num_steps,) epochs spent.

    Returns:
        (num_replicates, num_steps); NaN where a cell has no result yet, or has not got so far.
    """
    grid = np.asarray(budgets, dtype=float)
    by_replicate = {
        int(str(replicate)): part for replicate, part in steps[steps["tuner"] == tuner].groupby("replicate")
    }
    searches = cells[cells["tuner"] == tuner]
    reach = {
        int(replicate): np.inf if state == CellState.DONE else float(charged)
        for replicate, state, charged in zip(
            searches["replicate"], searches["state"], searches["charged_epochs"], strict=True
        )
    }
    matrix = np.full((len(replicates), len(grid)), np.nan)
    for row, replicate in enumerate(replicates):
        part = by_replicate.get(replicate)
        if part is None:
            continue
        part = part.sort_values("spent_epochs")
        # side="right" makes the step right-continuous: a result counts at the very epoch that paid for it.
        last = np.searchsorted(part["spent_epochs"].to_numpy(dtype=float), grid, side="right") - 1
        known = (last >= 0) & (grid <= reach.get(replicate, 0.0))
        matrix[row, known] = part["score"].to_numpy(dtype=float)[last[known]]
    return matrix


def median_curve(matrix: Floats, budgets: npt.ArrayLike) -> pd.DataFrame:
    """The median of (num_replicates, num_steps) incumbents with its range; undefined until every row has a result.

    Rows without any result (a cell whose trials all failed) cannot be part of a median. They are left out; the
    caller counts them.

    Returns:
        (num_defined_steps, 5): spent_epochs, median, low, high (smallest and largest), replicates.
    """
    grid = np.asarray(budgets)
    rows = matrix[~np.isnan(matrix).all(axis=1)]
    defined = ~np.isnan(rows).any(axis=0) if len(rows) else np.zeros(len(grid), dtype=bool)
    kept = rows[:, defined]
    if not kept.size:
        return pd.DataFrame(columns=["spent_epochs", "median", "low", "high", "replicates"])
    return pd.DataFrame(
        {
            "spent_epochs": grid[defined],
            "median": np.median(kept, axis=0),
            "low": kept.min(axis=0),
            "high": kept.max(axis=0),
            "replicates": len(rows),
        }
    )


def cells_frame(
    planned: Iterable[Cell],
    ends: Mapping[Cell, CellEnd],
    trials: pd.DataFrame,
    budgets: Mapping[tuple[str, str], Budget],
) -> pd.DataFrame:
    """The budget audit: each planned cell's budget, what it spent, and why it ended.

    ``state`` is DONE, FAILED (its tuner raised), MISSING (no trial) or UNFINISHED: no end is recorded, trials are
    newer than the end, or an earlier plan with a smaller budget ended the cell. ``adds_up``
    tells whether its trials' epochs sum to the charge recorded by its last trial and its end.

    Args:
        planned: In the order wanted.
        ends: From the journal.
        trials: From `frames.trials_frame`.
        budgets: By problem and tuner: a baseline may have its own. A cell whose budget is in seconds was planned to
            train the epochs that it did.

    Returns:
        (num_cells, 12): problem, tuner, replicate, state, reason, error, planned_epochs, charged_epochs, trials,
        train_seconds, suggest_seconds, adds_up; a row per planned cell, in the plan's order. If a budget is in
        seconds, a last column has them, ``planned_seconds``, infinite for a cell without.
    """
    sums = _sums_by_cell(trials)
    rows = []
    for cell in planned:
        charged, spent, count, train, suggest, cut = sums.get(tuple(cell), (0, 0, 0, 0.0, 0.0, False))
        end = ends.get(cell)
        budget = budgets[cell.problem, cell.tuner]
        if end is not None and end.state == CellState.DONE:
            outgrown = not budget.is_spent(spent, end.spent_seconds) and (cut or end.reason == BUDGET_SPENT)
            if end.spent_epochs < spent or outgrown:
                end = None
        rows.append(
            {
                **cell._asdict(),
                "state": end.state.value if end is not None else UNFINISHED if count else MISSING,
                "reason": end.reason if end is not None else "",
                "error": end.error if end is not None else "",
                "planned_epochs": budget.epochs_of(int(charged)),
                "planned_seconds": budget.limits[1],
                "charged_epochs": int(charged),
                "trials": int(count),
                "train_seconds": float(train),
                "suggest_seconds": float(suggest),
                "adds_up": bool(charged == spent and (end is None or end.spent_epochs == charged)),
            }
        )
    timed = ["planned_seconds"] if any(budget.seconds is not None for budget in budgets.values()) else []
    return pd.DataFrame(rows, columns=[*CELL_COLUMNS, *timed])


def _sums_by_cell(trials: pd.DataFrame) -> dict[tuple[object, ...], tuple[int, int, int, float, float, bool]]:
    """By cell: epochs charged, last recorded charge, trials, training and thinking seconds, whether any was CUT."""
    if trials.empty:
        return {}
    sums = (
        trials.assign(cut=trials["state"] == TrialState.CUT)
        .groupby(CELL, sort=False)
        .agg(
            epochs=("epochs", "sum"),
            spent=("spent_epochs", "max"),
            trials=("trial", "size"),
            train=("train_seconds", "sum"),
            suggest=("suggest_seconds", "sum"),
            cut=("cut", "any"),
        )
    )
    return {tuple(row[0]): tuple(row[1:]) for row in sums.itertuples()}


def final_scores(steps: pd.DataFrame, cells: pd.DataFrame, share: float = 1.0) -> pd.DataFrame:
    """The incumbent of each planned cell when its budget was spent; NaN for a cell that is not DONE or has no score.

    Args:
        steps: From `incumbents`, rows in any order.
        cells: From `cells_frame`.
        share: Of each cell's budget; below 1, the incumbent when only that share was spent.

    Returns:
        (num_cells, 4): problem, tuner, replicate, score; in the order of `cells`.
    """
    finals = cells[[*CELL, "planned_epochs", "state"]].copy()
    done = finals.loc[finals["state"] == CellState.DONE, [*CELL, "planned_epochs"]]
    reached = steps.merge(done, on=CELL, how="inner")
    reached = reached[reached["spent_epochs"] <= share * reached["planned_epochs"]].sort_values([*CELL, "spent_epochs"])
    last = reached.groupby(CELL, sort=False).tail(1)[[*CELL, "score"]]
    finals = finals[CELL].merge(last, on=CELL, how="left")
    return finals.assign(score=finals["score"].astype(float))


def scores_at(steps: pd.DataFrame, cells: pd.DataFrame, tuners: Sequence[str], budgets: npt.ArrayLike) -> Floats:
    """The incumbents of one problem's finished cells on a grid of budgets, as a block.

    Args:
        steps: From `incumbents`.
        cells: The problem's rows of `cells_frame`.
        tuners: (num_tuners,).
        budgets: (num_steps,) epochs spent.

    Returns:
        (num_replicates, num_tuners, num_steps), the planned replicates in order; NaN before a cell's first result, and
        for cells that are not DONE.
    """
    replicates = sorted(int(replicate) for replicate in cells["replicate"].unique())
    done = cells[cells["state"] == CellState.DONE]
    layers = [incumbents_at(steps, done, tuner, replicates, budgets) for tuner in tuners]
    return np.stack(layers, axis=1) if layers else np.empty((len(replicates), 0, np.size(budgets)))


def median_interval(scores: npt.ArrayLike) -> tuple[float, float]:
    """`intervals.median_ends` of (num_replicates,) scores; NaN scores are left out."""
    return _known(median_ends, scores)


def mean_interval(values: npt.ArrayLike) -> tuple[float, float]:
    """`intervals.student` of (num_replicates,) values; NaN ones are left out."""
    return _known(student, values)


def _known(ends: Callable[[npt.ArrayLike], Ends], values: npt.ArrayLike) -> tuple[float, float]:
    known = np.asarray(values, dtype=float)
    low, high = ends(known[~np.isnan(known)])
    return float(low), float(high)


def best_known(steps: pd.DataFrame, objective: Objective) -> float:
    """The best score that any cell of a problem had, finished or not; NaN if there is none."""
    return float(objective.best(steps["score"].astype(float)))
