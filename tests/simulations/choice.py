"""Whether what is said of a choice holds: how often the tuner that is best with probability 0.7 is the best.

    python -m tests.simulations.choice [STUDIES]

prints the tables of `docs/method.md`; `tests/statistics/test_choice.py` holds the same to smaller numbers. Many studies
are simulated at once, one chain of the model each; a report's choice has several chains of the same model.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tuning.statistics.choice import expected_gain, statements
from tuning.statistics.posterior import Posterior, sample

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

KINDS = ("normal", "skewed", "discrete", "ties", "ceiling", "outliers", "failures", "shared split")
REPLICATES, TUNERS = (2, 3, 5, 10, 30), (2, 4, 8)
APART = (0.1, 0.2, 0.4, 0.8, 1.6)  # standard deviation of merits, in that of scores: a study has one of these
UNEVEN = 0.3  # standard deviation of the logarithm of a tuner's spread
SAID = ((0.4, 0.6), (0.6, 0.8), (0.8, 0.95))  # statements of about 0.5, 0.7 and 0.9
BURN_IN, KEPT = 50, 150
SHIFTED = "surrogate, shifted"
SURROGATES = ("surrogate", SHIFTED)
SURROGATE = Path(__file__).parents[2] / "reports" / "fashion_mnist-surrogate" / "summary.json"


def drawn(
    kind: str,
    generator: np.random.Generator,
    studies: int,
    replicates: int,
    tuners: int,
    apart: Sequence[float] = APART,
) -> tuple[Floats, Floats]:
    """Scores (replicates, tuners, studies) of tuners that differ, and each tuner's true mean (tuners, studies)."""
    merit = generator.choice(apart, studies) * generator.normal(size=(tuners, studies))
    spread = generator.lognormal(0, UNEVEN, (tuners, studies))
    shape = (replicates, tuners, studies)
    scores = merit + spread * _noise(kind, generator, shape)
    if kind == "shared split":  # what is easy for one tuner is for all
        return scores + generator.normal(size=(replicates, 1, studies)), merit
    if kind == "failures":  # some tuners fail more often than others
        often = generator.beta(0.5, 4, (tuners, studies))
        return np.where(generator.random(shape) < often, scores - 4, scores), merit - 4 * often
    if kind not in ("discrete", "ties", "ceiling"):
        return scores, merit
    many = _as_seen(kind, merit + spread * generator.normal(size=(2000, 1, 1)))
    return _as_seen(kind, scores), many.mean(axis=0)


