"""The scripts in `studies/`: each is checked, each runs through all its tuners, and its report holds what it promises.

The scripts run as they are; data that are large are replaced by a few random samples of the same shape. What a script's
docstring and the table in `reports/README.md` promise is read from the committed journals.
"""

from __future__ import annotations

import base64
import gzip
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tuning import Samples, Splits, Study, datasets
from tuning.analysis.winners import winners
from tuning.cli import check
from tuning.cli.load import load_study
from tuning.journal import journal
from tuning.journal.journal import Journal
from tuning.journal.records import CellState, Retraining, Trial, TrialState
from tuning.report.report import write_report
from tuning.runner.plan import FIVE, Overrides
from tuning.runner.runner import run
from tuning.runner.winner_models import save_winners
from tuning.tensorboard.hparams import run_name, write_hparams

ROOT = Path(__file__).parents[2]
TRAINED = sorted({path.stem for path in (ROOT / "studies").glob("*.py")} - {"fashion_mnist_surrogate"})
PLACES = [(name, place) for name in TRAINED for place in range(4 if name == "wide_and_deep" else 1)]
SUITE = sorted({path.stem for path in (ROOT / "studies" / "suite").glob("*.py")} - {"published_tables"})
EVERY_DAY = ("breast_cancer", "diabetes")  # of the suite; the others every night
SOME = ("kt-random", "kt-hyperband", "sklearn-randomized", "optuna-tpe-5")  # of its tuners, with the reference
# With a `fit` of its own and a space of many conditions, a study runs through all its tuners; another through the one
# that continues trials and the one that sees the model as an estimator, and every night through all of them too.
ALL_FIVE = "optimizers"
CONDITIONS = {
    "dropout_rate": ("dropout", [True]),
    "n_neurons_2": ("n_layers", [2, 3, 4]),
    "n_neurons_3": ("n_layers", [3, 4]),
    "n_neurons_4": ("n_layers", [4]),
    "warm_up_steps": ("warm_up", [True]),
    "momentum": ("optimizer", ["sgd"]),
    "nesterov": ("optimizer", ["sgd"]),
    "rho": ("optimizer", ["rmsprop"]),
    "beta_1": ("optimizer", ["adam", "nadam"]),
}


