"""Baselines that are no search: trained as written, recorded and shown like every other cell."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from sklearn.base import BaseEstimator
from sklearn.linear_model import Perceptron
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from tests.support.fixed_data import iris
from tuning import Budget, KerasBaseline, Objective, Problem, SklearnBaseline, Splits, Study
from tuning.analysis.summary import summarise
from tuning.errors import DataError, ObjectiveError, StudyError
from tuning.exploration.exploration import searches
from tuning.journal.journal import read
from tuning.journal.lines import to_json
from tuning.journal.records import CellResult, TrialState
from tuning.problems.synthetic import SyntheticProblem
from tuning.report.report import write_report
from tuning.runner import cell as cells
from tuning.runner.cell import CellTask, run_cell
from tuning.runner.dask.executor import run_on_dask
from tuning.runner.runner import run


def model(units: int = 8) -> Any:
    import keras

    made = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units), keras.layers.Dense(3, activation="softmax")])
    made.compile(keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return made


def flowers(metric: str = "val_accuracy", direction: str = "max", data: Callable[[], Any] = iris) -> Problem:
    return Problem(lambda hp: model(hp.Int("units", 2, 4)), data, Objective(metric, direction), max_epochs=2)


def searched(problem: Any, baseline: Any, replicate: int = 1, retrain: int = 0) -> CellResult:
    study = Study("s", problem, ["kt-random"], baselines=[baseline], budget=Budget(problem.max_epochs), retrain=retrain)
    return run_cell(
        CellTask(
            "s", problem, study.baselines[0], replicate, study.budget_of(study.baselines[0], problem), retrain=retrain
        )
    )


def line(number: int = 90, seed: int = 0) -> Splits:
    """y is a line in x, with noise."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(number, 2, 2)).astype("float32")
    y = (x.sum(axis=(1, 2)) + 0.1 * random.normal(size=number)).astype("float32")
    third = number // 3
    return Splits(*((x[at : at + third], y[at : at + third, None]) for at in (0, third, 2 * third)))


