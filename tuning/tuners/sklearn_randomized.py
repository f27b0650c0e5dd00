"""scikit-learn's RandomizedSearchCV over scikeras' KerasClassifier or KerasRegressor."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scikeras.wrappers import KerasClassifier, KerasRegressor
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.model_selection import PredefinedSplit, RandomizedSearchCV

from tuning.budget import Budget
from tuning.errors import StudyError
from tuning.evaluator import Evaluator
from tuning.problem import TrainingProblem
from tuning.records import Configuration
from tuning.tuners._base import Tuner
from tuning.views import ScikitLearnView


class SklearnRandomized(Tuner):
    """`RandomizedSearchCV.fit` on a `PredefinedSplit`: independent draws, each trained in full.

    The estimators are scikeras' with `fit` and `score` led through the evaluator. It owns the data, so what
    scikit-learn splits, indexes and copies for each fit is a column of row numbers: one for training, one for
    validation.

    Raises:
        StudyError: `n_jobs` is given: its processes would train past the budget, each with a copy of the evaluator.
            All draws are made beforehand, so knowing results later would change nothing here.
    """

    name = "sklearn-randomized"
    library = "scikit-learn"

    def __init__(self, *, label: str | None = None, **arguments: Any) -> None:
        if arguments.get("n_jobs") not in (None, 1):
            raise StudyError(
                f"SklearnRandomized(n_jobs={arguments['n_jobs']!r}): trials of a cell are trained one after another; "
                "cells run in parallel: leave n_jobs out, and run the study with --jobs"
            )
        super().__init__(label=label, **arguments)

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        sign = 1.0 if problem.objective.direction == "max" else -1.0

        # A function, for `clone` copies an estimator's parameters deeply, and functions not at all.
        def evaluate(configuration: Configuration) -> float:
            return sign * evaluator.evaluate(configuration).score

        estimator = (_Regressor if problem.is_regression else _Classifier)(evaluate, model__configuration=None)
        search = RandomizedSearchCV(
            estimator,
            {"model__configuration": ScikitLearnView(problem.space)},
            # A trial costs at least an epoch, so the budget ends the search before the draws do.
            **{"n_iter": budget.epochs, **self.arguments},
            cv=PredefinedSplit([-1, 0]),
            refit=False,
            random_state=seed,
        )
        with warnings.catch_warnings():
            # A FAILED trial's score is NaN, which the search passes over; the journal holds its error.
            warnings.filterwarnings("ignore", message="One or more of the test scores are non-finite")
            warnings.filterwarnings("ignore", category=UndefinedMetricWarning)
            search.fit(np.array([[0], [1]]), np.array([0, 1]))


class _Evaluated:
    """`fit` evaluates the estimator's configuration, `score` gives that trial's score (greater is better)."""

    model: Any
    model__configuration: Configuration

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **kwargs: Any) -> Any:  # noqa: N803
        self.score_ = self.model(dict(self.model__configuration))
        return self

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:  # noqa: N803
        return float(self.score_)


class _Classifier(_Evaluated, KerasClassifier):
    pass


class _Regressor(_Evaluated, KerasRegressor):
    pass
