"""Ctrl-C, kill, a closed terminal, a laptop that sleeps: the run ends in order, nothing is lost, nobody is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.support.fork_server import program
from tuning.cli.load import load_study
from tuning.cli.signals import Interruption
from tuning.journal.frames import epochs_frame, trials_frame
from tuning.journal.journal import path_of, read
from tuning.runner.runner import run

pytestmark = [pytest.mark.waits, pytest.mark.usefixtures("fork_server")]

TIMES = ["train_seconds", "suggest_seconds"]
SECONDS = 300  # a machine that is busy with something else may take long to start a process

STUDY = """
    import time
    from tuning import Budget, Study
    from tuning.testing import SyntheticProblem, mixed_space

    def slow(configuration):
        time.sleep(SLOW)

    problem = SyntheticProblem(mixed_space, max_epochs=3, fail=slow)
    tuners = ["kt-hyperband", "sklearn-randomized", "optuna-tpe"]
    study = Study("s", problem, tuners, budget=Budget(30), replicates=2, baselines=(), retrain=0)
"""


def script(folder: Path, slow: float) -> Path:
    path = folder / f"study_{time.monotonic_ns()}.py"
    path.write_text(f"SLOW = {slow}\n" + textwrap.dedent(STUDY))
    return path


def tables(directory: Path) -> tuple[str, str]:
    journal = read(directory)
    return trials_frame(journal).drop(columns=TIMES).to_csv(), epochs_frame(journal).to_csv()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("whole")
    return tables(run(load_study(script(folder, 0)), folder).directory)


class Started:
    """`tuning run` in a session of its own, as in a terminal."""

    def __init__(self, folder: Path, jobs: int, slow: float = 0.3) -> None:
        self.folder = folder
        self.output, self.errors = folder / "output", folder / "errors"
        words = ["run", str(script(folder, slow)), "--out", str(folder), "--jobs", str(jobs)]
        self.process = program("tuning", *words, folder=folder, log=self.output, errors=self.errors)
        self.wait(lambda: self.trials() >= 3)
        itself = psutil.Process(self.process.pid)
        self.family = [itself, *itself.children(recursive=True)]

    def trials(self) -> int:
        path = path_of(self.folder / "s")
        return path.read_bytes().count(b'\n{"kind":"trial"') if path.is_file() else 0

    def wait(self, until: Callable[[], bool]) -> None:
        deadline = time.monotonic() + SECONDS
        while not until():
            assert time.monotonic() < deadline
            assert self.process.is_alive(), self.printed()
            time.sleep(0.05)

    def printed(self) -> tuple[str, str]:
        return self.output.read_text(), self.errors.read_text()

    def end(self) -> tuple[str, str]:
        """What it has printed, to standard output and as errors, once it and all its processes have ended."""
        self.process.join(SECONDS)
        _, alive = psutil.wait_procs(self.family, timeout=SECONDS)
        assert alive == []
        return self.printed()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("jobs", "name", "code"),
    [
        (1, "SIGTERM", 143),
        (2, "SIGINT", 130),
        (2, "SIGTERM", 143),
        (2, "SIGHUP", 129),
    ],
)
def test_a_signal_ends_the_run_and_the_same_command_goes_on(
    tmp_path: Path, whole: tuple[str, str], jobs: int, name: str, code: int
) -> None:
    started = Started(tmp_path, jobs)
    # Ctrl-C and a closing terminal reach the whole group, workers too; `kill` reaches the process it is given.
    if name == "SIGTERM":
        started.process.terminate()
    else:
        os.killpg(started.process.pid, getattr(signal, name))
    said, errors = started.end()
    assert started.process.exitcode == code, said + errors
    assert "Traceback" not in said + errors
    if name == "SIGINT":
        assert errors == ""
        assert [path.name for path in path_of(tmp_path / "s").parent.iterdir()] == ["journal.jsonl"]
    how = "" if name == "SIGINT" else f" by {name}"
    assert f"Interrupted{how}. All trials that ended are in {tmp_path}/s/journal. Go on with:\n\n    python " in said
    known = started.trials()
    assert 3 <= known < len(whole[0].splitlines()) - 1
    directory = run(load_study(script(tmp_path, 0)), tmp_path).directory
    assert tables(directory) == whole
    assert path_of(directory).read_bytes().count(b'\n{"kind":"trial"') == len(whole[0].splitlines()) - 1  # none twice


@pytest.mark.slow
def test_a_machine_that_sleeps_costs_nothing(tmp_path: Path, whole: tuple[str, str]) -> None:
    started = Started(tmp_path, 2, slow=0.1)
    for process in started.family:
        process.suspend()
    time.sleep(3)
    for process in started.family:
        process.resume()
    printed = started.end()
    assert started.process.exitcode == 0, printed
    assert tables(tmp_path / "s") == whole


def test_what_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interruption() as interruption:
            os.kill(os.getpid(), signal.SIGHUP)
        assert interruption.number == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_second_signal_ends_the_process_at_once() -> None:
    code = """
        import os, signal
        from tuning.cli.signals import Interruption

        with Interruption() as interruption:
            try:
                os.kill(os.getpid(), signal.SIGTERM)
            except KeyboardInterrupt:
                os.kill(os.getpid(), signal.SIGTERM)
                print("still here")
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (143, "")


def test_signals_are_given_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with pytest.raises(KeyboardInterrupt), Interruption() as interruption:
        os.kill(os.getpid(), signal.SIGHUP)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before
    assert (interruption.name, interruption.exit_code) == ("SIGHUP", 129)
