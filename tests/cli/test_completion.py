"""What the shell completes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tuning import tuners
from tuning.cli.completion import study_folders, tuner_names


def test_tuners_are_completed_behind_commas() -> None:
    assert tuner_names("") == tuners.names()
    assert tuner_names("kt-h") == ["kt-hyperband"]
    assert tuner_names("optuna-tpe,kt-h") == ["optuna-tpe,kt-hyperband"]
    assert tuner_names("kt-hyperband,kt-h") == []


def test_folders_with_a_journal_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("reports/one", "reports/two", "reports/deep/three", "here"):
        (tmp_path / name / "journal").mkdir(parents=True)
        packed = ".xz" if name == "here" else ""
        (tmp_path / name / "journal" / f"journal.jsonl{packed}").touch()
    (tmp_path / "reports" / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    assert study_folders("") == ["here", "reports/one", "reports/two"]
    assert study_folders("rep") == ["reports/one", "reports/two"]
    assert study_folders("reports/t") == ["reports/two"]
    assert study_folders("reports/") == ["reports/deep/three", "reports/one", "reports/two"]
    assert study_folders("none/") == []
    assert study_folders(f"{tmp_path}/reports/o") == [f"{tmp_path}/reports/one"]


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("tuning run x.py --tuners kt-b", ["kt-bayesian"]),
        ("tuning run x.py --tuners kt-random,sklearn-r", ["kt-random,sklearn-randomized"]),
        ("tuning che", ["check"]),
        ("tuning status --js", ["--json"]),
    ],
)
def test_bash_is_answered(line: str, completed: list[str]) -> None:
    words = line.split()
    asked = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1), "_TUNING_COMPLETE": "complete_bash"}
    program = [sys.executable, "-c", "from tuning.cli.main import app; app(prog_name='tuning')"]
    done = subprocess.run(program, capture_output=True, text=True, check=False, env={**os.environ, **asked})
    assert done.stdout.split() == completed, done.stderr
