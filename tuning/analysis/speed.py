"""How much faster than random search a tuner is: the epochs that random search needs for what the tuner has by then.

Speed-ups at equal scores are how Jamieson and Talwalkar (AISTATS 2016) and Li et al. (JMLR 18, 2018, "random 2x")
compare tuners with random search.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from tuning.analysis.curves import incumbents_at
from tuning.analysis.targets import reaching
from tuning.journal.records import CellState
from tuning.objective import Objective
from tuning.statistics.intervals import median_ends, median_level

SPEED_COLUMNS = ["tuner", "spent_epochs", "score", "needed", "speed", "low", "high", "at_least"]
Floats = npt.NDArray[np.float64]


def speed_ups(
    steps: pd.DataFrame,
    cells: pd.DataFrame,
    objective: Objective,
    tuners: Sequence[str],
    random_search: str | None,
    budgets: Sequence[float],
) -> pd.DataFrame:
    """How many times as many epochs random search needs for the score that a tuner has at each budget.

    The score is the median over the tuner's replicates, the need the median over those of random search. Where half of
    them never are as good, what they spent stands for what they would have needed, and the speed-up is at least that.
    The interval goes from the least that random search may need for the low end of the interval of the tuner's median
    to the most that it may need for the high end: each end is `intervals.median_ends`, so that it holds the truth at
    least as often as `level` says, whatever the scores are.

    Args:
        steps: The problem's `curves.incumbents`.
        cells: The problem's rows of `curves.cells_frame`; those that are not DONE are left out.
        objective: The problem's.
        tuners: In the order wanted; `random_search` itself is left out.
        random_search: Its label; without it the result is empty.
        budgets: (num_steps,) epochs.

    Returns:
        (num_rows, 8), `SPEED_COLUMNS`, a row for each tuner and budget at which all of its replicates have a result:
        score; needed (epochs); speed (needed for each epoch spent); low and high (infinite where random search may
        never get there, NaN with a single replicate); at_least (whether ``needed`` is only a lower bound).
    """
    theirs = steps[steps["tuner"] == random_search]
    reference = cells[(cells["tuner"] == random_search) & (cells["state"] == CellState.DONE)]
    frames = [
        found
        for tuner in tuners
        if len(reference) and tuner != random_search
        if len(found := _of(tuner, steps, cells, theirs, reference, objective, budgets))
    ]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=SPEED_COLUMNS)


def level(mine: int, random: int) -> float:
    """How often an interval of `speed_ups` holds the truth at least, from the numbers of replicates: Bonferroni's."""
    return max(0.0, median_level([mine]) + median_level([random]) - 1)


def _of(
    tuner: str,
    steps: pd.DataFrame,
    cells: pd.DataFrame,
    theirs: pd.DataFrame,
    reference: pd.DataFrame,
    objective: Objective,
    budgets: Sequence[float],
) -> pd.DataFrame:
    done = cells[(cells["tuner"] == tuner) & (cells["state"] == CellState.DONE)]
    matrix = objective.sign * incumbents_at(steps, done, tuner, [int(one) for one in done["replicate"]], budgets)
    matrix = matrix[~np.isnan(matrix).all(axis=1)] if len(matrix) else matrix
    defined = ~np.isnan(matrix).any(axis=0) if len(matrix) else np.zeros(len(budgets), dtype=bool)
    heights, spent = matrix[:, defined], np.asarray(budgets)[defined]
    if not heights.size:
        return pd.DataFrame(columns=SPEED_COLUMNS)
    middle = np.median(heights, axis=0)
    worst, best = median_ends(heights)
    ended = reference["charged_epochs"].to_numpy(dtype=float)[:, None]
    wanted = objective.sign * np.concatenate([middle, worst, best])
    epochs, of_worst, of_best = np.split(reaching(theirs, reference, objective, wanted), 3, axis=1)
    low = median_ends(np.minimum(of_worst, ended))[0] / spent
    high = median_ends(of_best)[1] / spent
    known = ~np.isnan(worst) & ~np.isnan(low)
    median = np.median(np.minimum(epochs, ended), axis=0)
    return pd.DataFrame(
        {
            "tuner": tuner,
            "spent_epochs": spent,
            "score": objective.sign * middle,
            "needed": median,
            "speed": median / spent,
            "low": np.where(known, low, np.nan),
            "high": np.where(known, high, np.nan),
            "at_least": np.isinf(np.median(epochs, axis=0)),
        }
    )
