"""How often the tests that a verdict uses declare a difference, for many simulated studies at once."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tuning.statistics.power import critical_value
from tuning.statistics.rank_sum import rank_sum_p

Floats = npt.NDArray[np.float64]


def signed_rank_share(differences: Floats, level: float) -> float:
    """The share of (num_studies, num_replicates) differences, without ties, that the signed-rank test rejects."""
    order = np.argsort(np.abs(differences), axis=1)
    positive = np.take_along_axis(differences > 0, order, axis=1)
    n = differences.shape[1]
    summed = positive @ np.arange(1, n + 1)
    return float(np.mean(np.minimum(summed, n * (n + 1) // 2 - summed) <= critical_value(n, level)))


def rank_sum_share(a: Floats, b: Floats, level: float) -> float:
    """The share of studies whose two samples, (num_studies, num_replicates) without ties, the rank-sum test rejects."""
    n, m = a.shape[1], b.shape[1]
    above = (a[:, :, None] > b[:, None]).sum(axis=(1, 2))
    return float(np.mean(np.minimum(above, n * m - above) <= _critical(n, m, level)))


@lru_cache(maxsize=256)
def _critical(n: int, m: int, level: float) -> int:
    """The largest number of won pairs that is two-sided significant; -1 if none is."""
    for won in range(n * m // 2 + 1):
        b = np.arange(m, dtype=float)
        if rank_sum_p(_winning(won, n, m), b) > level:
            return won - 1
    return n * m // 2


def _winning(won: int, n: int, m: int) -> Floats:
    """(n,) values that beat so many pairs of the values 0 .. m - 1."""
    full, rest = divmod(won, m)
    return np.array([m + 0.1 * at for at in range(full)] + [rest - 0.5] * (full < n) + [-1.0 - at for at in range(n)])[
        :n
    ]
