"""The progress of a run: a live view in a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import time
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from tuning.cells import CellTask
from tuning.objective import Objective
from tuning.records import FAILED, Cell, CellEnd, Retraining, Trial

INCUMBENTS = 2
"""Of a cell, expected to be retrained; the true number shows when its search is over."""


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
        self._worked: dict[Cell, int] = {}  # epochs trained, retraining included
        self._open: dict[Cell, int] = {}  # epochs that a cell may spend, and those that retraining is expected to take
        self._total = self._trained = self._ended = self._cells = self._retrained = 0
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
        self._cells = len(pending)
        self._open = {
            task.cell: task.budget.epochs + INCUMBENTS * task.retrain * task.problem.max_epochs for task in pending
        }
        # What is replayed takes no time, so it counts neither as work done nor as work left.
        self._spent = {task.cell: task.recorded[-1].spent_epochs if task.recorded else 0 for task in pending}
        self._worked = {
            task.cell: self._spent[task.cell] + sum(done.epochs for done in task.retrained) for task in pending
        }
        self._total = sum(self._open.values()) - sum(self._worked.values())
        if not pending:
            return
        for label in dict.fromkeys(cell.tuner for cell in self._open):
            self._add_line(label, escape(label), [cell for cell in self._open if cell.tuner == label])
        self._add_line("", "[bold]study", list(self._open))

    def _add_line(self, line: str, what: str, cells: list[Cell]) -> None:
        self._lines[line] = self._progress.add_task(
            "",
            total=sum(self._open[cell] for cell in cells),
            completed=sum(self._worked[cell] for cell in cells),
            what=what,
            cells=f"0/{len(cells)} cells",
            best="",
        )

    def epoch(self, cell: Cell, spent: int, best: float) -> None:
        new = max(0, spent - self._spent[cell])  # below: a replay, also of a cell whose worker died
        self._spent[cell] += new
        self._best[cell] = best
        self._advance(cell, new)
        scores = [score for known, score in self._best.items() if known[:2] == cell[:2]]
        shown = self._best_of(cell.problem, scores)
        shown = f"{cell.problem}: {shown}" if len(self._objectives) > 1 else shown
        self._progress.update(self._lines[cell.tuner], best=escape(shown))

    def _advance(self, cell: Cell, epochs: int) -> None:
        self._trained += epochs
        self._worked[cell] += epochs
        more = max(0, self._worked[cell] - self._open[cell])  # there were more incumbents than expected
        self._open[cell] += more
        self._total += more
        for line in (cell.tuner, ""):
            total = self._progress.tasks[self._lines[line]].total or 0
            self._progress.update(self._lines[line], advance=epochs, total=total + more)

    def trial(self, trial: Trial) -> None:
        if trial.state == FAILED:
            line = f"{trial.cell} trial {trial.trial} FAILED: {trial.error}; configuration {trial.configuration}"
            self.console.print(line, markup=False, style="red", highlight=False, soft_wrap=True)

    def retraining(self, retraining: Retraining) -> None:
        self._retrained += 1
        self._advance(retraining.cell, retraining.epochs)
        self._progress.update(self._lines[""], best=f"{self._retrained} retrainings")
        if retraining.state == FAILED:
            line = f"{retraining.cell} trial {retraining.trial} FAILED when retrained: {retraining.error}"
            self.console.print(line, markup=False, style="red", highlight=False, soft_wrap=True)

    def end(self, end: CellEnd) -> None:
        self._ended += 1
        # An ended search may leave budget unspent, which nobody is waiting for any more.
        unspent = self._open[end.cell] - self._worked[end.cell]
        self._total -= unspent
        for line in (end.cell.tuner, ""):
            task = self._progress.tasks[self._lines[line]]
            done, of = (int(part) for part in task.fields["cells"].split()[0].split("/"))
            self._progress.update(self._lines[line], cells=f"{done + 1}/{of} cells", total=(task.total or 0) - unspent)
        if self._live and not end.error:
            return
        best = self._best_of(end.cell.problem, [self._best.get(end.cell, math.nan)])
        text = f"[{self._ended}/{self._cells}] {end.cell}: {end.trials} trials, {end.spent_epochs} epochs, {best}"
        text += f", {end.seconds:.0f} s ({end.error or end.reason})"
        if left := self._seconds_left():
            text += f"; about {left} left"
        self.console.print(text, markup=False, highlight=False, soft_wrap=True, style="red" if end.error else None)

    def _best_of(self, problem: str, scores: list[float]) -> str:
        objective = self._objectives[problem]
        best = objective.best(scores)
        return "no score yet" if math.isnan(best) else f"best {objective.metric} {best:.4g}"

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
