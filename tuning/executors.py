"""Where cells run: in this process, on local Dask workers, or on anybody's Dask cluster. Same cells, same results.

A worker sends each trial to the driver as it ends, over a Dask topic, and a cell's result carries all its trials
again, so a lost message costs nothing. No shared file system is needed: the driver alone writes.
"""

from __future__ import annotations

import math
import os
import pickle
import queue
import random
import signal
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from typing import Any, Protocol

import cloudpickle

from tuning.cells import FAILED, CellTask, run_cell
from tuning.errors import StudyError, TuningError, one_line
from tuning.ordering import Pace, longest_first
from tuning.problem import TrainingProblem
from tuning.quiet import import_tensorflow
from tuning.records import Cell, CellEnd, CellResult, Retraining, Trial

MAX_LOST_WORKERS = 3  # a cell whose worker died this often is FAILED: it may be what kills them
WORKER_BYTES = 1.5e9  # memory that a worker is given room for when their number is chosen
EPOCH_MESSAGE_SECONDS = 0.5  # a worker tells its progress no more often
CONNECT_SECONDS = 20  # a scheduler that does not answer within them is not there
LOOK_SECONDS = 5.0  # when nothing was heard for so long, the driver looks whether there are workers
WORKERLESS_SECONDS = 600.0  # without any worker for so long, the run ends; a cluster may be slow to give some


class Listener(Protocol):
    """What an executor tells the driver, in the driver's own thread.

    Attributes:
        pace: What cells take, by the trials that were told.
    """

    pace: Pace

    def on_trial(self, trial: Trial) -> None: ...
    def on_epoch(self, cell: Cell, spent: int, best: float) -> None: ...
    def on_retraining(self, retraining: Retraining) -> None: ...
    def on_result(self, task: CellTask, result: CellResult) -> None: ...
    def trials_of(self, cell: Cell) -> Sequence[Trial]:
        """What the journal holds of a cell by now."""

    def retrainings_of(self, cell: Cell) -> Sequence[Retraining]:
        """What the journal holds of its retrained incumbents."""

    def together(self) -> AbstractContextManager[None]:
        """What is told within is recorded at its end, at once."""

    def catch_up(self) -> bool:
        """Called when there is time: does a bit of what may wait; whether there is more of it."""


Executor = Callable[[Sequence[CellTask], Listener], None]


def run_here(tasks: Sequence[CellTask], listener: Listener) -> None:
    """The cells one after another, in this process."""

    def on_trial(trial: Trial) -> None:
        listener.on_trial(trial)
        while listener.catch_up():
            pass

    for task in tasks:
        listener.on_result(task, run_cell(task, on_trial, listener.on_epoch, listener.on_retraining))


def run_on_dask(tasks: Sequence[CellTask], listener: Listener, *, jobs: int = 0, scheduler: str = "") -> None:
    """The cells on Dask workers, a cell at a time on each.

    Args:
        jobs: So many single-threaded processes on this machine; or else
        scheduler: the address of a Dask scheduler, whose workers have this package installed.

    Raises:
        StudyError: The scheduler does not answer, or goes away; no worker comes for `WORKERLESS_SECONDS`; or a worker
            cannot load what the study needs, or has several threads. What was recorded stays, and the same run goes on
            there.
        ReplayError: A search that goes on asks for other trials than the journal holds.
    """
    with on_dask(jobs=min(jobs, len(tasks)), scheduler=scheduler) as execute:
        execute(tasks, listener)


@contextmanager
def on_dask(*, jobs: int = 0, scheduler: str = "") -> Iterator[Executor]:
    """`run_on_dask` for several runs in turn: the workers of the first are kept for the others."""
    with ExitStack() as stack:
        client: Any = None

        def execute(tasks: Sequence[CellTask], listener: Listener) -> None:
            nonlocal client
            if tasks:
                client = client or stack.enter_context(_client(jobs, scheduler))
                # A cluster of many may grow by what waits. Here, a cell that waited behind another in one worker would
                # be lost with it, and be counted as one that kills workers.
                _Run(client, listener, at_once=len(tasks) if scheduler else jobs).all(tasks)

        yield execute


def require_scheduler(address: str) -> None:
    """Raises StudyError where no Dask scheduler answers at an address."""
    with _client(0, address):
        pass


