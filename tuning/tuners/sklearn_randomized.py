"""scikit-learn's RandomizedSearchCV over scikeras' KerasClassifier or KerasRegressor."""

from __future__ import annotations

from typing import Any

from sklearn.model_selection import RandomizedSearchCV

from tuning.budget import Budget
from tuning.errors import StudyError
from tuning.evaluator import Evaluator
from tuning.problem import TrainingProblem
from tuning.tuners import _scikit_learn
from tuning.tuners._base import Tuner, require_parallel_trials
from tuning.views import ScikitLearnView


class SklearnRandomized(Tuner):
    """`RandomizedSearchCV.fit` on a `PredefinedSplit`: independent draws, each trained in full.

    Args:
        label: As in `Tuner`.
        parallel_trials: How many trials are asked for before the result of any of them is told, as in `OptunaTPE`.
            scikit-learn makes all draws beforehand, so the trials are the same for any number; it is recorded, and
            said in the report.
        arguments: Those of `RandomizedSearchCV`.

    Raises:
        StudyError: `n_jobs` is given: its processes would train past the budget, each with a copy of the evaluator.
    """

    name = "sklearn-randomized"
    library = "scikit-learn"
    parallel = True

    def __init__(self, *, label: str | None = None, parallel_trials: int = 1, **arguments: Any) -> None:
        if arguments.get("n_jobs") not in (None, 1):
            raise StudyError(
                f"SklearnRandomized(n_jobs={arguments['n_jobs']!r}): trials of a cell are trained one after another; "
                "cells run in parallel: leave n_jobs out, and run the study with --jobs"
            )
        at_once = {"parallel_trials": parallel_trials} if require_parallel_trials(parallel_trials) > 1 else {}
        super().__init__(label=label, **arguments, **at_once)
        self.library_arguments = arguments

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        _scikit_learn.run(
            RandomizedSearchCV,
            problem,
            lambda configuration, _: evaluator.evaluate(configuration).score,
            ScikitLearnView(problem.space),
            # A trial costs at least an epoch, so the budget ends the search before the draws do.
            **{"n_iter": budget.epochs, **self.library_arguments},
            random_state=seed,
        )
