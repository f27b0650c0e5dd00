"""The progress of a run: a live view in a terminal or a notebook, plain lines elsewhere."""

from __future__ import annotations

import math
import time
from collections import deque
from types import TracebackType

from rich.console import Console, RenderableType
from rich.live import Live

from tuning.cli import live_view
from tuning.cli.notebook_view import NotebookLive
from tuning.journal.records import Cell, CellEnd, Retraining, Trial, TrialState
from tuning.objective import Objective
from tuning.runner.cell import CellTask

EARLIER = 1
"""Earlier incumbents expected to be retrained per cell; the true number is known when its search ends."""

SHOWN_FAILURES = 3
"""In a terminal; the report has all."""


class ProgressView:
    """Shows cells, epochs, the best score so far and the time left. Use as a context manager.

    In a terminal or a notebook, it redraws a line per tuner, a bar for the whole study and the last failures;
    elsewhere it prints a line when a cell ends or a trial fails.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self._live: Live | NotebookLive | None = None
        # What ends a cell: seconds of training if it has a budget of them, else epochs; so is its work counted.
        self._budget: dict[Cell, float] = {}
        self._timed: set[Cell] = set()
        self._gone: dict[Cell, float] = {}
        self._spent: dict[Cell, int] = {}
        self._best: dict[Cell, float] = {}
        self._curves: dict[Cell, list[float]] = {}  # best so far at each WIDTH-th of the budget
        self._latest: dict[str, Cell] = {}  # per tuner, the cell that reported last
        self._objectives: dict[str, Objective] = {}
        self._done: set[Cell] = set()
        self._worked: dict[Cell, float] = {}  # what was trained, retraining included
        self._open: dict[Cell, float] = {}  # what a cell may spend, plus the epochs expected for retraining
        self._failures: deque[str] = deque(maxlen=SHOWN_FAILURES)
        self._total = self._trained = 0.0
        self._ended = self._retrained = self._failed = 0
        self._started = time.monotonic()

    def begin(self, tasks: list[CellTask], pending: list[CellTask], notes: list[str]) -> None:
        for note in notes:
            self.note(note)
        if len(pending) < len(tasks):
            self.console.print(f"{len(tasks) - len(pending)} of {len(tasks)} cells are done already.")
        replayed = sum(len(task.recorded) for task in pending)
        if replayed:
            self.console.print(f"Going on with {replayed} trials from the journal.")
        self._objectives = {task.problem.name: task.problem.objective for task in tasks}
        self._done = {task.cell for task in tasks} - {task.cell for task in pending}
        for task in tasks:
            epochs, timed = task.budget.epochs, task.budget.seconds
            self._budget[task.cell] = float(timed or epochs or 0)
            self._timed |= {task.cell} if timed else set()
            self._gone[task.cell] = 0.0
            self._spent[task.cell] = task.recorded[-1].spent_epochs if task.recorded else 0
            self._best[task.cell] = math.nan
            self._curves[task.cell] = [math.nan] * live_view.WIDTH
            self._latest[task.tuner.label] = task.cell
            for trial in task.recorded:
                self._go(task.cell, trial)
                self._heard(task.cell, trial.spent_epochs, trial.score)
        self._open = {
            task.cell: self._budget[task.cell]
            + (0 if task.cell in self._timed else (task.retrain and task.retrain + EARLIER) * task.problem.max_epochs)
            for task in pending
        }
        # A replay takes no time, so it counts neither as work done nor as work left.
        self._worked = {task.cell: self._gone[task.cell] + sum(map(self._cost, task.retrained)) for task in pending}
        self._total = sum(self._open.values()) - sum(self._worked.values())
        if pending:
            self._live = self._view()
        if self._live is not None:
            self._live.start()

    def _view(self) -> Live | NotebookLive | None:
        """What draws; None where only lines can be shown."""
        if self.console.is_jupyter:
            return NotebookLive(self._picture)
        if not self.console.is_terminal or self.console.is_dumb_terminal:
            return None
        return Live(get_renderable=self._picture, console=self.console, refresh_per_second=4)

    def _moved(self) -> None:
        """Redraws where no thread does."""
        if isinstance(self._live, NotebookLive):
            self._live.refresh()

    def note(self, note: str) -> None:
        self.console.print(note, markup=False)

    def epoch(self, cell: Cell, spent: int, best: float) -> None:
        new = max(0, spent - self._spent[cell])  # fewer: a replay, also of a cell whose worker died
        self._spent[cell] += new
        if cell not in self._timed:
            self._gone[cell] += new
            self._advance(cell, new)
        self._heard(cell, spent, best)
        self._moved()

    def _cost(self, record: Trial | Retraining) -> float:
        """What a training counts as work: seconds or epochs, as its cell does."""
        return record.train_seconds if record.cell in self._timed else record.epochs

    def _go(self, cell: Cell, trial: Trial) -> None:
        self._gone[cell] += self._cost(trial)

    def _heard(self, cell: Cell, spent: int, best: float) -> None:
        """A replay, when a run is resumed, begins again with the first scores: what was known stays."""
        curve = self._curves[cell]
        self._latest[cell.tuner] = cell
        best = self._objectives[cell.problem].best([self._best[cell], best])
        share = (self._gone[cell] if cell in self._timed else spent) / self._budget[cell]
        place = min(live_view.WIDTH, math.ceil(share * live_view.WIDTH)) - 1
        for skipped in range(place - 1, -1, -1):  # a trial reported as one, or epochs not reported
            if not math.isnan(curve[skipped]):
                break
            curve[skipped] = self._best[cell]
        place = max(place, 0)
        if place + 1 == live_view.WIDTH or math.isnan(curve[place + 1]):  # else it has been further
            curve[place] = best
        self._best[cell] = best

    def _advance(self, cell: Cell, work: float) -> None:
        self._trained += work
        self._worked[cell] += work
        more = max(0.0, self._worked[cell] - self._open[cell])  # there were more incumbents than expected
        self._open[cell] += more
        self._total += more

    def trial(self, trial: Trial) -> None:
        if trial.cell in self._timed:  # single epochs are not timed
            self._go(trial.cell, trial)
            self._advance(trial.cell, trial.train_seconds)
        if trial.state == TrialState.FAILED:
            self._fail(f"{trial.cell} trial {trial.trial} FAILED: {trial.error}; configuration {trial.configuration}")

    def retraining(self, retraining: Retraining) -> None:
        self._retrained += 1
        self._advance(retraining.cell, self._cost(retraining))
        self._moved()
        if retraining.state == TrialState.FAILED:
            line = f"{retraining.cell} trial {retraining.trial} FAILED when retrained: {retraining.error}"
            self._fail(f"{line}; configuration {retraining.configuration}")

    def _fail(self, line: str) -> None:
        self._failed += 1
        self._failures.append(" ".join(line.split()))
        if self._live is None:
            self.console.print(line, markup=False, style="red", highlight=False, soft_wrap=True)

    def end(self, end: CellEnd) -> None:
        self._ended += 1
        self._done.add(end.cell)
        # An ended search may leave budget unspent, which then no longer counts as work.
        self._total -= self._open[end.cell] - self._worked[end.cell]
        if self._live is not None:
            if end.error:
                self._fail(f"{end.cell} {end.state}: {end.error}")
            self._moved()
            return
        best = self._best_of(end.cell.problem, [self._best[end.cell]])
        best = f"best {self._objectives[end.cell.problem].metric} {best}" if best else "no score yet"
        text = f"[{self._ended}/{len(self._open)}] {end.cell}: {end.trials} trials, {end.spent_epochs} epochs, {best}"
        text += f", {end.seconds:.0f} s ({end.error or end.reason})"
        if left := self._seconds_left():
            text += f"; about {left} left"
        self.console.print(text, markup=False, highlight=False, soft_wrap=True, style="red" if end.error else None)

    def _picture(self) -> RenderableType:
        metrics = {objective.metric for objective in self._objectives.values()}
        several = len(self._objectives) > 1
        return live_view.picture(
            [self._line(tuner, several) for tuner in self._latest],
            unit="cells" if several else "replicates",
            metric=metrics.pop() if len(metrics) == 1 else "score",
            trained=self._trained,
            total=self._total,
            words=self._words(),
            failures=tuple(self._failures),
            failed=self._failed,
        )

    def _line(self, tuner: str, several: bool) -> live_view.Line:
        latest = self._latest[tuner]
        cells = [cell for cell in self._budget if cell.tuner == tuner]
        same = [self._best[cell] for cell in cells if cell.problem == latest.problem]
        best = self._best_of(latest.problem, same)
        return live_view.Line(
            tuner,
            len(self._done.intersection(cells)),
            len(cells),
            sum(self._spent[cell] for cell in cells),
            None if self._timed.intersection(cells) else int(sum(self._budget[cell] for cell in cells)),
            f"{latest.problem}: {best}" if several and best else best,
            tuple(self._curves[latest]),
        )

    def _words(self) -> str:
        words = [f"{len(self._done)}/{len(self._budget)} cells"]
        if self._retrained:
            words.append(f"{self._retrained} retrainings")
        words.append(f"{_duration(time.monotonic() - self._started)} gone")
        if left := self._seconds_left():
            words.append(f"about {left} left")
        return ", ".join(words)

    def _best_of(self, problem: str, scores: list[float]) -> str:
        best = self._objectives[problem].best(scores)
        return "" if math.isnan(best) else f"{best:.4g}"

    def _seconds_left(self) -> str:
        rest = self._total - self._trained
        if not self._trained or self._ended == len(self._open):
            return ""
        return _duration(rest * (time.monotonic() - self._started) / self._trained)

    def __enter__(self) -> ProgressView:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
