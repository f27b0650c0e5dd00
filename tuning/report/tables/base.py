"""Tables for HTML, Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pandas as pd

from tuning.analysis.problem_summary import ProblemSummary
from tuning.formatting import count, interval, number, plural

Row: TypeAlias = Mapping[Hashable, Any]
"""A row of a frame, by column."""
Rows: TypeAlias = list[list["str | Entry"]]
"""Rows of a table."""


@dataclass(frozen=True)
class Entry:
    """A table's entry: its text, and the number to sort by, if it is one."""

    text: str
    value: float | None = None


@dataclass(frozen=True)
class Table:
    """A table: caption, column titles, and rows of as many entries."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]

    @property
    def numeric(self) -> list[bool]:
        """(num_columns,): whether a column holds numbers, set flush right."""
        return [
            bool(self.rows) and any(row[at].value is not None for row in self.rows) for at in range(len(self.columns))
        ]


def table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[str | Entry]]) -> Table:
    """A `Table`; plain strings become entries without a number."""
    entries = tuple(tuple(cell if isinstance(cell, Entry) else Entry(str(cell)) for cell in row) for row in rows)
    return Table(caption, tuple(columns), entries)


def estimate_entry(row: Row, name: str, places: int, signed: bool = False) -> Entry:
    """A value with its interval in brackets."""
    value, low, high = (float(row[column]) for column in (name, f"{name}_low", f"{name}_high"))
    band = "" if pd.isna(low) else f" ({interval(low, high, places)})"
    return Entry(f"{number(value, places, signed=signed)}{band}", value_of(value))


def test_part(problem: ProblemSummary) -> str:
    """What intervals of test scores over replicates leave out: the error of a test part that all of them share."""
    if problem.endpoint.paired or problem.winners["test"].isna().all():
        return ""
    rows = "the test part" if problem.test_rows is None else plural(problem.test_rows, "test sample")
    return f"; the sampling error of {rows}, the same in all replicates, is not in them"


def rows_of(frame: pd.DataFrame) -> list[Row]:
    return list(frame.to_dict("records"))


def value_of(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


def score_entry(value: float, places: int) -> Entry:
    return Entry(number(value, places), value_of(value))


def count_entry(value: int) -> Entry:
    return Entry(count(value), float(value))
