"""A disk that is full, or cannot be written: what was recorded stays, a line says what is not, and the run goes on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.runner.test_runner import study, tables
from tuning.cli import main
from tuning.errors import JournalError
from tuning.journal.journal import path_of, read
from tuning.journal.records import Trial
from tuning.runner.runner import Unwatched, run
from tuning.tensorboard.hparams import HparamsWriter


class Disk:
    """A small file system of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.filler = folder / "filler"

    def mount(self, *words: str) -> None:
        done = subprocess.run(["mount", *words, str(self.folder)], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"a file system cannot be mounted here: {done.stderr.strip()}")

    def fill(self) -> None:
        with suppress(OSError), self.filler.open("wb", buffering=0) as file:
            while True:
                file.write(b"\0" * 1024)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root may mount a file system, and a full disk cannot be had otherwise")
    made = Disk(tmp_path)
    made.mount("-t", "tmpfs", "-o", "size=4m", "tmpfs")
    yield made
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


class Filling(Unwatched):
    """Fills the disk when so many trials are recorded."""

    def __init__(self, disk: Disk, trials: int) -> None:
        self.disk, self.left = disk, trials

    def trial(self, trial: Trial) -> None:
        self.left -= 1
        if not self.left:
            self.disk.fill()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return tables(run(study(replicates=1), tmp_path_factory.mktemp("whole")).directory)


@pytest.mark.parametrize("trials", [1, 5, 9, 13])  # in the searches of several tuners
def test_a_full_disk_ends_the_run_and_it_goes_on_when_there_is_room(
    disk: Disk, whole: tuple[str, str], monkeypatch: pytest.MonkeyPatch, trials: int
) -> None:
    monkeypatch.setattr(HparamsWriter, "write", lambda *args: None)  # they would be the first to find no room
    what = r"(trial \d+ of synthetic/.*, \{.*\}|the end of synthetic/.*)"
    said = rf"cannot be written \(No space left on device\): {what} is not recorded, all before it is; mend"
    with pytest.raises(JournalError, match=said):
        run(study(replicates=1), disk.folder, Filling(disk, trials))
    # The last page of the file had room for a few more.
    assert trials <= sum(map(len, read(disk.folder / "s").trials.values())) < trials + 10
    with pytest.raises(JournalError, match="No space left on device"):
        run(study(replicates=1), disk.folder)
    disk.filler.unlink()
    assert tables(run(study(replicates=1), disk.folder).directory) == whole
    assert path_of(disk.folder / "s").read_bytes().count(b'\n{"kind":"trial"') == len(whole[0].splitlines()) - 1


def test_a_folder_that_can_only_be_read_is_said_and_shown(disk: Disk, whole: tuple[str, str]) -> None:
    run(study(replicates=1, tuners=["kt-random"]), disk.folder)
    disk.mount("-o", "remount,ro")
    with pytest.raises(JournalError, match=r"cannot be written \(Read-only file system\); choose another folder"):
        run(study(replicates=1), disk.folder)
    with pytest.raises(JournalError, match=r"cannot be written \(Read-only file system\); choose another folder"):
        run(study(replicates=1), disk.folder / "new")
    folder = disk.folder / "s"
    assert CliRunner().invoke(main.app, ["status", str(folder)]).exit_code == 0
    done = CliRunner().invoke(main.app, ["report", str(folder)])
    assert done.exit_code == 2
    assert "Read-only file system" in done.stderr
    assert done.stderr.count("\n") == 1
