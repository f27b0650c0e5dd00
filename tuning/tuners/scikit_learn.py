"""Runs one of scikit-learn's searches with fits that go through the evaluator.

The estimators are scikeras', with `fit` and `score` redirected to the evaluator. The evaluator has the data, so
scikit-learn splits, indexes and copies only a column of row numbers: one for training, one for validation.
"""

from __future__ import annotations

import itertools
import json
import math
import warnings
from collections.abc import Callable, Sequence

import numpy as np
from scikeras.wrappers import KerasClassifier, KerasRegressor
from sklearn.base import BaseEstimator
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingRandomSearchCV, PredefinedSplit, RandomizedSearchCV

from tuning.budget import Budget
from tuning.configuration import Configuration
from tuning.errors import StudyError
from tuning.evaluation.evaluator import Evaluator
from tuning.journal.records import Trial, TrialState
from tuning.problems.problem import TrainingProblem
from tuning.space.converters import ScikitLearnView, grid
from tuning.tuners.base import Argument, Tuner, require_parallel_trials


def run(
    kind: type[BaseEstimator],
    problem: TrainingProblem,
    evaluate: Callable[[Configuration, int], float],
    values: Sequence[Configuration] | ScikitLearnView,
    **arguments: Argument,
) -> None:
    """Creates the search, `kind(estimator, values, **arguments)`, and fits it on row numbers.

    Args:
        evaluate: Called with a configuration and the estimator's parameter `epochs`; returns the trial's score.
        values: Of the parameter ``model__configuration``: a list of configurations, or a distribution of them.
    """
    sign = 1.0 if problem.objective.direction == "max" else -1.0

    # A function, because `clone` copies an estimator's parameters deeply, but not functions.
    def score(configuration: Configuration, epochs: int) -> float:
        return sign * evaluate(configuration, epochs)

    estimator = (_Regressor if problem.is_regression else _Classifier)(
        score, model__configuration=None, epochs=problem.max_epochs
    )
    search = kind(estimator, {"model__configuration": values}, cv=PredefinedSplit([-1, 0]), refit=False, **arguments)
    with warnings.catch_warnings():
        # A FAILED trial's score is NaN, which the search ignores; the journal holds its error.
        warnings.filterwarnings("ignore", message="One or more of the test scores are non-finite")
        warnings.filterwarnings("ignore", category=UndefinedMetricWarning)
        search.fit(np.array([[0], [1]]), np.array([0, 1]))


AT_ONCE = 1000
"""Draws of one search, if no number of epochs says how many it can train."""


class _Evaluated:
    """`fit` evaluates the estimator's configuration, `score` returns that trial's score (greater is better).

    `epochs` is a parameter because scikit-learn's halving sets it as its resource.
    """

    model: Callable[[Configuration, int], float]
    model__configuration: Configuration
    epochs: int

    def fit(
        self,
        X: np.ndarray,  # noqa: N803
        y: np.ndarray,
        sample_weight: object = None,
        **kwargs: object,
    ) -> _Evaluated:
        self.score_ = self.model(dict(self.model__configuration), self.epochs)
        return self

    def score(self, X: np.ndarray, y: np.ndarray, sample_weight: object = None) -> float:  # noqa: N803
        return float(self.score_)


class _Classifier(_Evaluated, KerasClassifier):
    pass


class _Regressor(_Evaluated, KerasRegressor):
    pass


