"""Where cells run, and who hears of them."""

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
        pace: What cells take, by the trials that were told.
    """

    pace: Pace

    def on_trial(self, trial: Trial) -> None: ...
    def on_epoch(self, cell: Cell, spent: int, best: float) -> None: ...
    def on_retraining(self, retraining: Retraining) -> None: ...
    def on_result(self, task: CellTask, result: CellResult) -> None: ...
    def on_note(self, note: str) -> None:
        """What whoever looks should know."""

    def trials_of(self, cell: Cell) -> Sequence[Trial]:
        """What the journal holds of a cell by now."""

    def retrainings_of(self, cell: Cell) -> Sequence[Retraining]:
        """What the journal holds of its retrained incumbents."""

    def batched(self) -> AbstractContextManager[None]:
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
