"""A problem whose replicates have splits of their own: which rows are trained on, validated and tested."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from tests.support.records import without_times
from tuning import Holdout, KerasBaseline, SklearnBaseline, Study, tuners
from tuning.budget import Budget
from tuning.errors import DataError, JournalError, StudyError
from tuning.journal.journal import read
from tuning.objective import Objective
from tuning.problems.problem import Problem
from tuning.process.setup import prepare_process
from tuning.report.report import write_report
from tuning.resampling.plans import CrossValidation
from tuning.runner.cell import CellTask, run_cell
from tuning.runner.dask.executor import run_on_dask
from tuning.runner.executor import run_here
from tuning.runner.runner import run
from tuning.seeds import SplitSeeds, of_splits
from tuning.training.request import RetrainingRequest, TrainingRequest

prepare_process()
X = np.arange(120, dtype="float32")[:, None]  # the rows' numbers, so that a fit can tell what it was given
Y = (np.arange(120) % 3 == 0).astype("float32")
HOLDOUT = Holdout(validation=0.25, test=0.25)
SEEN: list[tuple[int, ...]] = []


def whole() -> Any:
    return X, Y


class Sees(keras_tuner.HyperModel):
    """Notes the rows of each training."""

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        model = keras.Sequential(
            [
                keras.Input((1,)),
                keras.layers.Rescaling(0.01),
                keras.layers.Dense(hp.Int("units", 1, 4)),
                keras.layers.Dense(1),
            ]
        )
        model.compile("sgd", "mse")
        return model

    def fit(self, hp, model, x, y, validation_data, **kwargs):
        SEEN.append(tuple(sorted(x[:, 0].astype(int))))
        return model.fit(x, y, validation_data=validation_data, **kwargs)


def problem_of(resampling: Any = HOLDOUT, model: Any = Sees, **arguments: Any) -> Problem:
    return Problem(model, whole, Objective("val_loss", "min"), 2, resampling=resampling, **arguments)


def rows_of(problem: Problem, split: SplitSeeds) -> dict[str, set[int]]:
    return {name: set(part[0][:, 0].astype(int)) for name, part in problem.resampled.splits(split).parts().items()}


def test_the_parts_of_a_replicate_are_apart_and_of_equal_class_shares() -> None:
    parts = rows_of(problem_of(), of_splits("s", "whole", 1, {}))
    assert {name: len(rows) for name, rows in parts.items()} == {"train": 60, "validation": 30, "test": 30}
    assert set.union(*parts.values()) == set(range(120))
    assert {name: sum(row % 3 == 0 for row in rows) for name, rows in parts.items()} == {
        "train": 20, "validation": 10, "test": 10,
    }  # fmt: skip


@pytest.mark.slow
def test_tuners_of_a_replicate_share_their_rows_and_replicates_do_not() -> None:
    problem = problem_of()
    assert problem.check() == ["loss", "val_loss"]
    rows = {}
    for tuner in ("kt-random", "sklearn-randomized", "optuna-tpe"):
        for replicate in (1, 2):
            SEEN.clear()
            run_cell(CellTask("s", problem, tuners.load(tuner)(), replicate, Budget(4)))
            assert len(set(SEEN)) == 1
            rows[tuner, replicate] = SEEN[0]
    assert len({rows[tuner, 1] for tuner in ("kt-random", "sklearn-randomized", "optuna-tpe")}) == 1
    assert rows["kt-random", 1] != rows["kt-random", 2] == rows["optuna-tpe", 2]


def test_with_reshuffling_each_configuration_has_its_own_hold_out_and_the_test_part_stays() -> None:
    problem = problem_of(Holdout(0.25, test=0.25, reshuffle=True))
    first, second = (rows_of(problem, of_splits("s", "whole", 1, {"units": units})) for units in (1, 2))
    assert first["test"] == second["test"]
    assert first["validation"] != second["validation"]
    assert rows_of(problem, of_splits("s", "whole", 1, {"units": 1})) == first
    plain = problem_of()
    assert rows_of(plain, of_splits("s", "whole", 1, {"units": 1})) == rows_of(
        plain, of_splits("s", "whole", 1, {"units": 2})
    )


def test_retraining_and_test_score_are_of_the_replicates_own_split() -> None:
    problem = problem_of(model=lambda hp: Sees().build(hp))
    split, other = (of_splits("s", "whole", replicate, {}) for replicate in (3, 4))

    def tested(split: SplitSeeds) -> dict[str, float]:
        return problem.retrain(RetrainingRequest({"units": 2}, 5, lambda logs: False, split=split)).test

    x, y = problem.resampled.splits(split).test
    assert (len(x), y.sum()) == (30, 10)
    assert set(tested(split)) == {"loss"}
    assert tested(split) == tested(split) != tested(other)


def test_a_transformer_sees_the_training_part_alone_and_its_process_does_not_matter() -> None:
    problem = problem_of(preprocess=StandardScaler())
    split = of_splits("s", "whole", 2, {})
    rows = sorted(rows_of(problem_of(), split)["train"])
    mean, deviation = np.mean(rows), np.std(rows)
    for name, part in problem.resampled.splits(split).parts().items():
        expected = (np.array(sorted(rows_of(problem_of(), split)[name])) - mean) / deviation
        np.testing.assert_allclose(np.sort(part[0][:, 0]), expected, rtol=1e-5)


def test_a_transformer_of_fixed_splits_is_fitted_on_their_training_part() -> None:
    fixed = Problem(
        Sees, lambda: ((X[:60], Y[:60]), (X[60:], Y[60:])), Objective("val_loss", "min"), 2, preprocess=StandardScaler()
    )
    np.testing.assert_allclose(fixed.splits.train[0].mean(), 0.0, atol=1e-6)
    np.testing.assert_allclose(fixed.splits.validation[0], (X[60:] - X[:60].mean()) / X[:60].std(), rtol=1e-6)


def test_baselines_are_fitted_on_the_same_rows() -> None:
    problem = problem_of()
    split = of_splits("s", "whole", 2, {})
    parts = problem.resampled.splits(split)
    estimator = SklearnBaseline("ridge", Ridge()).problem_of(
        Problem(Sees, whole, Objective("val_mse", "min"), 2, resampling=HOLDOUT)
    )
    outcome = estimator.retrain(RetrainingRequest({}, 1, lambda logs: False, split=split))
    expected = np.mean((Ridge().fit(*parts.train).predict(parts.test[0]) - parts.test[1]) ** 2)
    assert outcome.test["mse"] == pytest.approx(expected)

    def plain() -> keras.Model:
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        return model

    own = KerasBaseline("plain", plain, epochs=1).problem_of(problem)
    assert isinstance(own, Problem)
    np.testing.assert_array_equal(own.resampled.splits(split).train[0], parts.train[0])


@pytest.mark.parametrize(("room", "kept"), [(2**26, 6), (4_000, 2), (0, 1)])
def test_as_many_splits_are_kept_as_there_is_room_for_and_compiled_epochs_are_shared(
    room: int, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuning.problems.problem_data.KEPT_BYTES", room)
    problem = problem_of(model=lambda hp: Sees().build(hp))
    for replicate in range(1, 6):
        request = TrainingRequest({"units": 2}, 5, 1, lambda logs: False, split=of_splits("s", "whole", replicate, {}))
        assert problem.train(request).error == ""
    assert len(problem.resampled._kept) == kept
    assert problem.recipe.resident.traces.traced == 2  # training and validation, once for all replicates


def study_of(out: Path, resampling: Any = HOLDOUT) -> Study:
    problem = problem_of(resampling, lambda hp: Sees().build(hp))
    return Study("resampled", problem, tuners=["kt-random"], budget=Budget(epochs=4), replicates=2, retrain=1)


@pytest.mark.slow
@pytest.mark.usefixtures("fork_server")
def test_a_study_with_two_jobs_has_the_tables_of_one_and_says_what_it_holds_for(tmp_path: Path) -> None:
    def trained(jobs: int) -> list[dict[str, object]]:
        run(study_of(tmp_path), tmp_path / str(jobs), execute=partial(run_on_dask, jobs=jobs) if jobs > 1 else run_here)
        journal = read(tmp_path / str(jobs) / "resampled")
        records = [record for cell in journal.planned_cells() for record in journal.trials[cell]]
        records += [record for cell in journal.planned_cells() for record in journal.retrainings[cell]]
        return without_times(records)

    assert json.dumps(trained(1)) == json.dumps(trained(2))
    write_report(tmp_path / "1" / "resampled", read(tmp_path / "1" / "resampled"))
    recorded = read(tmp_path / "1" / "resampled").problems["whole"].data
    assert recorded.resampling == "Holdout(validation=0.25, test=0.25)"
    report = (tmp_path / "1" / "resampled" / "report.md").read_text()
    assert "each replicate has a split of its own, Holdout(validation=0.25, test=0.25)" in report
    with pytest.raises(JournalError, match=r"another resampling there .*yours Holdout"):
        study_of(tmp_path, Holdout(0.5, test=0.25)).run(out=tmp_path / "1")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"resampling": 0.2}, r"Problem\(resampling=0.2\): expected Holdout\(validation=0.2, test=0.2\), CrossV"),
        ({"repeats": 0}, r"Problem\(repeats=0\): expected a whole number"),
        ({"preprocess": "scale"}, "preprocess='scale': expected a transformer of scikit-learn"),
    ],
)
def test_what_is_no_resampling_is_refused_at_once(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(StudyError, match=words):
        problem_of(**arguments)


def test_fixed_splits_with_a_resampling_are_refused() -> None:
    split = Problem(Sees, lambda: ((X, Y), (X, Y), (X, Y)), Objective("val_loss", "min"), 2, resampling=HOLDOUT)
    with pytest.raises(DataError, match="returned three parts, as fixed splits are"):
        split.check()


def test_every_fold_is_shown_by_its_sizes_and_classes() -> None:
    problem = Problem(
        Sees, whole, Objective("val_loss", "min"), 2, resampling=CrossValidation(3, test=0.25, stratify=True)
    )
    parts = problem.resampled.sizes(of_splits("s", "whole", 1, {}))
    assert [part["part"] for part in parts] == [
        "train, fold 1", "validation, fold 1", "train, fold 2", "validation, fold 2", "train, fold 3",
        "validation, fold 3", "test",
    ]  # fmt: skip
    assert [part["samples"] for part in parts] == [60, 30] * 3 + [30]
    assert [part["1.0"] for part in parts] == [20, 10] * 3 + [10]


def test_a_splitter_that_makes_another_number_of_folds_in_another_replicate_is_refused() -> None:
    class Grows:
        def split(self, X: Any, y: Any = None, groups: Any = None) -> Any:
            half = np.arange(len(X)) < len(X) // 2
            yield from [(np.flatnonzero(half), np.flatnonzero(~half))] * (2 if X[0, 0] == 0 else 3)

    problem = problem_of(CrossValidation(Grows(), test=0.25))

    def check() -> None:
        for replicate in range(1, 20):
            problem.resampled.check(of_splits("s", "whole", replicate, {}))

    with pytest.raises(DataError, match=r"folds in one replicate and \d in another; expected the same number"):
        check()


def test_a_winner_of_cross_validation_is_continued_on_all_that_is_not_test(tmp_path: Path) -> None:
    problem = problem_of(CrossValidation(3, test=0.25))
    split = of_splits("s", "whole", 1, {})._replace(fold=None)
    path = tmp_path / "winner.keras"
    request = RetrainingRequest({"units": 2}, 5, lambda logs: False, 1, save=path, split=split)
    assert problem.retrain(request).error == ""
    SEEN.clear()
    test = problem.continue_training(path, {"units": 2}, 1, seed=3, save=tmp_path / "more.keras", split=split)
    rows = set(problem.resampled.splits(split).train[0][:, 0].astype(int))
    assert len(rows) == 90
    assert set(SEEN[-1]) == rows
    assert set(test) == {"loss"}
