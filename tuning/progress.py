"""The progress of a run: a live view in a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from tuning.cells import CellTask
from tuning.objective import Objective
from tuning.records import FAILED, Cell, CellEnd, Trial


class ProgressView:
    """Shows cells, epochs, the best score so far and the time left. Use as a context manager.

    In a terminal, a line for each tuner and one for the whole study, redrawn; elsewhere a line when a cell ends.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self._live = console.is_terminal
        self._progress = Progress(
            TextColumn("{task.fields[what]}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f} epochs"),
            TextColumn("{task.fields[cells]}"),
            TextColumn("{task.fields[best]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not self._live,
        )
        self._lines: dict[str, TaskID] = {}
        self._spent: dict[Cell, int] = {}
        self._best: dict[Cell, float] = {}
        self._objectives: dict[str, Objective] = {}
        self._total = self._trained = self._ended = self._cells = 0
        self._started = time.monotonic()

    def begin(self, tasks: list[CellTask], pending: list[CellTask], notes: list[str]) -> None:
        for note in notes:
            self.console.print(note, markup=False)
        if len(pending) < len(tasks):
            self.console.print(f"{len(tasks) - len(pending)} of {len(tasks)} cells are done already.")
        replayed = sum(len(task.recorded) for task in pending)
        if replayed:
            self.console.print(f"Going on with {replayed} trials from the journal.")
        self._objectives = {task.problem.name: task.problem.objective for task in tasks}
        self._cells, self._total = len(pending), sum(task.budget.epochs for task in pending)
        if not pending:
            return
        for label in dict.fromkeys(task.cell.tuner for task in pending):
            mine = [task for task in pending if task.cell.tuner == label]
            self._lines[label] = self._progress.add_task(
                "", total=sum(task.budget.epochs for task in mine), what=label, cells=f"0/{len(mine)} cells", best=""
            )
        self._lines[""] = self._progress.add_task(
            "", total=self._total, what="[bold]study", cells=f"0/{self._cells} cells", best=""
        )

    def epoch(self, cell: Cell, spent: int, best: float) -> None:
        new = spent - self._spent.get(cell, 0)
        self._spent[cell], self._best[cell] = spent, best
        self._trained += new
        for line in (cell.tuner, ""):
            self._progress.update(self._lines[line], advance=new)
        scores = [score for known, score in self._best.items() if known[:2] == cell[:2]]
        self._progress.update(self._lines[cell.tuner], best=self._best_of(cell.problem, scores))

    def trial(self, trial: Trial) -> None:
        if trial.state == FAILED:
            line = f"{trial.cell} trial {trial.trial} FAILED: {trial.error}; configuration {trial.configuration}"
            self.console.print(line, markup=False, style="red", highlight=False)

    def end(self, end: CellEnd) -> None:
        self._ended += 1
        # An ended search may leave budget unspent, which nobody is waiting for any more.
        for line in (end.cell.tuner, ""):
            task = self._progress.tasks[self._lines[line]]
            done, of = (int(part) for part in task.fields["cells"].split()[0].split("/"))
            self._progress.update(self._lines[line], cells=f"{done + 1}/{of} cells")
        if self._live and not end.error:
            return
        best = self._best_of(end.cell.problem, [self._best.get(end.cell, math.nan)])
        text = f"[{self._ended}/{self._cells}] {end.cell}: {end.trials} trials, {end.spent_epochs} epochs, {best}"
        text += f", {end.seconds:.0f} s ({end.error or end.reason})"
        if left := self._seconds_left():
            text += f"; about {left} left"
        self.console.print(text, markup=False, highlight=False, style="red" if end.error else None)

    def _best_of(self, problem: str, scores: list[float]) -> str:
        objective = self._objectives[problem]
        known = [score for score in scores if not math.isnan(score)]
        if not known:
            return "no score yet"
        best = max(known) if objective.direction == "max" else min(known)
        return f"best {objective.metric} {best:.4g}"

    def _seconds_left(self) -> str:
        rest = self._total - self._trained
        if not self._trained or self._ended == self._cells:
            return ""
        seconds = rest * (time.monotonic() - self._started) / self._trained
        return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"

    def __enter__(self) -> ProgressView:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
