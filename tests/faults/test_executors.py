"""Cells on Dask: the same tables as in this process, whatever happens to workers and schedulers."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import dask
import psutil
import pytest
from msgspec.structs import replace

from tests.support.fork_server import program
from tuning.cli.load import load_study
from tuning.errors import StudyError
from tuning.journal.frames import epochs_frame, retrainings_frame, trials_frame
from tuning.journal.journal import read
from tuning.journal.records import Retraining, Trial
from tuning.journal.study_record import StudyRecord
from tuning.journal.writer import JournalWriter
from tuning.runner.cell import CellTask, run_cell
from tuning.runner.dask import cluster as dask_cluster
from tuning.runner.dask import executor
from tuning.runner.dask.cluster import default_jobs
from tuning.runner.dask.executor import run_on_dask
from tuning.runner.executor import run_here
from tuning.runner.plan import Overrides
from tuning.runner.runner import Unwatched, run
from tuning.runner.schedule import Pace
from tuning.study import Study

ROOT = Path(__file__).parents[2]

# Each test has workers of its own; what they are forked from is not what is tested here.
pytestmark = [pytest.mark.waits, pytest.mark.usefixtures("fork_server")]

# A study file whose functions no worker can import.
STUDY = """
    import os, time
    from pathlib import Path
    from tuning import Budget, Study
    from tuning.testing import SyntheticProblem, mixed_space

    def hang_once(flag):
        own = Path(f"{flag}-{os.getpid()}")
        own.write_text(str(os.getpid()))
        try:
            os.link(own, flag)  # of several processes one alone makes it, and it is never empty
        except FileExistsError:
            return
        time.sleep(300)

    def slow(configuration):
        time.sleep(SECONDS)
        if FLAG:
            hang_once(FLAG)

    problem = SyntheticProblem(mixed_space, max_epochs=3, fail=slow)
    tuners = ["kt-hyperband", "optuna-tpe"]
    study = Study("s", problem, tuners, budget=Budget(10), replicates=2, baselines=["default"], retrain=2)
"""

# `tuning`, which draws no pictures.
UNDRAWN = """
from tests.support.undrawn import undrawn
from tuning.cli.main import app

with undrawn():
    app(prog_name="tuning")
"""
FAKETIME = list(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))

TIMES = ["train_seconds", "suggest_seconds"]


def load(folder: Path, flag: str = "", seconds: float = 0.0, more: str = "") -> Study:
    path = folder / f"on_dask_{time.monotonic_ns()}.py"
    path.write_text(f"SECONDS, FLAG = {seconds}, {flag!r}\n{textwrap.dedent(STUDY)}\n{textwrap.dedent(more)}")
    return load_study(path)


def tables(directory: Path) -> tuple[str, str, str]:
    journal = read(directory)
    retrainings = retrainings_frame(journal).drop(columns="train_seconds")
    return trials_frame(journal).drop(columns=TIMES).to_csv(), epochs_frame(journal).to_csv(), retrainings.to_csv()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, str]:
    """The tables of the study run in this process."""
    folder = tmp_path_factory.mktemp("here")
    return tables(run(load(folder), folder).directory)


class _Cluster:
    """`dask scheduler` and its workers, as processes of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[BaseProcess] = []
        written = folder / "scheduler.json"
        # Its pages have a port all the same, on which those of another scheduler may be.
        pages = ("--no-dashboard", "--dashboard-address", "127.0.0.1:0")
        self.scheduler = self.start("scheduler", "--port", "0", *pages, "--scheduler-file", str(written))
        deadline = time.monotonic() + 150
        while not written.is_file() or not written.read_text().strip():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        self.address = str(json.loads(written.read_text())["address"])

    def start(self, *words: str) -> BaseProcess:
        process = program("dask", *words, folder=self.folder, log=self.folder / f"{words[0]}.log")
        self.processes.append(process)
        return process

    def worker(self) -> BaseProcess:
        return self.start("worker", self.address, "--nthreads", "1", "--no-dashboard", "--no-nanny")

    def alive(self) -> int:
        """How many of the processes have not ended."""
        return sum(process.is_alive() for process in self.processes)

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.join()


