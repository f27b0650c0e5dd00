"""Runs one of scikit-learn's searches with fits that go through the evaluator.

The estimators are scikeras' with `fit` and `score` led through the evaluator. It owns the data, so what scikit-learn
splits, indexes and copies for each fit is a column of row numbers: one for training, one for validation.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from scikeras.wrappers import KerasClassifier, KerasRegressor
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.model_selection import PredefinedSplit

from tuning.problem import TrainingProblem
from tuning.records import Configuration


def run(
    kind: Callable[..., Any],
    problem: TrainingProblem,
    evaluate: Callable[[Configuration, int], float],
    values: Any,
    **arguments: Any,
) -> None:
    """Makes the search, `kind(estimator, values, **arguments)`, and fits it on row numbers.

    Args:
        evaluate: Called with a configuration and the estimator's parameter `epochs`; returns the trial's score.
        values: Of the parameter ``model__configuration``: a list of configurations, or a distribution of them.
    """
    sign = 1.0 if problem.objective.direction == "max" else -1.0

    # A function, for `clone` copies an estimator's parameters deeply, and functions not at all.
    def score(configuration: Configuration, epochs: int) -> float:
        return sign * evaluate(configuration, epochs)

    estimator = (_Regressor if problem.is_regression else _Classifier)(
        score, model__configuration=None, epochs=problem.max_epochs
    )
    search = kind(estimator, {"model__configuration": values}, cv=PredefinedSplit([-1, 0]), refit=False, **arguments)
    with warnings.catch_warnings():
        # A FAILED trial's score is NaN, which the search passes over; the journal holds its error.
        warnings.filterwarnings("ignore", message="One or more of the test scores are non-finite")
        warnings.filterwarnings("ignore", category=UndefinedMetricWarning)
        search.fit(np.array([[0], [1]]), np.array([0, 1]))


class _Evaluated:
    """`fit` evaluates the estimator's configuration, `score` gives that trial's score (greater is better).

    `epochs` goes along because scikit-learn's halving sets it as its resource.
    """

    model: Any
    model__configuration: Configuration
    epochs: int

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **kwargs: Any) -> Any:  # noqa: N803
        self.score_ = self.model(dict(self.model__configuration), self.epochs)
        return self

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:  # noqa: N803
        return float(self.score_)


class _Classifier(_Evaluated, KerasClassifier):
    pass


class _Regressor(_Evaluated, KerasRegressor):
    pass
