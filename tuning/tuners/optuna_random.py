"""Optuna's random sampler."""

from __future__ import annotations

from typing import Any

import optuna

from tuning.tuners.optuna_tpe import OptunaTPE


class OptunaRandom(OptunaTPE):
    """`optuna.Study.optimize` with independent random draws, each trained in full unless a pruner is given."""

    name = "optuna-random"

    def default_sampler(self, seed: int, **arguments: Any) -> optuna.samplers.BaseSampler:
        return optuna.samplers.RandomSampler(seed=seed, **arguments)
