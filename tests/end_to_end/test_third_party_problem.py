"""Problems of other packages, the example and the suite: installed as their users would, listed, and searched."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.fork_server import program

EXAMPLE = Path(__file__).parents[1] / "third_party_problem"
SUITE = Path("studies/suite").resolve()

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fork_server")]


def installed(package: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of a package, for a build leaves folders behind, on the path of programs that are started."""
    source, target = folder / "source", folder / "target"
    shutil.copytree(package, source, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(target), str(source)], check=True)
    monkeypatch.syspath_prepend(target)


def printed(folder: Path, *words: str) -> str:
    log = folder / words[0]
    process = program("tuning", *words, folder=folder, log=log)
    process.join()
    assert process.exitcode == 0, log.read_text()
    return log.read_text()


def test_the_suite_lists_each_of_its_problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(SUITE, tmp_path, monkeypatch)
    listed = {one["problem"]: one for one in json.loads(printed(tmp_path, "problems", "--json"))}
    scripts = {path.stem.replace("_", "-") for path in SUITE.glob("*.py")} - {"published-tables"}
    assert set(listed) == scripts
    assert listed["diabetes"]["package"] == "tuning-suite 1.0"
    assert (listed["diabetes"]["metric"], listed["diabetes"]["max_epochs"]) == ("val_root_mean_squared_error", 50)


def test_it_is_found_where_it_is_installed_and_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(EXAMPLE, tmp_path, monkeypatch)
    words = ["--tuners", "kt-random", "--no-baselines", "--budget", "6", "--replicates", "1", "--retrain", "0"]
    assert json.loads(printed(tmp_path, "problems", "--json")) == [
        {
            "problem": "moons",
            "package": "tuning-moons 1.0",
            "metric": "val_accuracy",
            "direction": "max",
            "max_epochs": 3,
        }
    ]
    shown = printed(tmp_path, "run", "problem:moons", *words, "--jobs", "1")
    assert "Study moons: 1 tuner, 1 replicate, 6 epochs a cell" in shown
    assert (tmp_path / "reports" / "moons" / "report.html").is_file()
