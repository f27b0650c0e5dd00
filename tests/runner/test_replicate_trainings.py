"""What two tuners of a replicate try alike is trained once, and everything else is as if it had been trained twice."""

from __future__ import annotations

import math
from pathlib import Path

import keras
import numpy as np
import pytest
from msgspec import structs

from tuning.budget import Budget
from tuning.evaluation.known_trainings import KnownTrainings, can_be_equalled
from tuning.journal.frames import trials_frame
from tuning.journal.journal import Journal, path_of, read
from tuning.journal.lines import decode, encode
from tuning.journal.records import Cell, CellResult, Retraining, Trial, TrialState
from tuning.objective import Objective
from tuning.problems.problem import Problem
from tuning.runner.dask.executor import run_on_dask
from tuning.runner.plan import Overrides
from tuning.runner.replicate_trainings import ReplicateTrainings
from tuning.runner.runner import run
from tuning.splits import Splits
from tuning.study import Study
from tuning.tuners.baselines.keras_model import KerasBaseline

RANDOM = np.random.default_rng(1)
X, Y = RANDOM.normal(size=(90, 5)).astype("float32"), RANDOM.integers(0, 3, 90)


def loader() -> Splits:
    return Splits((X[:50], Y[:50]), (X[50:70], Y[50:70]), (X[70:], Y[70:]))


