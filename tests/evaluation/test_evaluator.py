"""The evaluator on real Keras models, and on a synthetic problem where training would show nothing more."""

import dataclasses
import functools
import math
import os
import platform
import subprocess
import sys
import tempfile

import keras
import keras_tuner
import numpy as np
import pytest
from keras import layers

from tests.support.fork_server import elsewhere
from tests.support.records import without_times
from tuning import tuners
from tuning.budget import Budget
from tuning.errors import ReplayError, StudyError
from tuning.evaluation.evaluator import MAX_FAILURES, Evaluator, SearchBroken, SearchOver
from tuning.journal.records import BUDGET_SPENT, Cell, CellState, TrialState
from tuning.objective import Objective
from tuning.problems.problem import Problem
from tuning.problems.synthetic import SyntheticProblem, tiny_space
from tuning.process.setup import prepare_process
from tuning.runner.cell import CellTask, run_cell
from tuning.runner.plan import FIVE
from tuning.tuners.base import Tuner

prepare_process()  # as every process that trains

CELL = Cell("tiny", "a-tuner", 1)
LOSS = Objective("val_loss", "min")
COUNTED = []
"""An entry for each epoch that a callback of the user's saw, of all trials."""


def tiny():
    random = np.random.default_rng(1)
    x, y = random.normal(size=(60, 4)).astype("float32"), random.integers(0, 3, 60)
    return (x[:40], y[:40]), (x[40:], y[40:])


