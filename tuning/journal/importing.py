"""Searches that KerasTuner or Optuna ran by themselves, as a study's folder that a report can be made of.

What they recorded is taken over as it is; nothing is trained, and nothing unpickled (both keep JSON).

    known                       KerasTuner                              Optuna
    configurations, states      yes                                     yes
    scores                      best epoch                              what the objective function returned
    epochs of a trial           Hyperband's; else as the user says      the steps it reported; else as the user says
    learning curves             the best epoch's metrics only           the reported values
    time                        no                                      wall-clock of a trial

Neither keeps the data, the seeds of trainings, or test scores. So imported searches are a study of their own, one cell
each, labelled as imported wherever they are shown; they are never put beside cells that were trained here, for pairs
of these share data and seeds. A FAILED trial is charged in full where its epochs are not known.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuning import __version__
from tuning.configuration import Configuration, Value
from tuning.errors import StudyError
from tuning.journal.plan import Manifest, Plan, Session, TunerSettings
from tuning.journal.provenance import IMPORTED
from tuning.journal.records import Cell, CellEnd, CellState, Trial, TrialState
from tuning.journal.study_record import DataRecord, Declaration, ImportRecord, ProblemRecord, StudyRecord
from tuning.journal.writer import JournalWriter
from tuning.objective import Objective
from tuning.text import error_line

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import JournalStorage
    from optuna.trial import FrozenTrial

Json = Mapping[str, Any]
_STATES = {
    "COMPLETED": TrialState.COMPLETE,
    "INVALID": TrialState.FAILED,
    "FAILED": TrialState.FAILED,
    "COMPLETE": TrialState.COMPLETE,
    "PRUNED": TrialState.PRUNED,
    "FAIL": TrialState.FAILED,
}


@dataclass
class _Row:
    """One trial; `initial` epochs are its parent's, `target` is None where nothing says how many it trained."""

    configuration: Configuration
    state: TrialState
    score: float
    target: int | None
    initial: int = 0
    curve: dict[int, dict[str, float]] = field(default_factory=dict)  # by epoch, from 0, of this trial
    seconds: float = 0.0
    parent: int | None = None
    error: str = ""


@dataclass
class _Search:
    label: str
    library: str
    source: str
    objective: Objective
    space: list[Declaration]
    rows: list[_Row]
    unfinished: int


