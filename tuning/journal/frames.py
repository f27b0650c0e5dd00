"""The journal as data frames, and the frames as CSV: one row per trial, per epoch, or per retrained incumbent.

Spreadsheet programs run any text in a CSV file that looks like a formula. Such a text gets an apostrophe in front,
which spreadsheets read as "this is text"; numbers, also negative ones, and texts that are numbers stay unchanged. The
journal and `summary.json` hold every text unchanged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain
from operator import itemgetter
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tuning.configuration import Value
from tuning.journal.incumbents import incumbent_trials
from tuning.journal.journal import Journal
from tuning.journal.records import Trial

Counts: TypeAlias = NDArray[np.int64]
TRIAL_COLUMNS = [
    "problem", "tuner", "replicate", "trial", "state", "score", "epochs", "spent_epochs",
    "train_seconds", "suggest_seconds", "parent", "error",
]  # fmt: skip
RETRAINING_COLUMNS = [
    "problem", "tuner", "replicate", "trial", "final", "repeat", "state", "score", "test",
    "epochs", "train_seconds", "error", "seen", "in_full",
]  # fmt: skip
_DTYPES: dict[type, str] = {bool: "bool", int: "Int64", float: "float64"}
EPOCH_COLUMNS = ["problem", "tuner", "replicate", "trial", "epoch", "spent_epochs"]


def trials_frame(journal: Journal) -> pd.DataFrame:
    """One row per trial of the planned cells: `TRIAL_COLUMNS`, then `hp.<name>` in the space's order.

    ``epochs`` are those charged, ``parent`` is a nullable integer, an inactive hyperparameter is missing. If a user's
    own `fit` has returned scores, a last column ``returned`` tells which. A hyperparameter's column is of its own type
    (float64, nullable Int64, bool); object for texts, mixed types, and booleans that may be missing.
    """
    trials = list(journal.all_trials())
    rows = [
        (
            *trial.cell, trial.trial, trial.state.value, trial.score, trial.epochs, trial.spent_epochs,
            trial.train_seconds, trial.suggest_seconds, trial.parent, trial.error,
        )
        for trial in trials
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=TRIAL_COLUMNS)
    frame["parent"] = frame["parent"].astype("Int64")
    hyperparameters = {
        f"hp.{name}": _typed([trial.configuration.get(name) for trial in trials])
        for name in hyperparameter_names(journal)
    }
    frame = pd.concat([frame, pd.DataFrame(hyperparameters, index=frame.index)], axis=1)
    returned = [trial.returned for trial in trials]
    return frame.assign(returned=returned) if any(returned) else frame


def _typed(values: list[Value | None]) -> pd.Series:
    """A hyperparameter's values, None where it is inactive, as a column of their type."""
    kinds = {type(value) for value in values}
    missing = type(None) in kinds
    kind = next(iter(kinds - {type(None)})) if len(kinds) - missing == 1 else None
    dtype = "object" if kind is None or (missing and kind is bool) else _DTYPES.get(kind, "object")
    try:
        return pd.Series(values, dtype=dtype)
    except OverflowError:  # an integer of more than 64 bits
        return pd.Series(values, dtype=object)


def epochs_frame(journal: Journal) -> pd.DataFrame:
    """One row per epoch of a trial's curve: `EPOCH_COLUMNS`, then every metric in order of first appearance.

    ``epoch`` counts from 1, and in a continued trial continues the parent's count; ``spent_epochs`` is the cell's
    charge after that epoch. Where trials are several trainings, a metric is their mean, and ``<metric>.sd`` their
    standard deviation.
    """
    trials = [trial for trial in journal.all_trials() if trial.curve]
    lengths = [len(trial.curve) for trial in trials]
    total = sum(lengths)
    # A study may hold millions of epochs: numpy, not a loop, repeats what is the same for all epochs of a trial.
    within = np.arange(1, total + 1) - np.repeat(np.cumsum(lengths) - lengths, lengths) if trials else np.arange(0)
    frame: dict[str, np.ndarray] = {
        "problem": np.repeat(np.array([trial.cell.problem for trial in trials], dtype=object), lengths),
        "tuner": np.repeat(np.array([trial.cell.tuner for trial in trials], dtype=object), lengths),
        "replicate": np.repeat(np.array([trial.cell.replicate for trial in trials], dtype=np.int64), lengths),
        "trial": np.repeat(np.array([trial.trial for trial in trials], dtype=np.int64), lengths),
        "epoch": within + np.repeat(np.array([trial.initial_epoch for trial in trials], dtype=np.int64), lengths),
        "spent_epochs": _spent_epochs(trials, within, lengths),
    }
    epochs = list(chain.from_iterable(trial.curve for trial in trials))
    metrics = dict.fromkeys(chain.from_iterable(epochs))
    if set(map(len, epochs)) <= {len(metrics)}:  # usually, every epoch has every metric
        columns = {metric: np.fromiter(map(itemgetter(metric), epochs), float, total) for metric in metrics}
    else:
        columns = {
            metric: np.fromiter((epoch.get(metric, np.nan) for epoch in epochs), float, total) for metric in metrics
        }
    deviations = _deviations(trials, list(columns)) if any(trial.members for trial in trials) else {}
    return pd.DataFrame(frame | {metric_column(metric): column for metric, column in (columns | deviations).items()})


