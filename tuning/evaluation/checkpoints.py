"""Stores the training states of a cell's trials, so that they can be continued."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil


class Checkpoints:
    """Training states of a cell's trials, in files of this process: for a large model they would not fit in memory."""

    def __init__(self) -> None:
        here = f"tuning-states-{platform.node()}-"
        for left in Path(tempfile.gettempdir()).glob("tuning-states-*"):  # by a process that was killed
            process = left.name.removeprefix(here).partition("-")[0]
            if process.isdecimal() and not psutil.pid_exists(int(process)):
                shutil.rmtree(left, ignore_errors=True)
        self._folder = tempfile.TemporaryDirectory(prefix=f"{here}{os.getpid()}-")

    def put(self, trial: int, member: int, state: Sequence[np.ndarray]) -> None:
        np.savez(self._path(trial, member), *state)

    def get(self, trial: int, member: int) -> list[np.ndarray] | None:
        try:
            # Opened here, because np.load leaves a broken archive open.
            with self._path(trial, member).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                return [arrays[name] for name in arrays.files]
        except (OSError, ValueError, EOFError, zipfile.BadZipFile):  # missing or broken: it is trained again
            return None

    def close(self) -> None:
        self._folder.cleanup()

    def _path(self, trial: int, member: int) -> Path:
        return Path(self._folder.name) / f"{trial}-{member}.npz"
