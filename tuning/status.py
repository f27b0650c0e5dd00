"""What a study's folder holds, for the terminal: cells by state, epochs, time left; and the table of tuners."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tuning import journal
from tuning.analysis import DONE
from tuning.provenance import words
from tuning.records import FAILED
from tuning.report import Report
from tuning.sequential import Rule, accounts
from tuning.summary import Summary, summarise
from tuning.wording import count, decimals_for, interval, number, plural, seconds


def tuner_table(report: Report) -> Table:
    """A row a tuner: scores over replicates, cells, epochs, trials, training and thinking time."""
    frame = report.tuners
    several = frame["problem"].nunique() > 1
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 0))  # fits into 80 columns
    for heading in (["problem"] if several else []) + ["tuner"]:
        table.add_column(heading, no_wrap=True)
    for heading in ("median", "95 % interval", "cells", "epochs", "trials", "training", "thinking"):
        table.add_column(heading, justify="right")
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
            seconds(row["train_seconds"]),
            seconds(row["suggest_seconds"]),
        )
    return table


def show(directory: Path, console: Console) -> None:
    """Prints how far a study is.

    Raises:
        JournalError: The folder holds no study.
    """
    read = journal.read(directory)
    if read.healed:
        console.print(read.healed, markup=False)
    found = summarise(read)
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in ("cell", "state"):
        table.add_column(heading, no_wrap=True)
    for heading in ("epochs", "trials", "best score", "time"):
        table.add_column(heading, justify="right")
    for row in _rows(found):
        table.add_row(*map(escape, row))
    console.print(table)
    states = found.cells["state"].value_counts()
    charged, planned = int(found.cells["charged_epochs"].sum()), int(found.cells["planned_epochs"].sum())
    for name, problem in read.problems.items():
        if label := words(name, problem):
            console.print(label, markup=False, highlight=False)
    console.print(
        f"{found.study}: {int(states.get(DONE, 0))} of {plural(len(found.cells), 'cell')} done, "
        f"{int(states.get(FAILED, 0))} failed; {count(charged)} of {count(planned)} epochs spent"
        f"{_left(found, charged, planned)}.",
        markup=False,
        highlight=False,
    )
    if (rule := Rule.of(read.plan)) is not None:
        for line in accounts(found.pairs, rule):
            console.print(line, markup=False, highlight=False)


def _rows(found: Summary) -> list[list[str]]:
    last = found.incumbents.groupby(["problem", "tuner", "replicate"], sort=False)["score"].last().to_dict()
    best: dict[Any, float] = {cell: float(score) for cell, score in last.items()}
    return [
        [
            f"{row['problem']}/{row['tuner']}/{row['replicate']}",
            row["state"] + (f": {row['error']}" if row["error"] else ""),
            f"{row['charged_epochs']}/{row['planned_epochs']}",
            str(row["trials"]),
            number(best.get((row["problem"], row["tuner"], row["replicate"]), float("nan"))),
            seconds(row["train_seconds"] + row["suggest_seconds"]),
        ]
        for row in found.cells.to_dict("records")
    ]


def _left(found: Summary, charged: int, planned: int) -> str:
    """Worker time left at the pace so far, where anything is left and anything is known."""
    open_cells = found.cells[~found.cells["state"].isin([DONE, FAILED])]
    rest = int((open_cells["planned_epochs"] - open_cells["charged_epochs"]).sum())
    if not rest or not charged:
        return ""
    spent = float(found.cells["train_seconds"].sum() + found.cells["suggest_seconds"].sum())
    return f"; about {seconds(rest * spent / charged)} of one worker's time left"
