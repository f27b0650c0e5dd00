"""The trainings of one trial: one, or one for each repeat and fold; and the mean of their curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tuning import seeds
from tuning.configuration import Configuration
from tuning.journal.records import Trial
from tuning.problems.problem import TrainingProblem

Curve: TypeAlias = Sequence[Mapping[str, float]]
"""The metrics of each epoch, in order."""


@dataclass(frozen=True)
class Member:
    """One training of a trial.

    Attributes:
        seed: Of its training; the folds of a repeat share it.
        split: What its rows are drawn from.
        name: Such as ``"repeat 2 of 3, fold 1 of 5"``; empty if the trial has no other.
    """

    seed: int
    split: seeds.SplitSeeds
    name: str


def members_of(problem: TrainingProblem, study: str, replicate: int, configuration: Configuration) -> list[Member]:
    """The trainings of a configuration in a replicate, in the order in which they are trained."""
    split = seeds.of_splits(study, problem.name, replicate, configuration)
    return [
        Member(
            seeds.of_training(study, problem.name, replicate, configuration, repeat),
            split._replace(fold=fold),
            ", ".join(
                f"{kind} {number} of {count}"
                for kind, number, count in (("repeat", repeat, problem.repeats), ("fold", fold + 1, problem.folds))
                if count > 1
            ),
        )
        for repeat in range(1, problem.repeats + 1)
        for fold in range(problem.folds)
    ]


def lineage_of(trial: Trial | None, trials: Sequence[Trial]) -> list[Trial]:
    """A trial and its ancestors among the cell's `trials`, the first of these first; nothing for None."""
    lineage: list[Trial] = []
    while trial is not None:
        lineage.insert(0, trial)
        trial = None if trial.parent is None else trials[trial.parent]
    return lineage


def curve_so_far(lineage: Sequence[Trial], place: int) -> list[Mapping[str, float]]:
    """The epochs of one member over a trial and its ancestors, the first of these first."""
    return [epoch for trial in lineage if place < len(trial.trainings) for epoch in trial.trainings[place]]


def mean_curve(curves: Sequence[Curve], length: int) -> list[Mapping[str, float]]:
    """The mean of several curves, epoch by epoch.

    A training that stopped early keeps what its last epoch reported, as its model keeps its weights.

    Args:
        curves: One or more.
        length: Epochs of the mean curve; no curve counts beyond it.

    Returns:
        For each epoch the metrics that all curves report; nothing if a curve has no epoch.
    """
    if len(curves) == 1:
        return list(curves[0][:length])
    means: list[Mapping[str, float]] = []
    for place in range(length if all(curves) else 0):
        epochs = [curve[min(place, len(curve) - 1)] for curve in curves]
        names = [name for name in epochs[0] if all(name in epoch for epoch in epochs)]
        means.append({name: sum(epoch[name] for epoch in epochs) / len(epochs) for name in names})
    return means
