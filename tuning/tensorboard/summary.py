"""`hparams/summary`: a second, small TensorBoard log directory, one session group per problem and tuner.

A table of thousands of trials hides which tuner is ahead. This one has one row per tuner: its best configuration as
hyperparameters, and the report's table of tuners as metrics. It is next to the trials' log directory, not in it,
because TensorBoard reads everything below the one it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tuning.analysis.summary import Summary, results
from tuning.configuration import Value
from tuning.journal.journal import Journal
from tuning.journal.records import CellState
from tuning.tensorboard.columns import Column, hyperparameter_columns, leading_columns
from tuning.tensorboard.hparams import (
    FOLDER,
    emptied,
    refuse_link,
    safe_folder,
)
from tuning.tensorboard.messages import ORIGIN, end_event, experiment_event, scalars_event, start_event, write_events
from tuning.tensorboard.names import SUMMARY_METRICS

SUMMARY = f"{FOLDER}/summary"  # TensorBoard's log directory


def write_hparams_summary(journal: Journal, summary: Summary, directory: Path) -> None:
    """Rebuilds ``<directory>/hparams/summary``.

    A session is SUCCESS if all planned replicates of the tuner are done, FAILURE if one failed; otherwise it has no end
    yet. Values that do not exist, such as a test score without a test split, are left out.

    Raises:
        JournalError: ``<directory>/hparams``, or its ``summary``, is a link or a file.
    """
    refuse_link(Path(directory) / FOLDER)
    folder = emptied(Path(directory) / SUMMARY)
    leading = leading_columns(list(summary.problems), journal.plan)
    leading = [column for column in leading if column.name != "replicate"]
    spaces = [problem.space for problem in journal.problems.values()]
    columns = hyperparameter_columns(spaces)
    write_events(
        folder, [experiment_event([column.to_proto() for column in (*leading, *columns.values())], SUMMARY_METRICS)]
    )
    best = {
        (name, row["tuner"]): row["configuration"]
        for name, problem in summary.problems.items()
        for row in problem.best.to_dict("records")
    }
    states = summary.cells.groupby(["problem", "tuner"], sort=False)["state"].agg(set).to_dict()
    for row in results(summary).to_dict("records"):
        problem, tuner = str(row["problem"]), str(row["tuner"])
        group = f"{safe_folder(problem)}/{safe_folder(tuner)}"
        values = _values({"problem": problem, "tuner": tuner}, {column.name: column for column in leading})
        values |= _values(best.get((problem, tuner), {}), columns)
        end = ORIGIN + row["train_seconds"] + row["suggest_seconds"]
        events = [
            start_event(group, values, ORIGIN),
            scalars_event(end, 0, {name: row[name] for name in SUMMARY_METRICS}),
        ]
        if CellState.FAILED in states[problem, tuner] or states[problem, tuner] == {CellState.DONE}:
            events.append(end_event(end, failed=CellState.FAILED in states[problem, tuner]))
        write_events(folder / group, events)


def _values(given: Mapping[str, Value], columns: dict[str, Column]) -> dict[str, Value]:
    """By column; values that are not finite are left out, like inactive hyperparameters."""
    fitted = {columns[name].name: columns[name].fit(value) for name, value in given.items() if name in columns}
    return {name: value for name, value in fitted.items() if value is not None}
