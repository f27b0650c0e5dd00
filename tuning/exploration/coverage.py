"""How much of the space a search saw: combination coverage, compared with random search of as many draws.

The share of the bins of single hyperparameters (1-way) and of pairs (2-way) that contain at least one configuration:
simple t-way combination coverage (Kuhn, Dominguez Mendoza, Kacker and Lei, Combinatorial Coverage Measurement
Concepts and Applications, IEEE ICST Workshops, 2013, doi:10.1109/ICSTW.2013.77), which also works for mixed and
conditional spaces: an option of a choice is a bin, a number is cut into bins of equal probability, and only bins that
a configuration can be in are counted. The average coverage of random draws is exact: n draws hit a bin of probability
p with probability 1 - (1 - p) ** n. Distances, and so largest empty balls, would need a metric between configurations
that have different hyperparameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from tuning.analysis.curves import mean_interval
from tuning.configuration import Value
from tuning.exploration.dimensions import Dimension, allowed, chance
from tuning.statistics.bootstrap import Floats

BINS = {1: 10, 2: 5}  # of a number, by the number of hyperparameters combined
COVERAGE_COLUMNS = [
    "tuner", "searches", "configurations",
    *(f"{what}_{ways}" for ways in BINS for what in ("seen", "seen_low", "seen_high", "random")),
]  # fmt: skip
Bins = tuple[Floats, npt.NDArray[np.int64]]  # probability of each bin, and the bin of each row, -1 where inactive


def coverage(trials: pd.DataFrame, space: Sequence[Dimension], tuners: Sequence[str]) -> pd.DataFrame:
    """One row per tuner that has trials: its searches' coverage, and that expected of as many random draws.

    Args:
        trials: (num_trials, ...) of one problem, as `exploration.searched` gives it; every trial counts, with any
            number of epochs and any end, and a configuration once per search.
        space: Its dimensions.
        tuners: In the order wanted.

    Returns:
        (num_tuners, 11), `COVERAGE_COLUMNS`: ``searches`` (cells with trials), ``configurations`` (distinct, mean over
        searches), and for 1 and 2 ways the mean over searches, its `curves.mean_interval`, and the expectation of
        random draws. NaN if a space has no pair.
    """
    keys = [dimension.key for dimension in space]
    drawn = trials.drop_duplicates(["tuner", "replicate", "configuration"])
    if drawn.empty or not space:
        return pd.DataFrame(columns=COVERAGE_COLUMNS)
    cell = np.asarray(drawn.groupby(["tuner", "replicate"], sort=False).ngroup(), dtype=np.int64)
    draws = np.asarray(np.bincount(cell), dtype=np.int64)
    names = drawn["tuner"].to_numpy()[np.unique(cell, return_index=True)[1]]
    positions = drawn[[f"at.{key}" for key in keys]].to_numpy(dtype=float)
    measured = {ways: _covered(positions, space, cell, draws, ways) for ways in BINS}
    rows = []
    for tuner in tuners:
        mine = names == tuner
        if not mine.any():
            continue
        row: dict[str, object] = {
            "tuner": tuner, "searches": int(mine.sum()), "configurations": float(draws[mine].mean())
        }  # fmt: skip
        for ways, (seen, random) in measured.items():
            low, high = mean_interval(seen[mine])
            row |= {
                f"seen_{ways}": float(seen[mine].mean()), f"seen_low_{ways}": low, f"seen_high_{ways}": high,
                f"random_{ways}": float(random[mine].mean()),
            }  # fmt: skip
        rows.append(row)
    return pd.DataFrame(rows, columns=COVERAGE_COLUMNS)


def _covered(
    positions: Floats, space: Sequence[Dimension], cell: npt.NDArray[np.int64], draws: npt.NDArray[np.int64], ways: int
) -> tuple[Floats, Floats]:
    """Per cell, the mean over combinations of `ways` dimensions of the share of bins seen, and random draws' share."""
    seen, expected = [], []
    for places in combinations(range(len(space)), ways):
        chosen = [space[place] for place in places]
        probability, values = chance(chosen, space), allowed(chosen)
        if probability == 0:
            continue  # two branches that exclude each other
        masses, bins = _joint(
            _bins(space[place], positions[:, place], BINS[ways], values.get(space[place].name)) for place in places
        )
        known = bins >= 0
        hit = np.unique(cell[known] * len(masses) + bins[known])
        possible = int((masses > 0).sum())
        seen.append(np.bincount(hit // len(masses), minlength=len(draws)) / possible)
        chances = probability * masses[masses > 0]
        expected.append((1 - (1 - chances[None, :]) ** draws[:, None]).mean(axis=1))
    if not seen:
        nothing = np.full(len(draws), np.nan)
        return nothing, nothing
    return np.mean(seen, axis=0), np.mean(expected, axis=0)


def _bins(dimension: Dimension, positions: Floats, most: int, among: set[Value] | None) -> Bins:
    """The bins of one dimension; combined with another, only those values (`among`) with which that is active."""
    known = ~np.isnan(positions)
    count = len(dimension.values) or most
    levels = dimension.levels
    if levels is None:
        masses = np.full(count, 1 / count)
    else:
        count = min(count, dimension.count)
        weights = levels[1] if among is None else dimension.masses(among)
        masses = np.bincount(_bin(levels[0], count), weights / weights.sum(), count)
    return masses, np.where(known, _bin(np.where(known, positions, 0.0), count), -1)


def _bin(positions: Floats, count: int) -> npt.NDArray[np.int64]:
    # A position on an edge only by rounding belongs to the bin above it, for levels and trials alike.
    return np.minimum((positions * count + 1e-9).astype(np.int64), count - 1)


def _joint(binned: Iterable[Bins]) -> Bins:
    """The product of bins; a row that lacks one of the dimensions is in none."""
    masses, bins = np.ones(1), None
    for more, places in binned:
        bins = places if bins is None else np.where((bins >= 0) & (places >= 0), bins * len(more) + places, -1)
        masses = np.outer(masses, more).ravel()
    return masses, bins if bins is not None else np.empty(0, dtype=np.int64)