@pytest.fixture
def empty_cluster(tmp_path: Path) -> Iterator[_Cluster]:
    """A scheduler without workers."""
    made = _Cluster(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Cluster]:
    made = _Cluster(tmp_path_factory.mktemp("cluster"))
    yield made
    made.close()


@pytest.fixture
def cluster(shared_cluster: _Cluster) -> _Cluster:
    """A scheduler with two workers, started where they are not there yet, or no more."""
    while shared_cluster.alive() < 3:
        shared_cluster.worker()
    return shared_cluster


@pytest.mark.slow
def test_two_processes_give_the_same_tables_each_on_one_thread(here: Any, tmp_path: Path) -> None:
    threads = tmp_path / "threads"
    more = f"""
    def counted(configuration):
        import tensorflow as tf
        from threadpoolctl import threadpool_info

        both = tf.config.threading
        blas = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
        counts = [both.get_intra_op_parallelism_threads(), both.get_inter_op_parallelism_threads(), *blas]
        with open({str(threads)!r}, "a") as file:
            file.write(f"{{os.getpid()}} {{sorted(set(counts))}}\\n")

    study.problems[0].fail = counted
    """
    done = run(load(tmp_path, more=more), tmp_path, execute=partial(run_on_dask, jobs=2))
    assert tables(done.directory) == here
    assert len(done.ends) == 6
    told = dict(line.split(" ", 1) for line in threads.read_text().splitlines())
    assert len(told) == 2
    assert set(told.values()) == {"[1]"}


@pytest.mark.slow
def test_a_killed_worker_costs_nothing_but_time(here: Any, tmp_path: Path) -> None:
    class Kill(Unwatched):
        """Kills the worker that says that it hangs in the middle of a cell."""

        killed = 0

        def trial(self, trial: Trial) -> None:
            if flag.exists() and not self.killed:
                self.killed = int(flag.read_text())
                os.kill(self.killed, signal.SIGKILL)

        def epoch(self, cell: Any, spent: int, best: float) -> None:
            self.trial(None)  # type: ignore[arg-type]

    flag = tmp_path / "flag"
    watcher = Kill()
    started = time.monotonic()
    done = run(load(tmp_path, str(flag), seconds=0.3), tmp_path, watcher, execute=partial(run_on_dask, jobs=2))
    assert watcher.killed
    assert time.monotonic() - started < 280  # the killed training would have slept for 300
    assert {end.state for end in done.ends} == {"DONE"}
    assert tables(done.directory) == here


class _Homeless(Unwatched):
    """Kills all workers once, and takes away the folder that others would work in: Dask then gives them up."""

    def __init__(self, folder: Path, back: bool) -> None:
        self.scratch, self.back = folder / "scratch", back
        self.away = folder / "away"
        self.notes: list[str] = []

    def trial(self, trial: Trial) -> None:
        if not self.away.exists():
            self.scratch.rename(self.away)
            self.scratch.write_text("in the way")
            for process in psutil.Process().children(recursive=True):
                if process.ppid() != os.getpid():  # a worker, and not what it is forked from
                    process.kill()

    def note(self, note: str) -> None:
        self.notes.append(note)
        if self.back and self.scratch.is_file():
            self.scratch.unlink()
            self.away.rename(self.scratch)
            self.away.mkdir()


@pytest.mark.slow
def test_workers_that_cannot_be_started_again_are_when_they_can(
    here: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "LOOK_SECONDS", 0.3)
    watcher = _Homeless(tmp_path, back=True)
    with dask.config.set({"temporary-directory": str(watcher.scratch)}):
        done = run(load(tmp_path, seconds=0.1), tmp_path, watcher, execute=partial(run_on_dask, jobs=2))
    assert {end.state for end in done.ends} == {"DONE"}
    assert tables(done.directory) == here
    failed, *_, replaced = watcher.notes
    assert failed.startswith("A worker process was lost, and no other can be started (NotADirectoryError: ")
    assert str(watcher.scratch) in failed
    assert replaced == "A worker process that was lost has been replaced."


