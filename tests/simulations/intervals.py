"""How often the intervals of a report hold what is true, and how often percentile bootstraps, their forerunners, did.

    python -m tests.simulations.intervals [STUDIES]
    python -m tests.simulations.intervals [STUDIES] differences
    python -m tests.simulations.intervals [STUDIES] choice

prints the tables of `docs/method.md`; `test_intervals.py` holds the same to smaller numbers.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from itertools import product

import numpy as np
import numpy.typing as npt

from tests.simulations.bootstrap import iqm_weights, mean_weights, percentile_interval, replicated
from tests.simulations.choice import KINDS as CHOSEN_FROM
from tests.simulations.choice import drawn
from tests.simulations.claims import KINDS, scores
from tuning.statistics.choice import FEWEST_CHAINS
from tuning.statistics.intervals import (
    Ends,
    median_ends,
    ratio_ends,
    share_ends,
    student,
    trimmed,
    trimmed_ends,
    welch,
)
from tuning.statistics.posterior import BURN_IN, KEPT, sample
from tuning.statistics.rank_sum import shift_between
from tuning.statistics.signed_rank import shift_estimate

Floats = npt.NDArray[np.float64]
MANY = 1_000_000  # draws that tell what is true
SIZES = (3, 5, 10, 20, 100)
OF_DIFFERENCES = (2, 3, 5, 10, 20, 100)
OF_SHIFTS = (4, 6, 10, 20, 50)
OF_CHOICES = (2, 3, 5, 10, 30)
PAIRS = {
    "normal": ("normal", "normal", 1.0),
    "skewed": ("skewed", "skewed", 1.0),
    "heavy tails": ("heavy tails", "heavy tails", 1.0),
    "normal, one varies three times as much": ("normal", "normal", 3.0),
    "skewed, one varies three times as much": ("skewed", "skewed", 3.0),
    "skewed against normal": ("skewed", "normal", 1.0),
    "one fails in a tenth": ("fails", "normal", 1.0),
}
"""Two tuners: the scores of each, and how much more the second one's vary."""


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


def of_baseline(kind: str, n: int, studies: int, *, paired: bool, width: float = 1.0, seed: int = 1) -> float:
    """Of the mean difference of five equal tuners' searches together and a baseline, which varies so much beside them.

    Where they share a split, that goes out of the differences within replicates.
    """
    generator = np.random.default_rng(seed)
    off = float(np.exp(0.32)) if kind == "skewed" else 0.0  # to a mean of 0
    searches, runs = scores(kind, generator, n, 5, studies) + off, width * (scores(kind, generator, n, studies) + off)
    ends = student(searches.mean(axis=1) - runs) if paired else welch(searches.reshape(-1, studies), runs)
    return holds(ends, 0.0)


def of_shift(pair: str, n: int, studies: int, seed: int = 1) -> tuple[float, float]:
    """Of Hodges and Lehmann's difference of two tuners: as samples, and by replicate (no interval of fewer than 6)."""
    generator = np.random.default_rng(seed)
    first, second, width = PAIRS[pair]

    def two(*shape: int) -> tuple[Floats, Floats]:
        a = scores("normal" if first == "fails" else first, generator, *shape)
        return a - 4 * (generator.random(shape) < (first == "fails") / 10), width * scores(second, generator, *shape)

    many = np.subtract(*two(2, MANY))
    truths = float(np.median(many)), float(np.median(many.mean(axis=0)))
    drawn_pairs = [two(n) for _ in range(studies)]
    apart = np.array([shift_between(a, b)[1:] for a, b in drawn_pairs])
    by_replicate = np.array([shift_estimate(a - b)[1:] for a, b in drawn_pairs])
    found = zip((apart, by_replicate), truths, strict=True)
    return tuple(math.nan if np.isnan(ends).all() else holds((ends[:, 0], ends[:, 1]), of) for ends, of in found)


def of_choice(kind: str, n: int, studies: int, tuners: int = 4, seed: int = 1) -> float:
    """Of the credible interval of a tuner's mean, from as few chains as a report has at least."""
    generator = np.random.default_rng(seed)
    values, merit = drawn(kind, generator, studies, n, tuners)
    differ = np.ptp(values, axis=(0, 1)) > 0
    chains = np.repeat(values[:, :, differ], FEWEST_CHAINS, axis=2)
    means = sample(chains, kind == "shared split", generator, BURN_IN, KEPT).means
    means = means.reshape(KEPT, tuners, -1, FEWEST_CHAINS)
    low, high = np.percentile(means, [2.5, 97.5], axis=(0, 3))
    return float(((low <= merit[:, differ]) & (merit[:, differ] <= high)).mean())


def differences(studies: int) -> None:
    _heading(OF_DIFFERENCES)
    for paired, kind, width in product((False, True), KINDS, (1.0, 0.2)):
        title = (
            f"{'within replicates' if paired else 'two samples'}, {kind}, the baseline varies {width:g} times as much"
        )
        cells = [f"{of_baseline(kind, n, studies, paired=paired, width=width):.1%}" for n in OF_DIFFERENCES]
        print(f"| {title} | {' | '.join(cells)} |", flush=True)
    _heading(OF_SHIFTS)
    for pair in PAIRS:
        cells = [", ".join(f"{share:.1%}" for share in of_shift(pair, n, studies)) for n in OF_SHIFTS]
        print(f"| {pair} | {' | '.join(cells)} |", flush=True)


def choices(studies: int) -> None:
    _heading(OF_CHOICES)
    for kind in CHOSEN_FROM:
        cells = [f"{of_choice(kind, n, studies):.1%}" for n in OF_CHOICES]
        print(f"| {kind} | {' | '.join(cells)} |", flush=True)


def _heading(sizes: tuple[int, ...]) -> None:
    print(f"\n| replicates | {' | '.join(map(str, sizes))} |\n| --- |{' --- |' * len(sizes)}")


def main(studies: int) -> None:
    print(f"{studies} studies an entry: bootstrap → now")
    _heading(SIZES)

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
    number, part = (*sys.argv[1:], *("2000", "")[len(sys.argv) - 1 :])
    {"differences": differences, "choice": choices, "": main}[part](int(number))
