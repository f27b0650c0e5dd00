"""Searching against baselines: how often it is shown to differ, each tuner by itself and all tuners together.

    python -m tests.simulations.baselines [STUDIES]

prints the table of `docs/method.md`; `test_baselines.py` holds the same to smaller numbers.
"""

from __future__ import annotations

import sys
from itertools import product

import numpy as np

from tuning.statistics.block_ranks import block_rank_p
from tuning.statistics.rank_sum import rank_sum_p
from tuning.statistics.signed_rank import LEVEL, holm, signed_rank_p

TUNERS, BASELINES = 5, 3


def shown(
    replicates: int, better_by: float, studies: int, *, paired: bool, same: float = 0.0, seed: int = 1
) -> tuple[float, float]:
    """Share of studies that tell the first baseline from some tuner, or any if all are equal; and from the tuners.

    Args:
        replicates: Of each.
        better_by: What the tuners are better by than the first baseline, in standard deviations; the others equal them.
        paired: Whether replicates share a split that makes half of the variance.
        same: How often the last baseline has the winner of the first tuner, as `random-2x` has that of `kt-random`.
    """
    generator = np.random.default_rng(seed)
    before, now = 0, 0
    for _ in range(studies):
        scores = generator.normal(size=(replicates, TUNERS + BASELINES))
        scores = scores + generator.normal(size=(replicates, 1)) if paired else scores
        searches, runs = scores[:, :TUNERS] + better_by, scores[:, TUNERS:]
        runs[:, 1:] += better_by
        runs[:, -1] = np.where(generator.random(replicates) < same, searches[:, 0], runs[:, -1])
        alone = [
            signed_rank_p(searches[:, tuner] - runs[:, at]) if paired else rank_sum_p(searches[:, tuner], runs[:, at])
            for at, tuner in product(range(BASELINES), range(TUNERS))
        ]
        together = [
            block_rank_p(runs[:, at], searches) if paired else rank_sum_p(runs[:, at], searches.ravel())
            for at in range(BASELINES)
        ]
        of_interest = 1 if better_by else BASELINES
        before += holm(alone)[: of_interest * TUNERS].min() <= LEVEL
        now += holm(together)[:of_interest].min() <= LEVEL
    return before / studies, now / studies


def main(studies: int) -> None:
    print(f"{studies} studies an entry: before → now\n")
    print("| | 3 replicates | 5 | 10 |\n| --- | --- | --- | --- |")
    for better_by, paired in product((0.0, 1.0, 3.0), (False, True)):
        entries = [shown(n, better_by, studies, paired=paired) for n in (3, 5, 10)]
        title = "equal" if not better_by else f"the baseline is worse by {better_by:g} sd"
        told = " | ".join(f"{before:.1%} → {now:.1%}" for before, now in entries)
        print(f"| {title}, {'a shared split' if paired else 'nothing shared'} | {told} |", flush=True)
    for paired in (False, True):
        entries = [shown(n, 0.0, studies, paired=paired, same=0.5) for n in (3, 5, 10)]
        told = " | ".join(f"{before:.1%} → {now:.1%}" for before, now in entries)
        title = f"equal, {'a shared split' if paired else 'nothing shared'}, half of the winners of `random-2x` too"
        print(f"| {title} | {told} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
