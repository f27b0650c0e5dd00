"""A search of another library, as it recorded it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tuning.configuration import Configuration
from tuning.journal.records import TrialState
from tuning.journal.study_record import Declaration
from tuning.objective import Objective

Json = Mapping[str, Any]


STATES = {
    "COMPLETED": TrialState.COMPLETE,
    "INVALID": TrialState.FAILED,
    "FAILED": TrialState.FAILED,
    "COMPLETE": TrialState.COMPLETE,
    "PRUNED": TrialState.PRUNED,
    "FAIL": TrialState.FAILED,
}


@dataclass
class ImportedTrial:
    """One trial; `initial` epochs are its parent's, `target` is None if it is not known how many it trained."""

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
class ImportedSearch:
    label: str
    library: str
    source: str
    objective: Objective
    space: list[Declaration]
    rows: list[ImportedTrial]
    unfinished: int
