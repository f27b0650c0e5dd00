"""Workers that are forked from one process: which, when, from what; and that it never stays behind."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from multiprocessing import forkserver
from pathlib import Path

import keras
import psutil
import pytest

from tests.faults.test_executors import load, tables
from tests.support.fork_server import parked
from tuning.cli.load import load_module
from tuning.journal.records import Trial
from tuning.process import system
from tuning.runner.dask import cluster
from tuning.runner.dask.executor import run_on_dask
from tuning.runner.forkserver import forked, start_method
from tuning.runner.runner import Unwatched, run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each worker starts from nothing")


def server() -> list[psutil.Process]:
    """This process' children that fork workers, but for what tests keep.

    One that has just begun has this process' command line for a moment.
    """
    mine = psutil.Process()
    others = [child for child in mine.children() if child.pid != parked()]
    alive = [child for child in others if child.status() != psutil.STATUS_ZOMBIE]
    while any(child.cmdline() in ([], mine.cmdline()) for child in alive):
        time.sleep(0.01)
    return [child for child in alive if "multiprocessing.forkserver" in " ".join(child.cmdline())]


def test_pythons_fork_server_has_the_inner_parts_that_we_use() -> None:
    changed = "Python has changed this: see tuning/runner/forkserver.py"
    assert hasattr(forkserver._forkserver, "_forkserver_pid"), changed
    assert callable(getattr(forkserver._forkserver, "_stop", None)), changed


@pytest.mark.slow
def test_workers_share_one_import_in_a_process_of_one_thread() -> None:
    """A fork copies one thread: were there another, what it holds would stay locked for ever."""
    with cluster.client_of(2, "") as client:
        parents = set(client.run(os.getppid).values())
        assert parents == {process.pid for process in server()}
        assert server()[0].num_threads() == 1
        loaded = client.run(lambda: {"tensorflow", "keras_tuner", "optuna"} <= set(sys.modules))
        assert set(loaded.values()) == {True}
        private = client.run(lambda: psutil.Process().memory_full_info().uss)
        assert max(private.values()) < 200e6  # TensorFlow alone is 600 MB
    assert server() == []


def test_there_is_none_unless_it_is_wanted() -> None:
    with forked(wanted=False):
        assert (start_method(), server()) == ("spawn", [])
    with forked():
        assert (start_method(), len(server())) == ("forkserver", 1)
        with forked():
            assert len(server()) == 1
    assert (start_method(), server()) == ("spawn", [])


def test_another_backend_may_have_threads_and_is_not_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with forked():
        assert (start_method(), server()) == ("spawn", [])


def test_a_fork_server_of_the_program_itself_is_left_alone() -> None:
    forkserver.set_forkserver_preload([])
    forkserver.ensure_running()
    (own,) = server()
    try:
        with forked():
            assert (start_method(), server()) == ("spawn", [own])
        assert server() == [own]
    finally:
        forkserver._forkserver._stop()  # type: ignore[attr-defined]


@pytest.mark.parametrize(("line", "method"), [("", "forkserver"), ("os.environ['OF_A_STUDY'] = '1'", "spawn")])
def test_a_study_that_changes_the_environment_has_workers_that_start_in_it(
    line: str, method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_A_STUDY", "0")
    file = tmp_path / "of_a_study.py"
    file.write_text(f"import os\n{line}\n")
    with forked():
        load_module(file)
        assert start_method() == method
    assert server() == []


def test_a_command_that_ends_early_leaves_no_process_and_ends_at_once(tmp_path: Path) -> None:
    """Whoever reads its output waits until all who could write have ended."""
    file = tmp_path / "broken.py"
    file.write_text("import nothing_of_that_name\n")
    command = [sys.executable, "-m", "tuning", "run", str(file), "--jobs", "2"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2
    assert "nothing_of_that_name" in done.stderr
    left = [
        other.info["cmdline"] for other in psutil.process_iter(["cmdline", "cwd"]) if other.info["cwd"] == str(tmp_path)
    ]
    assert not any("multiprocessing.forkserver" in word for line in left for word in line)


@pytest.mark.slow
def test_where_nothing_can_be_forked_nor_signals_be_delayed_the_results_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = run(load(tmp_path), tmp_path / "alone")
    monkeypatch.setattr(system, "FORKS", False)
    monkeypatch.setattr(system, "DELAYS_SIGNALS", False)
    with forked():
        assert (start_method(), server()) == ("spawn", [])
        done = run(load(tmp_path), tmp_path / "spawned", execute=partial(run_on_dask, jobs=2))
    assert tables(done.directory) == tables(alone.directory)


@pytest.mark.slow
def test_the_process_that_forks_is_killed_and_the_study_goes_on(tmp_path: Path) -> None:
    class Kill(Unwatched):
        killed = 0

        def trial(self, trial: Trial) -> None:
            if not self.killed:
                self.killed = server()[0].pid
                os.kill(self.killed, signal.SIGKILL)

    alone = run(load(tmp_path), tmp_path / "alone")
    watcher = Kill()
    done = run(load(tmp_path, seconds=0.2), tmp_path / "killed", watcher, execute=partial(run_on_dask, jobs=2))
    assert watcher.killed
    assert tables(done.directory) == tables(alone.directory)
    assert server() == []
