"""The interface of what runs cells, and of what listens to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from tuning.journal.records import Cell, CellResult, Retraining, Trial
from tuning.runner.cell import CellTask, run_cell
from tuning.runner.schedule import Pace


class Listener(Protocol):
    """What an executor tells the driver, in the driver's own thread.

    Attributes:
        pace: How long cells take, estimated from the trials reported so far.
    """

    pace: Pace

    def on_trial(self, trial: Trial) -> None: ...
    def on_epoch(self, cell: Cell, spent: int, best: float) -> None: ...
    def on_retraining(self, retraining: Retraining) -> None: ...
    def on_result(self, task: CellTask, result: CellResult) -> None: ...
    def on_note(self, note: str) -> None:
        """Something that the user should know."""

    def trials_of(self, cell: Cell) -> Sequence[Trial]:
        """A cell's trials in the journal so far."""

    def retrainings_of(self, cell: Cell) -> Sequence[Retraining]:
        """A cell's retrainings in the journal so far."""

    def with_known_trainings(self, task: CellTask) -> CellTask:
        """A task that is about to start, with what its replicate's other cells have trained by now."""

    def batched(self) -> AbstractContextManager[None]:
        """What is reported within is recorded at its end, all at once."""

    def catch_up(self) -> bool:
        """Called when there is time: does a bit of the postponed work; returns whether there is more."""


Executor = Callable[[Sequence[CellTask], Listener], None]


def run_here(tasks: Sequence[CellTask], listener: Listener) -> None:
    """Runs the cells one after another, in this process."""

    def on_trial(trial: Trial) -> None:
        listener.on_trial(trial)
        while listener.catch_up():
            pass

    for waiting in tasks:
        task = listener.with_known_trainings(waiting)
        listener.on_result(task, run_cell(task, on_trial, listener.on_epoch, listener.on_retraining))
