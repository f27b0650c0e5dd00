"""The example of a third party's problem: installed as its users would, listed, and searched."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[1] / "third_party_problem"


@pytest.mark.slow
def test_it_is_found_where_it_is_installed_and_searched(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__"))  # a build leaves folders behind
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(target), str(source)], check=True)
    words = ["--tuners", "kt-random", "--no-baselines", "--budget", "6", "--replicates", "1", "--retrain", "0"]
    lists, runs = "main.app(['problems', '--json'], standalone_mode=False)", ["run", "problem:moons", *words]
    done = subprocess.run(
        [sys.executable, "-c", f"from tuning.cli import main\n{lists}\nmain.app({[*runs, '--jobs', '1']!r})"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(target), *filter(None, sys.path)])},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    listed, end = json.JSONDecoder().raw_decode(done.stdout)
    assert listed == [
        {
            "problem": "moons",
            "package": "tuning-moons 1.0",
            "metric": "val_accuracy",
            "direction": "max",
            "max_epochs": 3,
        }
    ]
    assert "Study moons: 1 tuner, 1 replicate, 6 epochs a cell" in done.stdout[end:]
    assert (tmp_path / "reports" / "moons" / "report.html").is_file()
