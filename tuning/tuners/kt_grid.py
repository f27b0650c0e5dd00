"""KerasTuner's GridSearch."""

from __future__ import annotations

import copy
from typing import Any

import keras_tuner

from tuning.budget import Budget
from tuning.evaluator import Evaluator
from tuning.problem import TrainingProblem
from tuning.space import contains
from tuning.tuners import _keras_tuner
from tuning.tuners._base import Tuner
from tuning.views import drawable_default


class KTGrid(Tuner):
    """`keras_tuner.GridSearch`: all combinations, from the defaults on, the last hyperparameter varied first.

    A continuous hyperparameter without a step gives ten values. The order is KerasTuner's and the same in every
    replicate: a budget below the size of the grid sees one corner of it.
    """

    name = "kt-grid"
    library = "keras-tuner"
    seeded = False

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        _keras_tuner.run(_Grid, problem, evaluator, seed=seed, **self.arguments)


class _Grid(keras_tuner.GridSearch):
    """Starts from defaults that the space can draw: KerasTuner would evaluate one that lies between the steps."""

    def __init__(self, **arguments: Any) -> None:
        hyperparameters = copy.deepcopy(arguments.pop("hyperparameters").space)  # the recorded ones are everybody's
        for hp in hyperparameters:
            if not contains(hp, hp.default):
                hp._default = drawable_default(hp)
        drawable = keras_tuner.HyperParameters()
        drawable.merge(hyperparameters)
        super().__init__(hyperparameters=drawable, **arguments)