class CountEpochs(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        COUNTED.append(epoch)


def count_epochs():
    return [CountEpochs()]


def compiled(hp, *inner, optimizer=keras.optimizers.SGD, **arguments):
    model = keras.Sequential([layers.Input((4,)), *inner, layers.Dense(3, activation="softmax")])
    rate = hp.Float("rate", 1e-3, 1e-1, sampling="log", default=0.01)
    model.compile(optimizer(rate), "sparse_categorical_crossentropy", metrics=["accuracy"], **arguments)
    return model


def build_model(hp):
    """With Adam: a training that is continued needs the state of its optimizer."""
    return compiled(hp, layers.Dense(hp.Int("width", 2, 12)), layers.Dropout(0.2), optimizer=keras.optimizers.Adam)


class Everything(keras_tuner.HyperModel):
    """A user's model: conditional scopes, and a `fit` of its own with hyperparameters of its own."""

    def build(self, hp):
        inner = [layers.Dense(hp.Int(f"width_{layer}", 2, 8)) for layer in range(hp.Int("layers", 1, 2))]
        kind = hp.Choice("regularization", ["none", "dropout", "l2"])
        with hp.conditional_scope("regularization", ["dropout"]):
            if kind == "dropout":
                inner.append(layers.Dropout(hp.Float("dropped", 0.1, 0.5)))
        with hp.conditional_scope("regularization", ["l2"]):
            if kind == "l2":
                inner.append(layers.Dense(4, kernel_regularizer=keras.regularizers.L2(hp.Float("l2", 1e-5, 1e-2))))
        return compiled(hp, *inner)

    def fit(self, hp, model, x, y, **kwargs):
        if hp.Boolean("normalize"):
            x = (x - x.mean(0)) / x.std(0)
        return model.fit(x, y, batch_size=hp.Choice("batch_size", [8, 16]), **kwargs)


SPACES = {}
"""By what builds the model: recording one takes a build for each value."""


def problem_of(build=build_model, objective=LOSS, max_epochs=3, **arguments):
    problem = Problem(build, tiny, objective, max_epochs, name="tiny", **arguments)
    if build not in SPACES:
        SPACES[build] = problem.space
    problem._space = SPACES[build]  # as a worker gets it
    return problem


@functools.cache
def shared_problem(counted=False):
    """One whose graphs are kept from test to test."""
    return problem_of(callbacks=count_epochs if counted else ())


def evaluator_of(problem, budget=30, **arguments):
    return Evaluator(problem, arguments.pop("cell", CELL), study="s", budget=Budget(budget), **arguments)


def error_of(run):
    with pytest.raises(SearchBroken) as caught:
        run()
    return caught.value.error


def tuner(name):
    """It leaves its random start within a few trials."""
    settings = {"optuna-tpe": {"n_startup_trials": 2}, "kt-bayesian": {"num_initial_points": 2}}
    return tuners.load(name)(**settings.get(name, {}))


# -- what is charged ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("build", [build_model, Everything])
@pytest.mark.parametrize("name", FIVE)
def test_charged_epochs_are_those_an_independent_callback_counted(name, build):
    COUNTED.clear()
    problem = problem_of(build, callbacks=count_epochs)
    result = run_cell(CellTask("s", problem, tuner(name), 1, Budget(10)))
    assert (result.end.state, result.end.reason, result.end.error) == (CellState.DONE, BUDGET_SPENT, "")
    assert result.end.spent_epochs == 10 == len(COUNTED)
    assert sum(trial.epochs for trial in result.trials) == 10
    assert {trial.state for trial in result.trials} <= {TrialState.COMPLETE, TrialState.CUT}
    assert {trial.fit for trial in result.trials} == {"compiled"}
    assert all(trial.rebuilt_epochs == 0 for trial in result.trials)
    assert any(trial.parent is not None for trial in result.trials) == (name == "kt-hyperband")


def test_the_last_trial_is_cut_to_the_epoch():
    evaluator = evaluator_of(problem_of(), budget=5)
    values = evaluator.problem.space.default()
    assert evaluator.evaluate(values).state == TrialState.COMPLETE
    with pytest.raises(SearchOver):
        evaluator.evaluate(values)
    whole, cut = evaluator.trials
    assert (cut.state, cut.epochs, cut.spent_epochs) == (TrialState.CUT, 2, 5)
    assert cut.curve == whole.curve[:2]
    assert cut.score == min(epoch["val_loss"] for epoch in cut.curve)


def test_a_trial_that_ends_with_the_budget_is_complete():
    evaluator = evaluator_of(problem_of(), budget=3)
    with pytest.raises(SearchOver):
        evaluator.evaluate(evaluator.problem.space.default())
    assert evaluator.trials[0].state == TrialState.COMPLETE


def test_a_library_that_swallows_the_end_gets_it_again():
    problem = SyntheticProblem(tiny_space, max_epochs=3)
    evaluator = evaluator_of(problem, budget=3)
    for _ in range(3):
        with pytest.raises(SearchOver):
            evaluator.evaluate(problem.space.default())
    assert len(evaluator.trials) == 1
    assert problem.trained_epochs == 3


def test_early_stopping_is_charged_what_ran():
    stop = keras.callbacks.EarlyStopping("val_loss", patience=1, min_delta=10)
    evaluator = evaluator_of(problem_of(max_epochs=9, callbacks=[stop]))
    trials = [evaluator.evaluate(evaluator.problem.space.default()) for _ in range(2)]
    assert [(trial.state, trial.epochs) for trial in trials] == 2 * [(TrialState.COMPLETE, 2)]
    assert evaluator.spent_epochs == 4


def test_pruning_is_charged_what_ran():
    evaluator = evaluator_of(problem_of())
    seen = []
    trial = evaluator.evaluate(
        evaluator.problem.space.default(), prune=lambda epoch, score: seen.append((epoch, score)) or epoch == 2
    )
    assert (trial.state, trial.epochs) == (TrialState.PRUNED, 2)
    assert seen[-1] == (2, trial.score)


@pytest.mark.parametrize(
    ("objective", "score"),
    [(LOSS, min), (Objective("val_loss", "min", "last"), lambda values: values[-1]), (Objective("loss", "max"), max)],
)
def test_the_objective_says_which_epoch_counts(objective, score):
    evaluator = evaluator_of(problem_of(objective=objective))
    trial = evaluator.evaluate(evaluator.problem.space.default())
    assert trial.score == score([epoch[objective.metric] for epoch in trial.curve])


# -- failures ----------------------------------------------------------------------------------------------------------


def fails_at(width, where):
    """A model that fails in one way for one width."""

    def build(hp):
        wide = hp.Int("width", width - 1, width) == width
        if wide and where == "build":
            raise ResourceWarning("out of memory")
        if wide and where == "memory":
            np.zeros(1 << 58)
        model = compiled(hp, layers.Dense(2), **({"loss_weights": [1.0, 2.0]} if wide and where == "compile" else {}))
        if wide and where == "fit":
            model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
        if wide and where in ("nan", "inf"):
            model.compile("adam", lambda y, y_pred: 0.0 * keras.ops.mean(y_pred) + float(where))
        if wide and where == "metric":
            model.compile("adam", "sparse_categorical_crossentropy")
            model.test_step = lambda data: {"other": keras.ops.mean(data[0])}
        return model

    return build


@pytest.mark.parametrize(
    ("where", "error", "epochs"),
    [
        ("build", "ResourceWarning: out of memory", 0),
        ("memory", "MemoryError: Unable to allocate", 0),
        ("compile", "ValueError: ", 0),
        ("fit", "ValueError: Arguments `target` and `output` must have the same rank", 0),
        ("nan", "val_loss is nan at epoch 1", 1),
        ("inf", "val_loss is inf at epoch 1", 1),
        ("metric", "no epoch reported 'val_loss'; reported: ", 3),
    ],
)
def test_a_trial_that_fails_is_recorded_and_the_search_goes_on(where, error, epochs):
    evaluator = evaluator_of(problem_of(fails_at(12, where)))
    values = evaluator.problem.space.default()
    failed = evaluator.evaluate({**values, "width": 12})
    assert failed.error.startswith(error)
    assert (failed.state, failed.epochs, failed.spent_epochs) == (TrialState.FAILED, epochs, epochs)
    assert math.isnan(failed.score)
    assert evaluator.evaluate(values).state == TrialState.COMPLETE
    assert math.isfinite(evaluator.best_score)


class Breaks(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            raise OSError("disk full")


def test_a_failure_is_charged_the_epochs_before_it():
    evaluator = evaluator_of(problem_of(callbacks=[Breaks()]))
    trial = evaluator.evaluate(evaluator.problem.space.default())
    assert (trial.state, trial.error, trial.epochs) == (TrialState.FAILED, "OSError: disk full", 1)


class Slow(SyntheticProblem):
    """An epoch takes a second, by the clock of the evaluator."""

    clock = 0.0

    def value(self, configuration, epoch, seed):
        self.clock += 1.0
        return super().value(configuration, epoch, seed)


def test_a_trial_over_its_limit_is_failed_at_the_end_of_its_epoch_and_replayed_as_it_was(monkeypatch):
    def searched(recorded=(), limit=2.5):
        problem = Slow(tiny_space, max_epochs=6)
        monkeypatch.setattr("time.monotonic", lambda: problem.clock)
        evaluator = evaluator_of(problem, recorded=recorded, keep_states=True, trial_seconds=limit)
        slow = evaluator.evaluate({"a": "x", "b": True})
        quick = evaluator.evaluate({"a": "y", "b": True}, 3)
        evaluator.close()
        return problem, [slow, quick]

    problem, (slow, quick) = searched()
    assert (slow.state, slow.error, slow.epochs) == (
        TrialState.FAILED,
        "took longer than 2.5 s, the limit of a trial",
        3,
    )
    assert math.isnan(slow.score)
    assert (quick.state, quick.epochs) == (
        TrialState.COMPLETE,
        3,
    )  # its last epoch took it over the limit: nothing is left to end
    assert problem.trained_epochs == 6
    again, trials = searched([slow], limit=None)
    assert untimed(trials) == untimed([slow, quick])
    assert again.trained_epochs == 3


def test_what_is_running_is_told_as_it_would_be_recorded():
    told = []
    problem = SyntheticProblem(tiny_space, max_epochs=3)
    evaluator = evaluator_of(problem, on_running=told.append)
    trial = evaluator.evaluate({"a": "x", "b": True})
    assert [(one.state, one.epochs, one.spent_epochs) for one in told] == [(TrialState.FAILED, n, n) for n in range(4)]
    assert told[-1].curve == trial.curve
    again = evaluator_of(problem, recorded=[told[2]])
    assert untimed([again.evaluate({"a": "x", "b": True})]) == untimed([told[2]])
    assert again.evaluate({"a": "x", "b": True}).spent_epochs == 5


@pytest.mark.parametrize("damage", ["gone", "cut", "junk", "pickled"])
def test_a_state_that_cannot_be_read_is_rebuilt_uncharged(damage):
    problem = SyntheticProblem(tiny_space, max_epochs=6)
    evaluator = evaluator_of(problem, keep_states=True)
    first = evaluator.evaluate({"a": "x", "b": True}, 2)
    path = evaluator._states.checkpoints._path(0, 0)
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:40])
    elif damage == "junk":
        path.write_bytes(b"junk")
    else:
        np.savez(path, np.array([Explosive()], dtype=object), allow_pickle=True)
    second = evaluator.evaluate({"a": "x", "b": True}, 5, resume_from=first.trial)
    evaluator.close()
    assert (second.state, second.epochs, second.rebuilt_epochs) == (TrialState.COMPLETE, 3, 2)
    assert second.spent_epochs == 5


