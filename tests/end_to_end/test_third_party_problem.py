"""The example of a third party's problem: installed as its users would, listed, and searched."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.fork_server import program

EXAMPLE = Path(__file__).parents[1] / "third_party_problem"


@pytest.mark.slow
@pytest.mark.usefixtures("fork_server")
def test_it_is_found_where_it_is_installed_and_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__"))  # a build leaves folders behind
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(target), str(source)], check=True)
    words = ["--tuners", "kt-random", "--no-baselines", "--budget", "6", "--replicates", "1", "--retrain", "0"]
    monkeypatch.syspath_prepend(target)

    def printed(*words: str) -> str:
        log = tmp_path / words[0]
        process = program("tuning", *words, folder=tmp_path, log=log)
        process.join()
        assert process.exitcode == 0, log.read_text()
        return log.read_text()

    assert json.loads(printed("problems", "--json")) == [
        {
            "problem": "moons",
            "package": "tuning-moons 1.0",
            "metric": "val_accuracy",
            "direction": "max",
            "max_epochs": 3,
        }
    ]
    shown = printed("run", "problem:moons", *words, "--jobs", "1")
    assert "Study moons: 1 tuner, 1 replicate, 6 epochs a cell" in shown
    assert (tmp_path / "reports" / "moons" / "report.html").is_file()
