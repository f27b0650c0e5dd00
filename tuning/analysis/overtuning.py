"""Which searches ended at a configuration truly worse than one they had before: an estimate, with its uncertainty.

Overtuning in the sense of Schneider, Bischl and Feurer (2025, arXiv:2506.19540): the search went on to what is better
on validation and worse on what counts. A search that keeps its first incumbent cannot be overtuned and is not judged.
The default configuration is no part of a search's trajectory; it is compared as a baseline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tuning.analysis.curves import CELL
from tuning.journal.plan import TEST
from tuning.journal.records import TrialState
from tuning.objective import Objective
from tuning.statistics.bootstrap import BOOTSTRAP_SEED
from tuning.statistics.intervals import TAIL
from tuning.statistics.overtuning import lost

OVERTUNING_COLUMNS = ["tuner", "judged", "overtuned", "low", "high", "lost"]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Overtuning:
    """What a problem's searches lost by going on.

    Attributes:
        matters: Worse by more than this counts, in the metric's unit; NaN if nothing can be judged.
        given: Whether that is the study's rope; else it is how much a training varies from seed to seed.
        table: (num_tuners + 1, 6), `OVERTUNING_COLUMNS`: searches ``judged``, the estimated share of them that ended at
            something truly worse than an earlier incumbent, with the ends of its credible interval, and how much worse
            they ended on average; the last row is over all tuners. Without rows if nothing can be judged.
    """

    matters: float
    given: bool
    table: pd.DataFrame


def overtuning(
    retrainings: pd.DataFrame, tuners: Sequence[str], objective: Objective, kind: str, rope: float | None = None
) -> Overtuning:
    """What the searches on one problem lost.

    Args:
        retrainings: The problem's rows of `frames.retrainings_frame`.
        tuners: Whose searches are judged; baselines have a trajectory of their own, or none.
        objective: Of the problem.
        kind: The endpoint, one of `tuning.journal.plan.ENDPOINTS`: where it is the test score, that counts.
        rope: Differences that do not matter; None: less than a training varies from seed to seed.
    """
    done = retrainings[(retrainings["state"] == TrialState.COMPLETE) & retrainings["tuner"].isin(list(tuners))]
    done = done.assign(worth=objective.sign * done[TEST if kind == TEST else "score"].astype(float)).dropna(
        subset="worth"
    )
    cells, scores, seen = _trajectories(done, objective)
    draws, noise = lost(scores, seen, BOOTSTRAP_SEED) if cells else (np.empty((0, 0)), 0.0)
    if not len(draws):
        return Overtuning(np.nan, rope is not None, pd.DataFrame(columns=OVERTUNING_COLUMNS))
    matters = noise if rope is None else rope
    rows = []
    for name in (*tuners, ""):
        mine = [place for place, cell in enumerate(cells) if name in (cell[1], "")]
        if mine:
            shares = (draws[:, mine] > matters).mean(axis=1)
            low, high = np.quantile(shares, [TAIL, 1 - TAIL])
            amount = float(np.maximum(draws[:, mine], 0).mean())
            rows.append((name, len(mine), float(shares.mean()), float(low), float(high), amount))
    return Overtuning(matters, rope is not None, pd.DataFrame(rows, columns=OVERTUNING_COLUMNS))


def _trajectories(done: pd.DataFrame, objective: Objective) -> tuple[list[tuple[object, ...]], Floats, Floats]:
    """The searches with an earlier incumbent, and what `lost` wants to know of them."""
    paths = {}
    for cell, part in done.groupby(CELL, sort=False):
        ordered = part.sort_values(["final", "trial", "repeat"])
        if ordered["final"].iloc[-1] and ordered["trial"].nunique() > 1:
            paths[tuple(cell)] = [incumbent for _, incumbent in ordered.groupby(["final", "trial"], sort=True)]
    longest = max(map(len, paths.values()), default=0)
    most = max((len(incumbent) for path in paths.values() for incumbent in path), default=0)
    scores, seen = np.full((len(paths), longest, most), np.nan), np.full((len(paths), longest), np.nan)
    for row, path in enumerate(paths.values()):
        for place, incumbent in enumerate(path, start=longest - len(path)):
            scores[row, place, : len(incumbent)] = incumbent["worth"]
            seen[row, place] = objective.sign * float(incumbent["seen"].iloc[0])
    return list(paths), scores, seen
