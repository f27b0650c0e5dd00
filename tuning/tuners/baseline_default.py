"""The baseline that does not tune: the model as its author wrote it."""

from __future__ import annotations

from tuning.budget import Budget
from tuning.evaluator import Evaluator
from tuning.problem import TrainingProblem
from tuning.records import Value
from tuning.space import HyperParameter, contains, value_at
from tuning.tuners._base import Tuner


class Default(Tuner):
    """The space's default configuration, trained in full once; the rest of the budget is left.

    What a search adds is what it finds beyond this. A default that lies between a hyperparameter's steps is moved to
    the step that KerasTuner maps it to, for no tuner could ever draw it.
    """

    name = "default"
    library = "tuning"
    baseline = True

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        evaluator.evaluate(problem.space.configuration(lambda _, hp: _default(hp)))


def _default(hp: HyperParameter) -> Value:
    return hp.default if contains(hp, hp.default) else value_at(hp, hp.value_to_prob(hp.default))
