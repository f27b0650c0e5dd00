"""The example of a third party's tuner: installed as its users would, found, and put through the suite."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.fork_server import program

EXAMPLE = Path(__file__).parents[1] / "third_party_tuner"


@pytest.mark.slow
@pytest.mark.usefixtures("fork_server")
def test_it_is_found_where_it_is_installed_and_passes_the_suite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__"))  # a build leaves folders behind
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(target), str(source)], check=True)
    monkeypatch.syspath_prepend(target)
    words = ["-q", "-m", "not slow", "-c", os.devnull, str(source / "conformance.py")]
    process = program("pytest", *words, folder=tmp_path, log=tmp_path / "log")
    process.join()
    assert process.exitcode == 0, (tmp_path / "log").read_text()