def default_jobs(cells: int) -> int:
    """Workers for this machine: one for each core, as far as memory and cells go."""
    import psutil

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    room = int(psutil.virtual_memory().available // WORKER_BYTES)
    return max(1, min(cores, room, cells))


@contextmanager
def _client(jobs: int, scheduler: str) -> Iterator[Any]:
    import logging

    import dask
    from distributed import Client, LocalCluster

    if scheduler:
        try:
            client = Client(scheduler, timeout=CONNECT_SECONDS)
        except (OSError, ValueError) as error:
            raise StudyError(
                f"no Dask scheduler answers at {scheduler} ({error}); start one with `dask scheduler`"
            ) from error
        with client:
            yield client
        return
    settings = {
        "distributed.scheduler.worker-saturation": 1.0,
        # The driver sends a lost worker's cell again itself, with what was recorded meanwhile.
        "distributed.scheduler.allowed-failures": 0,
        # A training holds Python for seconds; without this, Dask warns of an unresponsive loop.
        "distributed.admin.tick.limit": "10 minutes",
        "distributed.worker.memory.terminate": False,
        "distributed.worker.memory.pause": False,
        "distributed.worker.memory.spill": False,
    }
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(settings))
        with _ctrl_c_waits():
            cluster = stack.enter_context(
                LocalCluster(
                    n_workers=jobs,
                    threads_per_worker=1,
                    processes=True,
                    dashboard_address=None,
                    # Its pages have a server all the same, on a port that a second run would find taken, open to
                    # everybody.
                    scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
                    # Above CRITICAL: Dask says so much of what it could not send while it closes.
                    silence_logs=logging.CRITICAL + 1,
                )
            )
        yield stack.enter_context(Client(cluster))


@contextmanager
def _ctrl_c_waits() -> Iterator[None]:
    """Ctrl-C within is heard at the end; threads and processes started within never hear it.

    A terminal sends it to all processes at once. Workers that heard it would end with a traceback each, before the
    driver ends them; and a cluster that is not whole yet cannot be closed.
    """
    if not hasattr(signal, "pthread_sigmask"):  # pragma: no cover  Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Run:
    """One run on a cluster: submits, listens, and submits again what was lost."""

    def __init__(self, client: Any, listener: Listener, at_once: int) -> None:
        self.client = client
        self.listener = listener
        self.at_once = at_once
        self.topic = f"tuning-{uuid.uuid4()}"
        self.messages: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self.lost: dict[Cell, int] = {}
        self.running: dict[str, tuple[CellTask, Any]] = {}

    def all(self, tasks: Sequence[CellTask]) -> None:
        self.client.subscribe_topic(self.topic, lambda event: self.messages.put(("event", event[1])))
        waiting = list(tasks)
        started = 0
        try:
            while waiting or self.running:
                if room := min(self.at_once - len(self.running), len(waiting)):
                    waiting = longest_first(waiting, self.listener.pace)
                    for task in waiting[:room]:
                        self.submit(task, -started)
                        started += 1
                    del waiting[:room]
                first = self.next_message()
                with self.listener.together():
                    for kind, content in self.all_waiting(first):
                        if kind == "event":
                            self.hear(content)
                        else:
                            self.finish(content)
        finally:
            # Where the scheduler is gone, there is nothing to be taken back.
            with suppress(OSError, RuntimeError, ValueError):
                self.client.unsubscribe_topic(self.topic)
                for _, future in self.running.values():
                    future.cancel()

    def all_waiting(self, message: tuple[str, Any]) -> Iterator[tuple[str, Any]]:
        """A message and those that wait behind it."""
        yield message
        with suppress(queue.Empty):
            for _ in range(self.messages.qsize()):
                yield self.messages.get_nowait()

    def next_message(self) -> tuple[str, Any]:
        """Waits for a message, and no longer than there is hope for one."""
        while self.messages.empty() and self.listener.catch_up():
            pass
        workerless_since = math.inf
        while True:
            try:
                return self.messages.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                pass
            try:
                workers = self.client.scheduler_info(n_workers=1)["workers"]
            except (OSError, RuntimeError) as error:
                raise self.lost_scheduler() from error
            now = time.monotonic()
            workerless_since = math.inf if workers else min(workerless_since, now)
            if now - workerless_since >= WORKERLESS_SECONDS:
                raise StudyError(
                    f"the Dask cluster at {self.address} had no worker for {WORKERLESS_SECONDS:.0f} s; start some with "
                    f"`dask worker {self.address}`, and run the same command to go on"
                )

    def lost_scheduler(self) -> StudyError:
        return StudyError(
            f"the Dask scheduler at {self.address} went away; all trials that ended are recorded: start it again, and "
            "run the same command to go on"
        )

    @property
    def address(self) -> str:
        return str(self.client.scheduler.address) if self.client.scheduler else "the address given"

    def submit(self, task: CellTask, priority: int) -> None:
        # Pickled here, for Dask would pickle a study file's functions by their names, which no worker can import.
        try:
            pickled = cloudpickle.dumps(task)
        except Exception as error:
            raise StudyError(
                f"{task.cell} cannot be sent to a worker: {one_line(error)}; define that inside of the study's "
                "functions, or run it in this process with --jobs 1"
            ) from error
        future = self.client.submit(_run_remote, pickled, self.topic, priority=priority, pure=False, retries=0)
        self.running[future.key] = (task, future)
        future.add_done_callback(lambda done: self.messages.put(("done", done.key)))

    def hear(self, event: dict[str, Any]) -> None:
        if event["kind"] == "trial":
            trial = Trial.from_json(event["trial"])
            if trial.trial == len(self.listener.trials_of(trial.cell)):  # else known, or a message before it was lost
                self.listener.on_trial(trial)
        elif event["kind"] == "retraining":
            self.listener.on_retraining(Retraining.from_json(event["retraining"]))
        elif event["key"] in self.running:  # else from a worker that was given up, or late
            self.listener.on_epoch(Cell(*event["cell"]), event["spent"], event["best"])

    def finish(self, key: str) -> None:
        from distributed import CancelledError, Event, KilledWorker

        task, future = self.running.pop(key)
        with suppress(OSError, RuntimeError, ValueError):
            Event(key, client=self.client).clear()
        try:
            error = future.exception()
            result = None if error else future.result()
        except (CancelledError, OSError) as gone:  # the first is not an Exception
            raise self.lost_scheduler() from gone
        if result is not None:
            self.listener.on_result(task, result)
        elif isinstance(error, KilledWorker | StartedBefore):
            self.lost[task.cell] = self.lost.get(task.cell, 0) + 1
            known = tuple(self.listener.trials_of(task.cell))
            if self.lost[task.cell] < MAX_LOST_WORKERS:
                retrained = tuple(self.listener.retrainings_of(task.cell))
                self.submit(replace(task, recorded=known, retrained=retrained), 1)
            else:
                end = CellEnd(
                    task.cell, FAILED, "its workers died", f"{MAX_LOST_WORKERS} workers died while running this cell",
                    len(known), known[-1].spent_epochs if known else 0, 0.0, task.budget.epochs,
                )  # fmt: skip
                self.listener.on_result(task, CellResult(known, end=end))
        elif isinstance(error, TuningError):
            raise error
        else:
            raise StudyError(
                f"{task.cell} cannot be run on a worker: {one_line(error)}; workers need this version of tuning, and "
                "all that the study file imports"
            ) from error


