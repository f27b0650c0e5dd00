"""Reads Optuna's storages: databases and journal files."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuning.configuration import Value
from tuning.errors import StudyError
from tuning.journal.records import TrialState
from tuning.journal.study_record import Declaration
from tuning.objective import Objective
from tuning.text import error_line

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import JournalStorage
    from optuna.trial import FrozenTrial
from tuning.journal.importing.search import STATES, ImportedSearch, ImportedTrial


def read_storage(source: str, wanted: Sequence[str], say: Callable[[str], object]) -> list[ImportedSearch]:
    """The searches in a storage: the wanted ones, or all that have a single objective."""
    import optuna

    url = source
    if "://" not in source:
        with Path(source).open("rb") as file:
            url = f"sqlite:///{source}" if file.read(15) == b"SQLite format 3" else ""
    elif source.startswith("sqlite:///") and not Path(source.removeprefix("sqlite:///")).is_file():
        raise StudyError(f"there is no file {source.removeprefix('sqlite:///')}")  # Optuna would create one
    try:
        storage = optuna.storages.RDBStorage(url) if url else _journal(source)
        names = optuna.get_all_study_names(storage)
        if unknown := [name for name in wanted if name not in names]:
            there = ", ".join(map(repr, names)) or "none"
            raise StudyError(f"{source} holds no study {unknown[0]!r}; it holds {there}")
        studies = [optuna.load_study(study_name=name, storage=storage) for name in wanted or names]
        several = [study for study in studies if len(study.directions) != 1]
        if several and (wanted or len(several) == len(studies)):
            name, number = several[0].study_name, len(several[0].directions)
            raise StudyError(f"study {name!r} has {number} objectives; expected one")
        for study in several:
            say(f"study {study.study_name!r} has {len(study.directions)} objectives and is left out")
        read = [_optuna_search(study, Path(source).name) for study in studies if study not in several]
    except StudyError:
        raise
    except Exception as error:  # of the database, its driver, or a file of another kind
        raise StudyError(f"{source} cannot be read as an Optuna storage: {error_line(error)}") from error
    if not read:
        raise StudyError(f"{source} holds no study")
    finished = [search for search in read if search.rows]
    if not finished:
        raise StudyError(f"{source} holds no finished trial")
    for search in read:
        if search not in finished:
            say(f"study {search.label!r} has no finished trial and is left out")
    read = finished
    if not wanted and _unrelated(read):
        raise StudyError(
            f"{source} holds {len(read)} studies that search different spaces "
            f"({', '.join(search.label for search in read)}); choose with --study NAME"
        )
    return read


def _unrelated(searches: Sequence[ImportedSearch]) -> bool:
    """Whether two of these cannot be searches of one space: few names in common, or one name with two definitions.

    In a conditional space, a search has recorded only the hyperparameters that it happened to ask for.
    """
    spaces = [{str(entry["name"]): entry for entry in search.space} for search in searches]
    for first, second in itertools.combinations(spaces, 2):
        shared = first.keys() & second.keys()
        if any(first[name] != second[name] for name in shared) or 2 * len(shared) < min(len(first), len(second)):
            return True
    return False


def _journal(path: str) -> JournalStorage:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return JournalStorage(JournalFileBackend(path))


def _optuna_search(study: Study, source: str) -> ImportedSearch:
    metric = (study.metric_names or ["value"])[0]
    objective = Objective(metric, "min" if study.direction.name == "MINIMIZE" else "max", "last")
    trials = study.get_trials(deepcopy=False)
    done = [trial for trial in trials if trial.state.name in STATES]
    distributions = {name: distribution for trial in done for name, distribution in trial.distributions.items()}
    space = [_dimension(name, distribution) for name, distribution in distributions.items()]
    rows = [_trial(trial, metric) for trial in done]
    return ImportedSearch(study.study_name, "Optuna", source, objective, space, rows, len(trials) - len(done))


def _trial(trial: FrozenTrial, metric: str) -> ImportedTrial:
    steps = trial.intermediate_values
    first = 1 if steps and min(steps) >= 1 else 0  # users count epochs from 0 or from 1
    state = STATES[trial.state.name]
    score = trial.value if trial.value is not None else steps[max(steps)] if steps else math.nan
    curve = {step - first: {metric: float(value)} for step, value in steps.items()}
    return ImportedTrial(
        {name: _plain(value) for name, value in trial.params.items()},
        state,
        float(score),
        max(steps) - first + 1 if steps else None,
        curve=curve
        or ({10**9: {metric: float(score)}} if state == TrialState.COMPLETE else {}),  # moved to the last epoch
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
    # Optuna gives an integer on a log scale the step 1; here a step on a log scale is a factor.
    return entry if distribution.step is None or distribution.log else {**entry, "step": distribution.step}


def _plain(value: object) -> Value:
    return value if isinstance(value, bool | int | float | str) else str(value)
