"""MLflow: a run for each trial, below a run for its search, in an experiment for each problem.

    tuning                             MLflow
    problem                            experiment ``STUDY/PROBLEM``
    cell                               run ``TUNER/REPLICATE``, with its settings as tags
    trial                              run below that of its cell (tag ``mlflow.parentRunId``)
    COMPLETE, FAILED                   FINISHED, FAILED
    PRUNED, CUT                        KILLED; the tag ``state`` says which
    hyperparameter                     parameter, as text
    each epoch's metrics               metrics, by epoch from 1, also in a continued trial
    score, and scores on fresh seeds   metrics ``score``, ``retrained_score``, ``test.METRIC``
    all else that is known             tags, see `tuning.export.trial_facts`

Of a name, letters, digits, spaces and ``_-.`` are kept, as MLflow demands; other characters become ``_``.
"""

from __future__ import annotations

import logging
import os
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from tuning.errors import StudyError
from tuning.export.place import database
from tuning.export.trial_facts import TrialFacts, cells_of, facts_of
from tuning.formatting import plural
from tuning.journal.journal import Journal
from tuning.journal.records import Cell, TrialState
from tuning.text import error_line

if TYPE_CHECKING:
    from mlflow import MlflowClient

T = TypeVar("T")
MOST_METRICS, MOST_PARAMETERS = 1000, 100  # that MLflow takes at once
_STATES = {
    TrialState.COMPLETE: "FINISHED",
    TrialState.PRUNED: "KILLED",
    TrialState.CUT: "KILLED",
    TrialState.FAILED: "FAILED",
}


def write_mlflow(journal: Journal, target: str) -> str:
    """Adds an experiment for each problem to a tracking server or database; a new SQLite file is created.

    Raises:
        StudyError: The target cannot be opened, or holds one of the experiments already.
    """
    with _quiet(), database(target, "mlflow"):
        from mlflow import MlflowClient

        try:
            client = MlflowClient(tracking_uri=target)
            names = {problem: f"{journal.name}/{problem}" for problem in journal.problems}
            taken = [name for name in names.values() if client.get_experiment_by_name(name) is not None]
        except Exception as error:  # of SQLAlchemy, of the network, of a file of another kind
            raise StudyError(f"{target} cannot be opened as an MLflow store: {error_line(error)}") from error
        if taken:
            raise StudyError(f"{target} holds an experiment {taken[0]!r} already; name another: --to mlflow:URL")
        experiments = {problem: client.create_experiment(name) for problem, name in names.items()}
        cells = cells_of(journal)
        for cell in cells:
            _write_cell(client, experiments[cell.problem], journal, cell)
    trials = sum(len(journal.trials[cell]) for cell in cells)
    what = f"{plural(trials, 'trial')} in {plural(len(cells), 'search', 'searches')}"
    return f"{target}: {plural(len(names), 'experiment')} of {what}"


def _write_cell(client: MlflowClient, experiment: str, journal: Journal, cell: Cell) -> None:
    trials = list(facts_of(journal, cell))
    tags = {"study": journal.name, **cell._asdict(), **journal.plan.settings[cell.tuner]}
    tags |= journal.plan_of(cell.problem).budget_of(cell.tuner).facts()
    search = client.create_run(
        experiment,
        start_time=_milliseconds(trials[0]),
        run_name=f"{cell.tuner}/{cell.replicate}",
        tags=_texts(tags),
    )
    for facts in trials:
        _write_trial(client, experiment, search.info.run_id, facts)
    client.set_terminated(search.info.run_id, end_time=_milliseconds(trials[-1], end=True))


def _write_trial(client: MlflowClient, experiment: str, search: str, facts: TrialFacts) -> None:
    from mlflow.entities import Metric, Param

    trial = facts.trial
    scores = {name: value for name, value in facts.entries.items() if facts.is_score(name)}
    begun, ended = _milliseconds(facts), _milliseconds(facts, end=True)
    run = client.create_run(
        experiment,
        start_time=begun,
        run_name=f"{trial.cell.tuner}/{trial.cell.replicate}/{trial.trial}",
        tags={
            **_texts({name: value for name, value in facts.entries.items() if not facts.is_score(name)}),
            "mlflow.parentRunId": search,
        },
    ).info.run_id
    named = allowed(dict.fromkeys([*(name for epoch in trial.curve for name in epoch), *scores]))
    metrics = [
        Metric(named[name], float(value), begun + (ended - begun) * place // len(trial.curve), epoch)
        for place, epoch in enumerate(range(trial.initial_epoch + 1, trial.last_epoch + 1), start=1)
        for name, value in trial.curve[place - 1].items()
    ]
    metrics += [Metric(named[name], float(value), ended, trial.last_epoch) for name, value in scores.items()]
    params = [Param(key, str(trial.configuration[name])) for name, key in allowed(trial.configuration).items()]
    for some in _parts(metrics, MOST_METRICS):
        client.log_batch(run, metrics=some)
    for part in _parts(params, MOST_PARAMETERS):
        client.log_batch(run, params=part)
    client.set_terminated(run, _STATES[trial.state], end_time=ended)


def _milliseconds(facts: TrialFacts, end: bool = False) -> int:
    return int((facts.ended if end else facts.begun).timestamp() * 1000)


def _texts(entries: Mapping[str, object]) -> dict[str, str]:
    names = allowed(entries)
    return {names[name]: str(value) for name, value in entries.items()}


def allowed(names: Iterable[str]) -> dict[str, str]:
    """Names as MLflow allows them, each once."""
    found: dict[str, str] = {}
    for name in names:
        unique = plain = re.sub(r"[^A-Za-z0-9_\-. ]|^\.+", "_", name) or "_"  # leading dots would be a path to MLflow
        number = 2
        while unique in found.values():
            unique, number = f"{plain}_{number}", number + 1
        found[name] = unique
    return found


def _parts(items: list[T], size: int) -> Iterator[list[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))


@contextmanager
def _quiet() -> Iterator[None]:
    """Without MLflow's lines about its tables, its libraries' warnings, and its reports of use to its makers."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "ERROR")
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    before = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
