"""Two tuners draw configurations that are all equally good, one of them more of them: is it called better?

    python -m tests.simulations.endpoint [STUDIES]

prints the table of `docs/method.md`; a test holds the last column to the level.
"""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt

from tests.simulations.power import rank_sum_share
from tuning.statistics.signed_rank import LEVEL

Floats = npt.NDArray[np.float64]

FEW, MANY = 12, 22  # draws of random search, and of Hyperband at the same budget
SEEDS = 5


def best_seen(generator: np.random.Generator, studies: int, replicates: int, draws: int) -> Floats:
    """(studies, replicates): the best of so many scores that are nothing but noise."""
    return np.asarray(generator.normal(size=(studies, replicates, draws)).max(axis=2))


def retrained(generator: np.random.Generator, studies: int, replicates: int) -> Floats:
    """(studies, replicates): the winner's mean over fresh seeds, whichever it is."""
    return np.asarray(generator.normal(size=(studies, replicates, SEEDS)).mean(axis=2))


def declared(endpoint: str, replicates: int, studies: int, seed: int = 1) -> float:
    """The share of studies in which the two are declared to differ."""
    generator = np.random.default_rng(seed)
    if endpoint == "search":
        few, many = (best_seen(generator, studies, replicates, draws) for draws in (FEW, MANY))
    else:
        few, many = (retrained(generator, studies, replicates) for _ in range(2))
    return rank_sum_share(many, few, LEVEL)


def main(studies: int) -> None:
    print(f"{MANY} draws against {FEW} of equal configurations: declared to differ, of {studies} studies\n")
    print("| replicates | by the best score seen | by the retrained winner |\n| --- | --- | --- |")
    for replicates in (10, 20, 50, 100):
        shares = [declared(endpoint, replicates, studies) for endpoint in ("search", "retrained")]
        print(f"| {replicates} | " + " | ".join(f"{share:.1%}" for share in shares) + " |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
