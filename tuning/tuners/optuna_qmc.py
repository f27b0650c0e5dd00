"""Optuna's quasi-Monte Carlo."""

from __future__ import annotations

from typing import Any

import optuna

from tuning.tuners.optuna_tpe import OptunaTPE


class OptunaQMC(OptunaTPE):
    """`optuna.Study.optimize` over a scrambled Sobol sequence, which covers the space more evenly than chance.

    Scrambled (Optuna's default is not), for else every replicate would get the same points. Choices, booleans and
    hyperparameters that the first trial did not have are drawn at random. `arguments` are those of
    `optuna.samplers.QMCSampler`.
    """

    name = "optuna-qmc"

    def default_sampler(self, seed: int, **arguments: Any) -> optuna.samplers.BaseSampler:
        settings = {"scramble": True, "warn_independent_sampling": False, **arguments}
        return optuna.samplers.QMCSampler(seed=seed, **settings)
