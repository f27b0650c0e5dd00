"""Runs a KerasTuner tuner's own `search()` with trials that go through the evaluator.

Only `run_trial` is overridden. The oracle draws from the recorded space, so nothing is built to discover it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras_tuner

from tuning.evaluator import Evaluator
from tuning.problem import TrainingProblem
from tuning.records import FAILED
from tuning.views import keras_tuner_view

NO_LIMIT = 10**6
"""For limits that the budget sets in truth: trials, and failures in a row (3 by default, which ends a search)."""


def run(kind: type[keras_tuner.Tuner], problem: TrainingProblem, evaluator: Evaluator, **arguments: Any) -> None:
    """Makes the tuner, `kind(**arguments)`, and runs its search to its end or the budget's."""

    class Evaluated(kind):
        def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> dict[str, float]:
            values = trial.hyperparameters.values
            parent = values.get("tuner/trial_id")
            done = evaluator.evaluate(
                problem.space.active(values),
                epochs=values.get("tuner/epochs"),
                resume_from=None if parent is None else numbers[parent],
            )
            numbers[trial.trial_id] = done.trial
            if done.state == FAILED:
                raise keras_tuner.errors.FailedTrialError(done.error)
            return {problem.objective.metric: done.score}

    numbers: dict[str, int] = {}  # KerasTuner's trial ids -> trials of the cell
    objective = keras_tuner.Objective(problem.objective.metric, problem.objective.direction)
    with tempfile.TemporaryDirectory(prefix="tuning-keras-tuner-") as folder:
        tuner = Evaluated(
            objective=objective,
            hyperparameters=keras_tuner_view(problem.space),
            tune_new_entries=False,
            allow_new_entries=False,
            directory=folder,
            project_name="search",
            **{"max_consecutive_failed_trials": NO_LIMIT, **arguments},
        )
        with _quiet():
            tuner.search(verbose=0)


@contextmanager
def _quiet() -> Iterator[None]:
    """KerasTuner prints each failed trial's traceback, which would tear the progress; the journal has its error."""
    from keras_tuner.src import config

    before, config.DEBUG = config.DEBUG, False
    try:
        yield
    finally:
        config.DEBUG = before
