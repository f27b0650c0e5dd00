"""Searches that KerasTuner and Optuna ran by themselves, imported from what they left on disk."""

import json
import math
import shutil

import keras
import keras_tuner
import numpy as np
import optuna
import pytest
from typer.testing import CliRunner

from tuning.cli import main, reports
from tuning.errors import JournalError, StudyError
from tuning.journal.importing.importing import import_searches
from tuning.journal.journal import read
from tuning.journal.records import TrialState

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 4)).astype("float32")
Y = (X[:, 0] > 0).astype("int32")
HELD_OUT = RNG.normal(size=(32, 4)).astype("float32"), RNG.integers(0, 2, 32)


def build_model(hp):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(hp.Int("units", 4, 8))])
    optimizer = hp.Choice("optimizer", ["sgd", "adam"])
    with hp.conditional_scope("optimizer", ["sgd"]):
        if optimizer == "sgd":
            hp.Float("momentum", 0.0, 0.9)
    model.add(keras.layers.Dense(1, "sigmoid"))
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    """Two KerasTuner projects and an Optuna storage, made by the libraries themselves."""
    folder = tmp_path_factory.mktemp("theirs")
    where = {"directory": folder, "seed": 1}
    band = keras_tuner.Hyperband(build_model, "val_loss", max_epochs=3, factor=3, project_name="band", **where)
    bayes = keras_tuner.BayesianOptimization(build_model, "val_loss", max_trials=2, project_name="bayes", **where)
    for tuner in (band, bayes):
        tuner.search(X, Y, validation_data=HELD_OUT, epochs=2, verbose=0)
    study = optuna.create_study(storage=f"sqlite:///{folder}/optuna.db", study_name="mine", direction="minimize")

    def objective(trial):
        trial.suggest_float("rate", 1e-4, 1e-1, log=True)
        if trial.suggest_categorical("kind", ["a", "b"]) == "b":
            trial.suggest_int("layers", 1, 5, step=2)
        for step in range(3):
            trial.report(1.0 - 0.1 * step, step)
            if trial.number == 1 and step == 1:
                raise optuna.TrialPruned
        if trial.number == 2:
            raise ValueError("broken")
        return 0.5

    study.optimize(objective, n_trials=4, catch=ValueError)
    return folder


@pytest.mark.slow
def test_hyperband_is_charged_its_increments(projects, tmp_path):
    journal = read(import_searches([str(projects / "band")], tmp_path / "band"))
    (trials,) = journal.trials.values()
    theirs = [json.loads(path.read_text()) for path in sorted((projects / "band").glob("trial_*/trial.json"))]
    # KerasTuner gives no score to a trial that it could not load again for its promotion (its checkpoint's optimizer).
    expected = [math.nan if trial["score"] is None else trial["score"] for trial in theirs]
    assert [trial.score for trial in trials] == pytest.approx(expected, rel=0, abs=0, nan_ok=True)
    assert sum(trial.epochs for trial in trials) == 11  # what Hyperband(3, 3) trains
    promoted = [trial for trial in trials if trial.parent is not None]
    assert [(trial.initial_epoch, trial.epochs) for trial in promoted] == [(1, 2)]
    assert promoted[0].configuration == trials[promoted[0].parent].configuration
    assert list(journal.plan.tuners) == ["kt-hyperband (imported)"]
    for trial in trials:
        assert ("momentum" in trial.configuration) == (trial.configuration["optimizer"] == "sgd")
        known = [epoch["val_loss"] for epoch in trial.curve if epoch]  # KerasTuner keeps the best epoch's metrics only
        assert known == ([] if trial.state == "FAILED" else [trial.score])


@pytest.mark.slow
def test_optuna_keeps_curves_states_and_times(projects, tmp_path):
    journal = read(import_searches([str(projects / "optuna.db")], tmp_path / "optuna"))
    ((cell, trials),) = journal.trials.items()
    assert cell.tuner == "mine (imported)"
    assert [trial.state for trial in trials] == [
        TrialState.COMPLETE,
        TrialState.PRUNED,
        TrialState.FAILED,
        TrialState.COMPLETE,
    ]
    assert [trial.epochs for trial in trials] == [3, 2, 3, 3]
    assert [trial.score for trial in trials[:2]] == [0.5, 0.9]
    assert math.isnan(trials[2].score)
    assert trials[0].curve == [{"value": 1.0}, {"value": 0.9}, {"value": 0.8}]
    assert all(("layers" in trial.configuration) == (trial.configuration["kind"] == "b") for trial in trials)
    assert trials[0].train_seconds > 0


