"""Trials of several trainings: folds, repeats, and both."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from msgspec.structs import replace
from scikeras.wrappers import KerasClassifier
from sklearn.datasets import load_iris
from sklearn.model_selection import PredefinedSplit, cross_val_score

from tests.support.records import without_times
from tuning import CrossValidation, KerasBaseline, SklearnBaseline, tuners
from tuning.budget import Budget
from tuning.evaluation.evaluator import Evaluator, SearchOver
from tuning.evaluation.members import curve_so_far, mean_curve
from tuning.journal.records import Cell, Trial, TrialState
from tuning.objective import Objective
from tuning.problems.problem import Problem, trainings_of
from tuning.problems.synthetic import SyntheticProblem, tiny_space
from tuning.process.setup import prepare_process
from tuning.runner.cell import CellTask, run_cell
from tuning.runner.plan import FIVE
from tuning.runner.retraining import best_epoch
from tuning.seeds import of_splits, of_training

prepare_process()
CELL = Cell("iris", "a-tuner", 1)
COUNTED: list[int] = []
"""An entry for each epoch that a callback of the user's saw, of all trainings."""


class CountEpochs(keras.callbacks.Callback):
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        COUNTED.append(epoch)


def iris() -> Any:
    x, y = load_iris(return_X_y=True)
    return x.astype("float32"), y


def network(units: int = 4) -> keras.Model:
    model = keras.Sequential([layers.Input((4,)), layers.Dense(units, "relu"), layers.Dense(3, "softmax")])
    model.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def build_model(hp: Any) -> keras.Model:
    return network(hp.Choice("units", [4, 6]))


def problem_of(max_epochs: int = 4, **arguments: Any) -> Problem:
    given = {"resampling": CrossValidation(3, test=0.2), "callbacks": lambda: [CountEpochs()], **arguments}
    return Problem(build_model, iris, Objective("val_accuracy", "max"), max_epochs, name="iris", **given)


def evaluator_of(problem: Any, budget: int = 200, **arguments: Any) -> Evaluator:
    return Evaluator(problem, CELL, study="s", budget=Budget(budget), **arguments)


def test_a_mean_curve_is_the_mean_of_each_epoch_and_what_stopped_early_keeps_its_last() -> None:
    curves = [[{"a": 1.0, "b": 0.0}, {"a": 3.0, "b": 0.0}], [{"a": 2.0}]]
    assert mean_curve(curves, 3) == [{"a": 1.5}, {"a": 2.5}, {"a": 2.5}]
    assert mean_curve(curves[:1], 1) == [{"a": 1.0, "b": 0.0}]
    assert mean_curve([[{"a": 1.0}], []], 1) == []


def test_the_mean_over_folds_is_scikit_learns_cross_val_score() -> None:
    problem = problem_of(fit_arguments={"shuffle": False, "batch_size": 16}, callbacks=[])
    configuration = {"units": 6}
    trial = evaluator_of(problem).evaluate(configuration)
    partition = problem.resampled.partition(of_splits("s", "iris", 1, configuration))
    x, y = iris()
    fold_of = np.full(len(y), -1)
    for number, fold in enumerate(partition.folds):
        fold_of[fold.validation] = number
    estimator = KerasClassifier(
        network,
        model__units=6,
        epochs=4,
        batch_size=16,
        shuffle=False,
        random_state=of_training("s", "iris", 1, configuration),
        verbose=0,
    )
    rows = partition.development
    scores = cross_val_score(estimator, x[rows], y[rows], cv=PredefinedSplit(fold_of[rows]))
    ours = [training[-1]["val_accuracy"] for training in trial.trainings]
    np.testing.assert_allclose(ours, scores, rtol=1e-6)  # Keras counts in float32
    assert trial.curve[-1]["val_accuracy"] == pytest.approx(np.mean(scores), rel=1e-6)
    assert trial.score == max(epoch["val_accuracy"] for epoch in trial.curve)


@pytest.mark.parametrize("name", FIVE)
def test_folds_and_repeats_are_charged_as_an_independent_callback_counts_them(name: str) -> None:
    COUNTED.clear()
    problem = problem_of(2, resampling=CrossValidation(2, test=0.2), repeats=2)
    result = run_cell(CellTask("s", problem, tuners.load(name)(), 1, Budget(13)))
    assert result.end is not None
    assert result.end.error == ""
    assert sum(trial.epochs for trial in result.trials) == len(COUNTED) == result.end.spent_epochs <= 13
    assert all(len(trial.members) <= 4 for trial in result.trials)


