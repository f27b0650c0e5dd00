"""Saves winners in a worker, where cells train on GPUs: the driver sees none, and would train other last bits."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cloudpickle

from tuning.errors import TuningError
from tuning.journal.journal import read
from tuning.problems.problem import TrainingProblem
from tuning.process.silence import silent
from tuning.runner.dask.cluster import client_of
from tuning.runner.devices import Devices
from tuning.runner.winner_models import save_winners
from tuning.runner.worker import prepare, set_keras
from tuning.text import error_line

if TYPE_CHECKING:
    from tuning.process.keras_settings import KerasSettings


def save_winners_on(
    devices: Devices,
    directory: Path,
    problems: Sequence[TrainingProblem],
    further: int,
    *,
    full: bool,
    say: Callable[[str], None],
) -> None:
    """`save_winners` of a study's folder, by one worker of this machine.

    Raises:
        StudyError: The worker cannot use its GPU.
    """
    from tuning.process.keras_settings import in_force

    pickled = cloudpickle.dumps((directory, list(problems), further, full))
    with client_of(1, "", devices) as client:
        saved = client.submit(_save, pickled, in_force(), pure=False, retries=0)
        error = saved.exception()
        if isinstance(error, TuningError):
            raise error
        for line in [f"The winners are not saved: {error_line(error)}"] if error else saved.result():
            say(line)


def _save(pickled: bytes, settings: KerasSettings) -> list[str]:
    """In a worker: saves the winners; returns what is to be said."""
    lines: list[str] = []
    with silent():
        set_keras(settings)
        prepare()
        directory, problems, further, full = pickle.loads(pickled)
        save_winners(read(directory), problems, further, full=full, say=lines.append)
    return lines
