"""When a tuner reaches a score: the epochs it takes, and the share of replicates that reach each score at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from tuning.analysis.curves import CELL
from tuning.journal.records import CellState
from tuning.objective import Objective
from tuning.statistics.intervals import share_ends

TARGET_COLUMNS = ["tuner", "target", "score", "replicates", "reached", "median", "earliest", "latest"]
REACHED_COLUMNS = [*CELL, "target", "score", "epochs"]
PROFILE_COLUMNS = ["tuner", "score", "share", "low", "high", "replicates"]
MAX_PROFILE_SCORES = 100  # scores at which profiles are computed; with more final scores, their quantiles


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
        (num_done_cells * num_targets, 6): problem, tuner, replicate, target, score (the target's), epochs; infinite
        if the cell's budget ended before. In the order of `cells`; one that is not DONE has no row.
    """
    rows = []
    planned = cells.loc[cells["state"] == CellState.DONE, [*CELL, "planned_epochs"]]
    heights = objective.sign * steps["score"].astype(float)
    for target, score in wanted.items():
        good = steps[heights >= objective.sign * score]
        first = good.groupby(CELL, sort=False)["spent_epochs"].min().rename("epochs").reset_index()
        part = planned.merge(first, on=CELL, how="left")
        within = part["epochs"] <= part["planned_epochs"]
        part["epochs"] = part["epochs"].astype(float).where(within, np.inf)
        rows.append(part.assign(target=target, score=score)[REACHED_COLUMNS])
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=REACHED_COLUMNS)


def target_table(reached: pd.DataFrame) -> pd.DataFrame:
    """Epochs to each target by tuner, on one problem.

    Returns:
        (num_targets * num_tuners, 8), `TARGET_COLUMNS`: ``reached`` of ``replicates``; ``median``,
        ``earliest`` and ``latest`` epochs over all of them, infinite if the budget ended before.
    """
    rows = []
    for (target, tuner), part in reached.groupby(["target", "tuner"], sort=False):
        epochs = np.sort(part["epochs"].to_numpy(dtype=float))
        rows.append(
            {
                "tuner": tuner,
                "target": target,
                "score": float(part["score"].iloc[0]),
                "replicates": len(epochs),
                "reached": int(np.isfinite(epochs).sum()),
                "median": float(np.median(epochs)),
                "earliest": float(epochs[0]),
                "latest": float(epochs[-1]),
            }
        )
    return pd.DataFrame(rows, columns=TARGET_COLUMNS)


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


def _profile(scores: npt.NDArray[np.float64], heights: npt.NDArray[np.float64]) -> pd.DataFrame:
    there = scores[:, None] >= heights
    low, high = share_ends(there.sum(axis=0), len(there))
    return pd.DataFrame({"share": there.mean(axis=0), "low": low, "high": high, "replicates": len(there)})
