"""How often the intervals of a partial dependence hold the true one.

    python -m tests.simulations.dependence [STUDIES]

prints the table of `docs/method.md`; `tests/exploration/test_dependence.py` holds the same to smaller numbers. The
score is a function of six hyperparameters, of which two act together, with the noise of a training; half of the
studies have trials that were drawn at random, half have mostly trials that a tuner drew where scores are good.
"""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt

from tuning.exploration.dependence import POINTS, draws
from tuning.exploration.dimensions import dimensions
from tuning.statistics.bootstrap import Floats
from tuning.statistics.gaussian_process import fit

RANGE = {"type": "Float", "min_value": 0.0, "max_value": 1.0, "sampling": "linear"}
SPACE = dimensions([{"name": f"x{place}", **RANGE} for place in range(6)])
Z = 1.959964
MANY = 4_096
NOISE = 0.1


def score(rows: Floats, parts: Floats) -> Floats:
    """A bump in one hyperparameter, a slope in another, and two that act together; two do nothing."""
    bump = parts[0] * np.exp(-((rows[:, 0] - parts[1]) ** 2) / 0.08)
    return np.asarray(bump + parts[2] * rows[:, 1] + parts[3] * rows[:, 2] * (1 - rows[:, 3]))


def drawn(count: int, tuned: bool, parts: Floats, generator: np.random.Generator) -> Floats:
    """Rows drawn at random, or of three the best, from the first quarter on."""
    rows = generator.random((count, 3, 6))
    if not tuned:
        return rows[:, 0]
    best = np.argmax([score(rows[:, place], parts) for place in range(3)], axis=0)
    best[: count // 4] = 0
    return np.asarray(rows[np.arange(count), best])


def coverage(studies: int, count: int, tuned: bool, seed: int = 1) -> float:
    """The share of points of the dependences on four hyperparameters whose interval holds the true mean."""
    generator = np.random.default_rng(seed)
    many = generator.random((MANY, 6))
    held: list[npt.NDArray[np.bool_]] = []
    for _ in range(studies):
        parts = generator.uniform([0.5, 0.0, -1.0, -1.0], [1.5, 1.0, 1.0, 1.0])
        rows = drawn(count, tuned, parts, generator)
        model = fit(rows, score(rows, parts) + NOISE * generator.normal(size=count), np.zeros(6, dtype=bool))
        at = np.linspace(0, 1, POINTS)
        for place in range(4):
            means, spread = model.average(draws(SPACE, [SPACE[place]]), {place: at})
            true = []
            for value in at:
                many_there = many.copy()
                many_there[:, place] = value
                true.append(score(many_there, parts).mean())
            held.append(np.abs(means - np.array(true)) <= Z * spread)
    return float(np.mean(held))


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    print("| trials | drawn at random | drawn by a tuner |\n| ---: | ---: | ---: |")
    for trials in (60, 120, 250):
        print(f"| {trials} | {coverage(number, trials, False):.1%} | {coverage(number, trials, True):.1%} |")