@pytest.mark.slow
def test_a_machine_on_which_no_worker_starts_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "LOOK_SECONDS", 0.2)
    monkeypatch.setattr(executor, "WORKERLESS_SECONDS", 8.0)
    watcher = _Homeless(tmp_path, back=False)
    why = r"no worker process on this machine for 8 s \(NotADirectoryError: .*\); all trials that ended are recorded"
    with dask.config.set({"temporary-directory": str(watcher.scratch)}), pytest.raises(StudyError, match=why):
        run(load(tmp_path, seconds=0.1), tmp_path, watcher, execute=partial(run_on_dask, jobs=2))
    assert list(read(tmp_path / "s").all_trials())


# What a study file does to one configuration, the second that TPE tries, in the process that trains it.
DEADLY = """
    import json, re, time

    def harm(configuration):
        if json.dumps(configuration, sort_keys=True) == DOOMED:
            with open(ATTEMPTS, "a") as file:
                file.write("x")
            HARM

    study.problems[0].fail = harm
"""


def deadly(folder: Path, harm: str, **changes: Any) -> tuple[Study, Path]:
    """A study of one cell whose second trial comes to harm; the file that counts how often."""
    study = load(folder).changed(Overrides(tuners=["optuna-tpe"], replicates=1, baselines=False, retrain=0))
    doomed = json.dumps(run_cell(study.tasks()[0]).trials[1].configuration, sort_keys=True)
    attempts = folder / "attempts"
    more = f"DOOMED, ATTEMPTS = {doomed!r}, {str(attempts)!r}\n" + textwrap.dedent(DEADLY).replace("HARM", harm)
    changes = {"tuners": ["optuna-tpe"], "replicates": 1, "baselines": False, "retrain": 0, **changes}
    return load(folder, more=more).changed(Overrides(**changes)), attempts


@pytest.mark.slow
def test_a_trial_that_kills_its_workers_is_failed_and_its_cell_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "MAX_LOST_WORKERS", 2)
    # As the system does to a process that asks for memory when there is none.
    study, attempts = deadly(tmp_path, "time.sleep(1); os.kill(os.getpid(), 9)")
    done = run(study, tmp_path, execute=partial(run_on_dask, jobs=1))
    assert [(end.state, end.reason) for end in done.ends] == [("DONE", "the budget is spent")]
    first, second, *rest = read(done.directory).all_trials()
    assert (first.state, second.state, second.epochs) == ("COMPLETE", "FAILED", 0)
    assert second.error == "2 workers died while they trained it (killed, crashed, or out of memory)"
    assert rest[0].state == "COMPLETE"
    assert rest[-1].spent_epochs == 10
    assert attempts.read_text() == "xx"
    assert run(study, tmp_path).ends == []  # and is not tried for ever
    assert attempts.read_text() == "xx"


@pytest.mark.slow
def test_a_training_that_hangs_is_ended_with_its_process(tmp_path: Path) -> None:
    # Within one call of C that holds Python: no thread of Python's, no signal would come through.
    study, attempts = deadly(tmp_path, 're.match("(a+)+$", "a" * 64 + "b")', trial_seconds=1)
    done = run(study, tmp_path, execute=partial(run_on_dask, jobs=1))
    assert [end.state for end in done.ends] == ["DONE"]
    assert read(done.directory).plan.trial_seconds == 1
    second = list(read(done.directory).all_trials())[1]
    assert (second.state, second.epochs) == ("FAILED", 0)
    assert second.error == "took longer than 1 s, the limit of a trial; its process was ended"
    assert attempts.read_text() in ("x", "xx")  # the first time, it may hold Python before it has said what it trains


@pytest.mark.slow
def test_a_retraining_that_kills_its_workers_is_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "MAX_LOST_WORKERS", 2)
    study = load(tmp_path, more="study.problems[0].retrain = lambda *args, **kwargs: os._exit(9)")
    study = study.changed(Overrides(tuners=["optuna-tpe"], budget=3, replicates=1, baselines=False, retrain=1))
    done = run(study, tmp_path, execute=partial(run_on_dask, jobs=1))
    assert [end.state for end in done.ends] == ["DONE"]
    ((retraining,),) = read(done.directory).retrainings.values()
    assert (retraining.state, retraining.epochs) == ("FAILED", 0)
    assert retraining.error == "2 workers died while they trained it (killed, crashed, or out of memory)"


