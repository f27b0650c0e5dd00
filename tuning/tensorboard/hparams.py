"""TensorBoard HPARAMS: all trials of all tuners in one table, built from the journal alone.

    hparams/trials/events.out.tfevents.tuning                         the columns: one experiment tag
    hparams/trials/<problem>/<tuner>/<replicate>/<trial>/...tuning    one session per trial, with its learning curve
    hparams/trials/<problem>/<tuner>/<replicate>/<trial>/...test      an incumbent's mean test score, once retrained

`hparams/best` and `hparams/summary` next to them are separate log directories (`tuning.tensorboard.best`, `.summary`):
TensorBoard reads everything below the directory it is given, and a table takes one experiment tag.

The journal holds durations but no dates, so the wall times are a convention: the cells, which run in parallel, all
begin on 2000-01-01 UTC, and a cell's clock advances by each trial's `suggest_seconds` and `train_seconds`. The same
journal therefore always gives the same bytes, and TensorBoard's relative time axis is true.
"""

from __future__ import annotations

import hashlib
import math
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tensorboard.compat.proto.event_pb2 import Event

from tuning.configuration import Value
from tuning.errors import JournalError
from tuning.journal.journal import Journal
from tuning.journal.plan import Plan
from tuning.journal.records import Cell, Retraining, Trial, TrialState
from tuning.journal.study_record import StudyRecord
from tuning.objective import Objective
from tuning.tensorboard.columns import Column, hyperparameter_columns, leading_columns
from tuning.tensorboard.messages import (
    EVENT_FILE,
    ORIGIN,
    end_event,
    experiment_event,
    finite,
    scalars_event,
    start_event,
    write_events,
)
from tuning.tensorboard.names import METRICS, TEST, curve_tag
from tuning.text import is_file_name

FOLDER = "hparams"
WINNERS = "tensorboard"  # next to it: the winners' trainings, written by `tuning.training.winner.tensorboard_logs`
TRIALS = f"{FOLDER}/trials"  # TensorBoard's log directory
_PLAIN = re.compile(r"[a-z0-9_][a-z0-9_.-]{0,63}")


@dataclass(frozen=True)
class _Written:
    """The state of a cell after a trial."""

    trial: int
    best_score: float
    clock: float


class HparamsWriter:
    """Writes a study's HPARAMS logs, trial by trial; no file stays open between two calls.

    A new writer begins with an empty folder. To resume a study, use the writer that `write_hparams` returns: it has
    written what the journal holds, so no trial appears twice.

    Args:
        directory: The study's folder; only ``<directory>/hparams`` is touched.
        study: The journal's first line.
        plan: A session's plan. With it the page has check boxes for the tuners and replicates.
        folder: The log directory; that of all trials takes the place of all others.
        order: Hyperparameters to come first, if every trial has them.
        names: The trials to write, by cell and number, with their runs' names; None for all, by `run_name`.

    Raises:
        JournalError: ``<directory>/hparams`` is a link or a file.
    """

    def __init__(
        self,
        directory: Path,
        study: StudyRecord,
        plan: Plan | None = None,
        *,
        folder: str = TRIALS,
        order: Sequence[str] = (),
        names: Mapping[tuple[Cell, int], str] | None = None,
    ) -> None:
        emptied(Path(directory) / (FOLDER if folder == TRIALS else folder))
        self.directory = Path(directory) / folder
        self._names = names
        problems = study.problems
        self._objectives = {name: problem.objective for name, problem in problems.items()}
        self._leading = leading_columns(list(problems), plan)
        self._hyperparameters = hyperparameter_columns([problem.space for problem in problems.values()], order)
        self._cells: dict[Cell, list[_Written]] = {}
        self._tests: dict[tuple[Cell, int], list[float]] = {}
        columns = [*self._leading, *self._hyperparameters.values()]
        write_events(self.directory, [_config_event(columns, list(self._objectives.values()))])

    def write(self, trial: Trial) -> None:
        """Adds a trial. If its cell already has it, this one replaces that and those after it, as in the journal."""
        done = self._cells.setdefault(trial.cell, [])
        while done and done[-1].trial >= trial.trial:
            # The user may have deleted the folder meanwhile: it is only a view of the journal.
            if name := self._name(trial.cell, done.pop().trial):
                shutil.rmtree(self.directory / name, ignore_errors=True)
        better = self._objectives[trial.cell.problem].better
        before = done[-1] if done else _Written(-1, math.nan, ORIGIN)
        best_score = trial.score if better(trial.score, before.best_score) else before.best_score
        start = before.clock + _seconds(trial.suggest_seconds)
        end = start + _seconds(trial.train_seconds)
        if name := self._name(trial.cell, trial.trial):
            events = _trial_events(trial, name, self._values(trial), best_score, start, end)
            write_events(self.directory / name, events)
        done.append(_Written(trial.trial, best_score, end))

    def retrained(self, retraining: Retraining) -> None:
        """Adds a retraining to its trial: `TEST` becomes the mean over the trial's retrainings so far."""
        done = {written.trial: written for written in self._cells.get(retraining.cell, ())}
        test = finite(retraining.test.get(self._objectives[retraining.cell.problem].test_metric))
        name = self._name(retraining.cell, retraining.trial)
        if retraining.trial not in done or test is None or name is None:
            return
        tests = self._tests.setdefault((retraining.cell, retraining.trial), [])
        tests.append(test)
        means = [sum(tests[:number]) / number for number in range(1, len(tests) + 1)]
        clock = done[retraining.trial].clock
        events = [scalars_event(clock, number, {TEST: mean}) for number, mean in enumerate(means, start=1)]
        # A separate file after the trial's: TensorBoard has read that one already and would not read it again.
        write_events(self.directory / name, events, f"{EVENT_FILE}.test")

    def _name(self, cell: Cell, trial: int) -> str | None:
        """The run's name; None for a trial that is not to be written."""
        return run_name(cell, trial) if self._names is None else self._names.get((cell, trial))

    def _values(self, trial: Trial) -> dict[str, Value]:
        """Values by column, only active ones."""
        cell = trial.cell
        origin: dict[str, Value] = {"tuner": cell.tuner, "replicate": cell.replicate, "problem": cell.problem}
        values = {column.name: column.fit(origin[column.name]) for column in self._leading}
        for name, value in trial.configuration.items():
            column = self._hyperparameters.get(name)
            if column is not None:
                values[column.name] = column.fit(value)
        return {name: value for name, value in values.items() if value is not None}


