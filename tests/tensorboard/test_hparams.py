"""HPARAMS logs, read back through TensorBoard's own HTTP interface."""

from __future__ import annotations

import itertools
import json
import math
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support import hparams_journal as made_up
from tests.support.tensorboard_server import ask, board, columns, session_groups, tensorboard
from tests.support.web_server import environment
from tuning.errors import JournalError
from tuning.journal.plan import Manifest, Session
from tuning.journal.records import Cell, Retraining, Trial, TrialState
from tuning.journal.writer import JournalWriter
from tuning.tensorboard import server
from tuning.tensorboard.columns import hyperparameter_columns
from tuning.tensorboard.hparams import HparamsWriter, run_name, write_hparams


def scalars(url: str, trial: Trial, tag: str) -> list[tuple[int, float]]:
    query = urllib.parse.urlencode({"run": run_name(trial.cell, trial.trial), "tag": tag})
    with urllib.request.urlopen(f"{url}data/plugin/scalars/scalars?{query}", timeout=60) as answer:
        return [(step, value) for _, step, value in json.load(answer)]


def metrics(group: dict[str, Any]) -> dict[str, float]:
    return {metric["name"]["tag"]: metric["value"] for metric in group["metricValues"]}


def check_trial(trial: Trial, group: dict[str, Any], best_score: float) -> None:
    origin = {"tuner": trial.cell.tuner, "replicate": trial.cell.replicate}
    expected = {**origin, **trial.configuration}
    assert group["hparams"] == expected
    assert {name: isinstance(value, bool) for name, value in group["hparams"].items()} == {
        name: isinstance(value, bool) for name, value in expected.items()
    }
    assert [session["status"] for session in group["sessions"]] == [
        "STATUS_FAILURE" if trial.state == TrialState.FAILED else "STATUS_SUCCESS"
    ]
    results = {
        "score": trial.score,
        "val_accuracy": trial.curve[-1]["val_accuracy"],
        "best_score": best_score,
        "epochs": trial.epochs,
        "train_seconds": trial.train_seconds,
        "suggest_seconds": trial.suggest_seconds,
    }
    # TensorBoard's scalars are 32-bit floats
    assert metrics(group) == pytest.approx({name: v for name, v in results.items() if not math.isnan(v)}, rel=1e-6)


def check_all(trials: list[Trial], groups: dict[str, Any]) -> None:
    best: dict[Cell, float] = {}
    for trial in trials:
        before = best.get(trial.cell, math.nan)
        best[trial.cell] = before if trial.score <= before or math.isnan(trial.score) else trial.score
        check_trial(trial, groups[run_name(trial.cell, trial.trial)], best[trial.cell])