@pytest.mark.slow
def test_a_cell_whose_workers_die_before_it_trains_is_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "MAX_LOST_WORKERS", 2)
    more = "study.tuners[0].search = lambda *args, **kwargs: os._exit(9)"
    study = load(tmp_path, more=more).changed(
        Overrides(tuners=["kt-hyperband"], replicates=1, baselines=False, retrain=0)
    )
    done = run(study, tmp_path, execute=partial(run_on_dask, jobs=1))
    error = "2 workers died while they ran this cell (killed, crashed, or out of memory)"
    assert [(end.state, end.error) for end in done.ends] == [("FAILED", error)]


@pytest.mark.slow
def test_local_workers_are_not_given_up_by_the_clock_and_listen_to_this_machine_only() -> None:
    with dask_cluster.client_of(1, "") as client:
        assert client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.worker_ttl) is None
        here = [*psutil.Process().children(recursive=True), psutil.Process()]
        listening = {
            connection.laddr.ip
            for process in here
            for connection in process.net_connections("inet")
            if connection.status == psutil.CONN_LISTEN
        }
    assert listening
    assert listening <= {"127.0.0.1", "::1"}


def at_rest(process: psutil.Process) -> float:
    """Its seconds of CPU time, once a second has added next to none: it may have just come up."""
    deadline, before, used = time.monotonic() + 120, -1.0, 0.0
    while used - before > 0.02:
        assert time.monotonic() < deadline
        time.sleep(1.0)
        before, used = used, sum(process.cpu_times()[:2])
    return used


@pytest.mark.slow
def test_a_worker_does_next_to_nothing_beside_its_training() -> None:
    """Dask's defaults take 3 % of a core in each process, and Python from the training 100 times a second."""
    seconds = 4.0
    with dask_cluster.client_of(1, "") as client:
        (number,) = client.run(os.getpid).values()
        worker = psutil.Process(number)
        before = at_rest(worker)
        client.submit(time.sleep, seconds).result()
        assert sum(worker.cpu_times()[:2]) - before < 0.015 * seconds