def test_states_that_killed_processes_left_go_and_those_of_the_living_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    here = f"tuning-states-{platform.node()}-"
    left = [
        tmp_path / f"{here}{ended.pid}-abc",
        tmp_path / f"{here}{os.getpid()}-def",
        tmp_path / "tuning-states-x-1-g",
    ]
    for folder in left:
        folder.mkdir()
        (folder / "0.npz").write_bytes(b"")
    evaluator = evaluator_of(SyntheticProblem(tiny_space, max_epochs=6), keep_states=True)
    assert [folder.exists() for folder in left] == [False, True, True]  # the last is of another machine
    evaluator.close()
    assert sorted(tmp_path.iterdir()) == sorted(left[1:])


class Explosive:
    """Must not be unpickled."""

    def __reduce__(self):
        return pytest.fail, ("a state was unpickled",)


def test_a_state_that_cannot_be_kept_ends_the_search_and_says_where(monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    problem = SyntheticProblem(tiny_space, max_epochs=6)
    evaluator = evaluator_of(problem, keep_states=True)
    monkeypatch.setattr(evaluator._states.checkpoints, "put", full)
    error = error_of(lambda: evaluator.evaluate({"a": "x", "b": True}, 2))
    evaluator.close()
    assert "the state of trial 0, which may be continued, cannot be kept: OSError: [Errno 28] No space" in str(error)
    assert "set TMPDIR" in str(error)


def test_a_training_without_an_epoch_fails():
    class Nothing(Everything):
        def fit(self, hp, model, **kwargs):
            return 0.0

    evaluator = evaluator_of(problem_of(Nothing))
    trial = evaluator.evaluate(evaluator.problem.space.default())
    assert (trial.state, trial.error) == (TrialState.FAILED, "the training ended without one epoch")


def test_a_model_that_never_trains_ends_the_search():
    def fail(configuration):
        raise RuntimeError("never")

    problem = SyntheticProblem(tiny_space, fail=fail)
    evaluator = evaluator_of(problem)
    for _ in range(MAX_FAILURES - 1):
        evaluator.evaluate(problem.space.default())
    error = error_of(lambda: evaluator.evaluate(problem.space.default()))
    assert isinstance(error, StudyError)
    assert str(error) == "20 trials in a row failed before their first epoch, the last with: never"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"epochs": 0}, "asked for 0 epochs; expected at least 1"),
        ({"resume_from": 3}, "asked to continue trial 3, which is not there"),
        ({"resume_from": -1}, "asked to continue trial -1, which is not there"),
        ({"resume_from": 0, "configuration": {"a": "y", "b": False}}, "with another configuration"),
    ],
)
def test_what_a_tuner_may_not_ask_for(arguments, error):
    problem = SyntheticProblem(tiny_space)
    evaluator = evaluator_of(problem, keep_states=True)
    evaluator.evaluate({"a": "x", "b": False}, 1)
    broken = error_of(lambda: evaluator.evaluate(**{"configuration": {"a": "x", "b": False}, **arguments}))
    evaluator.close()
    assert isinstance(broken, StudyError)
    assert error in str(broken)


