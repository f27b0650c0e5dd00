"""How often a verdict on one fixed split is wrong for new splits, and one over a split for each replicate is not.

    python -m tests.simulations.splits [STUDIES]

prints the table of docs/method.md; `tests/statistics/test_resampled.py` holds it with fewer studies. Each study has one
data set, ``y = a + b + noise``, whose rows come in mirrored pairs: with (a, b) there is (b, a) of the same y. One tuner
searches the penalty of a ridge regression on a, the other on b. So over all splits of the data set neither is better.
On a single split either may be, by the luck of which rows it holds out, and every replicate repeats that luck.
"""

from __future__ import annotations

import itertools
import sys

import numpy as np
import numpy.typing as npt

from tuning.statistics.rank_sum import rank_sum_p
from tuning.statistics.signed_rank import LEVEL, signed_rank_p

Floats = npt.NDArray[np.float64]
SAMPLES = 100
HELD_OUT = 20
"""Rows of the validation part, and of the test part."""
TRIALS = 4
"""Penalties that each search tries; the best on validation is scored on test."""


def errors(generator: np.random.Generator, studies: int, replicates: int, *, fixed: bool) -> tuple[Floats, Floats]:
    """Both (studies, replicates): the test errors of each tuner's winners.

    Args:
        generator: Draws data, splits and penalties.
        studies: How many data sets.
        replicates: Searches of each tuner on each.
        fixed: Whether all replicates have one split; else each draws its own, which both tuners share.
    """
    halves = generator.normal(size=(3, studies, SAMPLES // 2))
    a = np.concatenate([halves[0], halves[1]], axis=1)
    b = np.concatenate([halves[1], halves[0]], axis=1)
    y = a + b + np.concatenate([halves[2], halves[2]], axis=1)
    order = np.argsort(generator.random((studies, 1 if fixed else replicates, SAMPLES)), axis=2)
    order = np.broadcast_to(order, (studies, replicates, SAMPLES))
    return _winners_error(generator, a, y, order), _winners_error(generator, b, y, order)


def _winners_error(generator: np.random.Generator, x: Floats, y: Floats, order: npt.NDArray[np.intp]) -> Floats:
    """(studies, replicates): the test error of the penalty that is best on validation."""
    xs, ys = (np.take_along_axis(side[:, None], order, axis=2) for side in (x, y))
    validation, test, train = slice(0, HELD_OUT), slice(HELD_OUT, 2 * HELD_OUT), slice(2 * HELD_OUT, None)
    products = (xs[..., train] * ys[..., train]).sum(axis=2)
    squares = (xs[..., train] ** 2).sum(axis=2)
    penalties = 10 ** generator.uniform(0, 2.5, size=(*order.shape[:2], TRIALS))
    slopes = products[..., None] / (squares[..., None] + penalties)

    def squared(part: slice, slopes: Floats) -> Floats:
        residuals = slopes[..., None] * xs[:, :, None, part] - ys[:, :, None, part]
        means: Floats = np.mean(residuals**2, axis=3)
        return means

    best = np.argmin(squared(validation, slopes), axis=2)
    return squared(test, np.take_along_axis(slopes, best[..., None], axis=2))[..., 0]


def declared(generator: np.random.Generator, studies: int, replicates: int, *, fixed: bool) -> float:
    """The share of studies in which a difference is declared, although new splits have none.

    By the verdict's test: of two samples on a fixed split, where searches share nothing else; else of pairs.
    """
    pairs = zip(*errors(generator, studies, replicates, fixed=fixed), strict=True)
    test = rank_sum_p if fixed else lambda a, b: signed_rank_p(a - b)
    return float(np.mean([test(a, b) <= LEVEL for a, b in pairs]))


def main(studies: int) -> None:
    print(f"{studies} studies of two tuners that are equal over splits, level {LEVEL:.0%}\n")
    print("| replicates | one split for all | a split for each replicate |\n| ---: | ---: | ---: |")
    for replicates, seed in zip((6, 10, 20, 50), itertools.count(1)):
        shares = [
            declared(np.random.default_rng([20_261_130, seed]), studies, replicates, fixed=fixed)
            for fixed in (True, False)
        ]
        print(f"| {replicates} | {shares[0]:.1%} | {shares[1]:.1%} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
