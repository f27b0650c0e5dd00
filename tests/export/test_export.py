"""`tuning export`: each format, read back by the library it is for."""

from __future__ import annotations

import json
import math
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest
from typer.testing import CliRunner

from tuning.cli import main
from tuning.errors import StudyError
from tuning.export.configspace import space_of
from tuning.export.export import FORMATS, export
from tuning.export.mlflow import allowed
from tuning.journal.frames import epochs_frame, retrainings_frame, trials_frame
from tuning.journal.journal import Journal
from tuning.journal.records import Cell, TrialState


@pytest.fixture
def folder(golden_read: Journal) -> Path:
    return golden_read.directory


def needs(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        find_spec(FORMATS[name].module) is None, reason=f"needs {FORMATS[name].requirement}, of the extra `export`"
    )


@needs("parquet")
def test_parquet_holds_the_tables(golden_read: Journal, folder: Path, tmp_path: Path) -> None:
    line = export(folder, f"parquet:{tmp_path / 'tables'}")
    assert f"trials.parquet ({len(trials_frame(golden_read))})" in line
    for name, make in (("trials", trials_frame), ("epochs", epochs_frame), ("retrainings", retrainings_frame)):
        back = pd.read_parquet(tmp_path / "tables" / f"{name}.parquet")
        pd.testing.assert_frame_equal(back, make(golden_read), check_dtype=False)
    trials = pd.read_parquet(tmp_path / "tables" / "trials.parquet")
    assert str(trials["parent"].dtype) == str(trials["hp.n_hidden"].dtype) == "Int64"


