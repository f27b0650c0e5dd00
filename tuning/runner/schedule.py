"""In which order the cells of a study start: replicate by replicate, and within one the longest first.

An unfinished study is comparable when whole replicates are done, and workers come to an end together when what is long
did not begin last (Graham, SIAM Journal on Applied Mathematics 17, 1969: longest processing time first).
"""

from __future__ import annotations

from collections.abc import Iterable

from tuning.journal.records import Trial
from tuning.runner.cell import CellTask


class Pace:
    """How many seconds an epoch takes, thinking included, by problem and tuner, as far as trials have ended."""

    def __init__(self, trials: Iterable[Trial] = ()) -> None:
        self._sums: dict[tuple[str, ...], tuple[float, int]] = {}
        for trial in trials:
            self.add(trial)

    def add(self, trial: Trial) -> None:
        for key in ((trial.cell.problem, trial.cell.tuner), (trial.cell.problem,), ()):
            seconds, epochs = self._sums.get(key, (0.0, 0))
            self._sums[key] = seconds + trial.train_seconds + trial.suggest_seconds, epochs + trial.epochs

    def of(self, problem: str, tuner: str) -> float:
        """Seconds an epoch: of that tuner on that problem, or else of any on it, or of all; 1 before any is known."""
        for key in ((problem, tuner), (problem,), ()):
            seconds, epochs = self._sums.get(key, (0.0, 0))
            if epochs:
                return seconds / epochs
        return 1.0

    def seconds(self, task: CellTask) -> float:
        """What a cell has still to take, by the epochs that it may still spend."""
        spent = task.recorded[-1].spent_epochs if task.recorded else 0
        return (task.budget.epochs - spent) * self.of(task.problem.name, task.tuner.label)


def longest_first(tasks: Iterable[CellTask], pace: Pace) -> list[CellTask]:
    """Tasks by replicate, and within one by what they will take, the longest first; equal ones stay as they are."""
    return sorted(tasks, key=lambda task: (task.replicate, -pace.seconds(task)))
