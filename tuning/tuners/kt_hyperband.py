"""KerasTuner's Hyperband."""

from __future__ import annotations

import keras_tuner

from tuning.budget import Budget
from tuning.evaluator import Evaluator
from tuning.problem import TrainingProblem
from tuning.tuners import _keras_tuner
from tuning.tuners._base import Tuner


class KTHyperband(Tuner):
    """`keras_tuner.Hyperband`: brackets of successive halving (Li et al., JMLR 18:185, 2018).

    `max_epochs` (the paper's R) is the problem's and `factor` (the paper's eta) 3 unless given. Brackets follow one
    another until the budget is spent; `hyperband_iterations` given ends the search earlier. A promoted trial goes
    on where it stopped, with its optimizer's state, which KerasTuner alone would lose, and is charged the
    increment only.
    """

    name = "kt-hyperband"
    library = "keras-tuner"
    resumes = True

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        # KerasTuner reads 0 iterations as "without end".
        arguments = {"max_epochs": problem.max_epochs, "hyperband_iterations": 0, **self.arguments}
        _keras_tuner.run(keras_tuner.Hyperband, problem, evaluator, seed=seed, **arguments)
