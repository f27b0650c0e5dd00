"""Simulated studies: how often the comparison declares a difference where there is none.

`python -m tests.simulations.studies` runs them at full size and prints the shares.

A pool of cells is run once, by real tuners through the real evaluator. A simulated study draws replicates of the pool
and hands the scores within each replicate out to the labels at random: under labels that mean nothing, all orders are
equally likely, whatever ties the cells of one replicate together. Each study is judged by the statistics that
`analysis.pairs.pairwise` is made of, on arrays; that it would say the same is tested on a few.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from tuning.budget import Budget
from tuning.problems.synthetic import SyntheticProblem, mixed_space
from tuning.runner.cell import CellTask, run_cell
from tuning.statistics.signed_rank import LEVEL, doubled_ranks, holm, signed_rank_p
from tuning.tuners.base import Tuner
from tuning.tuners.scikit_learn import SklearnRandomized

Scores = npt.NDArray[np.float64]

PROBLEM = SyntheticProblem(mixed_space, max_epochs=3)
EPOCHS = 27  # of each cell: nine full trainings
REPLICATES = 20  # of a study; the exact signed-rank test then reaches 4.8 % of its 5 %


def pool(tuners: Sequence[Tuner], replicates: int) -> Scores:
    """(replicates, num_tuners): the final scores of cells that are really run."""
    return np.array([[_final_score(tuner, replicate) for tuner in tuners] for replicate in range(1, replicates + 1)])


def _final_score(tuner: Tuner, replicate: int) -> float:
    done = run_cell(CellTask("pool", PROBLEM, tuner, replicate, Budget(EPOCHS)))
    return PROBLEM.objective.best(trial.score for trial in done.trials)


def simulated(
    scores: Scores,
    labels: Sequence[str],
    replicates: int,
    generator: np.random.Generator,
    better_by: Mapping[str, float] | None = None,
) -> Scores:
    """(replicates, num_labels): the final scores of one study of these labels, drawn from a pool.

    Args:
        scores: The pool, of as many tuners as there are labels, or more.
        labels: Of the study; they stand for nothing.
        replicates: Of the study, drawn without repeats.
        generator: Draws the replicates, and who gets which score.
        better_by: What is added to a label's scores: a tuner planted to be better by a known amount.
    """
    drawn = generator.choice(len(scores), replicates, replace=False)
    dealt = generator.permuted(scores[drawn], axis=1)[:, : len(labels)]
    return np.asarray(dealt + [(better_by or {}).get(label, 0.0) for label in labels])


@dataclass(frozen=True)
class Judged:
    """What is said of each pair in each study.

    Attributes:
        pairs: (num_pairs,) labels, every two.
        p: (num_studies, num_pairs), of the signed-rank test.
        better: (num_studies, num_pairs), the label that is declared better after Holm's adjustment, or empty.
    """

    pairs: list[tuple[str, str]]
    p: Scores
    better: npt.NDArray[np.str_]

    def share_by_pair(self) -> Scores:
        """(num_pairs,): the share of studies in which a pair would be declared different if it were the only one."""
        return np.asarray((self.p <= LEVEL).mean(axis=0))

    def share_by_family(self) -> float:
        """The share of studies in which any pair is declared different."""
        return float((self.better != "").any(axis=1).mean())

    def found(self, label: str) -> Scores:
        """(num_pairs_of_label,): the shares of studies in which this label is declared better than each other."""
        return np.asarray((self.better == label).mean(axis=0)[[label in pair for pair in self.pairs]])


def judged(
    scores: Scores,
    labels: Sequence[str],
    replicates: int,
    studies: int,
    better_by: Mapping[str, float] | None = None,
    seed: int = 1,
) -> Judged:
    """Every pair of each simulated study; more is better, as in `PROBLEM`."""
    generator = np.random.default_rng(seed)
    pairs = list(combinations(labels, 2))
    by_study = [
        judge(simulated(scores, labels, replicates, generator, better_by), labels, pairs) for _ in range(studies)
    ]
    p, better = zip(*by_study, strict=True)
    return Judged(pairs, np.array(p), np.array(better))


def judge(study: Scores, labels: Sequence[str], pairs: Sequence[tuple[str, str]]) -> tuple[Scores, list[str]]:
    """(num_pairs,) p, and the label declared better, of one study's (replicates, num_labels) scores."""
    column = {label: study[:, place] for place, label in enumerate(labels)}
    by_pair = [column[a] - column[b] for a, b in pairs]
    p = np.array([signed_rank_p(difference) for difference in by_pair])
    better = [
        "" if adjusted > LEVEL else a if _ranks_above_zero(difference) else b
        for (a, b), difference, adjusted in zip(pairs, by_pair, holm(p), strict=True)
    ]
    return p, better


def _ranks_above_zero(difference: Scores) -> bool:
    ranks, signed = doubled_ranks(difference)
    return float((np.sign(signed) * ranks).sum()) > 0


def same_tuner(names: int) -> list[Tuner]:
    """One tuner under so many names."""
    return [SklearnRandomized(label=f"random-{letter}") for letter in "abcdefgh"[:names]]


def main(replicates: int = REPLICATES, studies: int = 10_000) -> None:
    tuners = same_tuner(5)
    scores = pool(tuners, 2 * replicates)
    for names in (2, 3, 5):
        found = judged(scores, [tuner.label for tuner in tuners[:names]], replicates, studies)
        family, pairs = found.share_by_family(), found.share_by_pair()
        print(
            f"{names} names of one tuner, {replicates} replicates, {studies} studies: a difference is declared in "
            f"{family:.2%} of them; pair by pair, unadjusted, in {pairs.min():.2%} to {pairs.max():.2%}",
            flush=True,
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