class Astray(Tuner):
    """Asks for what is not in the space, between configurations that are."""

    name = "astray"
    library = "none"

    def search(self, problem, evaluator, *, budget, seed):
        for asked in ({"a": "x", "b": False}, {"a": "z", "b": True, "c": 1}, {"a": "x"}, {"a": "y", "b": True}):
            evaluator.evaluate(asked, 1)


def test_a_configuration_outside_of_the_space_is_a_failed_trial_and_the_search_goes_on():
    problem = SyntheticProblem(tiny_space)
    task = CellTask("tiny", problem, Astray(), 1, Budget(10))
    done = run_cell(task)
    assert done.end.state == CellState.DONE
    assert [(trial.configuration, trial.state, trial.epochs) for trial in done.trials] == [
        ({"a": "x", "b": False}, TrialState.COMPLETE, 1),
        ({"b": True}, TrialState.FAILED, 0),
        ({"a": "x"}, TrialState.FAILED, 0),
        ({"a": "y", "b": True}, TrialState.COMPLETE, 1),
    ]
    words = "the tuner asked for a configuration outside of the space: "
    assert [trial.error for trial in done.trials[1:3]] == [
        words + "'a' is 'z', expected Choice of ['x', 'y']",
        words + "'b' is missing",
    ]
    for recorded in (1, 2, 3):
        again = run_cell(dataclasses.replace(task, recorded=done.trials[:recorded]))
        assert without_times(again.trials) == without_times(done.trials)


