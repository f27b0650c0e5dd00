"""When a tuner gets there: epochs to reach a score, and the share of replicates that reach each score at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from tuning.analysis.curves import CELL, DONE
from tuning.objective import Objective
from tuning.statistics.bootstrap import interval, mean_weights

TARGET_COLUMNS = ["problem", "tuner", "target", "score", "replicates", "reached", "median", "earliest", "latest"]
REACHED_COLUMNS = [*CELL, "target", "score", "epochs"]
PROFILE_COLUMNS = ["problem", "tuner", "score", "share", "low", "high", "replicates"]
MAX_PROFILE_SCORES = 100  # scores at which profiles are computed; with more final scores, their quantiles


def targets(finals: pd.DataFrame, best: Mapping[str, float], random_search: str | None) -> dict[str, dict[str, float]]:
    """By problem, the scores to reach: what random search ends at, and half of the way from there to the best known.

    Args:
        finals: As `analysis.final_scores` gives it, of the contestants.
        best: By problem, the best score known.
        random_search: Its label; without it, or without a score of it, the median over all finished cells stands in.

    Returns:
        By problem, score by name; none for a problem without final scores.
    """
    found: dict[str, dict[str, float]] = {}
    for problem, part in finals.dropna(subset=["score"]).groupby("problem", sort=False):
        own = part.loc[part["tuner"] == random_search, "score"]
        name = f"median of {random_search}" if len(own) else "median of all cells"
        start = float((own if len(own) else part["score"]).median())
        found[str(problem)] = {name: start, "halfway to the best known": (start + best[str(problem)]) / 2}
    return found


def epochs_to_reach(
    steps: pd.DataFrame,
    cells: pd.DataFrame,
    objectives: Mapping[str, Objective],
    wanted: Mapping[str, Mapping[str, float]],
) -> pd.DataFrame:
    """The epochs at which each finished cell first had a score as good as each target.

    Returns:
        (num_done_cells * num_targets, 6): problem, tuner, replicate, target, score (the target's), epochs; infinite
        where the cell's budget ended before. In the order of `cells`; one that is not DONE has no row.
    """
    rows = []
    done = cells[cells["state"] == DONE]
    for problem, scores in wanted.items():
        sign = 1.0 if objectives[problem].direction == "max" else -1.0
        own = steps[steps["problem"] == problem]
        planned = done.loc[done["problem"] == problem, [*CELL, "planned_epochs"]]
        for target, score in scores.items():
            good = own[sign * own["score"].astype(float) >= sign * score]
            first = good.groupby(CELL, sort=False)["spent_epochs"].min().rename("epochs").reset_index()
            part = planned.merge(first, on=CELL, how="left")
            within = part["epochs"] <= part["planned_epochs"]
            part["epochs"] = part["epochs"].astype(float).where(within, np.inf)
            rows.append(part.assign(target=target, score=score)[REACHED_COLUMNS])
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=REACHED_COLUMNS)


def target_table(reached: pd.DataFrame) -> pd.DataFrame:
    """Epochs to each target by tuner.

    Returns:
        (num_problems * num_targets * num_tuners, 9), `TARGET_COLUMNS`: ``reached`` of ``replicates``; ``median``,
        ``earliest`` and ``latest`` epochs over all of them, infinite where the budget ended before.
    """
    rows = []
    for (problem, target, tuner), part in reached.groupby(["problem", "target", "tuner"], sort=False):
        epochs = np.sort(part["epochs"].to_numpy(dtype=float))
        rows.append(
            {
                "problem": problem,
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


def profiles(finals: pd.DataFrame, tuners: Sequence[str], problem: str, objective: Objective) -> pd.DataFrame:
    """Performance profiles: the share of a tuner's replicates whose final score is at least as good as each score.

    Score distributions of Agarwal et al. (NeurIPS 2021, section 4.2). The curve that lies above another everywhere
    belongs to the tuner that does better at every quantile; curves that cross say on which part each does better.

    Args:
        finals: (num_cells, 4): problem, tuner, replicate, score, rows in any order.
        tuners: In the order wanted.
        problem: Whose cells.
        objective: Says which direction is better.

    Returns:
        (num_tuners * num_scores, 7), `PROFILE_COLUMNS`, scores from the easiest to the hardest; low and high are a
        pointwise `bootstrap.interval`.
    """
    own = finals[(finals["problem"] == problem) & finals["score"].notna()]
    sign = 1.0 if objective.direction == "max" else -1.0
    heights = np.unique(sign * own["score"].to_numpy(dtype=float))
    if len(heights) > MAX_PROFILE_SCORES:
        heights = np.unique(np.quantile(heights, np.linspace(0, 1, MAX_PROFILE_SCORES), method="nearest"))
    frames = []
    for tuner in tuners:
        mine = sign * own.loc[own["tuner"] == tuner, "score"].to_numpy(dtype=float)
        if len(mine):
            frames.append(_profile(mine, heights).assign(problem=problem, tuner=tuner, score=sign * heights))
    return pd.concat(frames)[PROFILE_COLUMNS] if frames else pd.DataFrame(columns=PROFILE_COLUMNS)


def _profile(scores: npt.NDArray[np.float64], heights: npt.NDArray[np.float64]) -> pd.DataFrame:
    there = (np.sort(scores)[:, None] >= heights).astype(float)
    low, high = interval(there, mean_weights(len(there)))
    return pd.DataFrame({"share": there.mean(axis=0), "low": low, "high": high, "replicates": len(there)})
