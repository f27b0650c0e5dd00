"""What is said over problems, against what is true: levels, intervals, choices.

    python -m tests.simulations.problems [STUDIES]

prints the tables of `docs/method.md`; `test_problems.py` holds the same to smaller numbers.

True differences are normal over problems, independently for each tuner, with standard deviation `varies` in spreads
(that of one tuner's searches on one problem). Of "uneven" tuners only the first one's differ by problem.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tests.simulations.bootstrap import mean_weights, percentile_interval, replicated
from tuning.statistics.effects import effects
from tuning.statistics.hierarchy import worth
from tuning.statistics.intervals import median_ends, student, trimmed
from tuning.statistics.meta import Together, together
from tuning.statistics.rank_sum import rank_sum_p
from tuning.statistics.ranks import rank
from tuning.statistics.signed_rank import LEVEL, holm

Floats = npt.NDArray[np.float64]
PROBLEMS = (4, 8, 12, 20)
KINDS = ("normal", "shared split", "skewed", "one in ten far off", "uneven", "skewed over problems")
APART, VARIES = (0.1, 0.2, 0.4, 0.8), (0.0, 0.2, 0.5, 1.0)  # of choices: a study has one of each
SAID = ((0.4, 0.6), (0.6, 0.8), (0.8, 0.95))


class Size(NamedTuple):
    """Of a study."""

    problems: int
    tuners: int
    replicates: int


def truths(
    generator: np.random.Generator, shape: tuple[int, ...], varies: float, kind: str, general: float | Floats = 0.0
) -> Floats:
    """(..., problems, tuners) true means in spreads."""
    by_tuner = np.full(shape[-1], varies)
    if kind == "uneven":
        by_tuner[1:] = 0
    if kind == "skewed over problems":
        return np.asarray(general + by_tuner * (generator.exponential(size=shape) - 1))
    return np.asarray(general + by_tuner * generator.normal(size=shape))


def scores(generator: np.random.Generator, true: Floats, replicates: int, kind: str) -> Floats:
    """(..., problems, replicates, tuners) scores whose standard deviation is 1."""
    shape = (*true.shape[:-1], replicates, true.shape[-1])
    noise = generator.normal(size=shape)
    if kind == "skewed":
        noise = (np.exp(0.32) - generator.lognormal(0, 0.8, shape)) / np.sqrt((np.exp(0.64) - 1) * np.exp(0.64))
    if kind == "one in ten far off":
        noise = (noise + 0.6 - 6 * (generator.random(shape) < 0.1)) / np.sqrt(1 + 36 * 0.09)
    if kind == "shared split":
        noise = noise + 2 * generator.normal(size=(*shape[:-1], 1))
    return np.asarray(true[..., None, :] + noise)


class Found(NamedTuple):
    """Of all pairs of all studies: how often intervals cover, and of studies, how often any pair is declared.

    Attributes:
        these, general, new: Share of intervals that hold the truth.
        declared_these, declared_general: Share of studies that declare a difference.
    """

    these: float
    general: float
    new: float
    declared_these: float
    declared_general: float


def found(size: Size, varies: float, kind: str, studies: int, seed: int = 1) -> Found:
    """Studies of tuners that are alike in general."""
    generator, paired = np.random.default_rng(seed), kind == "shared split"
    true = truths(generator, (studies, size.problems, size.tuners), varies, kind)
    said = _together(scores(generator, true, size.replicates, kind), paired)
    another = truths(generator, (studies, 1, size.tuners), varies, kind)
    seen = effects(scores(generator, another, size.replicates, kind), paired=paired).difference[:, 0]
    a, b = np.triu_indices(size.tuners, 1)
    of_these = true.mean(axis=1)
    p_these, p_general = said.these_p[:, a, b], said.general_p[:, a, b]
    these = np.array([holm(row) <= LEVEL for row in p_these])
    general = np.array([holm(row) <= LEVEL for row in p_general]) & these
    return Found(
        _covers(said.these_low, said.these_high, of_these[:, :, None] - of_these[:, None], a, b),
        _covers(said.general_low, said.general_high, np.zeros_like(said.mean), a, b),
        _covers(said.new_low, said.new_high, seen, a, b),
        float(these.any(axis=1).mean()),
        float(general.any(axis=1).mean()),
    )


def _together(values: Floats, paired: bool) -> Together:
    of = effects(values, paired=paired)
    return together(of.difference, of.variance, of.freedom)


def _covers(low: Floats, high: Floats, true: Floats, a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> float:
    return float(((low <= true) & (true <= high))[:, a, b].mean())


def each_by_itself(size: Size, studies: int, seed: int = 1) -> float:
    """No tuner is better: share of studies that declare a difference on some problem judged by itself."""
    generator = np.random.default_rng(seed)
    values = scores(generator, np.zeros((studies, size.problems, size.tuners)), size.replicates, "normal")
    pairs = list(itertools.combinations(range(size.tuners), 2))
    return float(
        np.mean(
            [
                any(
                    holm([rank_sum_p(problem[:, a], problem[:, b]) for a, b in pairs]).min() <= LEVEL
                    for problem in study
                )
                for study in values
            ]
        )
    )


class Chosen(NamedTuple):
    """Of the recommended tuner: (num_studies,) probability of being best, and whether it is; its loss, and the truth.

    Each for problems in general, on average over these problems, and on one new problem.
    """

    said: Floats
    right: Floats
    stated: Floats
    lost: Floats


def chosen(size: Size, kind: str, studies: int, seed: int = 1) -> Chosen:
    generator, rows = np.random.default_rng(seed), []
    for _ in range(studies):
        general = generator.choice(APART) * generator.normal(size=size.tuners)
        varies = float(generator.choice(VARIES))
        true = truths(generator, (size.problems, size.tuners), varies, kind, general)
        another = truths(generator, (1, size.tuners), varies, kind, general)[0]
        of = effects(scores(generator, true, size.replicates, kind), paired=kind == "shared split")
        drawn = worth(of.means, of.noise, np.arange(size.problems), generator, 1000)
        pick = int(drawn.general.mean(axis=0).argmax())
        three = (drawn.general, general), (drawn.by_draw.mean(axis=1), true.mean(axis=0)), (drawn.new, another)
        said = [float((part.argmax(axis=1) == pick).mean()) for part, _ in three]
        right = [float(worths.argmax() == pick) for _, worths in three]
        stated = float((drawn.general.max(axis=1) - drawn.general[:, pick]).mean())
        rows.append((*said, *right, stated, general.max() - general[pick]))
    table = np.array(rows)
    return Chosen(table[:, :3], table[:, 3:6], table[:, 6], table[:, 7])


def statements(parts: Sequence[Chosen], of: int) -> list[tuple[float, float, int]]:
    """For each of `SAID`, the mean probability that was stated, the share that was right, and their number."""
    said, right = (np.concatenate([part[at][:, of] for part in parts]) for at in (0, 1))
    within = [(said >= low) & (said < high) for low, high in SAID]
    return [(float(said[here].mean()), float(right[here].mean()), int(here.sum())) for here in within if here.any()]


def rank_covered(problems: int, varies: float, studies: int, seed: int = 1) -> tuple[float, float]:
    """Coverage of the mean rank in general: by resampling the replicates of these problems (before), and now."""
    generator, tuners, replicates = np.random.default_rng(seed), 5, 5
    general = np.linspace(0, 0.8, tuners)

    def mean_ranks(number: int) -> Floats:
        """(number, replicates, tuners)."""
        return rank(
            scores(generator, truths(generator, (number, tuners), varies, "normal", general), replicates, "normal")
            .reshape(-1, tuners), "max",
        ).reshape(number, replicates, tuners)  # fmt: skip

    true, before, now = mean_ranks(50_000).mean(axis=(0, 1)), [], []
    for study in range(studies):
        ranks = mean_ranks(problems)
        means = ranks.mean(axis=1)
        now += [low <= value <= high for value, (low, high) in zip(true, map(student, means.T), strict=True)]
        if study < studies // 10:
            drawn = [replicated(rows, mean_weights(replicates), at) for at, rows in enumerate(ranks)]
            low, high = percentile_interval(np.mean(drawn, axis=0))
            before += list((low <= true) & (true <= high))
    return float(np.mean(before)), float(np.mean(now))


def normalised_covered(problems: int, varies: float, kind: str, studies: int, seed: int = 1) -> tuple[float, float]:
    """Coverage of four tuners' normalised scores in general: of means by Student's interval (before), of medians now.

    The fifth is the random search they refer to. What is true is so of five replicates, as with mean ranks: the best
    known is the best of all that was seen.
    """
    generator, tuners, replicates = np.random.default_rng(seed), 5, 5
    general = np.linspace(0, 0.8, tuners)

    def normalised(number: int) -> Floats:
        """(number, tuners - 1)."""
        values = scores(generator, truths(generator, (number, tuners), varies, kind, general), replicates, kind)
        best = values.max(axis=(1, 2))[:, None]
        means = trimmed(values.swapaxes(0, 1).reshape(replicates, -1)).mean.reshape(number, tuners)
        return np.asarray((best - means[:, 1:]) / (best - means[:, :1]))

    many, seen = normalised(200_000), normalised(problems * studies).reshape(studies, problems, -1).swapaxes(0, 1)
    before, now = (
        (low <= true) & (true <= high)
        for true, (low, high) in ((many.mean(axis=0), student(seen)), (np.median(many, axis=0), median_ends(seen)))
    )
    return float(before.mean()), float(now.mean())


def main(studies: int) -> None:
    print(
        f"{studies} studies an entry\n\nTuners alike in general: coverage of these, like these, a new one; declared\n"
    )
    print("| scores | tuners, replicates | varies | problems | these | general | new | declared these | general |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    sizes = [("normal", k, n) for k, n in ((2, 3), (2, 5), (2, 10), (5, 2), (5, 3), (5, 10))]
    sizes += [("shared split", 2, 5), ("skewed", 2, 5), *((kind, 5, 5) for kind in KINDS[1:])]
    for (kind, k, n), varies, problems in itertools.product(sizes, (0.0, 0.5, 1.0), PROBLEMS):
        row = found(Size(problems, k, n), varies, kind, studies)
        print(
            f"| {kind} | {k}, {n} | {varies} | {problems} | " + " | ".join(f"{x:.1%}" for x in row) + " |", flush=True
        )
    print("\nNo tuner better, 5 tuners, 10 replicates: declared on some problem by itself, and over problems\n")
    for problems in (4, 10, 20):
        size = Size(problems, 5, 10)
        somewhere, over = each_by_itself(size, studies // 10), found(size, 0.0, "normal", studies).declared_these
        print(f"| {problems} | {somewhere:.1%} | {over:.1%} |", flush=True)
    print("\nMean rank in general, 5 tuners: covered before, and now\n")
    for varies, problems in itertools.product((0.0, 0.5, 1.0), PROBLEMS):
        row = rank_covered(problems, varies, max(100, studies // 5))
        print(f"| {varies} | {problems} | " + " | ".join(f"{x:.1%}" for x in row) + " |", flush=True)
    print("\nNormalised scores in general, of four tuners beside random search: means covered before, medians now\n")
    for kind, varies in itertools.product(KINDS, (0.0, 0.5, 1.0)):
        cells = [" → ".join(f"{x:.1%}" for x in normalised_covered(k, varies, kind, studies)) for k in PROBLEMS]
        print(f"| {kind} | {varies} | {' | '.join(cells)} |", flush=True)
    print("\nThe recommended tuner is best: said, right; in general, on these, on a new one; expected loss, real\n")
    for kind in KINDS:
        parts = [
            chosen(Size(problems, tuners, replicates), kind, max(50, studies // 20))
            for problems, (tuners, replicates) in itertools.product(PROBLEMS, ((2, 5), (5, 3), (5, 10)))
        ]
        cells = [", ".join(f"{s:.2f} → {r:.2f} ({n})" for s, r, n in statements(parts, of)) for of in range(3)]
        losses = [np.concatenate([part[at] for part in parts]).mean() for at in (2, 3)]
        print(f"| {kind} | " + " | ".join(cells) + f" | {losses[0]:.3f} → {losses[1]:.3f} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000)
