"""The journal as data frames, and the frames as CSV: a row a trial, a row an epoch, a row a retrained incumbent.

A CSV file is opened by programs that run a text which looks like a formula. Such a text gets an apostrophe before it,
which spreadsheets take for "this is text"; numbers, negative ones too, and texts that are numbers stay as they are. The
journal and `summary.json` hold every text as it is.
"""

from __future__ import annotations

import csv
import io
import math
import os
import re
from itertools import chain, repeat
from operator import methodcaller
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from tuning.incumbents import incumbent_trials
from tuning.journal import Journal
from tuning.markup import visible

TRIAL_COLUMNS = [
    "problem", "tuner", "replicate", "trial", "state", "score", "epochs", "spent_epochs",
    "train_seconds", "suggest_seconds", "parent", "error",
]  # fmt: skip
RETRAINING_COLUMNS = [
    "problem", "tuner", "replicate", "trial", "final", "repeat", "state", "score", "test",
    "epochs", "train_seconds", "error",
]  # fmt: skip
EPOCH_COLUMNS = ["problem", "tuner", "replicate", "trial", "epoch", "spent_epochs"]
# OWASP's list, "CSV Injection": https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile(r"\s*[=+@\t\uff0b\uff0d\uff1d\uff20-]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_CSV_ROWS = 20_000  # turned into Python's values at a time, which take more room than numpy's
_ROW_END = msgspec.Raw(b"\0")  # which no text holds: `visible` shows control characters
_SPECIAL = re.compile(r'[",\r\n]')


def trials_frame(journal: Journal) -> pd.DataFrame:
    """A row a trial of the planned cells: `TRIAL_COLUMNS`, then `hp.<name>` in the space's order.

    ``epochs`` are those charged, ``parent`` is a nullable integer, an inactive hyperparameter is missing.
    """
    trials = list(journal.all_trials())
    rows = [
        (
            *trial.cell, trial.trial, trial.state, trial.score, trial.epochs, trial.spent_epochs,
            trial.train_seconds, trial.suggest_seconds, trial.parent, trial.error,
        )
        for trial in trials
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=TRIAL_COLUMNS)
    frame["parent"] = frame["parent"].astype("Int64")
    hyperparameters = {
        f"hp.{name}": pd.Series([trial.configuration.get(name) for trial in trials], dtype=object)
        for name in hyperparameter_names(journal)
    }
    return pd.concat([frame, pd.DataFrame(hyperparameters, index=frame.index)], axis=1)


def epochs_frame(journal: Journal) -> pd.DataFrame:
    """A row an epoch that was charged: `EPOCH_COLUMNS`, then every metric in order of first appearance.

    ``epoch`` counts from 1 and goes on from the parent's in a continued trial; ``spent_epochs`` is the cell's
    charge after that epoch.
    """
    trials = [trial for trial in journal.all_trials() if trial.curve]
    lengths = [trial.epochs for trial in trials]
    total = sum(lengths)
    # A study may hold millions of epochs: what is the same for a trial's epochs is repeated by numpy, not in a loop.
    within = np.arange(1, total + 1) - np.repeat(np.cumsum(lengths) - lengths, lengths) if trials else np.arange(0)
    frame: dict[str, Any] = {
        "problem": np.repeat(np.array([trial.cell.problem for trial in trials], dtype=object), lengths),
        "tuner": np.repeat(np.array([trial.cell.tuner for trial in trials], dtype=object), lengths),
        "replicate": np.repeat(np.array([trial.cell.replicate for trial in trials], dtype=np.int64), lengths),
        "trial": np.repeat(np.array([trial.trial for trial in trials], dtype=np.int64), lengths),
        "epoch": within + np.repeat(np.array([trial.initial_epoch for trial in trials], dtype=np.int64), lengths),
        "spent_epochs": within
        + np.repeat(np.array([trial.spent_epochs - trial.epochs for trial in trials], dtype=np.int64), lengths),
    }
    epochs = list(chain.from_iterable(trial.curve for trial in trials))
    kinds = dict.fromkeys(map(tuple, epochs))  # the metrics of each epoch, most often the same
    if len(kinds) == 1:
        (metrics,) = kinds
        values = np.fromiter(chain.from_iterable(map(methodcaller("values"), epochs)), float, total * len(metrics))
        columns = dict(zip(metrics, values.reshape(total, len(metrics)).T, strict=True))
    else:
        columns = {
            metric: np.fromiter((epoch.get(metric, np.nan) for epoch in epochs), float, total)
            for metric in dict.fromkeys(chain.from_iterable(kinds))
        }
    return pd.DataFrame(frame | {metric_column(metric): column for metric, column in columns.items()})