@pytest.mark.slow
def test_the_report_says_that_it_is_imported(projects, tmp_path, monkeypatch):
    words = [
        "import",
        str(projects / "band"),
        str(projects / "bayes"),
        "--epochs",
        "2",
        "--out",
        str(tmp_path / "both"),
    ]
    monkeypatch.setattr("sys.argv", ["tuning", *words])
    done = CliRunner().invoke(main.app, words)
    assert done.exit_code == 0, done.output
    report = (tmp_path / "both" / "report.md").read_text()
    assert "\nOf imported searches: No verdict" in report
    assert "is imported, not trained by tuning" in report
    assert "kt-bayesian \\(imported\\)" in report or "kt-bayesian (imported)" in report
    assert "2 epochs a trial where the search does not say" in report
    assert "tuning import band bayes --epochs 2" in report  # without the paths of this machine
    with pytest.raises(JournalError, match="never overwritten"):
        import_searches([str(projects / "band")], tmp_path / "both")


@pytest.mark.slow
def test_what_is_open_is_asked_for_in_one_line(projects, tmp_path):
    for sources, arguments, error in (
        (["bayes"], {}, "bayes does not say how many epochs a trial trained; say it with --epochs N"),
        (["bayes"], {"metric": "val_accuracy", "epochs": 2}, "its scores are not 'val_accuracy'; they are val_loss"),
        (["band", "optuna.db"], {}, "different objectives"),
        ([""], {}, "holds no oracle.json"),
        (["nothing"], {}, "expected a KerasTuner project's folder or an Optuna storage"),
    ):
        with pytest.raises(StudyError) as raised:
            import_searches([str(projects / source) for source in sources], tmp_path / "none", **arguments)
        assert error in str(raised.value)
        assert "\n" not in str(raised.value)
    assert not (tmp_path / "none").exists()


def test_an_optuna_journal_file_and_what_is_none(tmp_path):
    path = tmp_path / "log"
    backend = optuna.storages.journal.JournalFileBackend(str(path))
    study = optuna.create_study(storage=optuna.storages.JournalStorage(backend), study_name="short")
    study.optimize(lambda trial: trial.suggest_int("n", 1, 9), n_trials=2)
    study.ask()  # never told
    journal = read(import_searches([str(path)], tmp_path / "short", epochs=4))
    (trials,) = journal.trials.values()
    assert [(trial.epochs, trial.score) for trial in trials] == [(4, trial.configuration["n"]) for trial in trials]
    assert trials[0].curve[-1] == {"value": trials[0].score}
    assert journal.problems["value-imported"].imported.unfinished == 1
    (tmp_path / "text").write_text("nothing of the kind")  # which Optuna reads as a journal of nothing
    with pytest.raises(StudyError, match="holds no study"):
        import_searches([str(tmp_path / "text")], tmp_path / "none")
    with pytest.raises(StudyError, match="there is no file"):
        import_searches([f"sqlite:///{tmp_path}/nothing.db"], tmp_path / "none")


# -- as people left them -----------------------------------------------------------------------------------------------


def imported(*words):
    return CliRunner(env={"COLUMNS": "200"}).invoke(main.app, ["import", *map(str, words)])


def storage_of(folder, *studies):
    """An Optuna storage with these studies, each `(name, objective, directions)`, four trials each."""
    url = f"sqlite:///{folder}/several.db"
    for name, objective, directions in studies:
        study = optuna.create_study(storage=url, study_name=name, directions=directions)
        study.optimize(objective, n_trials=4, catch=ValueError)
    return url


def reports_now_and_then(trial):
    """Its value at every third step, and pruned on the way."""
    rate = trial.suggest_float("rate", 0.1, 1.0)
    for step in (3, 6, 9):
        trial.report(rate * step, step)
        if trial.number in (1, 2) and step == 6:
            raise optuna.TrialPruned
    return rate