def write_hparams(journal: Journal, directory: Path) -> HparamsWriter:
    """Rebuilds ``<directory>/hparams`` from a journal, with only the trials of the planned cells.

    Args:
        journal: What `tuning.journal.journal.read` gives.
        directory: The study's folder.

    Returns:
        The writer, ready for the next trials.

    Raises:
        JournalError: ``<directory>/hparams`` is a link or a file.
    """
    writer = HparamsWriter(directory, journal.study, journal.plan)
    for trial in journal.all_trials():
        writer.write(trial)
    for retraining in retrained_in_order(journal):
        writer.retrained(retraining)
    return writer


def retrained_in_order(journal: Journal) -> Iterator[Retraining]:
    """The planned cells' retrainings, by trial and repeat, whenever they were done."""
    for cell in journal.planned_cells():
        yield from sorted(journal.retrainings.get(cell, ()), key=lambda record: (record.trial, record.repeat))


def is_written(directory: Path) -> bool:
    """Whether a study's folder has HPARAMS logs, complete or still growing."""
    return (Path(directory) / TRIALS / EVENT_FILE).is_file()


def run_name(cell: Cell, trial: int) -> str:
    """A trial's directory below `TRIALS`, also its session group name: unique, and safe for any names.

    Numbers are padded, since TensorBoard sorts runs by name.
    """
    return f"{safe_folder(cell.problem)}/{safe_folder(cell.tuner)}/{cell.replicate:02}/{trial:04}"


def safe_folder(name: str) -> str:
    """`name` as a directory: itself if it is plain, else quoted and shortened, with a digest after a tilde.

    A plain name has no tilde and no capitals, so no two names collide, not even on file systems that ignore case.
    """
    if _PLAIN.fullmatch(name) and is_file_name(name):
        return name
    encoded = name.encode("utf-8", "surrogatepass")
    quoted = quote(encoded, safe="").replace("~", "%7E").replace(".", "%2E")
    return f"{quoted[:48]}~{hashlib.sha256(encoded).hexdigest()[:16]}"


def _config_event(columns: Sequence[Column], objectives: Sequence[Objective]) -> Event:
    rules = {f"{rule.metric}, {rule.direction}, {rule.epoch} epoch" for rule in objectives}
    score = rules.pop() if len(rules) == 1 else "by each problem's objective"
    curves = {curve_tag(rule.metric): f"{rule.metric} of the last epoch" for rule in objectives}
    descriptions = {
        "score": score,
        **curves,  # so that "Show Metrics" draws learning curves: all else is one value a trial
        "best_score": f"the best score of the tuner in this replicate when the trial ended ({score})",
        "epochs": "epochs charged for the trial",
        "train_seconds": "building, training and validating",
        "suggest_seconds": "the tuner's own thinking before the trial",
        TEST: "an incumbent's mean on the test split over its retrainings on fresh seeds",
    }
    return experiment_event([column.to_proto() for column in columns], descriptions)


def _trial_events(
    trial: Trial, name: str, values: Mapping[str, Value], best_score: float, start: float, end: float
) -> Iterator[Event]:
    """Session start, one event per epoch, the metrics, session end."""
    yield start_event(name, values, start)
    tags: dict[str, str] = {}
    for number, epoch in enumerate(trial.curve, start=1):
        named = {tags.get(name) or tags.setdefault(name, curve_tag(name)): value for name, value in epoch.items()}
        wall_time = start + (end - start) * number / len(trial.curve)
        yield scalars_event(wall_time, trial.initial_epoch + number, named)
    results = (trial.score, best_score, trial.epochs, trial.train_seconds, trial.suggest_seconds)
    yield scalars_event(end, trial.last_epoch, dict(zip(METRICS, results, strict=True)))
    yield end_event(end, failed=trial.state == TrialState.FAILED)  # a pruned or cut trial did not fail


def emptied(folder: Path) -> Path:
    """`folder`, empty; raises as `refuse_link` does."""
    refuse_link(folder)
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def refuse_link(folder: Path) -> None:
    """Raises JournalError if a folder of ours is a link or a file: its target is not ours to delete."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        kind = "a link" if folder.is_symlink() else "a file"
        raise JournalError(f"{folder} is {kind}; expected a folder that can be deleted and rebuilt: move it away")


def _seconds(value: float) -> float:
    return max(finite(value) or 0.0, 0.0)