class StartedBefore(Exception):  # noqa: N818
    """In a worker: Dask starts a cell again by itself, as it was sent, after the worker that had it was lost.

    How often a cluster does so is a setting of its scheduler, for all its users. The driver sends the cell again
    instead, with what was recorded meanwhile.
    """


def _leave_random_alone() -> None:
    """Gives Dask's threads a generator of their own: they draw from Python's global one while a user's code does."""
    own = random.Random()
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("dask", "distributed", "tornado") and getattr(module, "random", None) is random:
            module.random = own  # type: ignore[attr-defined]


_problems: dict[tuple[str, str], TrainingProblem] = {}
"""In a worker: the problems of the run it works for, so that data is loaded and turned into tensors once."""


def _run_remote(pickled: bytes, topic: str) -> CellResult:
    """Runs a cell in a worker."""
    from distributed import Event, get_worker

    worker = get_worker()
    if worker.state.nthreads != 1:
        raise StudyError(
            f"the worker at {worker.address} has {worker.state.nthreads} threads, and cells that share a process would "
            "share TensorFlow's random numbers; start workers with `dask worker --nthreads 1`, several on a machine "
            "with --nworkers"
        )
    import_tensorflow()
    task: CellTask = pickle.loads(pickled)

    from tuning.process import prepare_process

    running = worker.get_current_task()
    started = Event(running)
    if started.is_set():
        raise StartedBefore
    started.set()
    key = (topic, task.problem.name)
    if not any(known[0] == topic for known in _problems):
        _problems.clear()
    if key not in _problems:
        _problems[key] = task.problem
        _leave_random_alone()
        prepare_process()
    told = 0.0

    def on_trial(trial: Trial) -> None:
        worker.log_event(topic, {"kind": "trial", "trial": trial.to_json()})

    def on_epoch(cell: Cell, spent: int, best: float) -> None:
        nonlocal told
        if time.monotonic() - told >= EPOCH_MESSAGE_SECONDS:
            told = time.monotonic()
            event = {"kind": "epoch", "key": running, "cell": list(cell), "spent": spent, "best": best}
            worker.log_event(topic, event)

    def on_retraining(retraining: Retraining) -> None:
        worker.log_event(topic, {"kind": "retraining", "retraining": retraining.to_json()})

    return run_cell(replace(task, problem=_problems[key]), on_trial, on_epoch, on_retraining)
