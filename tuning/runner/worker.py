"""What runs in a Dask worker: a cell, which sends each record to the driver as it is made.

A worker also prepares for its own end: it reports what it is training, in case that kills it; it ends itself if a
training hangs; and it is the first process that the system kills when memory runs out.
"""

from __future__ import annotations

import faulthandler
import functools
import os
import pickle
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tuning.errors import StudyError
from tuning.journal.lines import encode
from tuning.journal.records import Cell, CellResult, Retraining, Trial
from tuning.problems.problem import TrainingProblem
from tuning.process import gpus
from tuning.process.silence import silent
from tuning.process.tensorflow_import import import_tensorflow
from tuning.runner.cell import CellTask, run_cell
from tuning.runner.dask.internals import leave_random_alone, steady_clock

if TYPE_CHECKING:
    from tuning.process.keras_settings import KerasSettings

GRACE_SECONDS = 10.0  # a trial over its time limit ends with its epoch, or this much later with its process
EPOCH_MESSAGE_SECONDS = 0.5  # a worker reports its progress no more often


class StartedBefore(Exception):  # noqa: N818
    """In a worker: Dask itself restarts a cell, as it was sent, after the worker that had it was lost.

    How often a cluster does so is a setting of its scheduler, for all its users. Instead, the driver resends the cell
    with what was recorded meanwhile.
    """


_problems: dict[tuple[str, str], TrainingProblem] = {}
"""In a worker: the problems of the run it works for, so that data is loaded and turned into tensors once."""


def run_remote(pickled: bytes, settings: KerasSettings, topic: str, again: bool, foreign: bool) -> CellResult:
    """Runs a cell in a worker, under the driver's settings of Keras.

    `again` if one has died running it, `foreign` if the cluster is somebody else's. What the user's code prints is
    dropped: a worker shares the driver's terminal, with its progress.

    Raises:
        StartedBefore: A foreign cluster has started it a second time by itself.
    """
    with silent():
        return _run(pickled, settings, topic, again, foreign)


def _run(pickled: bytes, settings: KerasSettings, topic: str, again: bool, foreign: bool) -> CellResult:
    from distributed import Event, get_client, get_worker

    worker = get_worker()
    if worker.state.nthreads != 1:
        raise StudyError(
            f"the worker at {worker.address} has {worker.state.nthreads} threads, and cells that share a process would "
            "share TensorFlow's random numbers; start workers with `dask worker --nthreads 1`, several on a machine "
            "with --nworkers"
        )
    set_keras(settings)
    task: CellTask = pickle.loads(pickled)

    running = worker.get_current_task()
    if foreign:
        started = Event(running)
        if started.is_set():
            raise StartedBefore
        started.set()
    key = (topic, task.problem.name)
    if not any(known[0] == topic for known in _problems):
        _problems.clear()
    if key not in _problems:
        _problems[key] = task.problem
        prepare()
    told = told_running = 0.0
    # After a death, each message is confirmed before the next training begins, to know which training kills.
    tell = functools.partial(get_client().log_event if again else worker.log_event, topic)

    def on_trial(trial: Trial) -> None:
        faulthandler.cancel_dump_traceback_later()
        tell({"kind": "record", "line": encode(trial)})

    def on_epoch(cell: Cell, spent: int, best: float) -> None:
        nonlocal told
        if time.monotonic() - told >= EPOCH_MESSAGE_SECONDS:
            told = time.monotonic()
            tell({"kind": "epoch", "key": running, "cell": list(cell), "spent": spent, "best": best})

    def on_retraining(retraining: Retraining) -> None:
        faulthandler.cancel_dump_traceback_later()
        tell({"kind": "record", "line": encode(retraining)})

    def on_running(record: Trial | Retraining) -> None:
        nonlocal told_running
        if record.epochs and time.monotonic() - told_running < EPOCH_MESSAGE_SECONDS:
            return
        told_running = time.monotonic()
        tell({"kind": "running", "key": running, "line": encode(record)})
        if not record.epochs and task.trial_seconds is not None:
            _end_process_after(task.trial_seconds + GRACE_SECONDS)

    try:
        return run_cell(replace(task, problem=_problems[key]), on_trial, on_epoch, on_retraining, on_running)
    finally:
        faulthandler.cancel_dump_traceback_later()


def set_keras(settings: KerasSettings) -> None:
    """In a worker: sets Keras as it is in the driver, before anything is made of the study's own code."""
    import_tensorflow()

    from tuning.process.keras_settings import set_in_force

    set_in_force(settings)


def prepare() -> None:
    """In a worker: sets up its process for training; raises what `check_device` raises."""
    from distributed import get_worker

    from tuning.process.setup import prepare_process

    leave_random_alone()
    steady_clock(get_worker().loop)
    _first_to_be_killed()
    prepare_process()
    check_device()


def check_device() -> None:
    """Raises StudyError if this worker was given a GPU that it cannot use."""
    if gpus.promised() and os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow" and not gpus.in_use():
        raise StudyError(
            "TensorFlow cannot use the GPU that its worker was given, as its CUDA libraries are missing or too old for "
            'it; `python -m pip install "tensorflow[and-cuda]"` brings them, --device cpu does without'
        )


def _first_to_be_killed() -> None:
    """If the system runs out of memory, it should kill a worker, which costs one trial, and not the driver."""
    with suppress(OSError):  # only Linux has this file
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")


def _end_process_after(seconds: float) -> None:
    """Ends this process unless cancelled: from a C thread, because a hanging training may hold Python's lock."""
    faulthandler.dump_traceback_later(seconds, file=_nowhere(), exit=True)


@functools.cache
def _nowhere() -> IO[bytes]:
    """Where that thread writes its traceback; it keeps only the file's number, so the file must stay open."""
    return open(os.devnull, "wb")  # noqa: PTH123  a device, not a file