def test_continuing_is_declared():
    problem = SyntheticProblem(tiny_space)
    evaluator = evaluator_of(problem)
    evaluator.evaluate(problem.space.default(), 1)
    error = error_of(lambda: evaluator.evaluate(problem.space.default(), 3, resume_from=0))
    assert "does not declare `resumes = True`" in str(error)


# -- the same configuration, the same curve ----------------------------------------------------------------------------


def curve_of(tuner_name, replicate=1):
    evaluator = evaluator_of(shared_problem(), cell=Cell("tiny", tuner_name, replicate))
    return [dict(epoch) for epoch in evaluator.evaluate({"rate": 0.05, "width": 5}).curve]


def test_two_tuners_of_one_replicate_get_the_same_curve():
    assert curve_of("one") == curve_of("other")
    assert curve_of("one") != curve_of("one", replicate=2)


def test_what_was_trained_before_changes_nothing():
    fresh = curve_of("one")
    evaluator = evaluator_of(problem_of())
    evaluator.evaluate({"rate": 0.002, "width": 9})
    assert [dict(epoch) for epoch in evaluator.evaluate({"rate": 0.05, "width": 5}).curve] == fresh


@pytest.mark.slow
@pytest.mark.usefixtures("fork_server")
def test_another_process_gets_the_same_curve():
    assert elsewhere(curve_of, "one") == curve_of("one")


# -- continuing --------------------------------------------------------------------------------------------------------


def untimed(trials):
    return without_times(trials, "rebuilt_epochs")


class Stops(keras.callbacks.Callback):
    """State of its own: stops after two epochs, however often the training was continued."""

    def on_train_begin(self, logs=None):
        self.epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1
        self.model.stop_training = self.epochs == 2


class OwnLoop(Everything):
    """Trains in a way that cannot be entered in the middle: two fits."""

    def fit(self, hp, model, x, y, epochs, **kwargs):
        model.fit(x, y, epochs=2, **kwargs)
        return model.fit(x, y, epochs=epochs, **kwargs)


def rungs(problem, recorded=(), evaluator=None):
    """One configuration promoted twice: to 1, 4 and 6 epochs."""
    evaluator = evaluator or evaluator_of(problem, keep_states=True, recorded=recorded)
    values = problem.space.default()
    first = evaluator.evaluate(values, 1)
    second = evaluator.evaluate(values, 4, resume_from=first.trial)
    third = evaluator.evaluate(values, 6, resume_from=second.trial)
    evaluator.close()
    return [first, second, third]


def test_a_promoted_trial_equals_one_trained_in_one_go():
    problem = problem_of(max_epochs=6)
    whole = evaluator_of(problem).evaluate(problem.space.default())
    trials = rungs(problem)
    assert [trial.epochs for trial in trials] == [1, 3, 2]
    assert [trial.initial_epoch for trial in trials] == [0, 1, 4]
    assert [epoch for trial in trials for epoch in trial.curve] == whole.curve
    assert trials[-1].score == whole.score
    assert trials[-1].rebuilt_epochs == 0


