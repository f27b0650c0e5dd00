"""Searches run in KerasTuner or Optuna, as a study's folder from which a report can be made.

What they recorded is copied unchanged; nothing is trained, and nothing unpickled (both keep JSON).

    known                       KerasTuner                              Optuna
    configurations, states      yes                                     yes
    scores                      best epoch                              what the objective function returned
    epochs of a trial           Hyperband's; else given by the user     the steps it reported; else given by the user
    learning curves             the best epoch's metrics only           the reported values
    time                        no                                      wall-clock of a trial

Neither keeps the data, the seeds of trainings, or test scores. So imported searches form their own study, one cell
each, and are labelled as imported wherever they are shown. They are never compared with cells trained here, because
pairs of those share data and seeds. A FAILED or PRUNED trial is charged no epochs if their number is not known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from tuning import __version__
from tuning.errors import StudyError
from tuning.journal.importing.keras_tuner import read_project
from tuning.journal.importing.optuna import read_storage
from tuning.journal.importing.search import ImportedSearch, ImportedTrial
from tuning.journal.plan import Manifest, Plan, Session, TunerSettings
from tuning.journal.provenance import IMPORTED
from tuning.journal.records import Cell, CellEnd, CellState, Trial, TrialState
from tuning.journal.study_record import NOT_RECORDED, DataRecord, Declaration, ImportRecord, ProblemRecord, StudyRecord
from tuning.journal.writer import JournalWriter


def import_searches(
    sources: Sequence[str],
    directory: Path,
    *,
    epochs: int | None = None,
    metric: str = "",
    studies: Sequence[str] = (),
    command: Sequence[str] = (),
    say: Callable[[str], object] = lambda line: None,
) -> Path:
    """Writes a study's folder with one cell for each search found; `tuning report` makes its report.

    Args:
        sources: Folders of KerasTuner projects (with ``oracle.json``), and Optuna's storages: a database's URL, an
            SQLite file, or a journal file.
        directory: The study's folder; its last part is the study's name.
        epochs: Epochs that a trial trained, if its search does not record them.
        metric: KerasTuner's objective, if its files leave several metrics possible.
        studies: Names of the studies to take from an Optuna storage; none for all.
        command: For the manifest.
        say: Called with one line for each thing left out.

    Returns:
        The folder.

    Raises:
        StudyError: A source holds no search, or does not tell epochs or objective; or the objectives differ; or the
            studies of a storage search different spaces, and none is named.
        JournalError: The folder already holds a journal.
    """
    searches = [search for source in sources for search in _read(source, metric, studies, say)]
    objectives = {(search.objective.metric, search.objective.direction, search.objective.epoch) for search in searches}
    if len(objectives) > 1:
        words = ", ".join(
            f"{search.source}: {search.objective.metric}, {search.objective.direction}" for search in searches
        )
        raise StudyError(f"these searches have different objectives ({words}); import each into a folder of its own")
    open_searches = [search for search in searches if any(_is_open(row) for row in search.rows)]
    if open_searches and epochs is None:
        source = open_searches[0].source
        raise StudyError(f"{source} does not say how many epochs a trial trained; say it with --epochs N")
    labels = _labels(searches)
    problem = f"{searches[0].objective.metric}-{IMPORTED}"
    trials = {label: _trials(Cell(problem, label, 1), search, epochs or 0) for label, search in labels.items()}
    budget = max((rows[-1].spent_epochs for rows in trials.values() if rows), default=0)
    space: dict[str, Declaration] = {}
    for search in searches:
        for entry in search.space:
            space.setdefault(f"{entry['name']} {entry['conditions']}", entry)
    record = ProblemRecord(
        space=list(space.values()),
        objective=searches[0].objective,
        max_epochs=max((row.target_epochs for rows in trials.values() for row in rows), default=0),
        data=DataRecord(NOT_RECORDED),
        imported=ImportRecord(
            searches={label: f"{search.library}, {search.source}" for label, search in labels.items()},
            told_epochs=(epochs or 0) if open_searches else 0,
            unfinished=sum(search.unfinished for search in searches),
        ),
    )
    plan = Plan(
        tuners={
            label: TunerSettings({"tuner": IMPORTED, "library": search.library}) for label, search in labels.items()
        },
        budget_epochs=budget,
        replicates=1,
    )
    study = StudyRecord(study=directory.name, problems={problem: record})
    with JournalWriter.create(directory, study) as writer, writer.batched():
        writer.session(Session(plan, Manifest({"command": list(command), "versions": {"tuning": __version__}})))
        for label, rows in trials.items():
            for trial in rows:
                writer.trial(trial)
            spent = rows[-1].spent_epochs if rows else 0
            seconds = sum(trial.train_seconds for trial in rows)
            writer.cell(
                CellEnd(Cell(problem, label, 1), CellState.DONE, IMPORTED, "", len(rows), spent, seconds, budget)
            )
    return directory


def _is_open(row: ImportedTrial) -> bool:
    """Whether the user has to say how many epochs a trial trained."""
    return row.target is None and row.state == TrialState.COMPLETE


def _labels(searches: Sequence[ImportedSearch]) -> dict[str, ImportedSearch]:
    labels: dict[str, ImportedSearch] = {}
    for search in searches:
        label, number = f"{search.label} ({IMPORTED})", 2
        while label in labels:
            label, number = f"{search.label} {number} ({IMPORTED})", number + 1
        labels[label] = search
    return labels


def _trials(cell: Cell, search: ImportedSearch, epochs: int) -> list[Trial]:
    trials: list[Trial] = []
    spent = 0
    for number, row in enumerate(search.rows):
        target = row.target if row.target is not None else epochs if row.state == TrialState.COMPLETE else 0
        charged = max(target - row.initial, 0)
        spent += charged
        last = max(charged - 1, 0)
        curve: list[dict[str, float]] = [{} for _ in range(charged)]
        for epoch, metrics in row.curve.items():
            if curve:
                curve[min(epoch, last)] |= metrics
        trials.append(
            Trial(
                cell,
                number,
                row.configuration,
                row.state,
                math.nan if row.state == TrialState.FAILED else row.score,
                row.initial,
                target,
                curve,
                spent,
                train_seconds=row.seconds,
                parent=row.parent,
                error=row.error,
                fit=IMPORTED,
            )
        )
    return trials


def _read(source: str, metric: str, studies: Sequence[str], say: Callable[[str], object]) -> list[ImportedSearch]:
    path = Path(source)
    if path.is_dir():
        if not (path / "oracle.json").is_file():
            raise StudyError(
                f"{source} holds no oracle.json; expected a KerasTuner project, <directory>/<project_name>"
            )
        return [read_project(path, metric, say)]
    if "://" in source or path.is_file():
        return read_storage(source, studies, say)
    raise StudyError(f"there is no {source}; expected a KerasTuner project's folder or an Optuna storage")
