"""KerasTuner's BayesianOptimization."""

from __future__ import annotations

import warnings

import keras_tuner
import numpy as np
from sklearn.exceptions import ConvergenceWarning

from tuning.budget import Budget
from tuning.evaluator import Evaluator
from tuning.problem import TrainingProblem
from tuning.tuners import _keras_tuner
from tuning.tuners._base import Tuner

OPEN_UNIT = (1e-9, 1.0 - 1e-9)  # far enough from the ends for the rounding of `min * (max / min) ** u`


class KTBayesian(Tuner):
    """`keras_tuner.BayesianOptimization`: a Gaussian process (Matern 5/2) with the lower confidence bound.

    `num_initial_points` random trials come first; KerasTuner's default, 3 for each hyperparameter, makes a short
    search over many hyperparameters a random one. `alpha` and `beta` are KerasTuner's: observation noise, and the
    weight of exploration.
    """

    name = "kt-bayesian"
    library = "keras-tuner"

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        arguments = {"max_trials": _keras_tuner.NO_LIMIT, **self.arguments}
        with warnings.catch_warnings():
            # A length scale at its bound is usual for a choice or a flat dimension, and no news for the user.
            warnings.filterwarnings("ignore", category=ConvergenceWarning)
            _keras_tuner.run(_Bayesian, problem, evaluator, seed=seed, **arguments)


class _Bayesian(keras_tuner.BayesianOptimization):
    """Keeps the acquisition's optimum out of the ends 0 and 1 of the unit interval.

    KerasTuner's draws lie in [0, 1), but its optimiser may end exactly at 1, where an Int with log sampling becomes
    max_value + 1, a value outside of the declared space.
    """

    def __init__(self, **arguments: object) -> None:
        super().__init__(**arguments)
        oracle = self.oracle
        oracle._get_hp_bounds = lambda: np.array([OPEN_UNIT for _ in oracle._nonfixed_space()])
