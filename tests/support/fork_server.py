"""One process that others are forked from, kept for all tests of a process: TensorFlow is imported once for them."""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import forkserver as pythons
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tuning.runner import forkserver

Found = TypeVar("Found")

_server: Any = pythons._forkserver  # type: ignore[attr-defined]
_parked: dict[str, Any] = {}
"""What Python knows of the process, while no test uses it."""


@contextmanager
def kept() -> Iterator[None]:
    """Within, runs on workers of this machine fork them from the same process; they are no less new for that.

    A run ends it otherwise, with its workers. A study that changes the environment still does. Outside, nothing knows
    of the process; it ends with the one that runs the tests.
    """
    unused = dict(vars(_server))
    vars(_server).update(_parked)
    _parked.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forkserver, "_begun", bool(_server._forkserver_pid))
        with forkserver.forked():
            patch.setattr(forkserver, "start_from_nothing", lambda: None)
            yield
            _parked.update(vars(_server))
            vars(_server).update(unused)


def parked() -> int:
    """The number of the process that is kept, while no test uses it; 0 for none."""
    return _parked.get("_forkserver_pid") or 0


def elsewhere(function: Callable[..., Found], *given: object) -> Found:
    """What a function of a module returns in a process that is forked from the one that is kept."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("forkserver")) as pool:
        return pool.submit(function, *given).result()


def program(name: str, *words: str, folder: Path, log: Path, errors: Path | None = None) -> BaseProcess:
    """`python -m name words` in a folder, or `python name words` of a script, forked from the process that is kept.

    It is a session of its own, as in a terminal: it hears Ctrl-C, and `os.killpg` reaches what it starts. What it
    prints is written to `log`, and to `errors` if that is given.
    """
    process = multiprocessing.get_context("forkserver").Process(target=_run, args=(name, words, folder, log, errors))
    process.start()
    return process


def _run(name: str, words: tuple[str, ...], folder: Path, log: Path, errors: Path | None) -> None:
    os.setsid()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGHUP})  # see `tuning.runner.forkserver`
    os.chdir(folder)
    for stream, path in ((1, log), (2, errors or log)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
    sys.argv[1:] = words
    if name.endswith(".py"):
        sys.argv[0] = name
        runpy.run_path(name, run_name="__main__")
    else:
        runpy.run_module(name, run_name="__main__", alter_sys=True)
