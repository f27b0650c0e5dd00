"""The order in which the cells of a study start: replicate by replicate, and within a replicate the longest first.

An unfinished study can be compared if whole replicates are done, and workers finish at about the same time if long
cells do not start last (Graham, SIAM Journal on Applied Mathematics 17, 1969: longest processing time first).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from tuning.journal.records import Trial, seconds_of
from tuning.runner.cell import CellTask


class Pace:
    """Seconds per epoch, including the tuner's own time, by problem and tuner, from the trials that have ended."""

    def __init__(self, trials: Iterable[Trial] = ()) -> None:
        self._sums: dict[tuple[str, ...], tuple[float, int]] = {}
        for trial in trials:
            self.add(trial)

    def add(self, trial: Trial) -> None:
        for key in ((trial.cell.problem, trial.cell.tuner), (trial.cell.problem,), ()):
            seconds, epochs = self._sums.get(key, (0.0, 0))
            self._sums[key] = seconds + trial.train_seconds + trial.suggest_seconds, epochs + trial.epochs

    def of(self, problem: str, tuner: str) -> float:
        """Seconds per epoch: of that tuner on that problem, else of any on it, else of all; 1 before any is known."""
        for key in ((problem, tuner), (problem,), ()):
            seconds, epochs = self._sums.get(key, (0.0, 0))
            if epochs:
                return seconds / epochs
        return 1.0

    def seconds(self, task: CellTask) -> float:
        """Estimated seconds that a cell still needs, for the epochs or the seconds that it may still spend."""
        budget, left = task.budget, math.inf
        if budget.epochs is not None:
            spent = task.recorded[-1].spent_epochs if task.recorded else 0
            left = (budget.epochs - spent) * self.of(task.problem.name, task.tuner.label)
        return left if budget.seconds is None else min(left, budget.seconds - seconds_of(task.recorded))


def longest_first(tasks: Iterable[CellTask], pace: Pace) -> list[CellTask]:
    """Tasks by replicate, then by estimated time, the longest first; equal ones keep their order."""
    return sorted(tasks, key=lambda task: (task.replicate, -pace.seconds(task)))
