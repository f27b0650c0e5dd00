"""What SECURITY.md promises: a study's folder is data, and nothing listens but to this machine."""

from __future__ import annotations

import ast
import os
import pickle
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import keras
import numpy as np
import psutil
import pytest
from typer.testing import CliRunner

import tuning
from tuning.cli import main
from tuning.errors import StudyError
from tuning.objective import Objective
from tuning.problems.problem import Problem

GOLDEN = Path(__file__).parents[1] / "golden"
SOURCES = sorted(Path(tuning.__file__).parent.rglob("*.py"))

# Calls that run what they are given, or unpack objects from it; and the two that may: what a driver sends its worker.
RUNS = {"eval", "exec", "execfile", "__import__", "system", "popen"}
UNPACKS = {"loads", "load", "Unpickler", "read_pickle", "load_all", "unsafe_load"}
PICKLING = {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "yaml", "torch"}
ALLOWED = {("worker.py", "pickle.loads"), ("winners.py", "pickle.loads")}


def calls(path: Path) -> list[tuple[str, ast.Call]]:
    return [
        (ast.unparse(node.func), node) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)
    ]


def is_true(call: ast.Call, name: str, value: object) -> bool:
    return any(
        one.arg == name and isinstance(one.value, ast.Constant) and one.value.value is value for one in call.keywords
    )


def test_nothing_is_unpickled_or_executed_but_a_workers_own_task() -> None:
    found = set()
    for path in SOURCES:
        for name, _ in calls(path):
            module, _, function = name.rpartition(".")
            if (function in RUNS and module in ("", "os")) or (function in UNPACKS and module in PICKLING):
                found.add((path.name, name))
    assert found == ALLOWED


def test_arrays_are_loaded_without_pickle_and_models_in_safe_mode() -> None:
    arrays = [call for path in SOURCES for name, call in calls(path) if name in ("np.load", "numpy.load")]
    models = [call for path in SOURCES for name, call in calls(path) if name.endswith("keras.saving.load_model")]
    assert arrays
    assert all(is_true(call, "allow_pickle", False) for call in arrays)
    assert models
    assert all(is_true(call, "safe_mode", True) for call in models)


class Bomb:
    """Leaves a file where it is unpickled."""

    def __init__(self, flag: Path) -> None:
        self.flag = flag

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return os.mkdir, (str(self.flag),)


def test_a_hostile_folder_is_shown_and_rebuilt_and_nothing_in_it_runs(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    shutil.copytree(GOLDEN / "journal", folder / "journal")
    assert CliRunner().invoke(main.app, ["report", str(folder)]).exit_code == 0
    report = (folder / "report.md").read_bytes()
    bomb = pickle.dumps(Bomb(tmp_path / "exploded"))
    files = [path for path in folder.rglob("*") if path.is_file() and path.parent.name != "journal"]
    assert len(files) > 10
    for path in files:
        path.write_bytes(bomb)
    for name in ("conftest.py", "sitecustomize.py", "__init__.py", "tuning.py", "models/winners.json", "journal/x.pkl"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(bomb)
    for command in ("status", "report"):
        done = CliRunner().invoke(main.app, [command, str(folder)])
        assert done.exit_code == 0, done.output
    assert (folder / "report.md").read_bytes() == report
    (folder / "journal" / "journal.jsonl").write_bytes(bomb)
    for command in ("status", "report"):
        done = CliRunner().invoke(main.app, [command, str(folder)])
        assert done.exit_code == 2
        assert "Traceback" not in done.output
    assert not (tmp_path / "exploded").exists()


def test_a_saved_model_with_code_in_it_is_refused(tmp_path: Path) -> None:
    def data():
        x, y = np.ones((8, 2), "float32"), np.arange(8) % 2
        return (x, y), (x, y)

    def build(hp):
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(hp.Int("width", 2, 3))])
        model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        return model

    flag = str(tmp_path / "exploded")
    hostile = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: __import__("os").mkdir(flag) or x)])
    try:
        hostile.save(tmp_path / "winner.keras")
    finally:
        shutil.rmtree(flag, ignore_errors=True)  # building it may have run it
    problem = Problem(build, data, Objective("val_loss", "min"), 1)
    with pytest.raises(StudyError, match=r"winner\.keras cannot be loaded: .*[Ll]ambda") as caught:
        problem.continue_training(tmp_path / "winner.keras", {"width": 2}, 1, seed=1, save=tmp_path / "more.keras")
    assert "\n" not in str(caught.value)
    assert not Path(flag).exists()
    assert not (tmp_path / "more.keras").exists()


def test_tensorboard_listens_to_this_machine_only(tmp_path: Path) -> None:
    code = """
        import sys, psutil
        from pathlib import Path
        from tuning.tensorboard.server import _launch
        from tuning.cli.main import board
        import inspect

        _launch(Path(sys.argv[1]), inspect.signature(board).parameters["host"].default, None)
        print([one.laddr.ip for one in psutil.Process().net_connections("inet") if one.status == psutil.CONN_LISTEN])
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    listening = ast.literal_eval(done.stdout.splitlines()[-1])
    assert listening
    assert set(listening) <= {"127.0.0.1", "::1"}
    assert psutil.LINUX or psutil.MACOS  # where addresses are known to be told
