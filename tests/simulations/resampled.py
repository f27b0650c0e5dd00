"""How often two equal methods are told apart on several splits of one data set, corrected and not.

    python -m tests.simulations.resampled [STUDIES]

prints the table; `tests/statistics/test_resampled.py` holds it with fewer studies. In each study a data set is drawn,
``y = a + b + noise``. One method regresses y on a alone, the other on b alone: over data sets both are equally good, on
one data set either may be ahead, on nearly every split of it.
"""

from __future__ import annotations

import itertools
import sys
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tuning.statistics.bootstrap import CONFIDENCE
from tuning.statistics.resampled import resampled_t
from tuning.statistics.signed_rank import LEVEL, signed_rank_p

Floats = npt.NDArray[np.float64]
SAMPLES = 100


@dataclass
class Declared:
    """Shares of studies in which a difference is declared.

    Attributes:
        corrected: By the corrected t-test.
        plain: By the t-test that takes the splits for independent.
        ranks: By the signed-rank test, which takes them so too.
        covered: In which the corrected interval holds the true difference, 0.
    """

    corrected: float
    plain: float
    ranks: float
    covered: float


def differences(
    generator: np.random.Generator, studies: int, splits: int, num_test: int, *, one_data_set: bool = True
) -> Floats:
    """(studies, splits): the difference of the methods' mean squared errors on each split's test rows.

    Args:
        generator: Draws data and splits.
        studies: How many data sets.
        splits: Of each.
        num_test: Test rows of each, of `SAMPLES`.
        one_data_set: False draws new data for each split instead.
    """
    data_sets = (studies, 1 if one_data_set else splits, SAMPLES)
    a, b, noise = (generator.normal(size=data_sets) for _ in range(3))
    y = a + b + noise
    order = np.argsort(generator.random((studies, splits, SAMPLES)), axis=2)
    return _errors(a, y, order, num_test) - _errors(b, y, order, num_test)


def _errors(x: Floats, y: Floats, order: npt.NDArray[np.intp], num_test: int) -> Floats:
    """(studies, splits): the error of least squares of y on x, fitted on the rows that are not test."""
    xs, ys = (np.take_along_axis(np.broadcast_to(side, order.shape), order, axis=2) for side in (x, y))
    x_train, y_train = xs[..., num_test:], ys[..., num_test:]
    x_mean, y_mean = x_train.mean(axis=2, keepdims=True), y_train.mean(axis=2, keepdims=True)
    slope = ((x_train - x_mean) * (y_train - y_mean)).sum(axis=2) / ((x_train - x_mean) ** 2).sum(axis=2)
    predicted = y_mean + slope[..., None] * (xs[..., :num_test] - x_mean)
    errors: Floats = ((predicted - ys[..., :num_test]) ** 2).mean(axis=2)
    return errors


def declared(drawn: Floats, num_test: int) -> Declared:
    """For (studies, splits) differences."""
    found = [resampled_t(study, SAMPLES - num_test, num_test) for study in drawn]
    # Without the correction: as if the test part were nothing beside what is trained on.
    plain = [resampled_t(study, 10**9, 1).p for study in drawn]
    return Declared(
        float(np.mean([one.p <= LEVEL for one in found])),
        float(np.mean([p <= LEVEL for p in plain])),
        float(np.mean([signed_rank_p(study) <= LEVEL for study in drawn])),
        float(np.mean([one.low <= 0 <= one.high for one in found])),
    )


def main(studies: int) -> None:
    print(f"{studies} studies of two equal methods, {SAMPLES} samples, level {LEVEL:.0%}, interval {CONFIDENCE:.0%}\n")
    print("| splits | test share | corrected t | plain t | signed ranks | covered | plain t, new data each split |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for splits, num_test in itertools.product((6, 10, 20, 30), (10, 20, 40)):
        generator = np.random.default_rng(20_261_101)
        one = declared(differences(generator, studies, splits, num_test), num_test)
        new = declared(differences(generator, studies, splits, num_test, one_data_set=False), num_test)
        cells = (one.corrected, one.plain, one.ranks, one.covered, new.plain)
        print(f"| {splits} | {num_test}% | " + " | ".join(f"{share:.1%}" for share in cells) + " |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
