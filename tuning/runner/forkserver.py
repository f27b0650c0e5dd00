"""How workers on this machine begin: forked from one process that has imported what each of them needs.

Importing TensorFlow and Keras takes seconds and 0.6 GB. Workers that are forked share both, and where that process is
begun before the driver imports the same, the two import at once. What workers compute does not depend on it.

Python has no public way to ask for its fork server, nor to end it: `_server_id` and `start_from_nothing` use its inner
parts, checked with Python 3.11; `tests/runner/test_forkserver.py` says what a later one has changed.

Linux only. Elsewhere, with another backend than TensorFlow, or where a study file has changed the environment, each
worker starts from nothing and imports by itself.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import forkserver, resource_tracker

# Read when libraries are loaded, and as Dask sets them for workers that start from nothing. Dask's threshold for giving
# memory back to the system is left out: an epoch of Fashion MNIST takes some 5 % longer with it, for the same peak.
_SETTINGS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_begun = False


@contextmanager
def forked(wanted: bool = True) -> Iterator[None]:
    """Within, there is a process to fork workers from, if it is `wanted` and can be; it imports meanwhile."""
    if wanted and not _running() and _can_fork():
        _begin()
    try:
        yield
    finally:
        start_from_nothing()


def start_method() -> str:
    """How `multiprocessing` is to start a worker now."""
    return "forkserver" if _running() else "spawn"


def start_from_nothing() -> None:
    """Ends the process that workers would be forked from: what it has imported is not needed, or no longer right."""
    global _begun
    if _running():
        os.kill(_server_id(), signal.SIGKILL)  # while it imports, it would not hear that it is not needed
        forkserver._forkserver._stop()  # type: ignore[attr-defined]
    _begun = False


@contextmanager
def ctrl_c_waits() -> Iterator[None]:
    """Ctrl-C within is heard at the end; threads and processes started within never hear it, nor a closed terminal.

    A terminal sends both to all processes at once. Workers that heard it would end with a traceback each, before the
    driver ends them; and a cluster that is not whole yet cannot be closed.
    """
    if not hasattr(signal, "pthread_sigmask"):  # pragma: no cover  Windows
        yield
        return
    heard = {signal.SIGINT, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, heard)
    # Python starts it with the first process, which it must outlive, and unblocks SIGINT in this thread on the way.
    resource_tracker.ensure_running()
    signal.pthread_sigmask(signal.SIG_BLOCK, heard)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _can_fork() -> bool:
    """Whether forking is safe: other systems' libraries and other backends may have threads by then."""
    if sys.platform != "linux" or _server_id():  # a program's own, which may have imported anything
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
        with ctrl_c_waits(), suppress(OSError):  # a worker that starts from nothing may find it better
            forkserver.ensure_running()
            _begun = True
    finally:
        for name in missing:
            del os.environ[name]


def _running() -> bool:
    return _begun and bool(_server_id())


def _server_id() -> int:
    """The process of Python's fork server; 0 for none."""
    return forkserver._forkserver._forkserver_pid or 0  # type: ignore[attr-defined]