def test_pruned_trials_that_reported_now_and_then_make_a_report(tmp_path):
    storage = storage_of(tmp_path, ("sparse", reports_now_and_then, ["minimize"]))
    done = imported(storage, "--out", tmp_path / "sparse")
    assert done.exit_code == 0, done.output
    ((_, trials),) = read(tmp_path / "sparse").trials.items()
    assert [(trial.state, trial.epochs) for trial in trials] == [
        ("COMPLETE", 9), ("PRUNED", 6), ("PRUNED", 6), ("COMPLETE", 9),
    ]  # fmt: skip
    assert (tmp_path / "sparse" / "report.html").is_file()


def test_failed_trials_alone_ask_for_no_epochs(tmp_path):
    def some_fail(trial):
        trial.suggest_int("n", 1, 9)
        if trial.number % 2:
            raise ValueError("broken")
        trial.report(0.5, 1)
        return 0.5

    folder = import_searches([storage_of(tmp_path, ("some", some_fail, ["minimize"]))], tmp_path / "some")
    ((_, trials),) = read(folder).trials.items()
    assert [(trial.state, trial.epochs) for trial in trials] == [("COMPLETE", 1), ("FAILED", 0)] * 2
    assert trials[-1].spent_epochs == 2


def other_space(trial):
    trial.report(trial.suggest_float("momentum", 0.0, 0.9), 1)
    return trial.params["momentum"]


def two_objectives(trial):
    return trial.suggest_float("rate", 0.1, 1.0), 1.0


def test_a_storage_of_several_studies_is_chosen_from(tmp_path):
    storage = storage_of(
        tmp_path,
        ("first", reports_now_and_then, ["minimize"]),
        ("again", reports_now_and_then, ["minimize"]),
        ("other", other_space, ["minimize"]),
        ("both", two_objectives, ["minimize", "maximize"]),
    )
    done = imported(storage, "--out", tmp_path / "all")
    assert done.exit_code == 2
    line = "holds 3 studies that search different spaces (first, again, other); choose with --study NAME"
    assert line in " ".join(done.output.split())
    assert not (tmp_path / "all").exists()
    done = imported(storage, "--study", "first", "--study", "again", "--out", tmp_path / "two")
    assert done.exit_code == 0, done.output
    assert [cell.tuner for cell in read(tmp_path / "two").trials] == ["first (imported)", "again (imported)"]
    for name, line in (("both", "study 'both' has 2 objectives; expected one"), ("none", "holds no study 'none'")):
        with pytest.raises(StudyError, match=line):
            import_searches([storage], tmp_path / "none", studies=[name])


def test_a_study_of_two_objectives_is_left_out_and_said(tmp_path):
    storage = storage_of(
        tmp_path, ("mine", reports_now_and_then, ["minimize"]), ("both", two_objectives, ["minimize", "maximize"])
    )
    said = []
    folder = import_searches([storage], tmp_path / "mine", say=said.append)
    assert [cell.tuner for cell in read(folder).trials] == ["mine (imported)"]
    assert said == ["study 'both' has 2 objectives and is left out"]


@pytest.mark.slow
def test_an_empty_trial_file_among_good_ones_is_left_out_and_said(projects, tmp_path):
    broken = tmp_path / "band"
    shutil.copytree(projects / "band", broken)
    empty = sorted(broken.glob("trial_*/trial.json"))[0]
    empty.write_text("")
    done = imported(broken, "--out", tmp_path / "most")
    assert done.exit_code == 0, done.output
    assert f"{empty.parent.name}/trial.json cannot be read (JSONDecodeError" in done.output
    assert read(tmp_path / "most").problems["val_loss-imported"].imported.unfinished == 1
    (broken / "oracle.json").write_text("{")
    done = imported(broken, "--out", tmp_path / "none")
    assert done.exit_code == 2
    assert "oracle.json cannot be read" in done.output
    assert not (tmp_path / "none").exists()