class SklearnRandomized(Tuner):
    """`RandomizedSearchCV.fit` on a `PredefinedSplit`: independent draws, each trained in full.

    Args:
        label: As in `Tuner`.
        parallel_trials: How many trials are asked for before any of their results is known, as in `OptunaTPE`.
            scikit-learn makes all draws beforehand, so the trials are the same for any number; it is recorded, and
            shown in the report.
        arguments: Those of `RandomizedSearchCV`.

    Raises:
        StudyError: `n_jobs` is given: its processes would exceed the budget, each with a copy of the evaluator.
    """

    name = "sklearn-randomized"
    library = "scikit-learn"
    parallel = True
    starts = True

    def random_draws(self, problem: TrainingProblem) -> int | None:
        return None

    def __init__(self, *, label: str | None = None, parallel_trials: int = 1, **arguments: Argument) -> None:
        if arguments.get("n_jobs") not in (None, 1):
            raise StudyError(
                f"SklearnRandomized(n_jobs={arguments['n_jobs']!r}): trials of a cell are trained one after another; "
                "cells run in parallel: leave n_jobs out, and run the study with --jobs"
            )
        at_once = {"parallel_trials": parallel_trials} if require_parallel_trials(parallel_trials) > 1 else {}
        super().__init__(label=label, **arguments, **at_once)
        self.library_arguments = arguments

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        random = np.random.RandomState(seed)
        view = ScikitLearnView(problem.space, evaluator.start)
        over = False
        while not over:
            run(
                RandomizedSearchCV,
                problem,
                lambda configuration, _: evaluator.evaluate(configuration).score,
                view,
                # A search makes all its draws beforehand. Only trials that fail before an epoch, or a budget without
                # epochs, can use them up: then another goes on with the next draws, until the budget is spent.
                **{"n_iter": budget.epochs or AT_ONCE, **self.library_arguments},
                random_state=random,
            )
            over = "n_iter" in self.library_arguments


class SklearnHalving(Tuner):
    """`HalvingRandomSearchCV.fit` with epochs as its resource (Karnin et al., ICML 2013; Jamieson & Talwalkar, 2016).

    One halving starts with ``factor ** floor(log(max_epochs, factor))`` random candidates, `factor` 3. Their first
    epochs are chosen so that the last rung comes nearest to the problem's `max_epochs` (scikit-learn's ``"exhaust"``);
    the best third continues. Halvings with new candidates follow one another until the budget is spent. scikit-learn
    alone retrains a promoted candidate from scratch; here it continues where it stopped and is charged only for the
    further epochs. `arguments` are scikit-learn's: `factor`, `n_candidates`, `min_resources`, `max_resources`,
    `aggressive_elimination`.
    """

    name = "sklearn-halving"
    library = "scikit-learn"
    resumes = True
    starts = True

    def random_draws(self, problem: TrainingProblem) -> int | None:
        return None

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        factor = self.arguments.get("factor", 3)
        settings = {
            "n_candidates": int(factor ** int(math.log(problem.max_epochs + 0.5, factor))),
            "min_resources": "exhaust",
            "max_resources": problem.max_epochs,
            "factor": factor,
            **self.arguments,
        }
        random = np.random.RandomState(seed)
        first = evaluator.start
        while True:
            view = ScikitLearnView(problem.space, first)
            self._halve(problem, evaluator, view, random_state=random.randint(2**31), **settings)
            first = None

    def _halve(
        self, problem: TrainingProblem, evaluator: Evaluator, view: ScikitLearnView, **settings: Argument
    ) -> None:
        last: dict[str, Trial] = {}

        def evaluate(configuration: Configuration, epochs: int) -> float:
            key = json.dumps(configuration)
            parent = last.get(key)
            if (
                parent is not None and parent.state == TrialState.FAILED
            ):  # promoted for want of candidates that did not fail
                return math.nan
            last[key] = evaluator.evaluate(configuration, epochs, None if parent is None else parent.trial)
            return last[key].score

        with warnings.catch_warnings():
            # Unlike the other searches, this one also computes scores on the training folds.
            warnings.filterwarnings("ignore", message="One or more of the train scores are non-finite")
            run(
                HalvingRandomSearchCV,
                problem,
                evaluate,
                view,
                resource="epochs",
                **settings,
            )


class SklearnGrid(Tuner):
    """`GridSearchCV.fit` on a `PredefinedSplit`: all combinations, the last hyperparameter varied first.

    A hyperparameter without steps gets ten values, evenly spaced on its own scale, as in KerasTuner's grid; a
    conditional one is varied only if active. The order of a grid is the same in every replicate: a budget below the
    size of the grid covers only one corner of it. Steps in `build_model` make a grid small.
    """

    name = "sklearn-grid"
    library = "scikit-learn"
    seeded = False

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        points = grid(problem.space)
        # GridSearchCV lists its whole grid first, which may be endless: it gets as much as the budget can train.
        while reachable := list(itertools.islice(points, budget.epochs or AT_ONCE)):
            run(
                GridSearchCV,
                problem,
                lambda configuration, epochs: evaluator.evaluate(configuration, epochs).score,
                reachable,
                **self.arguments,
            )
