"""What replicates can show: power of Wilcoxon's signed-rank test on pairs, and the number of replicates needed.

Power is simulated with the test's exact critical values, because normal approximations are wrong by more than a few
points at the 6 to 20 replicates with which tuners are compared. The caller supplies the differences; `like` simulates
some that resemble those seen. Power computed from the differences seen is a guide for the next study, not evidence
about this one (Hoenig & Heisey, The American Statistician 55, 2001).
"""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

ENOUGH = 0.8  # the power that "replicates needed" refers to
MOST = 100  # replicates; above, only "more than 100" is shown
MIN_SEEN = 3  # fewest differences from which others can be simulated
SIMULATIONS = 2_000  # gives a power of 0.8 to within two points
SIMULATION_SEED = 20_240_301
Floats = npt.NDArray[np.float64]


@lru_cache(maxsize=512)
def null_distribution(num_pairs: int) -> Floats:
    """(n * (n + 1) / 2 + 1,): chance of each sum of positive ranks if no pair favours either side."""
    chances = np.ones(1)
    for rank in range(1, num_pairs + 1):
        wider = np.zeros(len(chances) + rank)
        wider[: len(chances)] += chances / 2
        wider[rank:] += chances / 2
        chances = wider
    chances.flags.writeable = False
    return chances


@lru_cache(maxsize=4096)
def critical_value(num_pairs: int, level: float) -> int:
    """The largest sum of ranks that is two-sided significant at `level`; -1 if none is."""
    tail = 2 * np.cumsum(null_distribution(num_pairs)[: num_pairs * (num_pairs + 1) // 4 + 1])
    return int(np.searchsorted(tail, level * (1 + 1e-12), side="right")) - 1


def like(differences: npt.ArrayLike, size: int = MOST) -> Floats:
    """Samples of differences like those seen, from a smoothed bootstrap (Silverman & Young, Biometrika 74, 1987).

    Normal noise is added to those seen, which are then shrunk to keep their mean and standard deviation. From few, the
    result is close to a normal distribution; from many, it keeps their shape. Zeros stay zero, as the test drops them.
    Other ties are lost: if nearly all differences tie, the power of ten pairs or fewer is some points too high.

    Returns:
        (`SIMULATIONS`, size), from a fixed seed; NaN with fewer than `MIN_SEEN` differences.
    """
    seen = np.sort(np.asarray(differences, dtype=float))
    if len(seen) < MIN_SEEN:
        return np.full((SIMULATIONS, size), np.nan)
    uniform, noise = _randomness(size)
    kernel = 0.9 * len(seen) ** -0.2  # Silverman's rule, in standard deviations
    picked = seen[(uniform * len(seen)).astype(np.int64)]
    blurred = picked - seen.mean() + kernel * seen.std(ddof=1) * noise
    blurred = seen.mean() + blurred / np.sqrt(1 - 1 / len(seen) + kernel**2)
    samples: Floats = np.where(picked == 0, 0.0, blurred)
    return samples


def power(samples: Floats, num_replicates: int, level: float) -> float:
    """The share of samples whose first differences are significant: the chance that a difference is declared.

    Args:
        samples: (num_samples, at least `num_replicates`) paired differences, as from `like`.
        num_replicates: Number of pairs in the study.
        level: Two-sided; with Holm's adjustment, 0.05 divided by the number of undecided pairs.

    Returns:
        NaN if a sample has one.
    """
    drawn = samples[:, :num_replicates]
    if np.isnan(drawn).any():
        return float("nan")
    if critical_value(num_replicates, level) < 0:
        return 0.0
    order = np.argsort(np.abs(drawn), axis=1)
    zeros = (drawn == 0).sum(axis=1)  # they come first and are dropped, as in the test
    ranks = np.arange(1, num_replicates + 1)
    positive = np.take_along_axis(drawn > 0, order, axis=1)
    summed = positive @ ranks - zeros * positive.sum(axis=1)
    kept = num_replicates - zeros
    critical = np.array([critical_value(size, level) for size in range(num_replicates + 1)])[kept]
    return float(np.mean(np.minimum(summed, kept * (kept + 1) // 2 - summed) <= critical))


def replicates_for(samples: Floats, level: float, enough: float = ENOUGH) -> float:
    """The fewest replicates with which `power` reaches `enough`.

    Args:
        samples: (num_samples, most) paired differences, as from `like`.
        level: As for `power`.
        enough: Power wanted.

    Returns:
        A whole number; infinity above `most`; NaN if samples have one.
    """
    most = samples.shape[1]
    reached = power(samples, most, level)
    if not reached >= enough:
        return float("nan") if np.isnan(reached) else float("inf")
    few, many = 0, most
    guess = _noether(samples, level, enough)
    while many - few > 1:
        middle = min(max(guess, few + 1), many - 1)
        few, many = (few, middle) if power(samples, middle, level) >= enough else (middle, many)
        guess = (few + many) // 2 if many - few > 8 else middle + (1 if few == middle else -1)
    return float(many)


def _noether(samples: Floats, level: float, enough: float) -> int:
    """Approximate replicates needed (Noether, JASA 82, 1987, section 2.2): the start of the search."""
    favoured = float(np.mean(samples[:, 0] + samples[:, 1] > 0)) - 0.5
    wanted = NormalDist().inv_cdf(1 - level / 2) + NormalDist().inv_cdf(enough)
    return int(np.ceil(min(float(wanted**2) / (3 * max(favoured**2, 1e-9)), float(samples.shape[1]))))


@lru_cache(maxsize=4)
def _randomness(size: int) -> tuple[Floats, Floats]:
    generator = np.random.Generator(np.random.PCG64(SIMULATION_SEED))
    return generator.random((SIMULATIONS, size)), generator.normal(size=(SIMULATIONS, size))