@pytest.mark.parametrize("name", ["kt-hyperband", "sklearn-halving", "optuna-tpe-hyperband"])
def test_the_budget_holds_to_the_epoch_whatever_ends_a_trial(name: str) -> None:
    problem = SyntheticProblem(folds=3, repeats=2)
    result = run_cell(CellTask("s", problem, tuners.load(name)(), 1, Budget(301)))
    assert sum(trial.epochs for trial in result.trials) == problem.trained_epochs == 301
    assert result.trials[-1].state in (TrialState.CUT, TrialState.COMPLETE, TrialState.PRUNED)
    again = run_cell(CellTask("s", problem, tuners.load(name)(), 1, Budget(301), recorded=result.trials[:-3]))
    rebuilt = [replace(trial, rebuilt_epochs=0) for trial in again.trials]  # for the states that were lost
    assert without_times(rebuilt) == without_times(result.trials)


def test_a_promoted_trial_of_five_folds_equals_one_trained_in_one_go() -> None:
    problem = problem_of(9, resampling=CrossValidation(5, test=0.2))
    whole = evaluator_of(problem, keep_states=True)
    at_once = whole.evaluate({"units": 4}, 9)
    evaluator = evaluator_of(problem, keep_states=True)
    first = evaluator.evaluate({"units": 4}, 3)
    second = evaluator.evaluate({"units": 4}, 9, resume_from=0)
    assert [first.epochs, second.epochs, second.last_epoch] == [15, 30, 9]
    assert [*first.curve, *second.curve] == at_once.curve
    assert [curve_so_far([first, second], place) for place in range(5)] == list(map(list, at_once.members))
    assert second.score == at_once.score
    whole.close()
    evaluator.close()


def test_a_lost_state_of_one_fold_is_trained_again_uncharged() -> None:
    problem = problem_of(4)
    evaluator = evaluator_of(problem, keep_states=True)
    first = evaluator.evaluate({"units": 4}, 2)
    assert evaluator._states is not None
    kept = evaluator._states.checkpoints
    kept._path(0, 1).unlink()
    second = evaluator.evaluate({"units": 4}, 4, resume_from=0)
    assert (second.rebuilt_epochs, second.epochs) == (2, 6)
    other = evaluator_of(problem).evaluate({"units": 4}, 4)
    assert [*first.curve, *second.curve] == other.curve
    evaluator.close()


@pytest.mark.parametrize(
    ("budget", "lengths", "curve"),
    [(3, [3], 0), (4, [4], 0), (9, [4, 4, 1], 1), (12, [4, 4, 4], 4), (14, [4, 4, 4], 4)],
)
def test_a_cut_trial_counts_the_epochs_that_all_its_folds_have(budget: int, lengths: list[int], curve: int) -> None:
    problem = SyntheticProblem(max_epochs=4, folds=3)
    evaluator = evaluator_of(problem, budget)
    configuration = problem.space.default()
    try:
        evaluator.evaluate(configuration)
        evaluator.evaluate(configuration)
    except SearchOver:
        pass
    trial = evaluator.trials[0]
    assert [len(training) for training in trial.trainings] == lengths
    assert (len(trial.curve), trial.epochs) == (curve, sum(lengths))
    assert trial.state == (TrialState.COMPLETE if budget >= 12 else TrialState.CUT)
    assert math.isnan(trial.score) == (curve == 0)
    assert sum(trial.epochs for trial in evaluator.trials) == budget == problem.trained_epochs


def test_a_pruner_sees_the_mean_while_the_last_fold_trains_also_on_replay() -> None:
    seen: list[tuple[int, float]] = []

    def prune(epoch: int, score: float) -> bool:
        seen.append((epoch, score))
        return epoch == 2

    problem = SyntheticProblem(max_epochs=4, folds=3)
    configuration = problem.space.default()
    trial = evaluator_of(problem).evaluate(configuration, prune=prune)
    assert (trial.state, trial.epochs, len(trial.curve)) == (TrialState.PRUNED, 4 + 4 + 2, 2)
    assert [score for _, score in seen] == [problem.objective.score(trial.curve[:length]) for length in (1, 2)]
    asked, seen[:] = list(seen), []
    assert evaluator_of(problem, recorded=[trial]).evaluate(configuration, prune=prune) == trial
    assert seen == asked


def test_folds_share_the_seed_and_repeats_do_not() -> None:
    problem = SyntheticProblem(tiny_space, max_epochs=2, folds=2, repeats=2)
    first, second, third, fourth = evaluator_of(problem).evaluate(problem.space.default()).members
    assert len({str(curve) for curve in (first, second, third, fourth)}) == 4
    plain = evaluator_of(SyntheticProblem(tiny_space, max_epochs=2)).evaluate(problem.space.default())
    assert first == plain.curve  # the first repeat's first fold is what one training would be