def pruned_before_it_reports(trial):
    """Integers on a log scale, to which Optuna gives the step 1, and choices of other kinds than texts."""
    units = trial.suggest_int("units", 1, 100, log=True)
    trial.suggest_categorical("kind", [None, 3.5, True, "a"])
    if trial.number % 2:
        raise optuna.TrialPruned
    trial.report(units, 0)
    return units


def test_trials_pruned_before_they_reported_are_charged_nothing_and_ask_for_nothing(tmp_path):
    done = imported(storage_of(tmp_path, ("mine", pruned_before_it_reports, ["minimize"])), "--out", tmp_path / "mine")
    assert done.exit_code == 0, done.output
    journal = read(tmp_path / "mine")
    ((_, trials),) = journal.trials.items()
    assert [(trial.state, trial.epochs) for trial in trials] == [("COMPLETE", 1), ("PRUNED", 0)] * 2
    units = next(entry for entry in journal.problems["value-imported"].space if entry["name"] == "units")
    assert (units["sampling"], units.get("step")) == ("log", None)


def test_a_study_without_a_finished_trial_is_left_out_and_said(tmp_path):
    storage = storage_of(tmp_path, ("mine", reports_now_and_then, ["minimize"]))
    optuna.create_study(storage=storage, study_name="asked").ask()
    said = []
    folder = import_searches([storage], tmp_path / "mine", say=said.append)
    assert [cell.tuner for cell in read(folder).trials] == ["mine (imported)"]
    assert said == ["study 'asked' has no finished trial and is left out"]
    with pytest.raises(StudyError, match="holds no finished trial"):
        import_searches([storage], tmp_path / "none", studies=["asked"])


def test_a_trial_without_a_number_as_its_score_is_failed(tmp_path):
    project = tmp_path / "left"
    units = {"class_name": "Int", "config": {"name": "units", "min_value": 4, "max_value": 8, "conditions": []}}
    trials = [
        ("0", "COMPLETED", 0.5, [0.5]), ("1", "COMPLETED", math.nan, [math.nan]), ("2", "COMPLETED", None, []),
        ("3", "INVALID", None, []), ("4", "RUNNING", None, []),
    ]  # fmt: skip
    for number, status, score, values in trials:
        folder = project / f"trial_{number}"
        folder.mkdir(parents=True)
        metric = {"direction": "min", "observations": [{"value": [value], "step": 2} for value in values]}
        whole = {
            "trial_id": number, "status": status, "score": score, "best_step": 2,
            "metrics": {"metrics": {"loss": metric}}, "hyperparameters": {"values": {"units": 5}},
        }  # fmt: skip
        (folder / "trial.json").write_text(json.dumps(whole))
    (project / "oracle.json").write_text(json.dumps({"hyperparameters": {"space": [units]}}))
    journal = read(import_searches([str(project)], tmp_path / "out", epochs=3))
    ((_, rows),) = journal.trials.items()
    assert [(row.state, row.epochs) for row in rows] == [("COMPLETE", 3)] + [("FAILED", 0)] * 3
    assert [row.error for row in rows[1:3]] == ["RuntimeError: its score is nan", "RuntimeError: its score is None"]
    assert journal.problems["loss-imported"].imported.unfinished == 1


def test_a_failed_import_leaves_nothing_behind(tmp_path, monkeypatch):
    storage = storage_of(tmp_path, ("sparse", reports_now_and_then, ["minimize"]))

    def fail(*_):
        raise StudyError("no report today")

    with monkeypatch.context() as broken:
        broken.setattr(reports, "write_report", fail)
        for folder in (tmp_path / "new", tmp_path / "there"):
            (tmp_path / "there").mkdir(exist_ok=True)
            (tmp_path / "there" / "note.txt").write_text("kept")
            assert imported(storage, "--out", folder).exit_code == 2
    assert not (tmp_path / "new").exists()
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["note.txt"]
    assert imported(storage, "--out", tmp_path / "new").exit_code == 0
    made = (tmp_path / "new" / "journal" / "journal.jsonl").read_bytes()
    assert imported(storage, "--out", tmp_path / "new").exit_code == 2
    assert (tmp_path / "new" / "journal" / "journal.jsonl").read_bytes() == made
