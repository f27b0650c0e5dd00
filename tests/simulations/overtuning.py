"""Searches that end at something truly worse than they had: how many are counted, estimated, and how many there are.

    python -m tests.simulations.overtuning [STUDIES]

prints the table of `docs/method.md`; `test_overtuning.py` holds the same to smaller numbers.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tuning.statistics.overtuning import lost

Floats = npt.NDArray[np.float64]
DRAWS = 14  # configurations that a search tries
SHOWN = (3, 7, 14)  # by when an incumbent is retrained: a quarter, half, and all of the budget


class Landscape(NamedTuple):
    """Configurations, in units of the noise between seeds.

    Attributes:
        worth: Their true worths, of a shape.
        split: Standard deviation of the luck that a configuration has on the validation part, whatever its seed.
    """

    worth: Callable[[np.random.Generator, tuple[int, int]], Floats]
    split: float


LANDSCAPES = {
    "all equal": Landscape(lambda generator, shape: np.zeros(shape), 0.0),
    "all equal, luck on the validation part of 2": Landscape(lambda generator, shape: np.zeros(shape), 2.0),
    "spread 0.5": Landscape(lambda generator, shape: generator.normal(scale=0.5, size=shape), 0.0),
    "spread 1": Landscape(lambda generator, shape: generator.normal(size=shape), 0.0),
    "spread 3": Landscape(lambda generator, shape: generator.normal(scale=3, size=shape), 0.0),
    "spread 3, luck of 2": Landscape(lambda generator, shape: generator.normal(scale=3, size=shape), 2.0),
    "most are bad": Landscape(lambda generator, shape: -2 * generator.lognormal(sigma=1.2, size=shape), 0.0),
    "most are bad, luck of 1.5": Landscape(
        lambda generator, shape: -2 * generator.lognormal(sigma=1.2, size=shape), 1.5
    ),
}


class Found(NamedTuple):
    """Shares of the searches of one study.

    Attributes:
        counted: An earlier incumbent has a higher mean over the fresh seeds, as before.
        estimated: Truly worse by more than a training varies, estimated.
        true: The same, in truth.
        held: Whether the interval of the estimate holds it.
    """

    counted: float
    estimated: float
    true: float
    held: float


def incumbents(generator: np.random.Generator, landscape: Landscape, searches: int) -> tuple[Floats, Floats]:
    """(num_searches, num_incumbents): what the searches saw of each that is retrained, and its worth; NaN in front."""
    worth = landscape.worth(generator, (searches, DRAWS))
    seen = worth + np.sqrt(1 + landscape.split**2) * generator.normal(size=worth.shape)
    best = np.maximum.accumulate(seen, axis=1)
    improved = np.zeros(seen.shape, dtype=bool)
    for tried in SHOWN:
        improved[np.arange(searches), (seen[:, :tried] >= best[:, tried - 1 : tried]).argmax(axis=1)] = True
    rows = np.flatnonzero(improved.sum(axis=1) > 1)
    paths = np.full((2, len(rows), DRAWS), np.nan)
    for place, row in enumerate(rows):
        steps = improved[row]
        paths[0, place, -steps.sum() :], paths[1, place, -steps.sum() :] = seen[row, steps], worth[row, steps]
    return paths[0], paths[1]


def found(name: str, searches: int, seeds: int, seed: int = 1) -> Found:
    """What is said of one study."""
    generator = np.random.default_rng(seed)
    seen, worth = incumbents(generator, LANDSCAPES[name], searches)
    scores = worth[..., None] + generator.normal(size=(*worth.shape, seeds))
    scores[:, :-1, 1:] = np.nan  # those before the last are retrained once
    means = np.where(
        np.isnan(worth), np.nan, np.nansum(scores, axis=2) / np.maximum((~np.isnan(scores)).sum(axis=2), 1)
    )
    draws, noise = lost(scores, seen, seed)
    shares = (draws > noise).mean(axis=1)
    true = float((np.nanmax(worth[:, :-1], axis=1) - worth[:, -1] > 1).mean())
    low, high = np.quantile(shares, [0.025, 0.975])
    counted = float((np.nanmax(means[:, :-1], axis=1) > means[:, -1]).mean())
    return Found(counted, float(shares.mean()), true, float(low - 1e-9 <= true <= high + 1e-9))


def main(studies: int) -> None:
    print(f"{studies} studies of 50 searches an entry\n\n| | seeds | counted | estimated | true | interval holds it |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in LANDSCAPES:
        for seeds in (5, 2):
            shares = np.mean([found(name, 50, seeds, seed) for seed in range(1, studies + 1)], axis=0)
            print(f"| {name} | {seeds} | {' | '.join(f'{share:.0%}' for share in shares)} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
