"""The baseline that does not tune: the model as its author wrote it."""

from __future__ import annotations

from tuning.budget import Budget
from tuning.evaluation.evaluator import Evaluator
from tuning.problems.problem import TrainingProblem
from tuning.space.converters import default_configuration
from tuning.tuners.base import Tuner


class Default(Tuner):
    """The space's default configuration, trained in full once; the rest of the budget is left.

    The gain of a search is what it finds beyond this. A default between a hyperparameter's steps is moved to the step
    that KerasTuner maps it to, because no tuner could draw it as it is.
    """

    name = "default"
    library = "tuning"
    seeded = False
    starts = True
    baseline = True

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        evaluator.evaluate(default_configuration(problem.space))
