"""A baseline without a search: a scikit-learn estimator, fitted once."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from tuning.batches import in_batches
from tuning.errors import DataError, ObjectiveError, StudyError
from tuning.journal.study_record import DataRecord, ProblemRecord
from tuning.problems.problem import TrainingProblem
from tuning.seeds import FIRST_SPLIT, SplitSeeds
from tuning.space.space import Space
from tuning.splits import Part
from tuning.text import error_line
from tuning.text_arrays import is_text
from tuning.tuners.baselines.fixed_model import PlainBaseline

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    from tuning.training.outcome import Outcome
    from tuning.training.request import RetrainingRequest, TrainingRequest

Score = Callable[["BaseEstimator", np.ndarray, np.ndarray], float]
"""``score(estimator, x, y)`` returns the objective's metric; it is called like a scikit-learn scorer."""

_Parts = dict[str, tuple[np.ndarray, np.ndarray]]
"""x and y of each part, by name."""

_OF_PREDICTIONS = {
    "accuracy": "accuracy_score",
    "binary_accuracy": "accuracy_score",
    "sparse_categorical_accuracy": "accuracy_score",
    "mean_absolute_error": "mean_absolute_error",
    "mae": "mean_absolute_error",
    "mean_squared_error": "mean_squared_error",
    "mse": "mean_squared_error",
    "root_mean_squared_error": "root_mean_squared_error",
    "r2_score": "r2_score",
}
"""Keras' metrics that scikit-learn computes from predictions, with scikit-learn's names."""


class SklearnBaseline(PlainBaseline):
    """A scikit-learn estimator beside the tuners, fitted and scored on the same splits.

        SklearnBaseline("mlp-50-50", make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=[50, 50])))

    A fit counts as one epoch, whatever the estimator does in it. Samples with several axes, such as pictures, are
    flattened. Each `random_state` that is None is set to the replicate's seed; a given one is kept, and then
    replicates do not differ.

    Args:
        label: Its name in the study.
        estimator: It is cloned, never fitted itself.
        score: Computes the objective's metric if scikit-learn has none of that name: ``score(fitted, x, y)``.

    Raises:
        StudyError: `estimator` is not an estimator.
    """

    name = "sklearn-estimator"

    def __init__(self, label: str, estimator: BaseEstimator, *, score: Score | None = None) -> None:
        wanted = ("fit", "predict", "get_params")
        if isinstance(estimator, type) or not all(hasattr(estimator, method) for method in wanted):
            raise StudyError(
                f"baseline {label!r} is {estimator!r}; expected a scikit-learn estimator with fit and predict"
            )
        words = " ".join(repr(estimator).split())
        super().__init__(label, epochs=1, no_search=f"scikit-learn's {words}, a fit counted as one epoch")
        self.estimator = estimator
        self.score = score

    def problem_of(self, problem: TrainingProblem) -> TrainingProblem:
        return _Fits(self, problem)


class _Fits:
    """A problem with a single, empty configuration, whose training is one `fit` of an estimator."""

    max_epochs = 1

    def __init__(self, baseline: SklearnBaseline, problem: TrainingProblem) -> None:
        self.name = problem.name
        self.objective = problem.objective
        self.is_regression = problem.is_regression
        self.folds, self.repeats = problem.folds, problem.repeats
        self.has_test = problem.has_test
        self.space = Space(())
        self._baseline = baseline
        self._data = baseline.data_of(problem)
        self._parts(FIRST_SPLIT)
        self._score = baseline.score or _score_of(self.objective.test_metric)

    def train(self, request: TrainingRequest) -> Outcome:
        return self._fit(request, self._parts(request.split))[1]

    def retrain(self, request: RetrainingRequest) -> Outcome:
        parts = self._parts(request.split)
        fitted, outcome = self._fit(request, parts)
        if not outcome.error and "test" in parts:
            outcome.test = {self.objective.test_metric: float(self._score(fitted, *parts["test"]))}
        return outcome

    def _parts(self, split: SplitSeeds) -> _Parts:
        """A replicate's arrays. Raises DataError if an estimator cannot take them."""
        return {name: _flat(name, part) for name, part in self._data.splits(split).parts().items()}

    def describe(self) -> ProblemRecord:
        return ProblemRecord([], self.objective, self.max_epochs, DataRecord("of the problem that it is fitted on"))

    def check(self) -> list[str]:
        """All that can be checked without a fit was checked in the constructor."""
        return [self.objective.metric]

    def _fit(self, request: TrainingRequest | RetrainingRequest, parts: _Parts) -> tuple[BaseEstimator | None, Outcome]:
        """The fitted estimator, and its outcome, whose `fit` also names any warnings."""
        from sklearn.base import clone

        from tuning.training.outcome import Outcome

        outcome = Outcome(fit="scikit-learn")
        scored_on = "validation" if self.objective.metric.startswith("val_") else "train"
        fitted = None
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                fitted = _seeded(clone(self._baseline.estimator), request.seed).fit(*parts["train"])
                score = float(self._score(fitted, *parts[scored_on]))
        except Exception as error:
            outcome.error = error_line(error)
            return fitted, outcome
        kinds = dict.fromkeys(warning.category.__name__ for warning in caught)
        outcome.fit += f" with a {', a '.join(kinds)}" if kinds else ""
        request.on_epoch({self.objective.metric: score})
        return fitted, outcome


def _flat(name: str, part: Part) -> tuple[np.ndarray, np.ndarray]:
    """The arrays x, as (num_samples, num_features), and y; y, and texts, of one column as (num_samples,).

    Raises DataError.
    """
    if in_batches(part) or not all(isinstance(entry, np.ndarray) for entry in part) or len(part) != 2:
        raise DataError(
            f"{name} is a Dataset, has several inputs or outputs, or sample weights; "
            "a scikit-learn estimator takes one array x and one array y"
        )
    x, y = part
    one_text = is_text(x) and x.size == len(x)  # scikit-learn's vectorizers take these
    return x.ravel() if one_text else x.reshape(len(x), -1), y.ravel() if y.size == len(y) else y


def _score_of(metric: str) -> Score:
    """Raises ObjectiveError if scikit-learn has no such metric of predictions."""
    if metric not in _OF_PREDICTIONS:
        raise ObjectiveError(
            f"scikit-learn does not compute {metric!r}, only {', '.join(_OF_PREDICTIONS)}; give "
            "SklearnBaseline(score=...) a function of the fitted estimator, x and y"
        )

    def score(estimator: BaseEstimator, x: np.ndarray, y: np.ndarray) -> float:
        import sklearn.metrics

        return float(getattr(sklearn.metrics, _OF_PREDICTIONS[metric])(y, estimator.predict(x)))

    return score


def _seeded(estimator: BaseEstimator, seed: int) -> BaseEstimator:
    """Sets every `random_state` that is None to `seed`, also in the steps of a pipeline."""
    free = {
        name: seed
        for name, value in estimator.get_params(deep=True).items()
        if value is None and name.rpartition("__")[2] == "random_state"
    }
    return estimator.set_params(**free)
