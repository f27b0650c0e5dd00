"""What the defaults cost beside the searches, and what they show: as they are, and as they were.

    python -m tests.simulations.retraining [STUDIES]

prints the table of `docs/method.md`; `test_retraining.py` holds the same to smaller numbers. Before, every incumbent
was retrained on five seeds, and `random-2x` and `screening` were trained by themselves.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from tuning.statistics.intervals import student
from tuning.statistics.rank_sum import rank_sum_p
from tuning.statistics.signed_rank import LEVEL, holm, signed_rank_p

TUNERS = 5
BETTER_BY = 1.0  # the first tuner than the others, in standard deviations of a winner's score over replicates and seeds


@dataclass(frozen=True)
class Defaults:
    """What is run beside the searches.

    Attributes:
        seeds: Fresh ones for the last incumbent of each search.
        earlier: Seeds for each of the others that are retrained.
        all_earlier: Whether they are all that were, or those of a quarter and half of the budget.
        searches: Of baselines, in budgets of a tuner.
        shared: Whether the first half of `random-2x` is that of a tuner.
    """

    seeds: int
    earlier: int
    all_earlier: bool
    searches: float
    shared: bool


BEFORE = Defaults(5, 5, True, 3, False)
NOW = Defaults(2, 1, False, 1, True)
WITHOUT_RANDOM_2X = Defaults(2, 1, False, 0, False)


def price(defaults: Defaults, trials: int) -> float:
    """Epochs of a replicate with everything, of its five searches alone as the unit.

    Args:
        trials: Full trainings that the budget of a search pays for.
    """
    draws = np.random.default_rng(1).random((20_000, trials))
    best = np.maximum.accumulate(draws, axis=1)
    if defaults.all_earlier:
        earlier = float((draws[:, 1:] > best[:, :-1]).sum(axis=1).mean())
    else:
        ends = [max(1, int(share * trials)) for share in (0.25, 0.5)]
        before = np.stack([draws[:, :end].argmax(axis=1) for end in ends], axis=1)
        last = draws.argmax(axis=1)
        distinct = (before[:, 0] != last).astype(int) + ((before[:, 1] != last) & (before[:, 1] != before[:, 0]))
        earlier = float(distinct.mean())
    a_search = defaults.seeds + earlier * defaults.earlier
    baselines = 1 + defaults.seeds + defaults.searches * (trials + a_search)
    if defaults.shared:  # half of its winners are those of the tuner whose draws it has, retrained already
        baselines -= a_search / 2
    return 1 + (TUNERS * a_search + baselines) / (TUNERS * trials)


def shown(replicates: int, seeds: int, noise: float, studies: int, *, paired: bool) -> tuple[float, float, float]:
    """Of studies of five tuners: those that show the first to be better, those of equal tuners that show anything, and
    intervals of a tuner's mean that hold it.

    Args:
        noise: Part of a winner's variance, trained on one seed, that is its seed's.
        paired: Whether replicates share a split that makes half of the rest.
    """
    generator = np.random.default_rng(1)
    found, false, held = 0, 0, 0
    for _ in range(studies):
        rest = generator.normal(size=(replicates, TUNERS))
        if paired:
            rest = np.sqrt(0.5) * (rest + generator.normal(size=(replicates, 1)))
        scores = np.sqrt(1 - noise) * rest + np.sqrt(noise / seeds) * generator.normal(size=rest.shape)
        low, high = student(scores[:, 0])
        held += low <= 0 <= high
        for better in (0.0, BETTER_BY):
            judged = scores + better * (np.arange(TUNERS) == 0)
            pairs = list(combinations(range(TUNERS), 2))
            values = holm([
                signed_rank_p(judged[:, a] - judged[:, b]) if paired else rank_sum_p(judged[:, a], judged[:, b])
                for a, b in pairs
            ])  # fmt: skip
            if better:
                found += any(p <= LEVEL for p, (a, _) in zip(values, pairs, strict=True) if a == 0)
            else:
                false += min(values) <= LEVEL
    return found / studies, false / studies, held / studies


def main(studies: int) -> None:
    print("| trainings that a search pays for | before | now | without random-2x |\n| --- | --- | --- | --- |")
    for trials in (6, 8, 11, 12, 30):
        prices = [price(defaults, trials) for defaults in (BEFORE, NOW, WITHOUT_RANDOM_2X)]
        print(f"| {trials} | {' | '.join(f'{times:.2f}' for times in prices)} |")
    ratio = price(BEFORE, 8) / price(NOW, 8)
    print(f"\n{studies} studies an entry\n\n| seed's part of the variance | replicates | shown | false | held |")
    print("| --- | --- | --- | --- | --- |")
    for paired, noise in product((False, True), (0.1, 0.4, 0.7)):
        for words, replicates, seeds in (
            ("10, before", 10, BEFORE.seeds),
            ("10, now", 10, NOW.seeds),
            (f"{int(10 * ratio)}, now: the epochs of 10 before", int(10 * ratio), NOW.seeds),
        ):
            rates = shown(replicates, seeds, noise, studies, paired=paired)
            where = "shared split" if paired else "nothing shared"
            print(f"| {noise:.0%}, {where} | {words} | {' | '.join(f'{rate:.1%}' for rate in rates)} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