def _noise(kind: str, generator: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Of mean 0, and of standard deviation about 1."""
    if kind == "skewed":  # most searches come close to the best there is, some do not
        return (np.exp(0.32) - generator.lognormal(0, 0.8, shape)) / np.sqrt((np.exp(0.64) - 1) * np.exp(0.64))
    normal = generator.normal(size=shape)
    return normal + 0.6 - 6 * (generator.random(shape) < 0.1) if kind == "outliers" else normal


def _as_seen(kind: str, scores: Floats) -> Floats:
    match kind:
        case "discrete":  # an accuracy on a validation split of a few hundred rows
            return np.rint(scores * 4) / 4
        case "ties":  # of a few dozen rows
            return np.rint(scores)
        case "ceiling":  # many a search finds a model without any error
            return np.minimum(np.rint(scores * 2) / 2, 1)
    raise ValueError(kind)


def subsampled(
    generator: np.random.Generator, studies: int, replicates: int, tuners: int, apart: Sequence[float] | None = None
) -> tuple[Floats, Floats]:
    """The same from the committed surrogate study: some of its 100 replicates and tuners; their means are the truth.

    By the endpoint, the winners' scores without noise, in units of the standard deviation of a tuner's, as elsewhere.
    The tuners of a replicate share its table. There is but one truth, and it is nearly a tie; with `apart`, merits are
    drawn as in `drawn` instead, and only the shape of the scores is the study's.
    """
    (problem,) = json.loads(SURROGATE.read_text())["problems"].values()
    names = [row["tuner"] for row in problem["tuners"]][:5]
    cells = {(row["tuner"], row["replicate"]): row["score"] for row in problem["endpoint_scores"]}
    every = np.array([[cells[name, replicate] for name in names] for replicate in range(1, 101)])
    columns = np.argsort(generator.random((len(names), studies)), axis=0)[:tuners]
    rows = np.argsort(generator.random((len(every), 1, studies)), axis=0)[:replicates]
    means, unit = every.mean(axis=0), np.sqrt(every.var(axis=0, ddof=1).mean())
    if apart is None:
        return every[rows, columns] / unit, means[columns] / unit
    merit = generator.choice(apart, studies) * generator.normal(size=columns.shape)
    return (every - means)[rows, columns] / unit + merit, merit


@dataclass(frozen=True)
class Found:
    """What was said of each study, and what was true; (num_studies,) each.

    Attributes:
        said, right: Probability that the recommended tuner is best, and whether it is.
        stated, lost: Its expected loss, and its loss.
        by_mean, by_median: Whether the tuner with the highest mean, or median, is best.
        every_said, every_right: (num_tuners * num_studies,), of every tuner and not the recommended one alone.
    """

    said: Floats
    right: Flags
    stated: Floats
    lost: Floats
    by_mean: Flags
    by_median: Flags
    every_said: Floats
    every_right: Flags

    def about(self, low: float, high: float, every: bool = False) -> tuple[float, float, int]:
        """Of the statements within these bounds: the mean probability, the share that is right, and their number."""
        said, right = (self.every_said, self.every_right) if every else (self.said, self.right)
        here = (low <= said) & (said < high)
        return (float(said[here].mean()), float(right[here].mean()), int(here.sum())) if here.any() else (0.0, 0.0, 0)


def found(scores: Floats, merit: Floats, generator: np.random.Generator, paired: bool = False) -> Found:
    """For (replicates, tuners, studies) scores, and the true means (tuners, studies)."""
    differ = np.ptp(scores, axis=(0, 1)) > 0
    best, loss = np.full(merit.shape, 1 / len(merit)), np.zeros(merit.shape)
    if differ.any():
        best[:, differ], loss[:, differ] = statements(_posterior(scores[:, :, differ], generator, paired))
    top = merit >= merit.max(axis=0) - 1e-12
    taken, each = loss.argmin(axis=0), np.arange(merit.shape[1])
    return Found(
        said=best[taken, each],
        right=top[taken, each],
        stated=loss[taken, each],
        lost=merit.max(axis=0) - merit[taken, each],
        by_mean=top[scores.mean(axis=0).argmax(axis=0), each],
        by_median=top[np.median(scores, axis=0).argmax(axis=0), each],
        every_said=best.ravel(),
        every_right=top.ravel(),
    )


def _posterior(scores: Floats, generator: np.random.Generator, paired: bool = False) -> Posterior:
    return sample(scores, paired, generator, BURN_IN, KEPT)


def together(parts: Sequence[Found]) -> Found:
    return Found(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Found)))


def many(kind: str, studies: int, sizes: Sequence[tuple[int, int]], seed: int = 1) -> Found:
    """So many studies of each size, (replicates, tuners), of a kind, ``surrogate`` or ``surrogate, shifted``."""
    generator = np.random.default_rng(seed)
    parts = []
    for replicates, tuners in sizes:
        if kind in SURROGATES:
            apart = APART if kind == SHIFTED else None
            scores, merit = subsampled(generator, studies, replicates, min(tuners, 5), apart)
        else:
            scores, merit = drawn(kind, generator, studies, replicates, tuners)
        parts.append(found(scores, merit, generator, paired=kind in ("shared split", *SURROGATES)))
    return together(parts)


def until(loss: float, most: int, studies: int, tuners: int, seed: int = 1) -> tuple[Floats, Floats, Floats]:
    """Replicates are added until the expected loss is `loss`: their number, the stated loss and the real one.

    Each (num_studies,), of normal scores with a standard deviation of about 1.
    """
    generator = np.random.default_rng(seed)
    scores, merit = drawn("normal", generator, studies, most, tuners)
    number, stated, lost = np.full(studies, float(most)), np.zeros(studies), np.zeros(studies)
    open_studies = np.arange(studies)
    for replicates in range(2, most + 1):
        here = found(scores[:replicates, :, open_studies], merit[:, open_studies], generator)
        number[open_studies], stated[open_studies], lost[open_studies] = replicates, here.stated, here.lost
        open_studies = open_studies[here.stated > loss]
        if not len(open_studies):
            break
    return number, stated, lost


def gained(replicates: int, more: int, studies: int, tuners: int, seed: int = 1) -> tuple[float, float]:
    """What `more` replicates were expected to take off the loss, and what they took off, on average."""
    generator = np.random.default_rng(seed)
    scores, merit = drawn("normal", generator, studies, replicates + more, tuners)
    foreseen = expected_gain(_posterior(scores[:replicates], generator), more, generator)
    before = found(scores[:replicates], merit, generator)
    after = found(scores, merit, generator)
    return float(foreseen.mean()), float((before.lost - after.lost).mean())


def line(name: str, of: Found) -> str:
    cells = []
    for low, high in SAID:
        said, right, number = of.about(low, high)
        cells.append(f"{said:.2f}: {right:.2f} ({number})")
    numbers = f"{of.stated.mean():.3f} | {of.lost.mean():.3f}"
    rights = " | ".join(f"{part.mean():.1%}" for part in (of.right, of.by_mean, of.by_median))
    return f"| {name} | {' | '.join(cells)} | {numbers} | {rights} |"


HEAD = """
| scores | said about 0.5: right | about 0.7 | about 0.9 | expected loss | real | right | by mean | by median |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |"""


def main(studies: int) -> None:
    print(f"{studies} studies of each size: {REPLICATES} replicates of {TUNERS} tuners\n{HEAD}")
    sizes = list(itertools.product(REPLICATES, TUNERS))
    for kind in KINDS:
        print(line(kind, many(kind, studies, sizes)), flush=True)
    for kind in SURROGATES:
        print(line(kind, many(kind, studies, list(itertools.product(REPLICATES, (2, 3, 5))))), flush=True)
    print(line("surrogate, 5 replicates of 5 tuners", many("surrogate", studies, [(5, 5)])), flush=True)
    print(f"\nBy size, normal, skewed and failures together\n{HEAD}")
    for replicates, tuners in sizes:
        parts = [many(kind, studies, [(replicates, tuners)]) for kind in ("normal", "skewed", "failures")]
        print(line(f"{replicates} replicates, {tuners} tuners", together(parts)), flush=True)
    print("\nEqual tuners: share of studies that say 0.9 or more, and the expected loss in standard deviations\n")
    print("| replicates | 2 tuners | 4 | 8 |\n| --- | --- | --- | --- |")
    for replicates in REPLICATES:
        equal = [equals(studies, replicates, tuners) for tuners in TUNERS]
        print(f"| {replicates} | " + " | ".join(f"{share:.1%}, {loss:.3f}" for share, loss in equal) + " |", flush=True)
    print("\nUntil the expected loss is so small, 30 replicates at most\n")
    print("| tuners | loss | replicates | expected loss at the end | real |\n| --- | --- | --- | --- | --- |")
    for tuners, loss in itertools.product(TUNERS, (0.05, 0.1)):
        number, stated, lost = until(loss, 30, studies, tuners)
        print(f"| {tuners} | {loss} | {number.mean():.1f} | {stated.mean():.3f} | {lost.mean():.3f} |", flush=True)
    print("\nWhat more replicates were expected to take off the loss, and what they took off\n")
    print("| tuners | replicates | more | expected | real |\n| --- | --- | --- | --- | --- |")
    for tuners, (replicates, more) in itertools.product(TUNERS, ((3, 1), (3, 3), (5, 10), (10, 10))):
        expected, real = gained(replicates, more, studies, tuners)
        print(f"| {tuners} | {replicates} | {more} | {expected:.3f} | {real:.3f} |", flush=True)


def equals(studies: int, replicates: int, tuners: int, seed: int = 1) -> tuple[float, float]:
    """Of tuners that do not differ: the share of studies that say 0.9 or more, and the mean expected loss."""
    generator = np.random.default_rng(seed)
    of = found(*drawn("normal", generator, studies, replicates, tuners, apart=(0.0,)), generator)
    return float((of.said >= 0.9).mean()), float(of.stated.mean())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