def few(number: int, seed: int, shape: tuple[int, ...] = (28, 28), classes: int = 10) -> tuple[Any, Any]:
    """Random samples; without classes a regression."""
    random = np.random.default_rng(seed)
    y = random.integers(classes, size=number) if classes else random.uniform(0, 5, number).astype("float32")
    return random.uniform(size=(number, *shape)).astype("float32"), y


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], Study]:
    """Loads a script over few samples; a full training has a few epochs, and so has a search."""
    for name, loader in (
        ("fashion_mnist", lambda: Splits(few(200, 1), few(60, 2), few(60, 3))),
        ("mnist", lambda: Splits(few(200, 1), few(60, 2), few(60, 3))),
        ("california_housing", lambda: Samples(*few(320, 1, (8,), classes=0))),
    ):
        loader.__name__ = name
        monkeypatch.setattr(datasets, name, loader)

    def load(name: str, epochs: int) -> Study:
        study = load_study(ROOT / "studies" / f"{name}.py")
        for problem in study.problems:
            problem.max_epochs = epochs
        for baseline in study.baselines:
            baseline.epochs = baseline.epochs and 1
        study.continue_winners = min(study.continue_winners, 1)
        return study.changed(Overrides(budget=epochs, replicates=1, retrain=1))

    return load


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "place", "all_five"),
    [
        *((name, place, name == ALL_FIVE) for name, place in PLACES),
        *(pytest.param(*place, True, marks=pytest.mark.nightly) for place in PLACES if place[0] != ALL_FIVE),
    ],
)
def test_a_study_is_checked_all_libraries_draw_alike_and_it_runs_through_its_tuners(
    name: str, place: int, all_five: bool, small: Callable[[str, int], Study], tmp_path: Path
) -> None:
    """One after the other, over the same problem: what is traced for the one need not be for the other."""
    study = small(name, 3 if all_five else 2)  # of three epochs, Hyperband's first trials have one
    assert list(dict.fromkeys(tuner.name for tuner in study.tuners)) == list(FIVE)
    assert len(study.problems) == (4 if name == "wide_and_deep" else 1)
    study.problems = study.problems[place : place + 1]
    checked = check.examine(study, draws=100)
    assert checked["alike"]
    assert [problem["problem"] for problem in checked["problems"]] == [problem.name for problem in study.problems]
    if not all_five:
        study = study.changed(Overrides(tuners=["kt-hyperband", "sklearn-randomized"]))
    assert_runs(study, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [name if name in EVERY_DAY else pytest.param(name, marks=pytest.mark.nightly) for name in SUITE]
)
def test_a_problem_of_the_suite_is_checked_and_runs(
    name: str, small: Callable[[str, int], Study], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A tenth of it holds members of each class.
    monkeypatch.setattr(datasets, "fashion_mnist", lambda: Splits(few(2000, 1), few(600, 2), few(60, 3)))
    study = small(f"suite/{name}", 3)
    (problem,) = study.problems
    assert study.name == f"suite-{problem.name}"
    assert study.start == "default"
    assert len(study.tuners) == 13
    assert check.examine(study, draws=100)["alike"]
    assert_runs(study.changed(Overrides(tuners=SOME)), tmp_path)
    first = {
        trials[0].cell.tuner: trials[0].configuration for trials in journal.read(tmp_path / study.name).trials.values()
    }
    default = first["default"]
    assert {tuner for tuner, configuration in first.items() if configuration != default} == {study.baselines[-1].label}


def assert_runs(study: Study, folder: Path) -> None:
    """As `Study.run` does, but for the report, at which nobody looks here."""
    read = journal.read(run(study, folder).directory)
    save_winners(read, study.problems, study.continue_winners)
    assert {end.state for end in read.ends.values()} == {CellState.DONE}
    assert set(read.ends) == set(read.planned_cells())
    assert not [trial.error for trial in read.all_trials() if trial.state == TrialState.FAILED]
    retrained = [one for cell in read.planned_cells() for one in read.retrainings[cell]]
    assert {one.cell for one in retrained} == set(read.ends)
    assert {one.state for one in retrained} == {TrialState.COMPLETE}
    objectives = {problem.name: problem.objective.test_metric for problem in study.problems}
    assert all(objectives[one.cell.problem] in one.test for one in retrained)
    # Keras saves the weights of any model; whole, only those of classes that tell it how they are made.
    saved = {path.name.removesuffix(".weights.h5") for path in (read.directory / "models").glob("*.weights.h5")}
    assert {name for name in saved if not name.endswith("-continued")} == {tuner.label for tuner in study.tuners}


def committed(name: str) -> Journal:
    """The journal of a report in `reports/`."""
    folder = ROOT / "reports" / name
    if not journal.begun(folder):
        pytest.skip(f"reports/{name} is not committed yet")
    read = journal.read(folder)
    assert {end.state for end in read.ends.values()} == {CellState.DONE}
    assert set(read.ends) == set(read.planned_cells())
    assert read.plan.replicates >= 3
    assert list(dict.fromkeys(settings.tuner for settings in read.plan.tuners.values())) == list(FIVE)
    return read


def best_winner(read: Journal) -> Retraining:
    """Of all tuners' winners the best on the validation split, on fresh seeds."""
    chosen = list(winners(read).values())
    objective = read.objective(chosen[0].cell.problem)
    return next(one for one in chosen if one.score == objective.best(other.score for other in chosen))


def of_baseline(read: Journal, label: str) -> list[Trial | Retraining]:
    """All trainings of a baseline."""
    cells = [cell for cell in read.planned_cells() if cell.tuner == label]
    return [one for cell in cells for one in (*read.trials[cell], *read.retrainings[cell])]


def mean_test(records: list[Trial | Retraining], metric: str) -> float:
    return float(np.mean([one.test[metric] for one in records if isinstance(one, Retraining)]))


class TestReports:
    def test_fashion_mnist(self) -> None:
        read = committed("fashion_mnist")
        plain = of_baseline(read, "flatten-300-100-10")
        assert np.mean([one.score for one in plain]) == pytest.approx(0.89, abs=0.01)
        assert mean_test(plain, "accuracy") == pytest.approx(0.886, abs=0.01)
        winner = read.winners[best_winner(read).cell[:2]]
        assert winner.further_epochs == 20
        assert winner.continued["accuracy"] > mean_test(plain, "accuracy")

    def test_fashion_mnist_hypermodel(self) -> None:
        read = committed("fashion_mnist_hypermodel")
        trials = list(read.all_trials())
        for tuner in FIVE:
            own = [trial for trial in trials if trial.cell.tuner == tuner]
            assert {trial.configuration["normalize"] for trial in own} == {True, False}
            assert not [trial.error for trial in own if trial.state == TrialState.FAILED]
            # EarlyStopping: complete before the epochs that were asked for.
            assert any(
                trial.state == TrialState.COMPLETE and trial.initial_epoch + trial.epochs < trial.target_epochs
                for trial in own
            )

    def test_california_housing(self) -> None:
        read = committed("california_housing")
        winner = best_winner(read)
        # On the same rows: each replicate has a split of its own.
        mine = winner.cell.replicate
        plain = [one for one in of_baseline(read, "sklearn-mlp-50-50-50") if one.cell.replicate == mine]
        assert winner.score < min(one.score for one in plain)
        assert winner.test["root_mean_squared_error"] < mean_test(plain, "root_mean_squared_error")

    def test_wide_and_deep(self) -> None:
        read = committed("wide_and_deep")
        assert list(read.problems) == ["one_input", "two_inputs", "two_outputs", "subclassed"]
        assert not [trial.error for trial in read.all_trials() if trial.state == TrialState.FAILED]

    def test_iris(self) -> None:
        read = committed("iris")
        assert max(trial.score for trial in read.all_trials()) == 1.0

    def test_mnist_1_vs_7(self) -> None:
        read = committed("mnist_1_vs_7")
        sizes = read.problems["mnist_1_vs_7"].data.rows
        assert sizes == {"development": 1730, "test": 433}
        classic = of_baseline(read, "256-tanh-full-batch")
        assert {one.epochs for one in classic} == {500}
        assert np.mean([one.curve[-1]["accuracy"] for one in classic]) == pytest.approx(0.968, abs=0.005)
        winner = best_winner(read)
        cells = {name: winner.test[f"{name}s"] for name in (
            "true_positive", "false_positive", "true_negative", "false_negative",
        )}  # fmt: skip
        assert sum(cells.values()) == sizes["test"]
        right = cells["true_positive"] + cells["true_negative"]
        assert winner.test["accuracy"] == pytest.approx(right / sizes["test"])
        assert winner.test["accuracy"] > mean_test(classic, "accuracy")

    def test_optimizers_has_each_hyperparameter_only_where_its_condition_holds(self, tmp_path: Path) -> None:
        read = committed("optimizers")
        space = {entry["name"]: entry for entry in read.problems["digits"].space}
        declared = {name: entry["conditions"] for name, entry in space.items() if entry["conditions"]}
        # The first layer is always there; its condition, on any number of layers, says no more than that.
        assert declared.pop("n_neurons_1") == [{"name": "n_layers", "values": [1, 2, 3, 4]}]
        assert declared == {name: [{"name": on, "values": values}] for name, (on, values) in CONDITIONS.items()}
        writer = write_hparams(read, tmp_path)
        for tuner in FIVE:
            trials = [trial for trial in read.all_trials() if trial.cell.tuner == tuner]
            for name, (on, values) in CONDITIONS.items():
                assert {name in trial.configuration for trial in trials} == {True, False}
                for trial in trials:
                    assert (name in trial.configuration) == (trial.configuration[on] in values)
            for trial in trials:
                shown = hparams_of(writer.directory / run_name(trial.cell, trial.trial))
                assert shown == {"tuner", "replicate", *trial.configuration}
        page = (read.directory / "report.md").read_text()
        for name, (on, values) in CONDITIONS.items():
            row = next(line for line in page.splitlines() if line.startswith(f"| {name} ") and " is " in line)
            assert row.rstrip("| ").endswith(f"{on} is {' or '.join(map(str, values))}")

    @pytest.mark.usefixtures("pictures")
    @pytest.mark.parametrize("name", ["digits-quick-start", "iris", "fashion_mnist"])
    def test_what_is_committed_is_what_the_code_makes_from_its_journal(self, name: str, tmp_path: Path) -> None:
        read = committed(name)
        shutil.copytree(read.directory / "journal", tmp_path / name / "journal")
        write_report(tmp_path / name, journal.read(tmp_path / name))
        files = {path.relative_to(read.directory) for path in read.directory.rglob("*") if path.is_file()}
        there = {path for path in files if path.parts[0] not in ("journal", "models", "hparams", "epochs.csv")}
        assert {Path("report.html"), Path("report.md"), Path("trials.csv"), Path("figures/best_so_far.svg")} <= there
        for path in sorted(there):
            drawn = path.suffix in (".svg", ".html")
            made, before = (unpacked((folder / path).read_text()) for folder in (tmp_path / name, read.directory))
            # Coordinates are written with two decimals.
            assert_same_but_for_last_digits(made, before, places=0.011 if drawn else 0.0)


def unpacked(text: str) -> str:
    """A page with its charts as JSON, so that their numbers can be compared; other texts as they are."""
    return re.sub(r'(?<=id="packed">)[^<]+', lambda packed: gzip.decompress(base64.b64decode(packed[0])).decode(), text)


NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def assert_same_but_for_last_digits(made: str, before: str, places: float) -> None:
    """Processors differ in the last bits of a sum; words, and all but the last digits of numbers, are the same."""
    assert NUMBER.sub("0", made) == NUMBER.sub("0", before)
    numbers = [np.array([float(one) for one in NUMBER.findall(text)]) for text in (made, before)]
    np.testing.assert_allclose(*numbers, rtol=1e-6, atol=places)


def hparams_of(folder: Path) -> set[str]:
    """The hyperparameters that TensorBoard reads from a session's log."""
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
    from tensorboard.plugins.hparams import metadata

    (path,) = folder.glob("events*tuning")
    for event in EventFileLoader(str(path)).Load():
        for value in event.summary.value:
            if value.tag == metadata.SESSION_START_INFO_TAG:
                return set(metadata.parse_session_start_info_plugin_data(value.metadata.plugin_data.content).hparams)
    raise AssertionError(f"no session in {path}")


@pytest.mark.slow
@pytest.mark.skipif("SCIKIT_LEARN_DATA" not in os.environ, reason="SCIKIT_LEARN_DATA names no folder with the data")
def test_the_figure_to_beat_on_california_housing() -> None:
    from sklearn.datasets import fetch_california_housing
    from sklearn.metrics import root_mean_squared_error
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    x, y = fetch_california_housing(download_if_missing=False, return_X_y=True)
    x_rest, x_test, y_rest, y_test = train_test_split(x, y, random_state=42)
    x_train, x_validation, y_train, y_validation = train_test_split(x_rest, y_rest, random_state=42)
    network = MLPRegressor(hidden_layer_sizes=[50, 50, 50], random_state=42)
    with threadpool_limits(1):  # products this small cost more on two threads than on one
        fitted = make_pipeline(StandardScaler(), network).fit(x_train, y_train)
    assert root_mean_squared_error(y_validation, fitted.predict(x_validation)) == pytest.approx(0.505, abs=0.002)
    assert root_mean_squared_error(y_test, fitted.predict(x_test)) == pytest.approx(0.521, abs=0.002)
