"""Compare hyperparameter tuners on your own Keras models, at equal budgets, over independent replicates.

    from tuning import datasets as datasets

Names are loaded when they are first used, so that ``import tuning`` and ``tuning --help`` load no TensorFlow.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuning import datasets as datasets
    from tuning.budget import Budget as Budget
    from tuning.data import Splits as Splits
    from tuning.lr_range import lr_range_test as lr_range_test
    from tuning.objective import Objective as Objective
    from tuning.problem import Problem as Problem
    from tuning.study import Study as Study
    from tuning.table import TableProblem as TableProblem
    from tuning.tuners._base import Tuner as Tuner
    from tuning.tuners.baseline_keras import KerasBaseline as KerasBaseline
    from tuning.tuners.baseline_sklearn import SklearnBaseline as SklearnBaseline
    from tuning.tuners.kt_bayesian import KTBayesian as KTBayesian
    from tuning.tuners.kt_grid import KTGrid as KTGrid
    from tuning.tuners.kt_hyperband import KTHyperband as KTHyperband
    from tuning.tuners.kt_random import KTRandom as KTRandom
    from tuning.tuners.optuna_cmaes import OptunaCmaEs as OptunaCmaEs
    from tuning.tuners.optuna_gp import OptunaGP as OptunaGP
    from tuning.tuners.optuna_qmc import OptunaQMC as OptunaQMC
    from tuning.tuners.optuna_random import OptunaRandom as OptunaRandom
    from tuning.tuners.optuna_tpe import OptunaTPE as OptunaTPE
    from tuning.tuners.optuna_tpe_hyperband import OptunaTPEHyperband as OptunaTPEHyperband
    from tuning.tuners.optuna_tpe_median import OptunaTPEMedian as OptunaTPEMedian
    from tuning.tuners.sklearn_grid import SklearnGrid as SklearnGrid
    from tuning.tuners.sklearn_halving import SklearnHalving as SklearnHalving
    from tuning.tuners.sklearn_randomized import SklearnRandomized as SklearnRandomized

__version__ = "0.1.0"

_PUBLIC = {
    "Budget": "tuning.budget",
    "KTBayesian": "tuning.tuners.kt_bayesian",
    "KTGrid": "tuning.tuners.kt_grid",
    "KTHyperband": "tuning.tuners.kt_hyperband",
    "KTRandom": "tuning.tuners.kt_random",
    "KerasBaseline": "tuning.tuners.baseline_keras",
    "Objective": "tuning.objective",
    "OptunaCmaEs": "tuning.tuners.optuna_cmaes",
    "OptunaGP": "tuning.tuners.optuna_gp",
    "OptunaQMC": "tuning.tuners.optuna_qmc",
    "OptunaRandom": "tuning.tuners.optuna_random",
    "OptunaTPE": "tuning.tuners.optuna_tpe",
    "OptunaTPEHyperband": "tuning.tuners.optuna_tpe_hyperband",
    "OptunaTPEMedian": "tuning.tuners.optuna_tpe_median",
    "Problem": "tuning.problem",
    "SklearnBaseline": "tuning.tuners.baseline_sklearn",
    "SklearnGrid": "tuning.tuners.sklearn_grid",
    "SklearnHalving": "tuning.tuners.sklearn_halving",
    "SklearnRandomized": "tuning.tuners.sklearn_randomized",
    "Splits": "tuning.data",
    "Study": "tuning.study",
    "TableProblem": "tuning.table",
    "Tuner": "tuning.tuners._base",
    "datasets": "",
    "lr_range_test": "tuning.lr_range",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'tuning' has no attribute {name!r}")
    if not _PUBLIC[name]:
        return importlib.import_module(f"tuning.{name}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
