"""How often `--until-decided` declares a difference, where there is none and where there is one.

    python -m tests.simulations.sequential [STUDIES]

prints the tables; `tests/test_sequential.py` holds the first to 5 % +- 1.5 with 1,000 studies and a cap of 15.
"""

from __future__ import annotations

import itertools
import math
import sys
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tuning.statistics.sequential import Rule, equality_p_values, p_values
from tuning.statistics.signed_rank import LEVEL, holm, signed_rank_p

Floats = npt.NDArray[np.float64]

KINDS = ("normal", "skewed", "heavy tails", "ties", "uneven")


def scores(kind: str, generator: np.random.Generator, studies: int, replicates: int, tuners: int) -> Floats:
    """(studies, replicates, tuners): of equal tuners, in replicates of which some are easier than others."""
    shape = (studies, replicates, tuners)
    easier = generator.normal(size=(studies, replicates, 1))
    match kind:
        case "normal":
            return easier + generator.normal(size=shape)
        case "skewed":  # most searches come close to the best there is, some do not
            return easier - generator.lognormal(sigma=1.0, size=shape)
        case "heavy tails":
            return easier + generator.standard_t(1.5, size=shape)
        case "ties":  # an accuracy on a small validation split: a difference is 0 in one of four replicates
            return np.rint(easier + generator.normal(size=shape))
        case "uneven":  # replicates differ in spread too
            return easier + generator.normal(size=shape) * generator.lognormal(sigma=1.0, size=(studies, replicates, 1))
    raise ValueError(kind)


@dataclass
class Declared:
    """Shares of studies.

    Attributes:
        pair: In which a pair was declared to differ by itself, the mean over all pairs.
        family: In which any pair was, with Holm's adjustment.
        replicates: Mean number after which one pair by itself was decided, or the cap.
    """

    pair: float
    family: float
    replicates: float


def declared(drawn: Floats, cap: int) -> Declared:
    """For (studies, cap, tuners) scores."""
    pairs = list(itertools.combinations(range(drawn.shape[2]), 2))
    p = np.array(
        [[p_values(study[:, a] - study[:, b], Rule(cap), len(pairs)) for a, b in pairs] for study in drawn]
    )  # (studies, pairs, cap)
    found = p <= LEVEL
    return Declared(
        float(found[:, :, -1].mean()),
        float(np.mean([holm(last).min() <= LEVEL for last in p[:, :, -1]])),
        float(np.where(found.any(axis=2), found.argmax(axis=2) + 1, cap).mean()),
    )


def equal_share(drawn: Floats, rope: float, cap: int) -> float:
    """Share of (studies, cap, 2) whose two tuners are declared practically equal."""
    found = [equality_p_values(study[:, 0] - study[:, 1], rope, Rule(cap))[-1] <= LEVEL for study in drawn]
    return float(np.mean(found))


def fixed_share(drawn: Floats) -> float:
    """Share of (studies, cap, 2) declared to differ by one signed-rank test at the cap."""
    return float(np.mean([signed_rank_p(study[:, 0] - study[:, 1]) <= LEVEL for study in drawn]))


def peeking_share(drawn: Floats, first: int) -> float:
    """The same if that test were made after each replicate from `first` on: what the sequential rule is there for."""
    return float(
        np.mean(
            [
                any(signed_rank_p((study[:, 0] - study[:, 1])[:n]) <= LEVEL for n in range(first, study.shape[0] + 1))
                for study in drawn
            ]
        )
    )


def main(studies: int) -> None:
    print(f"{studies} studies of equal tuners (A/A), level {LEVEL:.0%}; standard error {_error(studies):.1%}\n")
    print("| scores | cap | pair, 2 tuners | pair, 3 | family, 3 | pair, 5 | family, 5 |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for kind, cap in itertools.product(KINDS, (20, 30)):
        generator = np.random.default_rng(20_261_101)
        two, three, five = (declared(scores(kind, generator, studies, cap, tuners), cap) for tuners in (2, 3, 5))
        cells = (two.pair, three.pair, three.family, five.pair, five.family)
        print(f"| {kind} | {cap} | " + " | ".join(f"{share:.1%}" for share in cells) + " |", flush=True)
    generator = np.random.default_rng(1)
    drawn = scores("normal", generator, studies, 30, 2)
    print(f"\nTested after each replicate from 6 to 30 at fixed-n p, without the rule: {peeking_share(drawn, 6):.1%}\n")

    print("One pair, one of whose tuners is better; the shift is in units of √2 times the scores' scale, with normal")
    print("scores the standard deviation of the differences:\n")
    print("| scores | cap | shift | declared, one test at the cap | declared, until decided | mean replicates |")
    print("| --- | --- | --- | --- | --- | --- |")
    for kind, cap, shift in itertools.product(("normal", "heavy tails"), (20, 30), (0.5, 0.8, 1.2, 2.0)):
        drawn = scores(kind, np.random.default_rng(2), studies, cap, 2)
        drawn[:, :, 0] += shift * math.sqrt(2)
        found = declared(drawn, cap)
        print(
            f"| {kind} | {cap} | {shift} | {fixed_share(drawn):.0%} | {found.pair:.0%} | {found.replicates:.1f} |",
            flush=True,
        )

    print("\nDeclared practically equal within a rope of so many standard deviations of the differences:\n")
    print("| cap | rope | differing by exactly the rope | not differing |")
    print("| --- | --- | --- | --- |")
    for cap, rope in itertools.product((20, 30), (0.5, 1.0)):
        drawn = scores("normal", np.random.default_rng(3), studies, cap, 2)
        equal = equal_share(drawn, rope * math.sqrt(2), cap)
        drawn[:, :, 0] += rope * math.sqrt(2)
        print(f"| {cap} | {rope} | {equal_share(drawn, rope * math.sqrt(2), cap):.1%} | {equal:.0%} |", flush=True)


def _error(studies: int) -> float:
    return math.sqrt(LEVEL * (1 - LEVEL) / studies)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