@needs("parquet")
def test_parquet_holds_columns_of_several_types_as_texts(
    golden_read: Journal, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixed = trials_frame(golden_read).assign(**{"hp.mixed": pd.Series([1, "a", None, 2**70], dtype=object)})
    monkeypatch.setattr("tuning.export.parquet.trials_frame", lambda journal: mixed)
    export(folder, f"parquet:{tmp_path / 'tables'}")
    back = pd.read_parquet(tmp_path / "tables" / "trials.parquet")["hp.mixed"]
    assert back[:4].fillna("none").tolist() == ["1", "a", "none", str(2**70)]


def test_optuna_reads_every_search_back(golden_read: Journal, folder: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new/golden.db"
    line = export(folder, f"optuna:{url}")
    cells = [cell for cell, trials in golden_read.trials.items() if trials]
    assert line == f"{url}: {len(cells)} studies of {sum(map(len, golden_read.trials.values()))} trials"
    assert set(optuna.get_all_study_names(url)) == {f"golden/{cell}" for cell in cells}
    for cell in cells:
        study = optuna.load_study(study_name=f"golden/{cell}", storage=url)
        assert study.direction.name == "MAXIMIZE"
        assert study.user_attrs["budget_epochs"] == golden_read.budgets()[cell.problem, cell.tuner].epochs
        for ours, theirs in zip(golden_read.trials[cell], study.trials, strict=True):
            assert theirs.params == ours.configuration
            assert theirs.user_attrs["state"] == ours.state
            assert theirs.duration.total_seconds() == pytest.approx(ours.train_seconds)
            curve = {ours.initial_epoch + at: epoch["val_accuracy"] for at, epoch in enumerate(ours.curve, start=1)}
            assert theirs.intermediate_values == curve
            assert (theirs.value is None) == (ours.state == TrialState.FAILED)
    study = optuna.load_study(study_name="golden/digits/kt-hyperband/1", storage=url)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "COMPLETE", "COMPLETE", "FAIL", "COMPLETE"]
    assert study.trials[2].user_attrs["parent"] == 0
    assert study.best_trial.number == 4
    assert "retrained_score" in study.best_trial.user_attrs
    cut = optuna.load_study(study_name="golden/digits/kt-random/1", storage=url).trials[3]
    assert (cut.state.name, cut.user_attrs["state"]) == ("PRUNED", "CUT")


def test_what_optuna_is_given_can_be_imported_again(golden_read: Journal, folder: Path, tmp_path: Path) -> None:
    from tuning.journal.importing.importing import import_searches
    from tuning.journal.journal import read

    url = f"sqlite:///{tmp_path}/golden.db"
    export(folder, f"optuna:{url}")
    back = read(import_searches([url], tmp_path / "back", studies=["golden/digits/kt-random/1"]))
    (trials,) = back.trials.values()
    ours = golden_read.trials[Cell("digits", "kt-random", 1)]
    assert [trial.configuration for trial in trials] == [trial.configuration for trial in ours]
    assert [trial.epochs for trial in trials] == [trial.epochs for trial in ours]
    np.testing.assert_equal([trial.score for trial in trials], [trial.score for trial in ours])


@needs("mlflow")
def test_mlflow_reads_every_trial_back(golden_read: Journal, folder: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/golden.db"
    with warnings.catch_warnings():  # MLflow's own, of SQLAlchemy and pydantic
        warnings.simplefilter("ignore")
        line = export(folder, f"mlflow:{url}")
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=url)
        (experiment,) = client.search_experiments(filter_string="name = 'golden/digits'")
        runs = client.search_runs([experiment.experiment_id], max_results=1000)
        trials = {run.info.run_name: run for run in runs if "mlflow.parentRunId" in run.data.tags}
        curve = client.get_metric_history(trials["kt-hyperband/1/2"].info.run_id, "val_accuracy")
    number = sum(map(len, golden_read.trials.values()))
    assert line == f"{url}: 1 experiment of {number} trials in {len(golden_read.trials)} searches"
    assert len(trials) == number
    searches = {run.info.run_id: run.info.run_name for run in runs if "mlflow.parentRunId" not in run.data.tags}
    for cell, ours in golden_read.trials.items():
        for trial in ours:
            run = trials[f"{cell.tuner}/{cell.replicate}/{trial.trial}"]
            assert searches[run.data.tags["mlflow.parentRunId"]] == f"{cell.tuner}/{cell.replicate}"
            assert run.data.params == {name: str(value) for name, value in trial.configuration.items()}
            assert run.data.tags["state"] == trial.state
            assert run.data.metrics.get("score", math.nan) == pytest.approx(trial.score, nan_ok=True)
            assert (run.info.end_time - run.info.start_time) / 1000 == pytest.approx(trial.train_seconds, abs=0.002)
    assert [(point.step, point.value) for point in curve] == [
        (3, golden_read.trials[Cell("digits", "kt-hyperband", 1)][2].curve[0]["val_accuracy"]),
        (4, golden_read.trials[Cell("digits", "kt-hyperband", 1)][2].curve[1]["val_accuracy"]),
    ]
    best = trials["kt-hyperband/1/4"]
    assert best.data.metrics["retrained_score"] < best.data.metrics["score"]
    assert {run.info.status for run in trials.values()} == {"FINISHED", "FAILED", "KILLED"}


def test_names_that_mlflow_refuses_stay_apart() -> None:
    assert allowed(["a b", "a/b", "a:b", "..", "ä"]) == {
        "a b": "a b",
        "a/b": "a_b",
        "a:b": "a_b_2",
        "..": "_",
        "ä": "__2",
    }


@needs("wandb-offline")
def test_wandb_reads_its_offline_runs_back(
    golden_read: Journal, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = Cell("digits", "kt-hyperband", 1)
    monkeypatch.setattr("tuning.export.wandb.cells_of", lambda journal: [cell])
    line = export(folder, f"wandb-offline:{tmp_path / 'runs'}")
    assert line.startswith(f"{tmp_path / 'runs'}: 5 offline runs; send them with: wandb sync ")
    files = sorted((tmp_path / "runs" / "wandb").glob("offline-run-*/*.wandb"))
    found = {run.display_name: (run, history, summary) for run, history, summary in map(offline_run, files)}
    assert len(found) == 5
    for trial in golden_read.trials[cell]:
        run, history, summary = found[f"kt-hyperband/1/{trial.trial}"]
        assert (run.project, run.run_group) == ("golden", str(cell))
        config = {entry.key: json.loads(entry.value_json) for entry in run.config.update}
        assert {name: config[name] for name in trial.configuration} == trial.configuration
        assert config["tuning"]["state"] == trial.state
        curve = {trial.initial_epoch + at: dict(metrics) for at, metrics in enumerate(trial.curve, start=1)}
        assert {row["_step"]: {name: row[name] for name in ("loss", "val_accuracy")} for row in history} == curve
        assert summary.get("score", math.nan) == pytest.approx(trial.score, nan_ok=True)
    assert found["kt-hyperband/1/4"][2]["test.accuracy"] < found["kt-hyperband/1/4"][2]["score"]


def offline_run(path: Path) -> tuple[Any, list[dict[str, Any]], dict[str, Any]]:
    """The run, the rows of its history and its summary, by W&B's own messages.

    W&B's reader is not in Python. A file is LevelDB's log after a header of 7 bytes: in blocks of 32 KiB, pieces
    of records with a checksum of 4 bytes, a length of 2, and a kind (1 whole, 2 first, 3 middle, 4 last).
    """
    from wandb.proto.wandb_internal_pb2 import Record

    data, place, message = path.read_bytes(), 7, b""
    run, history, summary = None, [], {}
    while place < len(data):
        left = 32768 - place % 32768
        if left < 7:
            place += left
            continue
        length, kind = int.from_bytes(data[place + 4 : place + 6], "little"), data[place + 6]
        message += data[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):
            record = Record()
            record.ParseFromString(message)
            message = b""
            if record.WhichOneof("record_type") == "run":
                run = record.run
            history += [values(record.history.item)] if record.HasField("history") else []
            summary |= values(record.summary.update)
    return run, history, summary


def values(items: Any) -> dict[str, Any]:
    return {item.key or ".".join(item.nested_key): json.loads(item.value_json) for item in items}


def test_configspace_reads_the_space_with_its_conditions(folder: Path, tmp_path: Path) -> None:
    import ConfigSpace

    assert export(folder, f"configspace:{tmp_path / 'space'}") == f"{tmp_path / 'space'}: digits.json"
    space = ConfigSpace.ConfigurationSpace.from_json(tmp_path / "space" / "digits.json")
    assert list(space) == ["learning_rate", "n_hidden", "optimizer", "momentum"]
    assert space["learning_rate"].log
    (condition,) = space.conditions
    assert (condition.child.name, condition.parent.name, list(condition.values)) == ("momentum", "optimizer", ["sgd"])


def test_a_name_declared_twice_for_one_configuration_is_said(tmp_path: Path) -> None:
    number = {"type": "Float", "min_value": 0.0, "max_value": 1.0, "conditions": []}
    with pytest.raises(StudyError, match="'x' is declared twice for the same configuration"):
        space_of([{"name": "x", **number}, {"name": "x", **number}], "p")


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_that_is_there_is_overwritten(name: str, folder: Path, tmp_path: Path) -> None:
    if find_spec(FORMATS[name].module) is None:
        pytest.skip(f"needs {FORMATS[name].requirement}, of the extra `export`")
    place = f"{tmp_path}/there"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's own
        if "sqlite" in FORMATS[name].default:
            place = f"sqlite:///{place}"
            export(folder, f"{name}:{place}")
        else:
            Path(place).mkdir()
        with pytest.raises(StudyError, match="already"):
            export(folder, f"{name}:{place}")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("excel", "--to is 'excel'; expected one of parquet, optuna"),
        ("optuna:mine.db", "mine.db is no database; expected its URL"),
        ("optuna:sqlite:///README.md", "cannot be opened as an Optuna storage"),
        ("configspace:.", ". is there already"),
    ],
)
def test_mistakes_end_in_one_line(words: str, error: str, folder: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("README.md").write_text("no database")
    done = CliRunner().invoke(main.app, ["export", str(folder), "--to", words])
    assert done.exit_code == 2
    assert error in done.output
    assert done.output.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]


def test_a_missing_library_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuning.export.export.find_spec", lambda module: None)
    with pytest.raises(StudyError, match='python -m pip install "pyarrow>='):
        export(folder, "parquet")


def test_a_failed_export_leaves_nothing(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(storage: object, journal: Journal, cell: Cell) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tuning.export.optuna._write_cell", fail)
    with pytest.raises(KeyboardInterrupt):
        export(folder, f"optuna:sqlite:///{tmp_path}/half.db")
    assert not list(tmp_path.iterdir())
