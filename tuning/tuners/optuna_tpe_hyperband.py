"""Optuna's TPE with its Hyperband pruner."""

from __future__ import annotations

import copy
from typing import Any

import optuna

from tuning.budget import Budget
from tuning.evaluator import Evaluator
from tuning.problem import TrainingProblem
from tuning.tuners.optuna_tpe import OptunaTPE


class OptunaTPEHyperband(OptunaTPE):
    """`optuna-tpe` that stops trials at the rungs of Hyperband's brackets (Li et al., JMLR 18:185, 2018).

    `optuna.pruners.HyperbandPruner` from 1 epoch to the problem's `max_epochs`, `factor` 3; for other settings give a
    `pruner`. Unlike `kt-hyperband` no trial is continued: each is stopped, or goes on at once. Every bracket learns
    from its own trials alone, so TPE's random start, `n_startup_trials`, is gone through in each.
    """

    name = "optuna-tpe-hyperband"

    def __init__(self, *, pruner: optuna.pruners.BasePruner | None = None, **arguments: Any) -> None:
        super().__init__(pruner=pruner or optuna.pruners.HyperbandPruner(), **arguments)
        self.sizes_its_brackets = pruner is None

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        sized = copy.copy(self)
        if self.sizes_its_brackets:
            sized.pruner = optuna.pruners.HyperbandPruner(1, problem.max_epochs, 3)
        super(OptunaTPEHyperband, sized).search(problem, evaluator, budget=budget, seed=seed)
