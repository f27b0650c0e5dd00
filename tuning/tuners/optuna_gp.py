"""Optuna's Gaussian process."""

from __future__ import annotations

from typing import Any

import optuna

from tuning.tuners.optuna_tpe import OptunaTPE


class OptunaGP(OptunaTPE):
    """`optuna.Study.optimize` with a Gaussian process and log expected improvement.

    The first `n_startup_trials` (10) are random. Hyperparameters that are not active in every trial are drawn at
    random: the process models only those that all trials share. Optuna shows it no
    FAILED trial, so it may ask for a place that fails again and again. `arguments` are those of
    `optuna.samplers.GPSampler`.
    """

    name = "optuna-gp"
    extra = "gp"
    needs = "torch"

    def default_sampler(self, seed: int, **arguments: Any) -> optuna.samplers.BaseSampler:
        import torch

        torch.set_num_threads(1)  # as `one_blas_thread`, which does not reach PyTorch
        return optuna.samplers.GPSampler(seed=seed, **{"warn_independent_sampling": False, **arguments})
