"""The example of a third party's tuner: installed as its users would, found, and put through the suite."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[1] / "third_party_tuner"


@pytest.mark.slow
def test_it_is_found_where_it_is_installed_and_passes_the_suite(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__"))  # a build leaves folders behind
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(target), str(source)], check=True)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "not slow", "-c", os.devnull, str(source / "conformance.py")],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(target), *filter(None, sys.path)])},
    )
    assert done.returncode == 0, done.stdout + done.stderr
