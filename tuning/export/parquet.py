"""Parquet: the study's tables, one file each, with the columns and types of `tuning.journal.frames`.

Any reader of Parquet can read them (pandas, polars, DuckDB, R, Spark). Unlike in CSV, an integer that may be missing
stays an integer, and texts are unchanged.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tuning.export.place import new_place
from tuning.journal.frames import epochs_frame, retrainings_frame, trials_frame
from tuning.journal.journal import Journal


def write_parquet(journal: Journal, target: str) -> str:
    """Writes ``trials.parquet``, ``epochs.parquet`` and ``retrainings.parquet`` into a new folder."""
    frames = {
        "trials": trials_frame(journal),
        "epochs": epochs_frame(journal),
        "retrainings": retrainings_frame(journal),
    }
    with new_place(Path(target)) as folder:
        folder.mkdir()
        for name, frame in frames.items():
            frame.apply(_of_one_type).to_parquet(folder / f"{name}.parquet", engine="pyarrow", index=False)
    rows = ", ".join(f"{name}.parquet ({len(frame):,})" for name, frame in frames.items())
    return f"{target}: {rows} rows"


def _of_one_type(column: pd.Series) -> pd.Series:
    """A column that Parquet can hold: values of several types, as of a name with two declarations, become texts."""
    if column.dtype != object:
        return column
    kinds = {type(value) for value in column if not pd.isna(value)}
    if len(kinds) < 2 and kinds != {int}:  # else, integers of more than 64 bits
        return column
    return column.map(str, na_action="ignore")