class TestSklearnBaseline:
    def test_the_score_is_that_of_the_fitted_estimator_on_validation_and_then_on_test(self) -> None:
        splits = line()
        problem = flowers("val_root_mean_squared_error", "min", lambda: splits)
        result = searched(problem, SklearnBaseline("tree", DecisionTreeRegressor(max_depth=2)), retrain=2)
        (trial,) = result.trials
        assert (trial.configuration, trial.state, trial.epochs) == ({}, TrialState.COMPLETE, 1)
        flat = {name: (x.reshape(len(x), 4), y[:, 0]) for name, (x, y) in splits.parts().items()}

        def error(seed: int, part: str) -> float:
            fitted = DecisionTreeRegressor(max_depth=2, random_state=seed).fit(*flat["train"])
            x, y = flat[part]
            return float(np.sqrt(np.mean((fitted.predict(x) - y) ** 2)))

        assert trial.score == pytest.approx(error(trial.seed, "validation"))
        assert [done.repeat for done in result.retrainings] == [1, 2]
        for done in result.retrainings:
            assert done.score == pytest.approx(error(done.seed, "validation"))
            assert done.test == {"root_mean_squared_error": pytest.approx(error(done.seed, "test"))}

    def test_replicates_and_retrainings_differ_by_their_seeds_unless_one_is_given(self) -> None:
        problem = flowers("val_mse", "min", line)

        def scores(random_state: int | None) -> set[float]:
            network = MLPRegressor(hidden_layer_sizes=[4], max_iter=5, random_state=random_state)
            baseline = SklearnBaseline("mlp", make_pipeline(StandardScaler(), network))
            results = [searched(problem, baseline, replicate, retrain=1) for replicate in (1, 2)]
            return {one.score for result in results for one in (*result.trials, *result.retrainings)}

        assert len(scores(None)) == 4
        assert len(scores(42)) == 1

    def test_a_warning_is_recorded_beside_what_trained_it(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            result = searched(
                flowers("val_mae", "min", line),
                SklearnBaseline("mlp", MLPRegressor(hidden_layer_sizes=[4], max_iter=2)),
            )
        assert result.trials[0].fit == "scikit-learn with a ConvergenceWarning"

    def test_what_an_estimator_raises_is_a_failed_trial(self) -> None:
        class Broken(BaseEstimator):  # type: ignore[misc]
            def fit(self, x: Any, y: Any) -> None:
                raise ValueError("no\nfit")

            def predict(self, x: Any) -> Any: ...

        result = searched(flowers(), SklearnBaseline("broken", Broken()), retrain=1)
        assert [(trial.state, trial.error) for trial in result.trials] == [(TrialState.FAILED, "ValueError: no fit")]
        assert not result.retrainings

    def test_a_score_of_ones_own(self) -> None:
        from sklearn.linear_model import LogisticRegression

        def loss(fitted: Any, x: Any, y: Any) -> float:
            return float(log_loss(y, fitted.predict_proba(x)))

        baseline = SklearnBaseline("logistic", LogisticRegression(max_iter=1000), score=loss)
        result = searched(flowers("val_loss", "min"), baseline, retrain=1)
        assert 0 < result.trials[0].score < 0.3
        assert set(result.retrainings[0].test) == {"loss"}


class TestMistakes:
    def test_a_metric_that_scikit_learn_does_not_compute(self) -> None:
        with pytest.raises(ObjectiveError, match=r"^baseline 'p': scikit-learn does not compute 'loss', only acc"):
            SklearnBaseline("p", Perceptron()).check(flowers("val_loss", "min"))

    def test_a_metric_that_the_keras_model_does_not_report(self) -> None:
        with pytest.raises(ObjectiveError, match=r"^baseline 'k': the objective 'val_f1' is not reported"):
            KerasBaseline("k", model, epochs=1).check(flowers("val_f1"))

    def test_data_that_an_estimator_does_not_take(self) -> None:
        def several() -> Splits:
            return Splits(*(({"a": x, "b": x}, y) for x, y in iris().parts().values()))

        with pytest.raises(DataError, match=r"^baseline 'p': train is a Dataset, has several inputs"):
            SklearnBaseline("p", Perceptron()).check(flowers(data=several))

    def test_a_problem_without_data(self) -> None:
        for baseline in (SklearnBaseline("b", Perceptron()), KerasBaseline("b", model, epochs=1)):
            with pytest.raises(StudyError, match=r"^baseline 'b': problem 'synthetic' is computed and has no data"):
                baseline.check(SyntheticProblem())

    def test_what_is_no_estimator_or_no_tuner(self) -> None:
        with pytest.raises(StudyError, match=r"'p' is <class .*Perceptron'>; expected a scikit-learn estimator"):
            SklearnBaseline("p", Perceptron)
        with pytest.raises(StudyError, match=r"'k' has epochs=0: expected a whole number of at least 1"):
            KerasBaseline("k", model, epochs=0)
        with pytest.raises(StudyError, match=r"'p' is no search, .*: give it in baselines=\[\.\.\.\]"):
            Study("s", flowers(), [SklearnBaseline("p", Perceptron())], budget=Budget(2))


def plain_study() -> Study:
    """A search that spends 4 epochs beside a Keras model that is trained for 6, and a fit."""
    baselines = [KerasBaseline("plain", model, epochs=6), SklearnBaseline("perceptron", Perceptron())]
    return Study(
        "plain", flowers(), ["kt-random"], baselines=["default", *baselines], budget=Budget(4), replicates=2, retrain=1
    )


def told(folder: Path) -> list[str]:
    """Trials and retrainings of a journal, without what a clock says, or which of two equal ones was trained."""
    journal = read(folder)
    records = [*journal.all_trials(), *(one for cell in journal.planned_cells() for one in journal.retrainings[cell])]
    return [
        json.dumps(to_json(replace(one, train_seconds=0.0, copy_of="")) | {"suggest_seconds": 0}) for one in records
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(plain_study(), tmp_path_factory.mktemp("plain")).directory


@pytest.mark.slow
class TestInAStudy:
    def test_its_epochs_are_its_own(self, folder: Path) -> None:
        journal = read(folder)
        budgets = {label: budget.epochs for (_, label), budget in journal.budgets().items()}
        assert budgets == {"kt-random": 4, "default": 4, "plain": 6, "perceptron": 1}
        audit = summarise(journal).cells
        assert (audit["state"] == "DONE").all()
        assert audit["adds_up"].all()
        spent = audit.groupby("tuner")["charged_epochs"].unique().to_dict()
        assert spent == {"kt-random": [4], "default": [2], "plain": [6], "perceptron": [1]}

    def test_the_report_says_that_it_is_no_search(self, folder: Path) -> None:
        summary = summarise(journal := read(folder))
        (found,), (search,) = summary.problems.values(), searches(journal, summary).values()
        assert set(search.coverage["tuner"]) == {"kt-random", "default"}  # a model of its own has no place in the space
        assert found.contest.tuners == ("kt-random",)
        assert set(found.baseline_pairs["b"]) == {"default", "plain", "perceptron"}
        assert set(found.overtuning.table["tuner"]) <= {"kt-random", ""}
        page = write_report(folder).markdown.read_text()
        assert "beside them the baselines default, plain (no search) and perceptron (no search);" in page
        assert (
            "No search: plain is a Keras model, trained for 6 epochs; perceptron is scikit-learn's Perceptron(), a fit "
            "counted as one epoch." in page
        )

    def test_going_on_trains_nothing_again(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        before = told(folder)
        monkeypatch.setattr(cells, "run_cell", lambda *_: pytest.fail("trained again"))
        run(plain_study(), folder.parent)
        assert told(folder) == before

    @pytest.mark.usefixtures("fork_server")
    def test_two_processes_give_the_same(self, folder: Path, tmp_path: Path) -> None:
        def execute(tasks: Any, listener: Any) -> None:
            run_on_dask(tasks, listener, jobs=2)

        assert told(run(plain_study(), tmp_path, execute=execute).directory) == told(folder)
