"""How often the intervals of a report hold what is true, and how often percentile bootstraps, their forerunners, did.

    python -m tests.simulations.intervals [STUDIES]

prints the tables of `docs/method.md`; `test_intervals.py` holds the same to smaller numbers.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import product

import numpy as np
import numpy.typing as npt

from tests.simulations.bootstrap import iqm_weights, mean_weights, percentile_interval, replicated
from tests.simulations.claims import KINDS, scores
from tuning.statistics.intervals import (
    Ends,
    median_ends,
    ratio_ends,
    share_ends,
    student,
    trimmed,
    trimmed_ends,
)

Floats = npt.NDArray[np.float64]
MANY = 1_000_000  # draws that tell what is true
SIZES = (3, 5, 10, 20, 100)


def median_weights(n: int) -> Floats:
    weights = np.zeros(n)
    weights[(n - 1) // 2] += 0.5
    weights[n // 2] += 0.5
    return weights


def bootstrap(values: Floats, weights: Callable[[int], Floats]) -> Ends:
    """The percentile bootstrap's interval of each column, as before."""
    return percentile_interval(replicated(values, weights(len(values))))


def holds(ends: Ends, truth: float) -> float:
    """The share of intervals that hold the truth; one that does not exist does not count."""
    low, high = ends
    known = ~np.isnan(low)
    return float(((low <= truth + 1e-12) & (truth - 1e-12 <= high))[known].mean())


INTERVALS: dict[str, tuple[Callable[[Floats], Ends], Callable[[int], Floats]]] = {
    "median": (median_ends, median_weights),
    "mean": (student, mean_weights),
    "interquartile mean": (trimmed_ends, iqm_weights),
}


def of_scores(what: str, kind: str, n: int, studies: int, seed: int = 1) -> tuple[float, float]:
    """Coverage of a quantity's interval, by the bootstrap and now."""
    generator = np.random.default_rng(seed)
    now, weights = INTERVALS[what]
    many = np.sort(scores(kind, generator, MANY // n, n), axis=1)
    # Of so few values, what an interquartile mean aims at depends on their number.
    truth = float(np.median(many) if what == "median" else (many @ weights(n)).mean())
    drawn = scores(kind, generator, n, studies)
    return holds(bootstrap(drawn, weights), truth), holds(now(drawn), truth)


def of_share(share: float, n: int, studies: int, seed: int = 1) -> tuple[float, float]:
    """Of a point of a performance profile."""
    hits = (np.random.default_rng(seed).random((n, studies)) < share).astype(float)
    return holds(bootstrap(hits, mean_weights), share), holds(share_ends(hits.sum(axis=0), n), share)


def of_normalised(kind: str, n: int, studies: int, seed: int = 1) -> tuple[float, float, float]:
    """Of a tuner equal to random search, whose normalised score is 1; last, how often there is no interval now."""
    generator = np.random.default_rng(seed)
    mine, reference = (scores(kind, generator, n, studies) for _ in range(2))
    best = np.maximum(mine.max(axis=0), reference.max(axis=0))
    gap = best - trimmed(reference).mean
    before = percentile_interval((best - replicated(mine, iqm_weights(n))) / gap)
    ends = [ratio_ends(trimmed(mine[:, [at]]), trimmed(reference[:, [at]]), best[at]) for at in range(studies)]
    low, high = np.array(ends).reshape(studies, 2).T
    return holds(before, 1.0), holds((low, high), 1.0), float(np.isnan(low).mean())


def of_rank(shift: float, n: int, studies: int, tuners: int = 5, seed: int = 1) -> tuple[float, float]:
    """Of the mean rank of a tuner that is better than its equals by so much."""
    generator = np.random.default_rng(seed)

    def share(*shape: int) -> Floats:
        """Of the other tuners, those that are better."""
        drawn = generator.normal(size=(*shape, tuners)) + shift * (np.arange(tuners) == 0)
        return np.asarray((drawn > drawn[..., :1]).mean(axis=-1) * tuners / (tuners - 1))

    truth, seen = float(share(MANY // 10).mean()), share(n, studies)
    return holds(bootstrap(seen, mean_weights), truth), holds(share_ends(seen.sum(axis=0), n), truth)


def main(studies: int) -> None:
    print(f"{studies} studies an entry: bootstrap → now\n")
    print(f"| | {' | '.join(map(str, SIZES))} |\n| --- |{' --- |' * len(SIZES)}")

    def row(title: str, found: Callable[[int], tuple[float, ...]]) -> None:
        entries = [f"{before:.0%} → {now:.0%}" for before, now, *_ in map(found, SIZES)]
        print(f"| {title} | {' | '.join(entries)} |", flush=True)

    for what, kind in product(INTERVALS, KINDS):
        row(f"{what}, {kind}", lambda n, what=what, kind=kind: of_scores(what, kind, n, studies))  # type: ignore[misc]
    for share in (0.5, 0.95):
        row(f"share {share:.0%} of a profile", lambda n, share=share: of_share(share, n, studies))  # type: ignore[misc]
    for shift in (0.0, 1.0, 3.0):
        row(f"mean rank, better by {shift:g}", lambda n, shift=shift: of_rank(shift, n, studies))  # type: ignore[misc]
    for kind in KINDS:
        row(f"normalised, {kind}", lambda n, kind=kind: of_normalised(kind, n, studies))  # type: ignore[misc]
    none = ", ".join(f"{of_normalised('normal', n, studies)[2]:.0%}" for n in SIZES)
    print(f"\nno interval of a normalised score: {none}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
