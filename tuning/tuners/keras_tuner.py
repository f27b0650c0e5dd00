"""KerasTuner's searches: its own loop, with trials that go through the evaluator."""

from __future__ import annotations

import copy
import tempfile
import warnings

import keras_tuner
from keras_tuner.engine.trial import Trial
from sklearn.exceptions import ConvergenceWarning

from tuning.budget import Budget
from tuning.evaluation.evaluator import Evaluator
from tuning.journal.records import TrialState
from tuning.problems.problem import TrainingProblem
from tuning.space.converters import drawable_default, from_keras_tuner, keras_tuner_view, to_keras_tuner
from tuning.space.hyperparameter import contains
from tuning.space.keras_tuner_internals import draw_first, search_within, set_default, without_tracebacks
from tuning.tuners.base import Argument, Tuner

NO_LIMIT = 10**6
"""For limits that only the budget should set: trials, and failures in a row (by default 3 end a search)."""


def run(kind: type[keras_tuner.Tuner], problem: TrainingProblem, evaluator: Evaluator, **arguments: Argument) -> None:
    """Creates the tuner, `kind(**arguments)`, and searches until it ends or the budget is spent."""

    class Evaluated(kind):
        def run_trial(self, trial: Trial, *args: object, **kwargs: object) -> dict[str, float]:
            values = trial.hyperparameters.values
            parent = values.get("tuner/trial_id")
            done = evaluator.evaluate(
                from_keras_tuner(problem.space, values),
                epochs=values.get("tuner/epochs"),
                resume_from=None if parent is None else numbers[parent],
            )
            numbers[trial.trial_id] = done.trial
            if done.state == TrialState.FAILED:
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
        if evaluator.start is not None:
            draw_first(tuner.oracle, to_keras_tuner(problem.space, evaluator.start))
        with without_tracebacks():  # they would break the progress display; the journal has each trial's error
            tuner.search(verbose=0)


class KTRandom(Tuner):
    """`keras_tuner.RandomSearch`: independent draws, without repeats; each trained in full.

    It ends by itself after 20 repeats in a row, so a small space may leave budget unspent.
    """

    name = "kt-random"
    library = "keras-tuner"
    starts = True

    def random_draws(self, problem: TrainingProblem) -> int | None:
        return None

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        arguments = {"max_trials": NO_LIMIT, **self.arguments}
        run(keras_tuner.RandomSearch, problem, evaluator, seed=seed, **arguments)


class KTHyperband(Tuner):
    """`keras_tuner.Hyperband`: brackets of successive halving (Li et al., JMLR 18:185, 2018).

    Unless given, `max_epochs` (the paper's R) is the problem's and `factor` (the paper's eta) is 3. Brackets follow one
    another until the budget is spent; if given, `hyperband_iterations` ends the search earlier. A promoted trial
    continues where it stopped, with its optimizer's state (which KerasTuner alone would lose), and is charged only
    for the further epochs.
    """

    name = "kt-hyperband"
    library = "keras-tuner"
    resumes = True
    starts = True

    def random_draws(self, problem: TrainingProblem) -> int | None:
        return None

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        # KerasTuner reads 0 iterations as "without end".
        arguments = {"max_epochs": problem.max_epochs, "hyperband_iterations": 0, **self.arguments}
        run(keras_tuner.Hyperband, problem, evaluator, seed=seed, **arguments)


class KTBayesian(Tuner):
    """`keras_tuner.BayesianOptimization`: a Gaussian process (Matern 5/2) with the lower confidence bound.

    It begins with `num_initial_points` random trials; with KerasTuner's default, 3 per hyperparameter, a short search
    over many hyperparameters is purely random. `alpha` and `beta` are KerasTuner's: observation noise, and the weight
    of exploration.
    """

    name = "kt-bayesian"
    random_setting = "num_initial_points"
    library = "keras-tuner"
    starts = True

    def random_draws(self, problem: TrainingProblem) -> int | None:
        return self.arguments.get("num_initial_points") or max(3 * len(problem.space.hyperparameters), 3)

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        arguments = {"max_trials": NO_LIMIT, **self.arguments}
        with warnings.catch_warnings():
            # A length scale at its bound is usual for a choice or a flat dimension; the user need not know.
            warnings.filterwarnings("ignore", category=ConvergenceWarning)
            run(_Bayesian, problem, evaluator, seed=seed, **arguments)


OPEN_UNIT = (1e-9, 1.0 - 1e-9)  # far enough from the ends for the rounding of `min * (max / min) ** u`


class _Bayesian(keras_tuner.BayesianOptimization):
    """Keeps the acquisition's optimum away from the ends 0 and 1 of the unit interval.

    KerasTuner's draws lie in [0, 1), but its optimiser may end exactly at 1, where an Int with log sampling becomes
    max_value + 1, a value outside the declared space.
    """

    def __init__(self, **arguments: object) -> None:
        super().__init__(**arguments)
        search_within(self.oracle, OPEN_UNIT)


class KTGrid(Tuner):
    """`keras_tuner.GridSearch`: all combinations, from the defaults on, the last hyperparameter varied first.

    A continuous hyperparameter without a step gets ten values. The order is KerasTuner's and the same in every
    replicate: a budget below the size of the grid covers only one corner of it.
    """

    name = "kt-grid"
    library = "keras-tuner"
    seeded = False
    starts = True

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        run(_Grid, problem, evaluator, seed=seed, **self.arguments)


class _Grid(keras_tuner.GridSearch):
    """Starts from defaults that the space can draw: KerasTuner would evaluate even one between the steps."""

    def __init__(self, **arguments: Argument) -> None:
        hyperparameters = copy.deepcopy(arguments.pop("hyperparameters").space)  # the recorded ones are shared
        for hp in hyperparameters:
            if not contains(hp, hp.default):
                set_default(hp, drawable_default(hp))
        drawable = keras_tuner.HyperParameters()
        drawable.merge(hyperparameters)
        super().__init__(hyperparameters=drawable, **arguments)
