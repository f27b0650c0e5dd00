"""Compare hyperparameter tuners on your own Keras models, at equal budgets, over independent replicates.

Names are loaded when they are first used, so that ``import tuning`` and ``tuning --help`` load no TensorFlow.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuning import datasets as datasets
    from tuning.budget import Budget as Budget
    from tuning.errors import TuningError as TuningError
    from tuning.lr_range import LearningRates as LearningRates
    from tuning.lr_range import lr_range_test as lr_range_test
    from tuning.objective import Objective as Objective
    from tuning.problems.lookup import LookupProblem as LookupProblem
    from tuning.problems.problem import Problem as Problem
    from tuning.problems.table import TableProblem as TableProblem
    from tuning.report.result import Result as Result
    from tuning.resampling.plans import CrossValidation as CrossValidation
    from tuning.resampling.plans import Holdout as Holdout
    from tuning.resampling.samples import Samples as Samples
    from tuning.splits import Splits as Splits
    from tuning.study import Study as Study
    from tuning.tuners.ax import Ax as Ax
    from tuning.tuners.base import Tuner as Tuner
    from tuning.tuners.baselines.keras_model import KerasBaseline as KerasBaseline
    from tuning.tuners.baselines.sklearn_model import SklearnBaseline as SklearnBaseline
    from tuning.tuners.dehb import DEHB as DEHB
    from tuning.tuners.keras_tuner import KTBayesian as KTBayesian
    from tuning.tuners.keras_tuner import KTGrid as KTGrid
    from tuning.tuners.keras_tuner import KTHyperband as KTHyperband
    from tuning.tuners.keras_tuner import KTRandom as KTRandom
    from tuning.tuners.nevergrad import Nevergrad as Nevergrad
    from tuning.tuners.optuna import OptunaASHA as OptunaASHA
    from tuning.tuners.optuna import OptunaCmaEs as OptunaCmaEs
    from tuning.tuners.optuna import OptunaGP as OptunaGP
    from tuning.tuners.optuna import OptunaQMC as OptunaQMC
    from tuning.tuners.optuna import OptunaRandom as OptunaRandom
    from tuning.tuners.optuna import OptunaTPE as OptunaTPE
    from tuning.tuners.optuna import OptunaTPEHyperband as OptunaTPEHyperband
    from tuning.tuners.optuna import OptunaTPEMedian as OptunaTPEMedian
    from tuning.tuners.scikit_learn import SklearnGrid as SklearnGrid
    from tuning.tuners.scikit_learn import SklearnHalving as SklearnHalving
    from tuning.tuners.scikit_learn import SklearnRandomized as SklearnRandomized
    from tuning.tuners.smac import SMAC as SMAC

__version__ = "0.1.0"

_PUBLIC = {
    "Ax": "tuning.tuners.ax",
    "Budget": "tuning.budget",
    "CrossValidation": "tuning.resampling.plans",
    "DEHB": "tuning.tuners.dehb",
    "Holdout": "tuning.resampling.plans",
    "KTBayesian": "tuning.tuners.keras_tuner",
    "KTGrid": "tuning.tuners.keras_tuner",
    "KTHyperband": "tuning.tuners.keras_tuner",
    "KTRandom": "tuning.tuners.keras_tuner",
    "KerasBaseline": "tuning.tuners.baselines.keras_model",
    "LearningRates": "tuning.lr_range",
    "Nevergrad": "tuning.tuners.nevergrad",
    "Objective": "tuning.objective",
    "OptunaASHA": "tuning.tuners.optuna",
    "OptunaCmaEs": "tuning.tuners.optuna",
    "OptunaGP": "tuning.tuners.optuna",
    "OptunaQMC": "tuning.tuners.optuna",
    "OptunaRandom": "tuning.tuners.optuna",
    "OptunaTPE": "tuning.tuners.optuna",
    "OptunaTPEHyperband": "tuning.tuners.optuna",
    "OptunaTPEMedian": "tuning.tuners.optuna",
    "Problem": "tuning.problems.problem",
    "Result": "tuning.report.result",
    "SMAC": "tuning.tuners.smac",
    "Samples": "tuning.resampling.samples",
    "SklearnBaseline": "tuning.tuners.baselines.sklearn_model",
    "SklearnGrid": "tuning.tuners.scikit_learn",
    "SklearnHalving": "tuning.tuners.scikit_learn",
    "SklearnRandomized": "tuning.tuners.scikit_learn",
    "Splits": "tuning.splits",
    "Study": "tuning.study",
    "LookupProblem": "tuning.problems.lookup",
    "TableProblem": "tuning.problems.table",
    "Tuner": "tuning.tuners.base",
    "TuningError": "tuning.errors",
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