def _spent_epochs(trials: Sequence[Trial], within: Counts, lengths: Sequence[int]) -> Counts:
    """The cell's charge after each epoch of these trials' curves; `within` numbers the epochs of each from 1.

    A mean over several trainings is known only when the last of them has come to that epoch.
    """
    ends = np.array([trial.spent_epochs for trial in trials], dtype=np.int64)
    last = np.array([len(trial.trainings[-1]) for trial in trials], dtype=np.int64)
    spent: Counts = np.minimum(within + np.repeat(ends - last, lengths), np.repeat(ends, lengths))
    return spent


def _deviations(trials: Sequence[Trial], metrics: Sequence[str]) -> dict[str, np.ndarray]:
    """The standard deviation (n - 1) over a trial's trainings, of each metric at each epoch; NaN for a single one.

    A training that stopped early is left out of later epochs, and so is what it trained before this trial.
    """
    columns: dict[str, list[float]] = {metric: [] for metric in metrics}
    for trial in trials:
        for place in range(len(trial.curve)):
            epochs = [training[place] for training in trial.members if place < len(training)]
            for metric, column in columns.items():
                values = [epoch[metric] for epoch in epochs if metric in epoch]
                column.append(float(np.std(values, ddof=1)) if len(values) > 1 else math.nan)
    return {f"{metric}.sd": np.array(column) for metric, column in columns.items()}


def retrainings_frame(journal: Journal) -> pd.DataFrame:
    """One row per retraining of the planned cells: `RETRAINING_COLUMNS`, then ``test.<metric>`` for all other metrics.

    ``final``: whether it is of the cell's final incumbent; ``score``: on the validation split; ``test``: the
    objective's metric on the test split; ``seen``: what the search saw of the incumbent, and ``in_full``: whether it
    had trained it in full by then. Missing scores are NaN. If winners are worth their curves without noise, a last
    column ``best_of_table`` has what the best configuration of the replicate's table is worth.
    """
    rows = []
    known_best = []
    others = []
    for cell in journal.planned_cells():
        if not journal.retrainings.get(cell):
            continue
        objective, most = journal.objective(cell.problem), journal.problems[cell.problem].max_epochs
        incumbents = incumbent_trials(journal.trials.get(cell, ()), objective)
        for done in sorted(journal.retrainings[cell], key=lambda retraining: (retraining.trial, retraining.repeat)):
            same = [incumbent for incumbent in incumbents if incumbent.configuration == done.configuration]
            if same:
                test = done.test.get(objective.test_metric, math.nan)
                row = (
                    *cell, same[0].trial, same[0] is incumbents[-1], done.repeat, done.state.value, done.score, test,
                    done.epochs, done.train_seconds, done.error, same[0].score, same[0].in_full(most),
                )  # fmt: skip
                rows.append(row)
                known_best.append(math.nan if done.best_of_table is None else done.best_of_table)
                known = {name: value for name, value in done.test.items() if name != objective.test_metric}
                others.append({f"test.{name}": value for name, value in known.items()})
    frame = pd.concat([pd.DataFrame(rows, columns=RETRAINING_COLUMNS), pd.DataFrame(others)], axis=1)
    return frame if np.isnan(known_best).all() else frame.assign(best_of_table=known_best)


def metric_column(metric: str) -> str:
    """A metric's column in `epochs_frame`: its name, unless one of our own columns has that name."""
    return f"metric.{metric}" if metric in EPOCH_COLUMNS else metric


def hyperparameter_names(journal: Journal) -> list[str]:
    """Names over all problems, in the order of their declaration."""
    return list(dict.fromkeys(entry["name"] for problem in journal.problems.values() for entry in problem.space))
