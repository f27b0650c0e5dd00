"""`tuning run` of several studies: one after the other, each by itself, the worst exit code at the end."""

import shutil
import textwrap
from pathlib import Path

import pytest

from tests.cli.test_main import STUDY, invoke
from tuning.cli import launch
from tuning.cli.options import Named, RunOptions
from tuning.cli.several import run_studies
from tuning.journal.journal import read
from tuning.process.gpus import Gpu
from tuning.report.command import command
from tuning.runner.devices import Devices
from tuning.runner.plan import StudyPlan


def write(path: Path, name: str) -> Path:
    path.write_text(textwrap.dedent(STUDY).replace('Study("s"', f'Study("{name}"'))
    return path


def test_studies_run_one_after_the_other_and_one_that_fails_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, last = write(tmp_path / "first.py", "a"), write(tmp_path / "last.py", "b")
    broken = tmp_path / "broken.py"
    broken.write_text("1 / 0\n")
    words = ["run", first, broken, last, "--out", tmp_path, "--jobs", 1, "--replicates", 1]
    monkeypatch.setattr("sys.argv", ["/bin/tuning", *map(str, words)])
    result = invoke(*words)
    assert result.exit_code == 2
    assert f"{first}, study 1 of 3\nStudy a: 2 tuners" in result.stdout
    assert "broken.py:1 raises ZeroDivisionError" in result.stderr
    assert f"\n{first}: done\n{broken}: NOT RUN to its end\n{last}: done\n" in result.stdout
    assert result.stdout.endswith(f"In one report: tuning compare {tmp_path}/a {tmp_path}/b\n")
    # The journal of each tells the command that runs it alone.
    assert command(read(tmp_path / "b")).startswith("tuning run last.py --budget 6 --replicates 1 ")

    shutil.rmtree(tmp_path / "b")  # as if it had been interrupted before the second
    again = invoke("run", first, last, "--out", tmp_path, "--jobs", 1, "--replicates", 1)
    assert again.exit_code == 0
    assert "2 of 2 cells are done already." in again.stdout
    assert len(read(tmp_path / "b").ends) == 2


def test_two_studies_of_one_name_would_share_a_folder(tmp_path: Path) -> None:
    one, other = write(tmp_path / "one.py", "s"), write(tmp_path / "other.py", "s")
    result = invoke("run", one, other, "--out", tmp_path, "--jobs", 1, "--replicates", 1)
    assert result.exit_code == 2
    assert f"{other} and {one} both define a study 's'; rename one of them" in result.stderr
    assert result.stdout.endswith(f"\n{one}: done\n{other}: NOT RUN to its end\n")
    twice = invoke("run", one, one, "--out", tmp_path)
    assert (twice.exit_code, "is given twice" in twice.stderr) == (2, True)


def test_each_study_trains_on_the_devices_of_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, Devices]] = []

    def run_study(study: StudyPlan, out: Path, jobs: None, scheduler: str, devices: Devices, words: list[str]) -> int:
        ran.append((study.name, devices))
        return 0

    monkeypatch.setattr(launch, "run_study", run_study)
    devices = Devices((Gpu("GPU-a", "H200", 143771),), per_gpu=2)
    studies = [write(tmp_path / "one.py", "a"), write(tmp_path / "other.py", "b")]
    assert run_studies(studies, Named(), RunOptions(), devices) == 0
    assert ran == [("a", devices), ("b", devices)]