@pytest.mark.slow
@pytest.mark.skipif(not FAKETIME, reason="Debian's package faketime is not installed")
def test_a_clock_that_is_set_back_again_and_again_holds_nothing_up(here: Any, tmp_path: Path) -> None:
    """Dask would keep messages back until the clock is where it was: for a day, each time."""
    more = """
    import threading

    def waits(configuration):
        threading.Event().wait(0.4)

    study.problems[0].fail = waits
    """
    load(tmp_path, more=more)
    (script,) = tmp_path.glob("*.py")
    clock = tmp_path / "clock"
    # It is read once a second, not at each call: that took seconds of each process.
    setting = {"FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_CACHE_DURATION": "1"}
    setting["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"
    clock.write_text("+0d")
    command = [sys.executable, "-c", UNDRAWN, "run", str(script), "--jobs", "2", "--out", str(tmp_path)]
    journal = tmp_path / "s" / "journal" / "journal.jsonl"
    environment = {**os.environ, **setting, "LD_PRELOAD": str(FAKETIME[0])}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    days, deadline = 0, time.monotonic() + 280
    while process.poll() is None:
        if time.monotonic() > deadline:
            process.kill()
        time.sleep(0.2)
        if journal.is_file() and journal.read_text().count("\n") > 3:
            time.sleep(1.0)
            days += 1
            (tmp_path / "set").write_text(f"-{days}d")
            (tmp_path / "set").replace(clock)
    assert process.returncode == 0, (tmp_path / "log").read_text()
    assert days > 3
    assert tables(tmp_path / "s") == here


@pytest.mark.slow
def test_a_cluster_by_its_address_gives_the_same_tables(here: Any, tmp_path: Path, cluster: _Cluster) -> None:
    done = run(load(tmp_path), tmp_path, execute=partial(run_on_dask, scheduler=cluster.address))
    assert tables(done.directory) == here


def test_a_worker_of_several_threads_is_refused_in_one_line(tmp_path: Path) -> None:
    from distributed import LocalCluster

    with (
        LocalCluster(
            n_workers=1,
            threads_per_worker=2,
            processes=False,
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # where another scheduler has no pages
        ) as threads,
        pytest.raises(StudyError, match=r"the worker at .* has 2 threads, .*; start workers with `dask worker --nth"),
    ):
        run(load(tmp_path), tmp_path, execute=partial(run_on_dask, scheduler=threads.scheduler_address))


@pytest.mark.slow
def test_a_lost_worker_of_a_cluster_costs_nothing_but_time(here: Any, tmp_path: Path, cluster: _Cluster) -> None:
    """The scheduler would start the cell again by itself, as it was sent: from its first trial."""
    flag, starts = tmp_path / "flag", tmp_path / "starts"
    more = f"""
    mine = []

    def hangs_once(configuration):
        mine.append(configuration)
        with open({str(starts)!r}, "a") as file:
            file.write("x")
        if len(mine) == 3:
            hang_once({str(flag)!r})

    study.problems[0].fail = hangs_once
    """

    class Kill(Unwatched):
        killed = 0

        def trial(self, trial: Trial) -> None:
            if not self.killed and trial.trial == 1:
                deadline = time.monotonic() + 150
                while not flag.exists() or not flag.read_text():
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
                time.sleep(2)  # on a busy machine, what the worker has sent of its trials is still on its way
                self.killed = int(flag.read_text())
                os.kill(self.killed, signal.SIGKILL)

    study = load(tmp_path, more=more).changed(Overrides(tuners=["optuna-tpe"], baselines=False, retrain=0))
    watcher = Kill()
    started = time.monotonic()
    done = run(study, tmp_path, watcher, execute=partial(run_on_dask, scheduler=cluster.address))
    assert watcher.killed
    assert time.monotonic() - started < 280  # the killed training would have slept for 300
    assert {end.state for end in done.ends} == {"DONE"}
    trials = list(read(done.directory).all_trials())
    assert len(starts.read_text()) == len(trials) + 1  # the trial that was killed, and none that was recorded
    alone = run(
        load(tmp_path).changed(Overrides(tuners=["optuna-tpe"], baselines=False, retrain=0)), tmp_path / "alone"
    )
    assert tables(done.directory) == tables(alone.directory)


@pytest.mark.slow
def test_a_cluster_without_workers_is_given_up(
    tmp_path: Path, empty_cluster: _Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "LOOK_SECONDS", 0.2)
    monkeypatch.setattr(executor, "WORKERLESS_SECONDS", 1.0)
    with pytest.raises(
        StudyError, match=rf"at {empty_cluster.address} had no worker for 1 s; start some with `dask worker"
    ):
        run(load(tmp_path), tmp_path, execute=partial(run_on_dask, scheduler=empty_cluster.address))


@pytest.mark.slow
def test_a_scheduler_that_goes_away_ends_the_run_in_one_line(
    here: Any, tmp_path: Path, empty_cluster: _Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "LOOK_SECONDS", 0.5)
    monkeypatch.setattr(dask_cluster, "CONNECT_SECONDS", 5)
    empty_cluster.worker()

    class Kill(Unwatched):
        def trial(self, trial: Trial) -> None:
            empty_cluster.scheduler.kill()

    study = load(tmp_path, seconds=0.3)
    with pytest.raises(StudyError, match=r"the Dask scheduler at .* went away; all trials that ended are recorded"):
        run(study, tmp_path, Kill(), execute=partial(run_on_dask, scheduler=empty_cluster.address))
    assert list(read(tmp_path / "s").all_trials())
    (tmp_path / "again").mkdir()
    back = _Cluster(tmp_path / "again")
    try:
        back.worker()
        assert tables(run(study, tmp_path, execute=partial(run_on_dask, scheduler=back.address)).directory) == here
    finally:
        back.close()


@pytest.mark.slow
def test_what_a_worker_cannot_load_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "beside.py").write_text("def fail(configuration):\n    return None\n")
    study = load(tmp_path, more="import beside\nstudy.problems[0].fail = beside.fail")
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != str(tmp_path)])
    with pytest.raises(
        StudyError, match=r"cannot be run on a worker: ModuleNotFoundError: No module named 'beside'; workers need"
    ):
        run(study, tmp_path, execute=partial(run_on_dask, jobs=1))


