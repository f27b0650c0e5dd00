"""One process that others are forked from, kept from run to run: TensorFlow is imported once for several tests."""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from tuning.runner import forkserver


@contextmanager
def kept() -> Iterator[None]:
    """Within, runs on workers of this machine fork them from the same process; they are no less new for that.

    A run ends it otherwise, with its workers. A study that changes the environment still does.
    """
    with forkserver.forked(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(forkserver, "start_from_nothing", lambda: None)
        yield


def program(module: str, *words: str, folder: Path, log: Path, errors: Path | None = None) -> BaseProcess:
    """`python -m module words` in a folder, as a process that is forked from the one that is kept.

    It is a session of its own, as in a terminal: it hears Ctrl-C, and `os.killpg` reaches what it starts. What it
    prints is written to `log`, and to `errors` if that is given.
    """
    process = multiprocessing.get_context("forkserver").Process(target=_run, args=(module, words, folder, log, errors))
    process.start()
    return process


def _run(module: str, words: tuple[str, ...], folder: Path, log: Path, errors: Path | None) -> None:
    os.setsid()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGHUP})  # see `tuning.runner.forkserver`
    os.chdir(folder)
    for stream, path in ((1, log), (2, errors or log)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
    sys.argv[1:] = words
    runpy.run_module(module, run_name="__main__", alter_sys=True)