def test_a_fold_that_fails_ends_the_trial_and_is_named() -> None:
    class Fails(SyntheticProblem):
        def train(self, request: Any) -> Any:
            self.fold = request.split.fold
            return super().train(request)

        def value(self, configuration: Any, epoch: int, seed: int) -> float:
            return math.nan if (self.fold, epoch) == (1, 3) else 0.5

    problem = Fails(max_epochs=4, folds=3)
    trial = evaluator_of(problem).evaluate(problem.space.default())
    assert (trial.state, trial.epochs, trial.curve) == (TrialState.FAILED, 4 + 3, [])
    assert trial.error == "metric is nan at epoch 3 (fold 2 of 3)"


def test_a_fold_that_stops_early_keeps_its_last_epoch_and_goes_on_from_there() -> None:
    class Stops(SyntheticProblem):
        def train(self, request: Any) -> Any:
            if request.split.fold == 0 and request.initial_epoch == 0:
                object.__setattr__(request, "epochs", 1)  # as an EarlyStopping of the user's would
            return super().train(request)

    problem = Stops(max_epochs=4, folds=2)
    evaluator = evaluator_of(problem, keep_states=True)
    configuration = problem.space.default()
    trial = evaluator.evaluate(configuration, 3)
    assert [len(training) for training in trial.trainings] == [1, 3]
    early, late = trial.trainings
    means = [(early[0]["metric"] + epoch["metric"]) / 2 for epoch in late]
    assert [epoch["metric"] for epoch in trial.curve] == pytest.approx(means)
    promoted = evaluator.evaluate(configuration, 4, resume_from=0)
    assert [len(training) for training in promoted.trainings] == [3, 1]
    assert (promoted.initial_epoch, promoted.last_epoch) == (3, 4)
    evaluator.close()


def test_a_winner_is_retrained_on_all_folds_for_the_epochs_of_the_mean_curve() -> None:
    COUNTED.clear()
    problem = problem_of(6)
    result = run_cell(CellTask("s", problem, tuners.load("kt-random")(), 1, Budget(36), retrain=1))
    best = max((trial for trial in result.trials), key=lambda trial: trial.score)
    last = next(done for done in result.retrainings if done.trial == best.trial)
    scores = [epoch["val_accuracy"] for epoch in best.curve]
    assert last.epochs == scores.index(max(scores)) + 1 == best_epoch(result.trials, best, problem.objective)
    assert (last.state, set(last.test)) == (TrialState.COMPLETE, {"loss", "accuracy"})
    assert math.isnan(last.score)  # there is no validation part
    split = of_splits("s", "iris", 1, best.configuration)._replace(fold=None)
    train, test = problem.resampled.splits(split).train, problem.resampled.splits(split).test
    assert (len(train[0]), len(test[0])) == (120, 30)
    assert not {row.tobytes() for row in train[0]} & {row.tobytes() for row in test[0]} - {
        row.tobytes() for row in np.unique(iris()[0], axis=0) if (iris()[0] == row).all(axis=1).sum() > 1
    }


def test_baselines_train_on_the_same_folds() -> None:
    problem = problem_of()
    plain = KerasBaseline("plain", network, epochs=2)
    task = CellTask("s", problem, plain, 1, Budget(6), retrain=1)
    result = run_cell(task)
    assert [len(training) for training in result.trials[0].trainings] == [2, 2, 2]
    assert set(result.retrainings[0].test) == {"loss", "accuracy"}
    from sklearn.linear_model import LogisticRegression

    estimator = LogisticRegression(max_iter=500)
    linear = run_cell(CellTask("s", problem, SklearnBaseline("linear", estimator), 1, Budget(3), retrain=1))
    (trial,) = linear.trials
    x, y = iris()
    folds = problem.resampled.partition(of_splits("s", "iris", 1, {})).folds
    scores = [
        estimator.fit(x[fold.train], y[fold.train]).score(x[fold.validation], y[fold.validation]) for fold in folds
    ]
    assert trial.score == pytest.approx(np.mean(scores), abs=0.02)  # its solver starts from another seed
    assert set(linear.retrainings[0].test) == {"accuracy"}


def test_a_trial_of_one_training_is_as_before() -> None:
    problem = SyntheticProblem(max_epochs=3)
    trial: Trial = evaluator_of(problem).evaluate(problem.space.default())
    assert trial.members == ()
    assert trial.trainings == (trial.curve,)
    assert (trial.epochs, trainings_of(problem)) == (3, 1)
