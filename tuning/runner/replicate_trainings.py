"""What the cells of each replicate have trained, for those that start later; see `evaluation/known_trainings.py`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from tuning.evaluation.known_trainings import can_be_equalled
from tuning.journal.journal import Journal
from tuning.journal.records import Cell, CellResult, Retraining, Trial
from tuning.runner.cell import CellTask


class ReplicateTrainings:
    """The trainings of the replicates that are not done yet, by problem and replicate.

    Args:
        journal: With what was recorded before this run.
        tasks: All cells of the study; those whose `known_trainings` is None neither give nor get any.
        pending: Those that this run runs.
    """

    def __init__(self, journal: Journal, tasks: Iterable[CellTask], pending: Iterable[CellTask]) -> None:
        sharing = {task.cell for task in tasks if task.known_trainings is not None}
        self._left = Counter(_place(task.cell) for task in pending if task.cell in sharing)
        self._records: dict[tuple[str, int], list[Trial | Retraining]] = {place: [] for place in self._left}
        for cell in sharing:
            self._add(cell, (*journal.trials.get(cell, ()), *journal.retrainings.get(cell, ())))

    def told(self, task: CellTask) -> CellTask:
        """The task with what is known at this moment."""
        if task.known_trainings is None:
            return task
        return replace(task, known_trainings=tuple(self._records.get(_place(task.cell), ())))

    def ended(self, task: CellTask, result: CellResult) -> None:
        """A cell has ended: others of its replicate may need what it trained; after the last, nobody does."""
        place = _place(task.cell)
        if task.known_trainings is None or place not in self._left:
            return
        self._left[place] -= 1
        if self._left[place]:
            self._add(task.cell, (*result.trials, *result.retrainings))
        else:
            del self._left[place], self._records[place]

    def _add(self, cell: Cell, records: Iterable[Trial | Retraining]) -> None:
        known = self._records.get(_place(cell))
        if known is not None:
            known += [record for record in records if can_be_equalled(record)]


def _place(cell: Cell) -> tuple[str, int]:
    return cell.problem, cell.replicate