@pytest.mark.slow
def test_what_cannot_be_sent_is_said(tmp_path: Path) -> None:
    study = load(tmp_path, more="import threading\nstudy.problems[0].lock = threading.Lock()")
    with pytest.raises(StudyError, match=r"cannot be sent to a worker: TypeError: cannot pickle .* with --jobs 1"):
        run(study, tmp_path, execute=partial(run_on_dask, jobs=1))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://x", "no.such.host.invalid:8786"])
def test_a_scheduler_that_does_not_answer_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(dask_cluster, "CONNECT_SECONDS", 1)
    with pytest.raises(StudyError, match=f"no Dask scheduler answers at {address} .*; start one with `dask scheduler`"):
        run(load(tmp_path), tmp_path, execute=partial(run_on_dask, scheduler=address))


def test_without_tasks_no_cluster_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_cluster, "client_of", lambda *args: pytest.fail("a cluster was started"))
    run_on_dask([], _Deaf(), jobs=2)


class _Deaf:
    def __init__(self) -> None:
        self.results: list[Any] = []
        self.pace = Pace()

    def on_trial(self, trial: Any) -> None: ...
    def on_epoch(self, cell: Any, spent: int, best: float) -> None: ...
    def on_retraining(self, retraining: Any) -> None: ...
    def on_result(self, task: CellTask, result: Any) -> None:
        self.results.append((task.cell, result))

    def on_note(self, note: str) -> None: ...
    def retrainings_of(self, cell: Any) -> list[Retraining]:
        return []

    def trials_of(self, cell: Any) -> list[Trial]:
        return []

    def with_known_trainings(self, task: CellTask) -> CellTask:
        return task

    def batched(self) -> Any:
        return nullcontext()

    def catch_up(self) -> bool:
        return False


def test_here_runs_the_cells_one_after_another(tmp_path: Path) -> None:
    listener = _Deaf()
    tasks = load(tmp_path).tasks()
    run_here(tasks, listener)
    assert [cell for cell, _ in listener.results] == [task.cell for task in tasks]
    assert listener.results[0][1].trials[0].configuration == run_cell(tasks[0]).trials[0].configuration


def test_jobs_are_no_more_than_cells_or_cores() -> None:
    assert default_jobs(1) == 1
    assert 1 <= default_jobs(1000) <= (os.cpu_count() or 1)


def test_jobs_are_no_more_than_memory_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    class Memory:
        available = 2.5 * dask_cluster.WORKER_BYTES

    monkeypatch.setattr("psutil.virtual_memory", Memory)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(64)), raising=False)
    assert default_jobs(100) == 2
    Memory.available = 0.5 * dask_cluster.WORKER_BYTES
    assert default_jobs(100) == 1


def test_messages_that_wait_are_recorded_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_size))
    trial = run_cell(load(tmp_path).tasks()[0]).trials[0]
    with JournalWriter.create(tmp_path / "x", StudyRecord(study="s", problems={})) as writer:
        before = len(synced)
        with writer.batched():
            for number in range(50):
                writer.trial(replace(trial, trial=number))
            assert len(synced) == before
        assert len(synced) == before + 1
        assert synced[-1] == writer.path.stat().st_size
        with suppress(KeyError), writer.batched():
            writer.trial(replace(trial, trial=50))
            raise KeyError
        assert synced[-1] == writer.path.stat().st_size  # an error takes nothing back
        writer.trial(replace(trial, trial=51))
        assert len(synced) == before + 3
