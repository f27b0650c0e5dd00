"""KerasTuner's RandomSearch."""

from __future__ import annotations

import keras_tuner

from tuning.budget import Budget
from tuning.evaluator import Evaluator
from tuning.problem import TrainingProblem
from tuning.tuners import _keras_tuner
from tuning.tuners._base import Tuner


class KTRandom(Tuner):
    """`keras_tuner.RandomSearch`: independent draws, without repeats; each trained in full.

    It ends by itself after 20 repeats in a row, so a small space may leave budget unspent.
    """

    name = "kt-random"
    library = "keras-tuner"

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        arguments = {"max_trials": _keras_tuner.NO_LIMIT, **self.arguments}
        _keras_tuner.run(keras_tuner.RandomSearch, problem, evaluator, seed=seed, **arguments)