class Counted(keras.callbacks.Callback):
    """Counts the epochs that are really trained: a line in a file for each, as workers are processes of their own."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        with self.path.open("a") as file:
            file.write("epoch\n")


def epochs_trained(path: Path) -> int:
    return len(path.read_text().splitlines())


def study(counted: Path, tuners: list[str], **changes: object) -> Study:
    def build_model(hp):
        model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(hp.Choice("width", [4, 8, 16]), "relu")])
        model.add(keras.layers.Dense(3, "softmax"))
        model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    problem = Problem(
        build_model, loader, Objective("val_loss", "min"), 2, name="p", callbacks=lambda: [Counted(counted)]
    )
    arguments = {"budget": Budget(7), "replicates": 1, "baselines": (), "retrain": 1, **changes}
    return Study("s", problem, tuners, **arguments)


def records(journal: Journal, alike: bool = True) -> list[Trial | Retraining]:
    """All of a journal; `alike`: without what may differ between two runs, and the name of what was copied."""
    found = [
        record for cell in journal.planned_cells() for record in (*journal.trials[cell], *journal.retrainings[cell])
    ]
    if not alike:
        return found
    found = [structs.replace(record, train_seconds=0.0, copy_of="") for record in found]
    return [structs.replace(record, suggest_seconds=0.0) if isinstance(record, Trial) else record for record in found]


TUNERS = ["kt-random", "sklearn-randomized", "optuna-tpe"]


@pytest.mark.slow
@pytest.mark.usefixtures("fork_server")
def test_equal_trainings_are_made_once_and_the_results_are_as_if_each_had_been(tmp_path: Path) -> None:
    """Three widths: every search tries all of them, some twice."""
    counts = {}
    for how, changed in (("once", {}), ("each", {"reuse": False}), ("two jobs", {})):
        counted = tmp_path / f"{how}.txt"
        plan = study(counted, TUNERS, **changed)
        if how == "two jobs":
            run(plan, tmp_path / how, execute=lambda tasks, listener: run_on_dask(tasks, listener, jobs=2))
        else:
            run(plan, tmp_path / how)
        counts[how] = epochs_trained(counted)
    journals = {how: read(tmp_path / how / "s") for how in counts}
    assert records(journals["once"]) == records(journals["each"]) == records(journals["two jobs"])
    copies = {how: [one for one in records(journal, alike=False) if one.copy_of] for how, journal in journals.items()}
    assert not copies["each"]
    for how in ("once", "two jobs"):
        assert counts[how] == counts["each"] - sum(copy.epochs for copy in copies[how])
    # One training in full of each width for all three searches, and the epoch that the budget cuts of each.
    assert counts["once"] <= 3 * 2 + 3 * 1 + 3 * 2
    assert sum(isinstance(copy, Trial) for copy in copies["once"]) >= 5
    frames = [trials_frame(journal).drop(columns=["train_seconds", "suggest_seconds"]) for journal in journals.values()]
    assert all(frame.equals(frames[0]) for frame in frames)
    for copy in copies["once"]:
        if isinstance(copy, Trial):
            tuner, number = copy.copy_of.split("/")
            original = journals["once"].trials[Cell("p", tuner, 1)][int(number)]
            assert not original.copy_of
            assert (copy.curve, copy.train_seconds) == (original.curve, original.train_seconds)


@pytest.mark.slow
def test_a_resumed_run_knows_what_was_trained_before(tmp_path: Path) -> None:
    counted = tmp_path / "counted.txt"
    run(study(counted, ["kt-random"]), tmp_path)
    before = epochs_trained(counted)
    run(study(counted, ["kt-random", "optuna-random"]), tmp_path)
    journal = read(tmp_path / "s")
    added = journal.trials[Cell("p", "optuna-random", 1)]
    assert [one.copy_of != "" for one in added if one.state == TrialState.COMPLETE] == [True] * 3
    check = 1  # epoch, before each run
    assert epochs_trained(counted) - before - check == sum(
        one.epochs for one in (*added, *journal.retrainings[Cell("p", "optuna-random", 1)]) if not one.copy_of
    )
    lines = path_of(tmp_path / "s").read_bytes()
    run(study(counted, ["kt-random", "optuna-random"]), tmp_path)  # a replay of copies changes nothing
    assert read(tmp_path / "s").trials == journal.trials
    assert path_of(tmp_path / "s").read_bytes().startswith(lines)


@pytest.mark.slow
def test_random_search_with_twice_the_budget_begins_with_what_random_search_has_trained(tmp_path: Path) -> None:
    counted = tmp_path / "counted.txt"
    run(study(counted, ["kt-random"], baselines=["random-2x"], budget=Budget(5)), tmp_path)
    journal = read(tmp_path / "s")
    once, twice = (journal.trials[Cell("p", tuner, 1)] for tuner in ("kt-random", "random-2x"))
    whole = [one for one in once if one.state == TrialState.COMPLETE]
    assert len(whole) == 2
    assert [(one.configuration, one.curve) for one in twice[:2]] == [(one.configuration, one.curve) for one in whole]
    assert [one.copy_of for one in twice] == ["kt-random/0", "kt-random/1", ""]
    assert twice[-1].configuration == once[-1].configuration  # which the smaller budget had cut
    assert twice[-1].epochs == 2


@pytest.mark.slow
def test_models_of_ones_own_and_short_trials_that_may_be_continued_are_trained(tmp_path: Path) -> None:
    def model():
        made = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3, "softmax")])
        made.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return made

    fixed = [KerasBaseline(name, model, epochs=2) for name in ("one", "two")]
    run(study(tmp_path / "counted.txt", ["kt-hyperband", "kt-random"], baselines=fixed), tmp_path)
    journal = read(tmp_path / "s")
    assert not [one for cell in journal.planned_cells() if cell.tuner in ("one", "two") for one in journal.trials[cell]
                if one.copy_of]  # fmt: skip
    copied = [one for one in journal.trials[Cell("p", "kt-hyperband", 1)] if one.copy_of]
    assert all(one.target_epochs == 2 for one in copied)


CELL = Cell("p", "a", 1)
WHOLE = Trial(CELL, 3, {"x": 1}, TrialState.COMPLETE, 0.5, 0, 2, [{"m": 0.4}, {"m": 0.5}], 9, seed=7)
AGAIN = Retraining(CELL, 3, 1, {"x": 1}, TrialState.COMPLETE, 0.5, {"m": 0.4}, [{"m": 0.5}], 8)


@pytest.mark.parametrize(
    ("record", "can"),
    [
        (WHOLE, True),
        (AGAIN, True),
        (structs.replace(WHOLE, parent=1, initial_epoch=1), False),
        *((structs.replace(WHOLE, state=state), False) for state in (TrialState.CUT, TrialState.PRUNED)),
        (structs.replace(WHOLE, state=TrialState.FAILED, score=math.nan), False),
        (structs.replace(AGAIN, state=TrialState.FAILED), False),
    ],
)
def test_what_an_equal_training_can_be_a_copy_of(record: Trial | Retraining, can: bool) -> None:
    assert can_be_equalled(record) is can
    known = KnownTrainings([record])
    assert (known.trial({"x": 1}, 7, 2) or known.retraining({"x": 1}, 8)) == (record if can else None)


def test_values_of_another_type_epochs_and_seeds_are_others() -> None:
    known = KnownTrainings([WHOLE, AGAIN])
    assert known.trial({"x": 1}, 7, 2) is WHOLE
    assert known.trial({"x": 1.0}, 7, 2) is known.trial({"x": True}, 7, 2) is known.trial({"x": 1}, 7, 3) is None
    assert known.trial({"x": 1}, 8, 2) is known.retraining({"x": 1}, 7) is None


def test_a_copy_goes_through_the_journal_and_others_do_not_mention_it() -> None:
    copy = structs.replace(WHOLE, copy_of="b/2")
    assert decode(encode(copy)) == copy
    assert b"copy_of" not in encode(WHOLE)
    assert b"copy_of" not in encode(AGAIN)


def test_trainings_are_kept_until_the_last_cell_of_their_replicate_has_ended(tmp_path: Path) -> None:
    plan = study(tmp_path / "counted.txt", ["kt-random", "optuna-tpe"], replicates=2)
    tasks = plan.tasks()
    trainings = ReplicateTrainings(Journal(tmp_path, plan.describe()), tasks, tasks)
    first, second, other, _ = tasks
    mine = structs.replace(WHOLE, cell=first.cell)
    trainings.ended(first, CellResult((mine,), ()))
    assert trainings.told(second).known_trainings == (mine,)
    assert trainings.told(other).known_trainings == ()
    trainings.ended(second, CellResult((mine,), ()))
    assert trainings.told(second).known_trainings == ()
    alone = plan.changed(Overrides(reuse=False)).tasks()[0]
    assert trainings.told(alone).known_trainings is None
