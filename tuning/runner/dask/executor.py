"""Runs cells on local Dask workers or on any Dask cluster. Same cells, same results as in this process.

A worker sends each trial to the driver as it ends, over a Dask topic. A cell's result carries all its trials again, so
a lost message costs nothing. No shared file system is needed: only the driver writes.
"""

from __future__ import annotations

import math
import queue
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import cloudpickle
from msgspec import structs

from tuning.errors import StudyError, TuningError
from tuning.evaluation.training_watch import time_limit_words
from tuning.journal.lines import decode
from tuning.journal.records import Cell, CellEnd, CellResult, CellState, Retraining, Trial, seconds_of
from tuning.runner.cell import CellTask
from tuning.runner.dask.cluster import LocalWorkers, client_of
from tuning.runner.devices import CPUS, Devices
from tuning.runner.executor import Executor, Listener
from tuning.runner.schedule import longest_first
from tuning.runner.worker import StartedBefore, run_remote
from tuning.text import error_line

if TYPE_CHECKING:
    from distributed import Client, Future

MAX_LOST_WORKERS = 3  # a trial during which this many workers died is FAILED: it may have killed them
LOOK_SECONDS = 5.0  # how often the driver checks whether there are workers
WORKERLESS_SECONDS = 600.0  # the run ends after this time without any worker; a cluster may be slow to start some


def run_on_dask(tasks: Sequence[CellTask], listener: Listener, *, jobs: int = 0, scheduler: str = "") -> None:
    """Runs the cells on Dask workers, one cell at a time on each.

    Args:
        jobs: Number of single-threaded processes on this machine; or else
        scheduler: the address of a Dask scheduler, whose workers have this package installed.

    Raises:
        StudyError: The scheduler does not answer, or goes away; no worker comes for `WORKERLESS_SECONDS`; or a worker
            cannot load what the study needs, or has several threads. Recorded results stay, and the same command
            continues from there.
        ReplayError: A resumed search asks for other trials than the journal holds.
    """
    with on_dask(jobs=min(jobs, len(tasks)), scheduler=scheduler) as execute:
        execute(tasks, listener)


@contextmanager
def on_dask(*, jobs: int = 0, scheduler: str = "", devices: Devices = CPUS) -> Iterator[Executor]:
    """`run_on_dask` for several runs in turn, on these devices: all use the workers of the first."""
    with ExitStack() as stack:
        client: Client | None = None

        def execute(tasks: Sequence[CellTask], listener: Listener) -> None:
            nonlocal client
            if tasks:
                if client is None:
                    client = stack.enter_context(client_of(jobs, scheduler, devices))
                # A shared cluster may grow with its queue. Here, a cell queued behind another on one worker would be
                # lost with it, and be counted as one that kills workers.
                _Run(client, listener, at_once=len(tasks) if scheduler else jobs, foreign=bool(scheduler)).all(tasks)

        yield execute


_Event: TypeAlias = dict[str, Any]
"""A worker's message; see `tuning.runner.worker.run_remote`."""
_Message: TypeAlias = tuple[str, Any]
"""Its kind, "event" or "done", and its content: a worker's event, or the key of a cell that has ended."""


