"""Reads KerasTuner's project folders."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tuning.errors import StudyError
from tuning.journal.importing.search import STATES, ImportedSearch, ImportedTrial, Json
from tuning.journal.records import TrialState
from tuning.journal.study_record import Declaration
from tuning.objective import Objective
from tuning.text import error_line


def read_project(folder: Path, metric: str, say: Callable[[str], object]) -> ImportedSearch:
    """The search in a project's folder, ``<directory>/<project_name>``."""
    try:
        oracle = json.loads((folder / "oracle.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise StudyError(f"{folder / 'oracle.json'} cannot be read ({error_line(error)})") from error
    files = sorted(folder.glob("trial_*/trial.json"))
    read = [trial for path in files if (trial := _trial_file(path, say)) is not None]
    try:
        by_id = {str(trial["trial_id"]): trial for trial in read}
        order = [number for number in oracle.get("start_order", ()) if number in by_id]
        done = [
            by_id[number]
            for number in [*order, *sorted(by_id.keys() - set(order))]
            if by_id[number]["status"] in STATES
        ]
        if not done:
            raise StudyError(f"{folder} holds no finished trial")
        space = [_entry(entry) for entry in oracle["hyperparameters"]["space"]]
        number_of = {str(trial["trial_id"]): number for number, trial in enumerate(done)}
        objective = _objective(folder, done, metric)
        rows = [_trial(trial, space, number_of) for trial in done]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StudyError(f"{folder} is no project that KerasTuner 1.4 wrote ({error_line(error)})") from error
    kinds = {"hyperband_iterations": "hyperband", "num_initial_points": "bayesian", "ordered_ids": "grid"}
    kind = next((kind for key, kind in kinds.items() if key in oracle), "search")
    return ImportedSearch(f"kt-{kind}", "KerasTuner", folder.name, objective, space, rows, len(files) - len(done))


def _trial_file(path: Path, say: Callable[[str], object]) -> Json | None:
    """What KerasTuner wrote about a trial; None for a file that a killed search left empty or incomplete."""
    try:
        trial: Json = json.loads(path.read_text(encoding="utf-8"))
        if missing := {"trial_id", "status", "hyperparameters"} - trial.keys():
            raise ValueError(f"without {', '.join(sorted(missing))}")
    except (ValueError, AttributeError) as error:
        say(f"{path.parent.name}/{path.name} cannot be read ({error_line(error)}); this trial is left out")
        return None
    return trial


def _trial(trial: Json, space: list[Declaration], number_of: Mapping[str, int]) -> ImportedTrial:
    values = trial["hyperparameters"]["values"]
    active = {
        entry["name"]
        for entry in space
        if all(values.get(condition["name"]) in condition["values"] for condition in entry["conditions"])
    }
    metrics = {name: _mean(history["observations"][-1]["value"]) for name, history in _metrics(trial).items()}
    state = STATES[trial["status"]] if _has_score(trial) else TrialState.FAILED
    parent = number_of.get(str(values.get("tuner/trial_id")))
    return ImportedTrial(
        {name: value for name, value in values.items() if name in active},
        state,
        math.nan if trial["score"] is None else float(trial["score"]),
        values.get("tuner/epochs"),
        initial=values.get("tuner/initial_epoch", 0),
        curve={int(trial["best_step"] or 0): metrics} if state == TrialState.COMPLETE else {},
        parent=parent,
        error=error_line(RuntimeError(trial.get("message") or _unsaid(trial))) if state == TrialState.FAILED else "",
    )


def _has_score(trial: Json) -> bool:
    """Whether it has a number as its score, with the metric that it is; an early KerasTuner calls others COMPLETED."""
    return trial["score"] is not None and not math.isnan(trial["score"]) and bool(_metrics(trial))


def _unsaid(trial: Json) -> str:
    return f"its score is {trial['score']}" if trial["status"] == "COMPLETED" else "no message"


def _metrics(trial: Json) -> dict[str, Json]:
    return {name: history for name, history in trial["metrics"]["metrics"].items() if history["observations"]}


def _objective(folder: Path, done: Sequence[Json], metric: str) -> Objective:
    """KerasTuner does not record its objective; it is the metric that equals every score."""
    scored = [trial for trial in done if trial["status"] == "COMPLETED" and _has_score(trial)]
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