@functools.cache
def whole_rungs(stops):
    """The problem, which keeps its graphs, and its rungs in one run."""
    problem = problem_of(max_epochs=6, callbacks=[Stops()] if stops else [])
    return problem, rungs(problem)


@pytest.mark.parametrize("stops", [False, True], ids=["none", "a callback with a state"])
@pytest.mark.parametrize("known", [1, 2])
def test_a_lost_state_is_rebuilt_uncharged_with_the_same_result(known, stops):
    problem, whole = whole_rungs(stops)
    resumed = rungs(problem, recorded=whole[:known])
    assert untimed(resumed) == untimed(whole)
    assert [trial.rebuilt_epochs for trial in resumed] == [
        sum(trial.epochs for trial in whole[:known]) if trial.trial == known else 0 for trial in resumed
    ]


def test_what_cannot_be_continued_is_trained_again_from_the_start():
    COUNTED.clear()
    problem = problem_of(OwnLoop, max_epochs=6, callbacks=count_epochs)
    trials = rungs(problem)
    whole = evaluator_of(problem).evaluate(problem.space.default())
    assert [trial.error for trial in trials] == ["", "", ""]
    assert [epoch for trial in trials for epoch in trial.curve] == whole.curve
    assert [trial.epochs for trial in trials] == [1 + 1, 4, 2]
    assert [trial.rebuilt_epochs for trial in trials] == [0, 2, 6]


# -- replay ------------------------------------------------------------------------------------------------------------


class Scripted(Tuner):
    """Asks for what it was told to."""

    name, library = "scripted", "none"

    def __init__(self, *configurations):
        super().__init__()
        self.configurations = configurations

    def search(self, problem, evaluator, *, budget, seed):
        for configuration in self.configurations:
            evaluator.evaluate(configuration)


NARROW, WIDE = {"rate": 0.05, "width": 3}, {"rate": 0.05, "width": 9}


def run(*configurations, recorded=(), budget=9, on_trial=lambda trial: None):
    COUNTED.clear()
    problem = shared_problem(counted=True)
    return run_cell(CellTask("s", problem, Scripted(*configurations), 1, Budget(budget), recorded), on_trial)


def test_recorded_trials_answer_without_training():
    whole = run(NARROW, WIDE)
    told = []
    again = run(NARROW, WIDE, recorded=whole.trials[:1], on_trial=told.append)
    assert untimed(again.trials) == untimed(whole.trials)
    assert len(COUNTED) == 3
    assert [trial.trial for trial in told] == [1]
    assert untimed(run(NARROW, WIDE, recorded=whole.trials).trials) == untimed(whole.trials)
    assert COUNTED == []


def test_another_search_than_the_recorded_one_is_refused():
    whole = run(NARROW, WIDE)
    with pytest.raises(ReplayError, match=r"the search asks for trial 1 with .*'width': 3.* the journal holds"):
        run(NARROW, NARROW, recorded=whole.trials)
    assert COUNTED == []


def test_a_replayed_trial_reports_its_epochs_to_a_pruner():
    problem = shared_problem()
    trial = evaluator_of(problem).evaluate(NARROW)
    seen = []
    again = evaluator_of(problem, recorded=[trial]).evaluate(NARROW, prune=lambda *told: seen.append(told))
    assert again == trial
    assert [epoch for epoch, _ in seen] == [1, 2, 3]


def test_a_trial_cut_by_a_smaller_budget_is_trained_in_full():
    small = run(NARROW, WIDE, budget=5)
    assert [trial.state for trial in small.trials] == [TrialState.COMPLETE, TrialState.CUT]
    larger = run(NARROW, WIDE, budget=9, recorded=small.trials)
    assert len(COUNTED) == 3
    assert untimed(larger.trials) == untimed(run(NARROW, WIDE).trials)
    same = run(NARROW, WIDE, budget=5, recorded=small.trials)
    assert untimed(same.trials) == untimed(small.trials)
    assert COUNTED == []


def test_progress_is_told_after_every_epoch():
    told = []
    evaluator = evaluator_of(problem_of(), on_epoch=lambda spent, best: told.append((spent, best)))
    trial = evaluator.evaluate(NARROW)
    assert [spent for spent, _ in told] == [1, 2, 3, 3]
    assert told[-1][1] == trial.score
