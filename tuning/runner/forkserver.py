"""How workers on this machine start: forked from one process that has imported what each of them needs.

Importing TensorFlow and Keras takes seconds and 0.6 GB. Forked workers share both. If the server process starts before
the driver imports the same, the two import at the same time. What workers compute does not depend on it.

Python has no public way to find its fork server, nor to end it: `_server_id` and `start_from_nothing` use its private
parts, checked with Python 3.11; `tests/runner/test_forkserver.py` shows what a later version has changed.

Linux only. Elsewhere, with a backend other than TensorFlow, or if a study file has changed the environment, each
worker starts from nothing and imports by itself.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import forkserver, resource_tracker

from tuning.process import system

# Libraries read these when loaded; Dask sets the same for workers that start from nothing. Dask's threshold for giving
# memory back to the system is left out: with it an epoch of Fashion MNIST takes about 5 % longer, with the same peak.
_SETTINGS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_begun = False


@contextmanager
def forked(wanted: bool = True) -> Iterator[None]:
    """Within, there is a process to fork workers from, if `wanted` and possible; it imports in the background."""
    if wanted and not _running() and _can_fork():
        _begin()
    try:
        yield
    finally:
        start_from_nothing()


def start_method() -> str:
    """How `multiprocessing` should start a worker now."""
    return "forkserver" if _running() else "spawn"


def start_from_nothing() -> None:
    """Ends the process that workers are forked from: its imports are not needed, or no longer right."""
    global _begun
    if _running():
        os.kill(_server_id(), signal.SIGKILL)  # while importing, it would not notice that it is not needed
        forkserver._forkserver._stop()  # type: ignore[attr-defined]
    _begun = False


@contextmanager
def ctrl_c_waits() -> Iterator[None]:
    """Delays Ctrl-C to the end; threads and processes started within never receive it, nor a closing terminal.

    A terminal sends both signals to all processes at once. Workers that received one would each end with a traceback,
    before the driver ends them; and an incomplete cluster cannot be closed.
    """
    if not system.DELAYS_SIGNALS:
        yield
        return
    heard = {signal.SIGINT, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, heard)
    # Python starts the tracker with the first process, which it must outlive, and so unblocks SIGINT in this thread.
    resource_tracker.ensure_running()
    signal.pthread_sigmask(signal.SIG_BLOCK, heard)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _can_fork() -> bool:
    """Whether forking is safe: libraries of other systems and other backends may have started threads."""
    if not system.FORKS or _server_id():  # a server that the program started may have imported anything
        return False
    if keras := sys.modules.get("keras"):
        return bool(keras.backend.backend() == "tensorflow")
    return os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow"


def _begin() -> None:
    global _begun
    missing = {name: value for name, value in _SETTINGS.items() if name not in os.environ}
    forkserver.set_forkserver_preload(["tuning.runner.forkserver_preload"])
    os.environ.update(missing)
    try:
        with ctrl_c_waits(), suppress(OSError):  # a worker that starts from nothing may succeed
            forkserver.ensure_running()
            _begun = True
    finally:
        for name in missing:
            del os.environ[name]


def _running() -> bool:
    return _begun and bool(_server_id())


def _server_id() -> int:
    """Process id of Python's fork server; 0 for none."""
    return forkserver._forkserver._forkserver_pid or 0  # type: ignore[attr-defined]
