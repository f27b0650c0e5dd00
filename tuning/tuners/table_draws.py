"""Gives each replicate one configuration, to fill a table of trained configurations."""

from __future__ import annotations

import itertools

from tuning import seeds
from tuning.budget import Budget
from tuning.evaluation.evaluator import Evaluator
from tuning.problems.problem import TrainingProblem
from tuning.problems.table import TABLE_TUNER
from tuning.tuners.base import Tuner


class TableDraws(Tuner):
    """Gives each replicate one configuration, drawn at random without repeats and trained in full.

    Of a stream that depends only on study and problem, the first `repeats` replicates train the first distinct draw,
    each on its own seed and split, the next ones the second, and so on. If the space has fewer configurations, the
    replicates beyond its size have no trial.
    """

    name = TABLE_TUNER
    library = "tuning"

    def __init__(self, repeats: int = 1) -> None:
        super().__init__()
        if repeats > 1:
            self.arguments = {"repeats": repeats}
        self.repeats = repeats

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        place = (evaluator.cell.replicate - 1) // self.repeats
        if place >= problem.space.size:
            return
        stream = seeds.of_tuner(evaluator.study, problem.name, self.name, 0)
        for configuration in itertools.islice(problem.space.distinct(stream), place, place + 1):
            evaluator.evaluate(configuration)