def logs(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_tensorboard_gives_back_every_trial_value_and_metric(tmp_path: Path) -> None:
    journal = made_up.journal(tmp_path / "study")
    cell = Cell("digits", "kt-random", 1)
    continued = made_up.trial(cell, 5, initial_epoch=3, target_epochs=6, parent=4)
    write_hparams(journal, tmp_path / "study").write(continued)
    trials = [*journal.all_trials(), continued]

    with tensorboard(tmp_path, tmp_path / "study") as url:
        check_all(sorted(trials, key=lambda trial: trial.cell), session_groups(url, len(trials)))
        curve = [epoch["val_accuracy"] for epoch in continued.curve]
        assert [step for step, _ in scalars(url, continued, "val_accuracy")] == [4, 5, 6]
        assert [value for _, value in scalars(url, continued, "val_accuracy")] == pytest.approx(curve, rel=1e-6)
        experiment = columns(url)
        random = ask(url, {"hparam": "tuner", "filterDiscrete": ["kt-random"]})
        assert {group["hparams"]["tuner"] for group in random} == {"kt-random"}
        assert len(random) == 11
        # A filter does not hide the trials that lack the hyperparameter.
        assert len(ask(url, {"hparam": "momentum", "filterDiscrete": [0.0, 0.9]})) == len(trials)

    shown = {info["name"]: info for info in experiment["hparamInfos"]}
    # TensorBoard itself sorts by name, behind those that come first
    assert list(shown)[:2] == ["replicate", "tuner"]
    assert set(shown) == {"tuner", "replicate", *(entry["name"] for entry in made_up.SPACE)}
    assert {name: info["type"].removeprefix("DATA_TYPE_") for name, info in shown.items()} == {
        "tuner": "STRING", "replicate": "FLOAT64", "n_hidden": "FLOAT64", "learning_rate": "FLOAT64",
        "optimizer": "STRING", "momentum": "FLOAT64", "dropout": "BOOL", "activation": "STRING",
    }  # fmt: skip
    assert shown["tuner"]["domainDiscrete"] == list(made_up.TUNERS)
    assert shown["replicate"]["domainDiscrete"] == [1, 2]
    assert shown["n_hidden"]["domainInterval"] == {"minValue": 0, "maxValue": 8}
    assert shown["learning_rate"]["domainInterval"] == {"minValue": 1e-4, "maxValue": 1e-2}
    assert shown["dropout"]["domainDiscrete"] == [False, True]
    assert [info["name"]["tag"] for info in experiment["metricInfos"]] == [
        "score", "val_accuracy", "best_score", "epochs", "train_seconds", "suggest_seconds", "test_score",
    ]  # fmt: skip


def test_a_retrained_incumbent_has_its_mean_test_score(tmp_path: Path) -> None:
    journal = made_up.journal(tmp_path / "study")
    cell = Cell("digits", "kt-random", 1)
    done, other = journal.trials[cell][:2]
    retrainings = [
        Retraining(cell, done.trial, repeat, done.configuration, TrialState.COMPLETE, 0.5, {"accuracy": test}, [])
        for repeat, test in ((1, 0.75), (2, 0.25), (3, math.nan))
    ]
    writer = write_hparams(journal, tmp_path / "study")
    for retraining in retrainings:
        writer.retrained(retraining)
    with tensorboard(tmp_path, tmp_path / "study") as url:
        groups = session_groups(url, sum(map(len, journal.trials.values())))
        assert metrics(groups[run_name(cell, done.trial)])["test_score"] == 0.5
        assert "test_score" not in metrics(groups[run_name(cell, other.trial)])
        assert scalars(url, done, "test_score") == [(1, 0.75), (2, 0.5)]

    live = logs(tmp_path / "study" / "hparams")
    journal.retrainings[cell] = retrainings
    write_hparams(journal, tmp_path / "study")
    assert logs(tmp_path / "study" / "hparams") == live


def test_several_problems_with_clashing_names_and_types(tmp_path: Path) -> None:
    def choice(name: str, *values: Any) -> dict[str, Any]:
        return {"name": name, "type": "Choice", "values": list(values), "default": values[0], "conditions": []}

    number = {"min_value": 1, "max_value": 4, "default": 1, "conditions": []}
    one = [{"name": "size", "type": "Int", **number}, choice("mixed", 1, 2), choice("tuner", "a", "b")]
    two = [{"name": "size", "type": "Float", **number}, choice("mixed", "1", "x"), choice("wide", *range(12))]
    study = made_up.study(**{"../a b": made_up.problem(one), "é/b": made_up.problem(two, "min")})
    journal = made_up.journal(tmp_path / "study", study, trials=0)
    writer = write_hparams(journal, tmp_path / "study")
    first, second = Cell("../a b", "kt-random", 1), Cell("é/b", "kt-random", 2)
    odd = {"loss": math.nan, "val_accuracy": math.inf, "score": 7.0, "huge": 1e300}
    writer.write(made_up.trial(first, 0, configuration={"size": 3, "mixed": 2, "tuner": "b"}, curve=[odd]))
    for number_, score in enumerate((0.5, 0.75)):
        configuration = {"size": 2.5, "mixed": "x", "wide": 11}
        writer.write(
            made_up.trial(second, number_, configuration=configuration, score=score, state=TrialState.COMPLETE)
        )

    with board(tmp_path, tmp_path / "study", "--all") as (url, process):
        groups = session_groups(url, 3)
        experiment = columns(url)
        trial = made_up.trial(first, 0)
        assert scalars(url, trial, "epoch_score") == [(1, 7.0)]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    shown = {info["name"]: info for info in experiment["hparamInfos"]}
    assert list(shown) == ["replicate", "tuner", "problem", "size", "mixed", "hp.tuner", "wide"]
    assert shown["problem"]["domainDiscrete"] == ["../a b", "é/b"]
    assert shown["mixed"]["domainDiscrete"] == ["1", "2", "x"]
    assert shown["wide"]["domainInterval"] == {"minValue": 0, "maxValue": 11}  # the page takes no twelve boxes
    assert groups[run_name(first, 0)]["hparams"] == {
        "tuner": "kt-random", "replicate": 1, "problem": "../a b", "size": 3, "mixed": "2", "hp.tuner": "b",
    }  # fmt: skip
    assert groups[run_name(second, 1)]["hparams"]["size"] == 2.5
    assert metrics(groups[run_name(second, 1)])["best_score"] == 0.5


@pytest.mark.slow
def test_1500_trials(tmp_path: Path) -> None:
    journal = made_up.journal(
        tmp_path / "study", trials=50, tuners=("kt-random", "kt-bayesian", "optuna-tpe"), replicates=10
    )
    write_hparams(journal, tmp_path / "study")
    with tensorboard(tmp_path, tmp_path / "study") as url:
        check_all(list(journal.all_trials()), session_groups(url, 1500))


def test_live_and_rebuilt_logs_are_the_same_bytes(tmp_path: Path) -> None:
    journal = made_up.journal(tmp_path / "study")
    write_hparams(journal, tmp_path / "study")
    rebuilt = logs(tmp_path / "study" / "hparams")

    live = HparamsWriter(tmp_path / "live", journal.study, journal.plan)
    for trials in itertools.zip_longest(*journal.trials.values()):  # cell by cell in turn, as they run
        for trial in trials:
            live.write(trial)
    assert logs(tmp_path / "live" / "hparams") == rebuilt

    write_hparams(journal, tmp_path / "study")
    assert logs(tmp_path / "study" / "hparams") == rebuilt


def test_a_resumed_study_goes_on_where_it_stopped(tmp_path: Path) -> None:
    cell = Cell("digits", "kt-random", 1)
    trials = [made_up.trial(cell, number, state=TrialState.COMPLETE) for number in range(4)]
    cut = made_up.trial(cell, 2, state=TrialState.CUT, curve=trials[2].curve[:1])
    writer = HparamsWriter(tmp_path / "through", made_up.study(), made_up.plan())
    for trial in trials:
        writer.write(trial)

    folder = tmp_path / "resumed"
    with JournalWriter.create(folder, made_up.study()) as recorder:
        recorder.session(Session(made_up.plan(), Manifest()))
        for trial in [*trials[:2], cut]:
            recorder.trial(trial)
    journal = made_up.read(folder)
    write_hparams(journal, folder)  # the first run's
    resumed = write_hparams(journal, folder)
    for trial in trials[2:]:
        resumed.write(trial)
    assert logs(folder / "hparams") == logs(tmp_path / "through" / "hparams")


def test_only_the_hparams_folder_is_rebuilt(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "study", tmp_path / "elsewhere"
    journal = made_up.journal(folder, trials=1)
    for kept in (folder / "mine", elsewhere / "mine"):
        kept.parent.mkdir(exist_ok=True)
        kept.write_text("kept")
    write_hparams(journal, folder)
    (folder / "hparams" / "link").symlink_to(elsewhere)
    (folder / "hparams" / "old").write_text("deleted")
    write_hparams(journal, folder)
    assert not (folder / "hparams" / "old").exists()
    assert (folder / "mine").read_text() == (elsewhere / "mine").read_text() == "kept"

    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "hparams").symlink_to(elsewhere)
    with pytest.raises(JournalError, match="is a link"):
        write_hparams(journal, linked)
    (tmp_path / "file").mkdir()
    (tmp_path / "file" / "hparams").write_text("")
    with pytest.raises(JournalError, match="is a file"):
        write_hparams(journal, tmp_path / "file")
    assert (elsewhere / "mine").read_text() == "kept"


names = st.text(st.characters(exclude_categories=()), max_size=30) | st.sampled_from(
    [".", "..", "/", "a/b", "A", "a", "~", ""]
)


@given(st.lists(names, min_size=2, max_size=2, unique=True))
@example(["x" * 10_000, "x" * 10_001])
@example(["CON", "con"])
def test_run_names_are_unique_and_stay_in_the_folder(two: list[str]) -> None:
    one, other = (run_name(Cell(name, name, 1), 0) for name in two)
    assert one.casefold() != other.casefold()
    for name in (one, other):
        parts = name.split("/")
        assert len(parts) == 4
        for part in parts:
            assert re.fullmatch(r"[A-Za-z0-9_%~.-]{1,128}", part)
            assert part.strip(".") == part


def test_names_that_protobuf_refuses_are_written(tmp_path: Path) -> None:
    name = "\ud800/" + "x" * 10_000
    study = made_up.study(**{name: made_up.problem([{"name": name, "type": "Boolean", "default": False}])})
    writer = HparamsWriter(tmp_path, study, made_up.plan((name,)))
    trial = made_up.trial(Cell(name, name, 1), 0, configuration={name: True}, curve=[{name: 1.0}])
    writer.write(trial)
    assert len(logs(tmp_path / "hparams")) == 2


def test_a_hyperparameter_of_several_types_is_one_column() -> None:
    entry = {"name": "a", "type": "Int", "min_value": 1, "max_value": 3}
    assert hyperparameter_columns([[entry, {**entry, "max_value": 9}]])["a"].bounds == (1, 9)
    boolean = {"name": "a", "type": "Boolean"}
    mixed = hyperparameter_columns([[entry], [boolean]])["a"]
    assert (mixed.kind, mixed.fit(True), mixed.fit(2)) == ("text", "True", "2")


def test_no_file_or_thread_stays_open(tmp_path: Path) -> None:
    writer = HparamsWriter(tmp_path, made_up.study())
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("open files are counted in /proc, which only Linux has")
    before = len(list(descriptors.iterdir())), threading.active_count()
    for number in range(50):
        writer.write(made_up.trial(Cell("digits", "kt-random", 1), number))
    assert (len(list(descriptors.iterdir())), threading.active_count()) == before


WRITES = """
import sys
from pathlib import Path
from tests.support import hparams_journal as made_up
from tuning.tensorboard.hparams import write_hparams
write_hparams(made_up.journal(Path(sys.argv[1]), trials=2), Path(sys.argv[1]))
"""


def run_python(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_writing_imports_no_tensorflow(tmp_path: Path) -> None:
    assert run_python(WRITES + "print('tensorflow' in sys.modules)", str(tmp_path / "study")) == "False\n"


@pytest.mark.slow
def test_writing_works_beside_tensorflow(tmp_path: Path) -> None:
    beside = """
import tensorflow as tf
tf.compat.v1.Summary(), tf.compat.v1.Event()
writer = tf.summary.create_file_writer(__import__("sys").argv[2])
with writer.as_default():
    tf.summary.scalar("a", 1.0, step=1)
"""
    run_python(WRITES, str(tmp_path / "alone"))
    run_python(beside + WRITES + "writer.flush()", str(tmp_path / "beside"), str(tmp_path / "tensorflow"))
    assert logs(tmp_path / "beside" / "hparams") == logs(tmp_path / "alone" / "hparams")


def test_board_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="holds no study"):
        server.serve(tmp_path, open_browser=False)
    assert list(tmp_path.iterdir()) == []


def test_board_says_that_a_port_is_taken(tmp_path: Path) -> None:
    made_up.journal(tmp_path, trials=1)
    code = """
import sys
from pathlib import Path
from tuning.tensorboard.server import serve
from tuning.errors import StudyError
try:
    serve(Path(sys.argv[1]), port=int(sys.argv[2]), open_browser=False)
except StudyError as error:
    print(error)
"""
    with socket.create_server(("localhost", 0)) as taken:
        said = run_python(code, str(tmp_path), str(taken.getsockname()[1]))
    assert "already in use; choose another with --port" in said
    assert said.count("\n") == 1
