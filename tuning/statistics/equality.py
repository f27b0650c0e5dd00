"""Whether a mean difference is shown to be smaller than what matters."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr

from tuning.statistics.signed_rank import LEVEL

RARE = 0.1  # share of replicates in which something may go wrong that equality must not overlook
Floats = npt.NDArray[np.float64]


def unseen(replicates: int) -> float:
    """The chance that what goes wrong in a share `RARE` of searches did so in none of these: no p of equality is lower.

    No test of a mean holds for every distribution (Bahadur and Savage, Annals of Mathematical Statistics 27, 1956),
    because a failure may be as rare and as bad as one likes. Rarer ones than this are left out of what is claimed.
    """
    return (1 - RARE) ** replicates


def fewest(num_pairs: int = 1) -> int:
    """Replicates from which on the first of a family of pairs can be called equal: 29, 39 of three, 51 of ten."""
    return math.ceil(math.log(LEVEL / num_pairs) / math.log(1 - RARE))


def mean_within(differences: npt.ArrayLike, rope: float, other: npt.ArrayLike | None = None) -> float:
    """The p of two one-sided tests that the mean difference is `rope` or more in either direction.

    Schuirmann's procedure (Journal of Pharmacokinetics and Biopharmaceutics 15, 1987), with two changes to Student's
    and Welch's t for what searches do: most come close to the best there is, some do not. The statistic is freed of
    skewness, and one further value is supposed in the direction that is tested, half as far again from the median as
    the farthest. Tests on ranks ask about the median, which a tuner that fails in one of five searches leaves where it
    is.

    Args:
        differences: (n,) differences within replicates; with `other`, the first of two samples.
        rope: Above 0, in the unit of the values.
        other: (m,) the second sample.

    Returns:
        1 with fewer than 3 values. `unseen` is not in it.
    """
    first = np.asarray(differences, dtype=float)
    second = None if other is None else np.asarray(other, dtype=float)
    if min(len(first), len(first) if second is None else len(second)) < 3:
        return 1.0
    return max(_below(sign * first, None if second is None else sign * second, rope) for sign in (1, -1))


def _below(first: Floats, second: Floats | None, rope: float) -> float:
    """The p that the mean difference is `rope` or more."""
    if second is None:
        return _unskewed([_with_a_farther(first)], rope)
    return max(_unskewed([_with_a_farther(first), -second], rope), _unskewed([first, _with_a_farther(-second)], rope))


def _with_a_farther(values: Floats) -> Floats:
    return np.append(values, 1.5 * values.max() - 0.5 * np.median(values))


def _unskewed(samples: list[Floats], rope: float) -> float:
    """The p that the sum of the samples' means is `rope` or more, by Hall's transformation (JRSS B 54, 1992).

    It is cubic, so that a smaller mean never has the larger p. Degrees of freedom are Welch's, the third moments those
    of Johnson's t (JASA 73, 1978).
    """
    sizes = np.array([len(sample) for sample in samples])
    centred = [sample - sample.mean() for sample in samples]
    variances = np.array([(part**2).sum() for part in centred]) / (sizes - 1) / sizes
    thirds = np.array([(part**3).sum() for part in centred]) / ((sizes - 1) * (sizes - 2) * sizes)
    error = math.sqrt(variances.sum())
    away = sum(float(sample.mean()) for sample in samples) - rope
    if error == 0:
        return 0.0 if away < 0 else 1.0
    t, skewness = away / error, thirds.sum() / error**3
    freedom = error**4 / (variances**2 / (sizes - 1)).sum()
    return float(stdtr(freedom, t + skewness * t**2 / 3 + skewness**2 * t**3 / 27 + skewness / 6))
