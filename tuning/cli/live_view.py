"""The live view of a run: a line per tuner, a bar for the study, the last failures. It draws, but counts nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from tuning.formatting import count, plural

BARS = "▁▂▃▄▅▆▇█"
WIDTH = 16
"""Characters of a sparkline; each is an equal part of a search's budget."""


@dataclass(frozen=True)
class Line:
    """What is known of a tuner, over all its cells.

    Attributes:
        planned_epochs: None if the budget is in seconds.
        best: Its best score in words.
        curve: Best so far of the search that reported last, ``(WIDTH,)``; NaN for what is still ahead.
    """

    tuner: str
    done: int
    cells: int
    epochs: int
    planned_epochs: int | None
    best: str
    curve: Sequence[float]


def sparkline(values: Iterable[float]) -> str:
    """Numbers as a row of bars, scaled from the smallest to the largest; NaN as a space."""
    known = list(values)
    finite = [value for value in known if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
    if low == high:
        return "".join(BARS[len(BARS) // 2] if math.isfinite(value) else " " for value in known)
    steps = (len(BARS) - 1) / (high - low)
    return "".join(BARS[round((value - low) * steps)] if math.isfinite(value) else " " for value in known)


def picture(
    lines: Iterable[Line],
    *,
    unit: str,
    metric: str,
    trained: float,
    total: float,
    words: str,
    failures: Sequence[str],
    failed: int,
) -> RenderableType:
    """The view at one moment.

    Args:
        unit: What `Line.done` counts, in the plural.
        metric: Heading of the scores.
        trained: Epochs so far, with retraining; or seconds of training.
        total: Those expected.
        words: Beside the bar.
        failures: The last ones, a line each.
        failed: How many.
    """
    table = Table(
        Column("tuner", no_wrap=True),
        Column(unit, justify="right", no_wrap=True),
        Column("epochs", justify="right", no_wrap=True),
        Column(f"best {metric}", justify="right", no_wrap=True),
        Column("latest search", width=WIDTH, no_wrap=True),
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
    )
    for line in lines:
        table.add_row(
            Text(line.tuner),
            f"{line.done}/{line.cells}",
            count(line.epochs) + ("" if line.planned_epochs is None else f"/{count(line.planned_epochs)}"),
            Text(line.best),
            sparkline(line.curve),
        )
    bar = Table.grid(padding=(0, 1))
    bar.add_row(ProgressBar(total=max(total, 1.0), completed=trained, width=24), Text(words, overflow="ellipsis"))
    shown: list[RenderableType] = [table, bar]
    if failures:
        shown.append(Text(f"{plural(failed, 'failure')}, the last:", style="red"))
        shown += [Text(f"  {line}", style="red", no_wrap=True, overflow="ellipsis") for line in failures]
    return Group(*shown)
