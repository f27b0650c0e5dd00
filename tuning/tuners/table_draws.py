"""Gives each replicate one configuration: how a table of trained configurations is made."""

from __future__ import annotations

import itertools

from tuning import seeds
from tuning.budget import Budget
from tuning.evaluation.evaluator import Evaluator
from tuning.problems.problem import TrainingProblem
from tuning.problems.table import TABLE_TUNER
from tuning.tuners.base import Tuner


class TableDraws(Tuner):
    """Gives each replicate one configuration, drawn at random, no two the same; trained in full.

    Replicate r evaluates the r-th distinct draw of a stream that depends on study and problem alone. A space with fewer
    configurations leaves the replicates past its size without a trial.
    """

    name = TABLE_TUNER
    library = "tuning"

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        place = evaluator.cell.replicate - 1
        if place >= problem.space.size:
            return
        stream = seeds.of_tuner(evaluator.study, problem.name, self.name, 0)
        for configuration in itertools.islice(problem.space.distinct(stream), place, place + 1):
            evaluator.evaluate(configuration)