def retrainings_frame(journal: Journal) -> pd.DataFrame:
    """A row a retraining of the planned cells: `RETRAINING_COLUMNS`, then ``test.<metric>`` for all other metrics.

    ``final`` tells whether it is of the cell's final incumbent, ``score`` is on the validation split, ``test`` is the
    objective's metric on the test split; all are NaN where there is none.
    """
    rows = []
    others = []
    for cell in journal.planned_cells():
        objective = journal.objective(cell.problem)
        incumbents = incumbent_trials(journal.trials.get(cell, ()), objective)
        for done in sorted(journal.retrainings.get(cell, ()), key=lambda one: (one.trial, one.repeat)):
            own = [incumbent for incumbent in incumbents if incumbent.configuration == done.configuration]
            if own:
                test = done.test.get(objective.test_metric, math.nan)
                row = (
                    *cell, own[0].trial, own[0] is incumbents[-1], done.repeat, done.state, done.score, test,
                    done.epochs, done.train_seconds, done.error,
                )  # fmt: skip
                rows.append(row)
                known = {name: value for name, value in done.test.items() if name != objective.test_metric}
                others.append({f"test.{name}": value for name, value in known.items()})
    return pd.concat([pd.DataFrame(rows, columns=RETRAINING_COLUMNS), pd.DataFrame(others)], axis=1)


def metric_column(metric: str) -> str:
    """A metric's column in `epochs_frame`: its name, unless one of our own columns is called so."""
    return f"metric.{metric}" if metric in EPOCH_COLUMNS else metric


def hyperparameter_names(journal: Journal) -> list[str]:
    """Names over all problems, in the order of their declaration."""
    return list(
        dict.fromkeys(entry["name"] for problem in journal.study["problems"].values() for entry in problem["space"])
    )


def write_tables(journal: Journal, directory: Path) -> None:
    """`trials.csv` and `epochs.csv` into a study folder."""
    write_csv(trials_frame(journal), directory / "trials.csv")
    write_csv(epochs_frame(journal), directory / "epochs.csv")


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Writes a frame as ``frame.to_csv(path, index=False, errors="replace")`` does, several times as fast.

    The bytes are the same but for what `csv_text` makes of texts. A chunk of rows is written as one flat JSON array,
    whose numbers and commas are a CSV file's too, and cut into lines where its rows end.
    """
    end = os.linesep.encode()
    texts = _Texts()
    with path.open("wb") as file:
        file.write(b",".join(bytes(texts[str(name)]) for name in frame.columns) + end)
        for start in range(0, len(frame), _CSV_ROWS):
            rows = frame.iloc[start : start + _CSV_ROWS]
            cells = zip(*(_cells(rows[name], texts) for name in rows), repeat(_ROW_END), strict=False)
            array = msgspec.json.encode(list(chain.from_iterable(cells)))
            file.write(array[1:-1].replace(b",\0,", end).removesuffix(b",\0") + end)


def csv_text(text: str) -> str:
    """`text` for a CSV file: an apostrophe before what a spreadsheet would run, control characters made visible."""
    shown = visible(text)
    return f"'{shown}" if _FORMULA.match(shown) and not _NUMBER.fullmatch(shown) else shown


class _Texts(dict[str, msgspec.Raw]):
    """Texts as they stand in the file, by themselves."""

    def __missing__(self, text: str) -> msgspec.Raw:
        self[text] = raw = _raw(_quoted(csv_text(text)))
        return raw


def _cells(column: pd.Series[Any], texts: _Texts) -> list[Any]:
    """A column's values for `msgspec`: numbers, or what stands in the file, which is nothing for what is missing."""
    kind = column.dtype.kind if isinstance(column.dtype, np.dtype) else ""
    if kind == "i":
        return column.to_list()
    if kind == "f":
        return _numbers(column.to_numpy())
    missing = column.isna()
    present = column.astype(object).mask(missing, "") if missing.any() else column
    values = present.to_list()
    match pd.api.types.infer_dtype(present, skipna=False):
        case "string":
            return [texts[value] for value in values]
        case "integer":
            return [int(value) for value in values]
        case "floating":
            return _numbers(present.to_numpy(dtype=float))
    return [texts[value] if isinstance(value, str) else _raw(str(value)) for value in values]


def _numbers(values: np.ndarray[Any, Any]) -> list[Any]:
    """JSON and `repr`, which takes four times as long, write floats alike that are finite and need no exponent."""
    size = np.abs(values)
    cells: list[Any] = values.tolist()
    for place in np.flatnonzero(~(((size >= 1e-4) & (size < 1e16)) | (size == 0))).tolist():
        cells[place] = _raw("" if math.isnan(cells[place]) else repr(cells[place]))
    return cells


def _raw(text: str) -> msgspec.Raw:
    return msgspec.Raw(text.encode(errors="replace"))


def _quoted(text: str) -> str:
    """`text` as Python's `csv` quotes it within a line."""
    if not _SPECIAL.search(text):
        return text
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator=os.linesep).writerow([text, ""])
    return line.getvalue().removesuffix("," + os.linesep)