class _Run:
    """One run on a cluster: submits, listens, and resubmits what was lost."""

    def __init__(self, client: Client, listener: Listener, at_once: int, foreign: bool) -> None:
        self.client = client
        self.listener = listener
        self.at_once = at_once
        self.foreign = foreign  # somebody else's cluster, which may restart a lost cell by itself
        self.topic = f"tuning-{uuid.uuid4()}"
        self.messages: queue.SimpleQueue[_Message] = queue.SimpleQueue()
        self.lost: dict[Cell, _Losses] = {}
        self.running: dict[object, _Sent] = {}
        self.looked = time.monotonic()
        self.workerless_since = math.inf
        self.local = None if foreign else LocalWorkers(client.cluster, listener.on_note)

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
                with self.listener.batched():
                    for kind, content in self.all_waiting(first):
                        if kind == "event":
                            self.hear(content)
                        else:
                            self.finish(content)
        finally:
            # If the scheduler is gone, there is nothing to cancel.
            with suppress(OSError, RuntimeError, ValueError):
                self.client.unsubscribe_topic(self.topic)
                for sent in self.running.values():
                    sent.future.cancel()

    def all_waiting(self, message: _Message) -> Iterator[_Message]:
        """A message and those queued after it."""
        yield message
        with suppress(queue.Empty):
            for _ in range(self.messages.qsize()):
                yield self.messages.get_nowait()

    def next_message(self) -> _Message:
        """Waits for a message; raises StudyError if none can be expected any more."""
        while self.messages.empty() and self.listener.catch_up():
            pass
        while True:
            if time.monotonic() - self.looked >= LOOK_SECONDS:
                self.look()
                self.looked = time.monotonic()
            with suppress(queue.Empty):
                return self.messages.get(timeout=LOOK_SECONDS)

    def look(self) -> None:
        """Checks whether there are workers."""
        if self.local:
            self.local.look()
        try:
            workers = self.client.scheduler_info(n_workers=1)["workers"]
        except (OSError, RuntimeError) as error:
            raise self.lost_scheduler() from error
        now = time.monotonic()
        self.workerless_since = math.inf if workers else min(self.workerless_since, now)
        if now - self.workerless_since >= WORKERLESS_SECONDS:
            raise self.no_workers()

    def no_workers(self) -> StudyError:
        seconds = f"for {WORKERLESS_SECONDS:.0f} s"
        if self.local:
            why = self.local.problem or "they start, and do not answer"
            return StudyError(
                f"there was no worker process on this machine {seconds} ({why}); all trials that ended are recorded: "
                "mend that, and run the same command to go on"
            )
        return StudyError(
            f"the Dask cluster at {self.address} had no worker {seconds}; start some with "
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
        from tuning.process.keras_settings import in_force

        # Pickled here, because Dask would pickle a study file's functions by name, and no worker can import them.
        try:
            pickled = cloudpickle.dumps(self.listener.with_known_trainings(task))
        except Exception as error:
            raise StudyError(
                f"{task.cell} cannot be sent to a worker: {error_line(error)}; define that inside of the study's "
                "functions, or run it in this process with --jobs 1"
            ) from error
        again = task.cell in self.lost
        settings = {"priority": priority, "pure": False, "retries": 0}
        future = self.client.submit(run_remote, pickled, in_force(), self.topic, again, self.foreign, **settings)
        self.running[future.key] = _Sent(task, future)
        future.add_done_callback(lambda done: self.messages.put(("done", done.key)))

    def hear(self, event: _Event) -> None:
        if event["kind"] == "record":
            record = _record(event)
            if not any(sent.task.cell == record.cell for sent in self.running.values()):
                return  # its cell has ended, and its result contained everything
            if isinstance(record, Retraining):
                self.listener.on_retraining(record)
            elif record.trial == len(self.listener.trials_of(record.cell)):  # else known, or an earlier one was lost
                self.listener.on_trial(record)
        elif event["key"] in self.running:  # else late, or from a worker that was given up
            if event["kind"] == "epoch":
                self.listener.on_epoch(Cell(*event["cell"]), event["spent"], event["best"])
            else:
                self.running[event["key"]].hear(event)

    def finish(self, key: str) -> None:
        from distributed import CancelledError, Event, KilledWorker

        sent = self.running.pop(key)
        task, future = sent.task, sent.future
        if self.foreign:
            with suppress(OSError, RuntimeError, ValueError):
                Event(key, client=self.client).clear()
        result = None
        try:
            error = future.exception()
            if error is None:
                result = future.result()
        except KilledWorker as killed:  # the worker that had the result died before it was fetched
            error = killed
        except (CancelledError, OSError) as gone:  # the first is not an Exception
            raise self.lost_scheduler() from gone
        if result is not None:
            self.listener.on_result(task, result)
        elif isinstance(error, KilledWorker | StartedBefore):
            self.lose(sent)
        elif isinstance(error, TuningError):
            raise error
        else:
            raise StudyError(
                f"{task.cell} cannot be run on a worker: {error_line(error)}; workers need this version of tuning, and "
                "all that the study file imports"
            ) from error

    def lose(self, sent: _Sent) -> None:
        """A worker died: resubmits its cell; if the running trial may be the cause, it is recorded as FAILED."""
        cell = sent.task.cell
        trials, retrained = self.listener.trials_of(cell), self.listener.retrainings_of(cell)
        losses = self.lost.setdefault(cell, _Losses())
        losses.add(len(trials) + len(retrained))
        running = sent.running
        ended = [(done.configuration, done.repeat) for done in retrained]
        if isinstance(running, Trial):
            stale = running.trial < len(trials)
        else:
            stale = running is not None and (running.configuration, running.repeat) in ended
        if stale:
            running = None  # it ended, and what came after it is not known
        why = ""
        if running and sent.task.trial_seconds is not None and sent.seconds() > sent.task.trial_seconds:
            why = f"{time_limit_words(sent.task.trial_seconds)}; its process was ended"
        elif losses.number >= MAX_LOST_WORKERS:
            why = f"{MAX_LOST_WORKERS} workers died while they trained it (killed, crashed, or out of memory)"
        if why and isinstance(running, Trial):
            self.listener.on_trial(structs.replace(running, error=why, train_seconds=sent.seconds()))
        elif why and isinstance(running, Retraining):
            self.listener.on_retraining(structs.replace(running, error=why, train_seconds=sent.seconds()))
        elif why:
            spent = trials[-1].spent_epochs if trials else 0
            why = f"{MAX_LOST_WORKERS} workers died while they ran this cell (killed, crashed, or out of memory)"
            budget = sent.task.budget
            end = CellEnd(
                cell,
                CellState.FAILED,
                "its workers died",
                why,
                trials=len(trials),
                spent_epochs=spent,
                budget_epochs=budget.epochs,
                budget_seconds=budget.seconds,
                spent_seconds=seconds_of(trials),
            )
            self.listener.on_result(sent.task, CellResult(tuple(trials), end=end))
            return
        recorded, retrained = tuple(self.listener.trials_of(cell)), tuple(self.listener.retrainings_of(cell))
        self.submit(replace(sent.task, recorded=recorded, retrained=retrained), 1)


def _record(event: _Event) -> Trial | Retraining:
    """The record in a worker's message."""
    record = decode(event["line"])
    if not isinstance(record, Trial | Retraining):
        raise TypeError(f"{record!r} from a worker; expected a trial or a retraining")
    return record


@dataclass
class _Sent:
    """A cell on a worker, and what it was training at its last message."""

    task: CellTask
    future: Future[CellResult]
    running: Trial | Retraining | None = None
    since: float = 0.0

    def hear(self, event: _Event) -> None:
        self.running = _record(event)
        if not self.running.epochs:
            self.since = time.monotonic()

    def seconds(self) -> float:
        return time.monotonic() - self.since


@dataclass
class _Losses:
    """Workers that a cell has lost since its last progress."""

    number: int = 0
    records: int = 0

    def add(self, records: int) -> None:
        self.number = self.number + 1 if records == self.records else 1
        self.records = records