def import_searches(
    sources: Sequence[str], directory: Path, *, epochs: int | None = None, metric: str = "", command: Sequence[str] = ()
) -> Path:
    """Writes a study's folder with one cell for each search that is found; `tuning report` makes its report.

    Args:
        sources: Folders of KerasTuner projects (with ``oracle.json``), and Optuna's storages: a database's URL, an
            SQLite file, or a journal file.
        directory: The study's folder; its last part is the study's name.
        epochs: That a trial trained, where its search does not say.
        metric: KerasTuner's objective, where its files leave several metrics open.
        command: For the manifest.

    Returns:
        The folder.

    Raises:
        StudyError: A source holds no search, or leaves epochs or objective open; or the objectives differ.
        JournalError: The folder holds a journal already.
    """
    searches = [search for source in sources for search in _read(source, metric)]
    objectives = {(search.objective.metric, search.objective.direction, search.objective.epoch) for search in searches}
    if len(objectives) > 1:
        words = ", ".join(
            f"{search.source}: {search.objective.metric}, {search.objective.direction}" for search in searches
        )
        raise StudyError(f"these searches have different objectives ({words}); import each into a folder of its own")
    if any(row.target is None for search in searches for row in search.rows) and epochs is None:
        open_ones = next(search for search in searches if any(row.target is None for row in search.rows))
        raise StudyError(f"{open_ones.source} does not say how many epochs a trial trained; say it with --epochs N")
    labels = _labels(searches)
    problem = f"{searches[0].objective.metric}-{IMPORTED}"
    trials = {label: _trials(Cell(problem, label, 1), search, epochs or 0) for label, search in labels.items()}
    budget = max((rows[-1].spent_epochs for rows in trials.values() if rows), default=0)
    space: dict[str, Declaration] = {}
    for search in searches:
        for entry in search.space:
            space.setdefault(f"{entry['name']} {entry['conditions']}", entry)
    open_epochs = any(row.target is None for search in searches for row in search.rows)
    record = ProblemRecord(
        space=list(space.values()),
        objective=searches[0].objective,
        max_epochs=max((row.target_epochs for rows in trials.values() for row in rows), default=0),
        data=DataRecord("not recorded"),
        imported=ImportRecord(
            searches={label: f"{search.library}, {search.source}" for label, search in labels.items()},
            told_epochs=(epochs or 0) if open_epochs else 0,
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


def _labels(searches: Sequence[_Search]) -> dict[str, _Search]:
    labels: dict[str, _Search] = {}
    for search in searches:
        label, number = f"{search.label} ({IMPORTED})", 2
        while label in labels:
            label, number = f"{search.label} {number} ({IMPORTED})", number + 1
        labels[label] = search
    return labels


def _trials(cell: Cell, search: _Search, epochs: int) -> list[Trial]:
    trials: list[Trial] = []
    spent = 0
    for number, row in enumerate(search.rows):
        target = epochs if row.target is None else row.target
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


def _read(source: str, metric: str) -> list[_Search]:
    path = Path(source)
    if path.is_dir():
        if not (path / "oracle.json").is_file():
            raise StudyError(
                f"{source} holds no oracle.json; expected a KerasTuner project, <directory>/<project_name>"
            )
        return [_keras_tuner(path, metric)]
    if "://" in source or path.is_file():
        return _optuna(source)
    raise StudyError(f"there is no {source}; expected a KerasTuner project's folder or an Optuna storage")


def _keras_tuner(folder: Path, metric: str) -> _Search:
    try:
        oracle = json.loads((folder / "oracle.json").read_text())
        read = [json.loads(path.read_text()) for path in sorted(folder.glob("trial_*/trial.json"))]
        by_id = {str(trial["trial_id"]): trial for trial in read}
        order = [number for number in oracle.get("start_order", ()) if number in by_id]
        done = [
            by_id[number]
            for number in [*order, *sorted(by_id.keys() - set(order))]
            if by_id[number]["status"] in _STATES
        ]
        space = [_entry(entry) for entry in oracle["hyperparameters"]["space"]]
        number_of = {str(trial["trial_id"]): number for number, trial in enumerate(done)}
        objective = _objective(folder, done, metric)
        rows = [_keras_tuner_row(trial, space, number_of) for trial in done]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StudyError(f"{folder} is no project that KerasTuner 1.4 wrote ({error_line(error)})") from error
    if not rows:
        raise StudyError(f"{folder} holds no finished trial")
    kinds = {"hyperband_iterations": "hyperband", "num_initial_points": "bayesian", "ordered_ids": "grid"}
    kind = next((kind for key, kind in kinds.items() if key in oracle), "search")
    return _Search(f"kt-{kind}", "KerasTuner", folder.name, objective, space, rows, len(read) - len(done))


def _keras_tuner_row(trial: Json, space: list[Declaration], number_of: Mapping[str, int]) -> _Row:
    values = trial["hyperparameters"]["values"]
    active = {
        entry["name"]
        for entry in space
        if all(values.get(condition["name"]) in condition["values"] for condition in entry["conditions"])
    }
    metrics = {name: _mean(history["observations"][-1]["value"]) for name, history in _metrics(trial).items()}
    state = _STATES[trial["status"]]
    parent = number_of.get(str(values.get("tuner/trial_id")))
    return _Row(
        {name: value for name, value in values.items() if name in active},
        state,
        math.nan if trial["score"] is None else float(trial["score"]),
        values.get("tuner/epochs"),
        initial=values.get("tuner/initial_epoch", 0),
        curve={int(trial["best_step"] or 0): metrics} if state == TrialState.COMPLETE else {},
        parent=parent,
        error=error_line(RuntimeError(trial.get("message") or "no message")) if state == TrialState.FAILED else "",
    )


def _metrics(trial: Json) -> dict[str, Json]:
    return {name: history for name, history in trial["metrics"]["metrics"].items() if history["observations"]}


def _objective(folder: Path, done: Sequence[Json], metric: str) -> Objective:
    """KerasTuner does not write its objective down; it is the metric that every score is equal to."""
    scored = [trial for trial in done if trial["status"] == "COMPLETED"]
    equal = [
        name
        for name in (_metrics(scored[0]) if scored else {})
        if all(
            name in _metrics(trial) and _mean(_metrics(trial)[name]["observations"][-1]["value"]) == trial["score"]
            for trial in scored
        )
    ]
    name, _, direction = metric.partition(":")
    if name and scored and name not in equal:
        raise StudyError(f"{folder}: its scores are not {name!r}; they are {', '.join(equal) or 'no recorded metric'}")
    if not name and len(equal) != 1:
        raise StudyError(
            f"{folder} does not say what its objective was, and its scores are equal to "
            f"{' and '.join(equal) or 'no metric'}: say --objective METRIC"
        )
    name = name or equal[0]
    return Objective(name, direction or str(_metrics(scored[0])[name]["direction"]), "best")


def _entry(entry: Json) -> Declaration:
    """A hyperparameter as our journals hold it; see `tuning.space.space`."""
    config = dict(entry["config"])
    conditions = [dict(condition["config"]) for condition in config.pop("conditions", ())]
    kept = {name: value for name, value in config.items() if value is not None and name != "ordered"}
    if "default" not in kept:
        kept["default"] = next((config[name] for name in ("min_value", "value") if name in config), None)
        if kept["default"] is None:
            kept["default"] = config["values"][0] if config.get("values") else False
    return {**kept, "type": entry["class_name"], "conditions": conditions}


def _mean(values: float | list[float]) -> float:
    return float(sum(values) / len(values)) if isinstance(values, list) else float(values)


def _optuna(source: str) -> list[_Search]:
    import optuna

    url = source
    if "://" not in source:
        with Path(source).open("rb") as file:
            url = f"sqlite:///{source}" if file.read(15) == b"SQLite format 3" else ""
    elif source.startswith("sqlite:///") and not Path(source.removeprefix("sqlite:///")).is_file():
        raise StudyError(f"there is no file {source.removeprefix('sqlite:///')}")  # Optuna would make one
    try:
        storage = optuna.storages.RDBStorage(url) if url else _journal(source)
        studies = [optuna.load_study(study_name=name, storage=storage) for name in optuna.get_all_study_names(storage)]
        read = [_optuna_search(study, Path(source).name) for study in studies]
    except StudyError:
        raise
    except Exception as error:  # of the database, its driver, or a file of another kind
        raise StudyError(f"{source} cannot be read as an Optuna storage: {error_line(error)}") from error
    if not read:
        raise StudyError(f"{source} holds no study")
    return read


def _journal(path: str) -> JournalStorage:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return JournalStorage(JournalFileBackend(path))


def _optuna_search(study: Study, source: str) -> _Search:
    if len(study.directions) != 1:
        raise StudyError(f"study {study.study_name!r} has {len(study.directions)} objectives; expected one")
    metric = (study.metric_names or ["value"])[0]
    objective = Objective(metric, "min" if study.direction.name == "MINIMIZE" else "max", "last")
    trials = study.get_trials(deepcopy=False)
    done = [trial for trial in trials if trial.state.name in _STATES]
    distributions = {name: distribution for trial in done for name, distribution in trial.distributions.items()}
    space = [_dimension(name, distribution) for name, distribution in distributions.items()]
    rows = [_optuna_row(trial, metric) for trial in done]
    return _Search(study.study_name, "Optuna", source, objective, space, rows, len(trials) - len(done))


def _optuna_row(trial: FrozenTrial, metric: str) -> _Row:
    steps = trial.intermediate_values
    first = 1 if steps and min(steps) >= 1 else 0  # people count epochs from 0, or from 1
    state = _STATES[trial.state.name]
    score = trial.value if trial.value is not None else steps[max(steps)] if steps else math.nan
    curve = {step - first: {metric: float(value)} for step, value in steps.items()}
    return _Row(
        {name: _plain(value) for name, value in trial.params.items()},
        state,
        float(score),
        max(steps) - first + 1 if steps else None,
        curve=curve
        or ({} if state == TrialState.FAILED else {10**9: {metric: float(score)}}),  # held at the trial's last epoch
        seconds=trial.duration.total_seconds() if trial.duration else 0.0,
        error="FAIL in Optuna, which keeps no message" if state == TrialState.FAILED else "",
    )


def _dimension(name: str, distribution: Any) -> Declaration:
    if hasattr(distribution, "choices"):
        choices = [_plain(value) for value in distribution.choices]
        return {"name": name, "type": "Choice", "values": choices, "default": choices[0], "conditions": []}
    is_whole = isinstance(distribution.low, int)
    entry = {
        "name": name,
        "type": "Int" if is_whole else "Float",
        "min_value": distribution.low,
        "max_value": distribution.high,
        "sampling": "log" if distribution.log else "linear",
        "default": distribution.low,
        "conditions": [],
    }
    return entry if distribution.step is None else {**entry, "step": distribution.step}


def _plain(value: object) -> Value:
    return value if isinstance(value, bool | int | float | str) else str(value)
