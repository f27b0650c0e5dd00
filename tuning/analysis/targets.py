"""When a tuner reaches a score: the epochs it takes, and the share of replicates that reach each score at all.

Expected running times and fixed-target curves are those of COCO (Hansen, Auger, Ros, Mersmann, Tusar and Brockhoff,
Optimization Methods and Software 36, 2021) and IOHprofiler (Doerr, Wang, Ye, van Rijn and Back, arXiv:1810.05281).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from tuning.analysis.curves import CELL
from tuning.journal.records import CellState
from tuning.objective import Objective
from tuning.statistics.intervals import share_ends

TARGET_COLUMNS = [
    "tuner", "target", "score", "replicates", "reached", "median", "earliest", "latest", "spent", "expected"
]  # fmt: skip
REACHED_COLUMNS = [*CELL, "target", "score", "epochs", "spent"]
PROFILE_COLUMNS = ["tuner", "score", "share", "low", "high", "replicates"]
MAX_PROFILE_SCORES = 100  # scores at which profiles are computed; with more final scores, their quantiles
FIXED_TARGET_COLUMNS = ["tuner", "spent_epochs", "share", "low", "high", "replicates"]
LADDER = 51  # targets of a fixed-target curve, as many as COCO has
NEAREST = 0.1  # the hardest target's distance to the best known, as a share of the easiest one's
Floats = npt.NDArray[np.float64]


def targets(finals: pd.DataFrame, best: float, random_search: str | None) -> dict[str, float]:
    """A problem's target scores: where random search ends, and halfway from there to the best known.

    Args:
        finals: The problem's `curves.final_scores`, of the tuners.
        best: The best score known.
        random_search: Its label; without it or its score, the median over all finished cells is used.

    Returns:
        Score by name; empty without final scores.
    """
    scored = finals.dropna(subset=["score"])
    if scored.empty:
        return {}
    random_scores = scored.loc[scored["tuner"] == random_search, "score"]
    name = f"median of {random_search}" if len(random_scores) else "median of all cells"
    start = float((random_scores if len(random_scores) else scored["score"]).median())
    return {name: start, "halfway to the best known": (start + best) / 2}


def reaching(steps: pd.DataFrame, cells: pd.DataFrame, objective: Objective, scores: npt.ArrayLike) -> Floats:
    """When the incumbent of each cell was first as good as each score.

    Args:
        steps: `curves.incumbents`, rows in any order.
        cells: (num_cells, ...) of `curves.cells_frame`.
        objective: The problem's.
        scores: (num_scores,).

    Returns:
        (num_cells, num_scores) epochs spent; infinite if the cell never was, or only beyond its planned budget.
    """
    wanted = objective.sign * np.asarray(scores, dtype=float)
    found = np.full((len(cells), len(wanted)), np.inf)
    ordered = steps.sort_values("spent_epochs")
    by_cell = dict(iter(ordered.groupby(CELL, sort=False)))
    for row, (*key, planned) in enumerate(cells[[*CELL, "planned_epochs"]].itertuples(index=False, name=None)):
        part = by_cell.get(tuple(key))
        if part is None:
            continue
        spent = np.append(part["spent_epochs"].to_numpy(dtype=float), np.inf)
        first = spent[np.searchsorted(objective.sign * part["score"].to_numpy(dtype=float), wanted)]
        found[row] = np.where(first <= planned, first, np.inf)
    return found


def epochs_to_reach(
    steps: pd.DataFrame,
    cells: pd.DataFrame,
    objective: Objective,
    wanted: Mapping[str, float],
) -> pd.DataFrame:
    """The epochs at which each finished cell of a problem first reached each target.

    Args:
        steps: The problem's `curves.incumbents`.
        cells: The problem's rows of `curves.cells_frame`.
        objective: The problem's.
        wanted: From `targets`.

    Returns:
        (num_done_cells * num_targets, 7): problem, tuner, replicate, target, score (the target's), epochs (infinite
        if the cell's budget ended before), spent (the same, or what the cell spent in vain). In the order of `cells`;
        one that is not DONE has no row.
    """
    done = cells[cells["state"] == CellState.DONE]
    epochs = reaching(steps, done, objective, list(wanted.values()))
    rows = [
        done[CELL].assign(
            target=target,
            score=score,
            epochs=epochs[:, place],
            spent=np.minimum(epochs[:, place], done["charged_epochs"].astype(float)),
        )
        for place, (target, score) in enumerate(wanted.items())
    ]
    return pd.concat(rows, ignore_index=True)[REACHED_COLUMNS] if rows else pd.DataFrame(columns=REACHED_COLUMNS)


def target_table(reached: pd.DataFrame) -> pd.DataFrame:
    """Epochs to each target by tuner, on one problem.

    Returns:
        (num_targets * num_tuners, 10), `TARGET_COLUMNS`: ``reached`` of ``replicates``; ``median``,
        ``earliest`` and ``latest`` epochs over all of them, infinite if the budget ended before; ``spent``, the epochs
        of all replicates until they reached it or ended; ``expected``, the expected running time: these epochs for
        each success, infinite without one. It is what searches cost that start afresh until one reaches the target.
    """
    rows = []
    for (target, tuner), part in reached.groupby(["target", "tuner"], sort=False):
        epochs = np.sort(part["epochs"].to_numpy(dtype=float))
        successes, spent = int(np.isfinite(epochs).sum()), float(part["spent"].sum())
        rows.append(
            {
                "tuner": tuner,
                "target": target,
                "score": float(part["score"].iloc[0]),
                "replicates": len(epochs),
                "reached": successes,
                "median": float(np.median(epochs)),
                "earliest": float(epochs[0]),
                "latest": float(epochs[-1]),
                "spent": spent,
                "expected": spent / successes if successes else np.inf,
            }
        )
    return pd.DataFrame(rows, columns=TARGET_COLUMNS)


def ladder(steps: pd.DataFrame, best: float, objective: Objective, random_search: str | None) -> Floats:
    """Targets from the median of random search's first trials towards the best known.

    Args:
        steps: The problem's `curves.incumbents`, of the tuners.
        best: The best score known.
        objective: The problem's.
        random_search: Its label; without it or its score, the first trials of all tuners are used.

    Returns:
        (`LADDER`,) scores, the easiest first: their distances to the best known shrink by one factor down to `NEAREST`
        of the first one's. Empty if the first trials are as good as the best known.
    """
    mine = steps[steps["tuner"] == random_search]
    ordered = (mine if len(mine) else steps).sort_values("spent_epochs")
    first = ordered[ordered["trial"] == ordered.groupby(CELL)["trial"].transform("first")]
    start = first.groupby(CELL)["score"].last().astype(float).median()
    distance = objective.sign * (best - start)
    if not distance > 0:
        return np.empty(0)
    return np.asarray(best - objective.sign * distance * np.geomspace(1, NEAREST, LADDER))


def fixed_targets(
    steps: pd.DataFrame,
    cells: pd.DataFrame,
    objective: Objective,
    scores: npt.ArrayLike,
    tuners: Sequence[str],
    budgets: Sequence[float],
) -> pd.DataFrame:
    """The share of (replicate, target) pairs that each tuner has reached at each budget: an empirical distribution.

    Args:
        steps: The problem's `curves.incumbents`.
        cells: The problem's rows of `curves.cells_frame`; those that are not DONE are left out.
        objective: The problem's.
        scores: (num_targets,), from `ladder`.
        tuners: In the order wanted.
        budgets: (num_steps,) epochs.

    Returns:
        (num_tuners * num_steps, 6), `FIXED_TARGET_COLUMNS`; low and high are a pointwise `intervals.share_ends` over
        replicates, each of which counts by the share of targets that it has reached.
    """
    frames = []
    for tuner in tuners if np.size(scores) else ():
        done = cells[(cells["tuner"] == tuner) & (cells["state"] == CellState.DONE)]
        if done.empty:
            continue
        epochs = reaching(steps[steps["tuner"] == tuner], done, objective, scores)
        there = (epochs[:, :, None] <= np.asarray(budgets)).mean(axis=1)
        low, high = share_ends(there.sum(axis=0), len(done))
        columns = {"spent_epochs": list(budgets), "share": there.mean(axis=0), "low": low, "high": high}
        frames.append(pd.DataFrame({"tuner": tuner, **columns, "replicates": len(done)}))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=FIXED_TARGET_COLUMNS)


def profiles(finals: pd.DataFrame, tuners: Sequence[str], objective: Objective) -> pd.DataFrame:
    """Performance profiles: the share of a tuner's replicates whose final score is at least as good as each score.

    Score distributions of Agarwal et al. (NeurIPS 2021, section 4.2). If one curve is above another everywhere,
    its tuner is better at every quantile; curves that cross show on which part each is better.

    Args:
        finals: (num_cells, 4) of one problem: problem, tuner, replicate, score, rows in any order.
        tuners: In the order wanted.
        objective: Says which direction is better.

    Returns:
        (num_tuners * num_scores, 6), `PROFILE_COLUMNS`, scores from the easiest to the hardest; low and high are a
        pointwise `intervals.share_ends`.
    """
    scored = finals[finals["score"].notna()]
    heights = np.unique(objective.sign * scored["score"].to_numpy(dtype=float))
    if len(heights) > MAX_PROFILE_SCORES:
        heights = np.unique(np.quantile(heights, np.linspace(0, 1, MAX_PROFILE_SCORES), method="nearest"))
    frames = []
    for tuner in tuners:
        mine = objective.sign * scored.loc[scored["tuner"] == tuner, "score"].to_numpy(dtype=float)
        if len(mine):
            frames.append(_profile(mine, heights).assign(tuner=tuner, score=objective.sign * heights))
    return pd.concat(frames)[PROFILE_COLUMNS] if frames else pd.DataFrame(columns=PROFILE_COLUMNS)


def _profile(scores: Floats, heights: Floats) -> pd.DataFrame:
    there = scores[:, None] >= heights
    low, high = share_ends(there.sum(axis=0), len(there))
    return pd.DataFrame({"share": there.mean(axis=0), "low": low, "high": high, "replicates": len(there)})
