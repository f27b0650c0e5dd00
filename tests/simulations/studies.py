"""Simulated studies: how often the comparison declares a difference where there is none, or one of a known size.

`python -m tests.simulations.studies` runs them at full size and prints the shares.

A pool of cells is run once, by real tuners through the real evaluator. A simulated study draws replicates of the pool
and hands the scores within each replicate out to the labels at random: under labels that mean nothing, all orders are
equally likely, whatever ties the cells of one replicate together. Each study is judged by `comparison.pairwise`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from unittest import mock

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import optimize

from tuning.analysis.pairs import pairwise
from tuning.budget import Budget
from tuning.problems.synthetic import SyntheticProblem
from tuning.runner.cell import CellTask, run_cell
from tuning.statistics import signed_rank
from tuning.statistics.power import like, power
from tuning.statistics.signed_rank import LEVEL
from tuning.testing import mixed_space
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
) -> pd.DataFrame:
    """One study of these labels, drawn from a pool; as `analysis.final_scores` gives it.

    Args:
        scores: The pool, of as many tuners as there are labels, or more.
        labels: Of the study; they stand for nothing.
        replicates: Of the study, drawn without repeats.
        generator: Draws the replicates, and who gets which score.
        better_by: What is added to a label's scores: a tuner planted to be better by a known amount.
    """
    drawn = generator.choice(len(scores), replicates, replace=False)
    dealt = generator.permuted(scores[drawn], axis=1)[:, : len(labels)]
    return pd.DataFrame(
        {
            "problem": PROBLEM.name,
            "tuner": np.tile(labels, replicates),
            "replicate": np.repeat(np.arange(1, replicates + 1), len(labels)),
            "score": (dealt + [(better_by or {}).get(label, 0.0) for label in labels]).ravel(),
        }
    )


def judged(
    scores: Scores,
    labels: Sequence[str],
    replicates: int,
    studies: int,
    better_by: Mapping[str, float] | None = None,
    seed: int = 1,
) -> pd.DataFrame:
    """What `comparison.pairwise` says of each simulated study: its rows, and ``study``, the number of the study.

    Without ``power`` and ``needed``, which decide nothing and take most of the time.
    """
    generator = np.random.default_rng(seed)

    def one() -> pd.DataFrame:
        finals = simulated(scores, labels, replicates, generator, better_by)
        return pairwise(finals, labels, PROBLEM.objective)

    unknown = {"like": lambda *_: np.empty((0, 0)), "power": lambda *_: np.nan, "replicates_for": lambda *_: np.nan}
    with mock.patch.multiple(signed_rank, **unknown):
        found = [one() for _ in range(studies)]
    return pd.concat(found, keys=range(studies), names=["study", None]).reset_index("study")


def differences(scores: Scores) -> Scores:
    """Every paired difference of a pool, in both directions: those of two tuners that do not differ."""
    num_tuners = scores.shape[1]
    return (scores[:, :, None] - scores[:, None, :])[:, ~np.eye(num_tuners, dtype=bool)].ravel()


def planted(scores: Scores, replicates: int, wanted: float) -> float:
    """By how much a tuner must be better for `power` to state the power that is wanted."""
    seen = differences(scores)
    return float(optimize.bisect(lambda more: power(like(seen + more), replicates, LEVEL) - wanted, 0, 4 * seen.std()))


def per_pair(found: pd.DataFrame) -> pd.Series:
    """By pair, the share of studies in which it would be declared different if it were the only pair."""
    return (found["p"] <= LEVEL).groupby([found["a"], found["b"]]).mean()


def per_family(found: pd.DataFrame) -> float:
    """The share of studies in which any pair is declared different, after Holm's adjustment."""
    return float((found["decided"] != "").groupby(found["study"]).any().mean())


def same_tuner(names: int) -> list[Tuner]:
    """One tuner under so many names."""
    return [SklearnRandomized(label=f"random-{letter}") for letter in "abcdefgh"[:names]]


def main(replicates: int = REPLICATES, studies: int = 10_000) -> None:
    tuners = same_tuner(5)
    scores = pool(tuners, 2 * replicates)
    for names in (2, 3, 5):
        found = judged(scores, [tuner.label for tuner in tuners[:names]], replicates, studies)
        pairs = per_pair(found)
        print(
            f"{names} names of one tuner, {replicates} replicates, {studies} studies: a difference is declared in "
            f"{per_family(found):.2%} of them; pair by pair, unadjusted, in {pairs.min():.2%} to {pairs.max():.2%}",
            flush=True,
        )
    labels = [tuner.label for tuner in tuners[:2]]
    for number, wanted in ((10, 0.5), (10, 0.8), (20, 0.5), (20, 0.8)):
        found = judged(scores, labels, number, studies, {labels[0]: planted(scores, number, wanted)})
        share = (found["decided"] == labels[0]).mean()
        print(f"planted, {number} replicates, stated power {wanted:.0%}: found in {share:.2%}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
