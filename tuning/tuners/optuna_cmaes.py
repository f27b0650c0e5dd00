"""Optuna's CMA-ES."""

from __future__ import annotations

from typing import Any

import optuna

from tuning.tuners.optuna_tpe import OptunaTPE


class OptunaCmaEs(OptunaTPE):
    """`optuna.Study.optimize` with covariance matrix adaptation (Hansen, arXiv:1604.00772).

    It evolves the numeric hyperparameters that every trial has; choices, booleans and conditional ones are drawn at
    random. `arguments` are those of `optuna.samplers.CmaEsSampler`.
    """

    name = "optuna-cmaes"
    extra = "cmaes"
    needs = "cmaes"

    def default_sampler(self, seed: int, **arguments: Any) -> optuna.samplers.BaseSampler:
        return optuna.samplers.CmaEsSampler(seed=seed, **{"warn_independent_sampling": False, **arguments})
