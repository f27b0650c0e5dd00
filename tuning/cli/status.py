"""A study's folder, shown in the terminal: cells by state, epochs, time left, and the table of tuners."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NotRequired, TypedDict

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tuning.analysis.curves import CELL, MISSING
from tuning.analysis.looks import rule_of
from tuning.analysis.summary import Summary, looked_at, summarise
from tuning.budget import exact_seconds
from tuning.formatting import count, decimals_for, interval, number, plural, seconds
from tuning.journal import journal
from tuning.journal.provenance import words
from tuning.journal.records import CellState
from tuning.process.system import shell_line
from tuning.statistics.intervals import median_level
from tuning.tensorboard.best import BEST

if TYPE_CHECKING:  # it draws, and `tuning status` does not
    from tuning.report.report import Report


STATES = {MISSING: "not started"}
"""States of cells in words, where the table's own word says less."""


class CellStatus(TypedDict):
    """How far a cell is; with seconds if the study's budget has some, `planned_seconds` None for a cell without."""

    problem: str
    tuner: str
    replicate: int
    state: str
    error: str
    epochs: int
    planned_epochs: int
    planned_seconds: NotRequired[float | None]
    train_seconds: NotRequired[float]
    trials: int
    best_score: float | None
    seconds: float


class StudyStatus(TypedDict):
    """How far a study is; docs/json.md describes the fields."""

    study: str
    cells: list[CellStatus]
    cells_done: int
    cells_failed: int
    epochs: int
    planned_epochs: int
    worker_seconds_left: float | None
    notes: list[str]


def tuner_table(report: Report) -> Table:
    """A row per tuner: scores over replicates, cells, epochs, trials, training and thinking time."""
    frame = report.result.tuners()
    several = frame["problem"].nunique() > 1
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 0))  # fits into 80 columns
    for heading in (["problem"] if several else []) + ["tuner"]:
        table.add_column(heading, no_wrap=True)
    times = () if several else ("training", "thinking")  # beside the names of problems there is no room for them
    level = f"{median_level(frame['scored']):.0%} interval"
    for heading in ("median", level, "cells", "epochs", "trials", *times):
        table.add_column(heading, justify="right", no_wrap=heading in ("median", level))
    decimals = decimals_for([*frame["smallest"], *frame["largest"]])
    for row in frame.to_dict("records"):
        failed = f" ({row['trials_failed']} failed)" if row["trials_failed"] else ""
        table.add_row(
            *([escape(str(row["problem"]))] if several else []),
            escape(str(row["tuner"])),
            number(row["median"], decimals),
            interval(row["low"], row["high"], decimals).replace(" to ", "–"),
            f"{row['replicates_done']}/{row['replicates_planned']}",
            count(row["charged_epochs"]),
            count(row["trials"]) + failed,
            *(() if several else (seconds(row["train_seconds"]), seconds(row["suggest_seconds"]))),
        )
    return table


def problems_table(report: Report) -> Table:
    """A row per problem: what each tuner gives there; names of tuners break at hyphens to fit."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1))
    shown = report.by_problem
    # Which to take, and what is scored, is said below and in the report.
    kept = [place for place, heading in enumerate(shown.columns) if heading not in ("Take", "Score")]
    for place in kept:
        numeric = shown.numeric[place]
        heading = escape(shown.columns[place]).replace("-", "-\n")
        table.add_column(heading, justify="right" if numeric else "left", no_wrap=numeric, overflow="fold")
    for row in shown.rows:
        table.add_row(*(escape(row[place].text) for place in kept))
    return table


def look(directory: Path) -> StudyStatus:
    """How far a study is, as `tuning status --json` prints it.

    Raises:
        JournalError: The folder holds no study.
    """
    read = journal.read(directory)
    summary = summarise(read)
    cells = _cells(summary)
    rule = rule_of(read.plan)
    decided = looked_at(summary.problems, rule) if rule is not None else []
    return {
        "study": summary.study,
        "cells": cells,
        "cells_done": sum(cell["state"] == CellState.DONE for cell in cells),
        "cells_failed": sum(cell["state"] == CellState.FAILED for cell in cells),
        "epochs": sum(cell["epochs"] for cell in cells),
        "planned_epochs": sum(cell["planned_epochs"] for cell in cells),
        "worker_seconds_left": _left(cells),
        "notes": [
            *([read.healed] if read.healed else []),
            *(label for name, problem in read.problems.items() if (label := words(name, problem))),
            *decided,
        ],
    }


def show(state: StudyStatus, console: Console) -> None:
    """Prints what `look` found."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in ("cell", "state"):
        table.add_column(heading, no_wrap=True)
    for heading in ("epochs", "trials", "best score", "time"):
        table.add_column(heading, justify="right")
    for cell in state["cells"]:
        table.add_row(
            escape(f"{cell['problem']}/{cell['tuner']}/{cell['replicate']}"),
            escape(STATES.get(cell["state"], cell["state"]) + (f": {cell['error']}" if cell["error"] else "")),
            _spent(cell),
            str(cell["trials"]),
            number(math.nan if cell["best_score"] is None else cell["best_score"]),
            seconds(cell["seconds"]),
        )
    console.print(table)
    for note in state["notes"]:
        console.print(note, markup=False, highlight=False)
    left = state["worker_seconds_left"]
    console.print(
        f"{state['study']}: {state['cells_done']} of {plural(len(state['cells']), 'cell')} done, "
        f"{state['cells_failed']} failed; {_all_spent(state)} spent"
        + (f"; about {seconds(left)} of one worker's time left" if left else "")
        + ".",
        markup=False,
        highlight=False,
    )


