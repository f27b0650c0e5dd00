"""Optuna's TPE with its median pruner."""

from __future__ import annotations

from typing import Any

import optuna

from tuning.tuners.optuna_tpe import OptunaTPE


class OptunaTPEMedian(OptunaTPE):
    """`optuna-tpe` that stops a trial whose score so far is below the median of earlier trials at that epoch.

    With `optuna.pruners.MedianPruner` as it is by default (5 trials are never pruned); for other settings give a
    `pruner`. The rule of the median is that of Golovin et al. (Vizier, KDD 2017).
    """

    name = "optuna-tpe-median"

    def __init__(self, *, pruner: optuna.pruners.BasePruner | None = None, **arguments: Any) -> None:
        super().__init__(pruner=pruner or optuna.pruners.MedianPruner(), **arguments)