def _spent(cell: CellStatus) -> str:
    """Epochs, and of how many, or in how many seconds of how many."""
    if (planned := cell.get("planned_seconds")) is None:
        return f"{cell['epochs']}/{cell['planned_epochs']}"
    return f"{cell['epochs']} in {cell['train_seconds']:.1f}/{exact_seconds(planned)}"


def _timed(cells: Iterable[CellStatus]) -> bool:
    """Whether the budget has seconds."""
    return any("planned_seconds" in cell for cell in cells)


def _all_spent(state: StudyStatus) -> str:
    if _timed(state["cells"]):
        trained = sum(cell["train_seconds"] for cell in state["cells"])
        return f"{count(state['epochs'])} epochs in {seconds(trained)} of training"
    return f"{count(state['epochs'])} of {count(state['planned_epochs'])} epochs"


def _cells(summary: Summary) -> list[CellStatus]:
    steps = [problem.incumbents.groupby(CELL, sort=False)["score"].last() for problem in summary.problems.values()]
    best: dict[object, float] = {cell: float(score) for last in steps for cell, score in last.items()}
    rows = summary.cells.to_dict("records")
    cells: list[CellStatus] = [
        {
            "problem": row["problem"],
            "tuner": row["tuner"],
            "replicate": int(row["replicate"]),
            "state": row["state"],
            "error": row["error"],
            "epochs": int(row["charged_epochs"]),
            "planned_epochs": int(row["planned_epochs"]),
            "trials": int(row["trials"]),
            "best_score": None if math.isnan(score) else score,
            "seconds": float(row["train_seconds"] + row["suggest_seconds"]),
        }
        for row in rows
        for score in [best.get((row["problem"], row["tuner"], row["replicate"]), math.nan)]
    ]
    if "planned_seconds" in summary.cells:
        for cell, row in zip(cells, rows, strict=True):
            planned = float(row["planned_seconds"])
            cell["planned_seconds"] = planned if math.isfinite(planned) else None
            cell["train_seconds"] = float(row["train_seconds"])
    return cells


def _left(cells: list[CellStatus]) -> float | None:
    """Seconds that one worker needs for open cells at the pace so far; None if nothing is open or no pace is known."""
    open_cells = [cell for cell in cells if cell["state"] not in (CellState.DONE, CellState.FAILED)]
    if _timed(cells):
        left = ((cell["planned_seconds"] or 0.0) - cell["train_seconds"] for cell in open_cells)
        return sum(max(seconds, 0.0) for seconds in left) or None
    rest = sum(cell["planned_epochs"] - cell["epochs"] for cell in open_cells)
    charged = sum(cell["epochs"] for cell in cells)
    if not rest or not charged:
        return None
    return float(rest * sum(cell["seconds"] for cell in cells) / charged)


def show_report(report: Report, console: Console) -> None:
    """First what several problems say; the table of tuners, the verdict, what to take and use; where everything is."""
    say = partial(console.print, markup=False, highlight=False)
    if report.over_problems is not None:
        console.print(problems_table(report))
        for place, line in enumerate(report.over_problems.choice.lines):
            say(line if place == 0 else f"  {line}", style="" if place else "bold")
    console.print(tuner_table(report))
    line = report.verdict.line
    say(line if line.startswith("No verdict") else f"Verdict: {line}", style="bold")
    for line in report.verdict.details:
        say(f"  {line}")
    for problem in report.result.problems:
        _show_answer(report, problem, say)
    say(f"Spent: {report.spent.words}.")
    if (report.directory / BEST).is_dir():
        board = shell_line(["tuning", "board", str(report.directory)])
        say(f"The best trials in TensorBoard: {board}", soft_wrap=True)
    say(f"Report: {report.html}", soft_wrap=True)


def _show_answer(report: Report, problem: str, say: Callable[..., None]) -> None:
    """Which tuner to take, the model to use, and what more compute would bring."""
    choice, answer = report.result.problem(problem).recommendation, report.answers[problem]
    which = f"{problem}: " if len(report.answers) > 1 else ""
    say(f"{which}{choice.line}", style="bold")
    for line in (choice.alike, choice.probable):
        if line:
            say(f"  {line}")
    if answer.use:
        file = report.directory / answer.model
        saved = bool(answer.model) and file.is_file()
        say(f"{which}Use this model: {file}" if saved else f"{which}The best winner:", style="bold", soft_wrap=True)
        say(f"  {answer.use}")
    for line in answer.more:
        say(f"{which}More compute? {line}")
