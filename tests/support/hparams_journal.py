"""Journals of made-up studies for the tests of TensorBoard's logs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from tuning.journal.journal import Journal, read
from tuning.journal.plan import Manifest, Plan, Session, TunerSettings
from tuning.journal.records import Cell, Trial, TrialState
from tuning.journal.study_record import DataRecord, ProblemRecord, StudyRecord
from tuning.journal.writer import JournalWriter
from tuning.objective import Objective

SPACE: list[dict[str, Any]] = [
    {"name": "n_hidden", "type": "Int", "min_value": 0, "max_value": 8, "step": 1, "default": 2, "conditions": []},
    {"name": "learning_rate", "type": "Float", "min_value": 1e-4, "max_value": 1e-2, "sampling": "log",
     "default": 1e-3, "conditions": []},
    {"name": "optimizer", "type": "Choice", "values": ["sgd", "adam"], "default": "sgd", "conditions": []},
    {"name": "momentum", "type": "Choice", "values": [0.0, 0.9], "default": 0.0,
     "conditions": [{"name": "optimizer", "values": ["sgd"]}]},
    {"name": "dropout", "type": "Boolean", "default": False, "conditions": []},
    {"name": "activation", "type": "Fixed", "value": "relu", "default": "relu", "conditions": []},
]  # fmt: skip
TUNERS = ("kt-random", "optuna-tpe")


def problem(space: list[dict[str, Any]] | None = None, direction: str = "max") -> ProblemRecord:
    objective = Objective("val_accuracy", direction)
    return ProblemRecord(SPACE if space is None else space, objective, 3, DataRecord("none"))


def study(**problems: ProblemRecord) -> StudyRecord:
    return StudyRecord(study="made-up", problems=problems or {"digits": problem()})


def plan(tuners: tuple[str, ...] = TUNERS, replicates: int = 2, baselines: tuple[str, ...] = ()) -> Plan:
    settings, beside = ({label: TunerSettings({}) for label in labels} for labels in (tuners, baselines))
    return Plan(tuners=settings, baselines=beside, budget_epochs=12, replicates=replicates)


def trial(cell: Cell, number: int, **changes: Any) -> Trial:
    """A made-up trial: its state goes round with its number, every fourth is FAILED with a NaN score."""
    state = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAILED, TrialState.CUT)[(number + cell.replicate) % 4]
    curve = [{"loss": 1.0 / (epoch + 1), "val_accuracy": 0.5 + 0.01 * (number % 7) * epoch} for epoch in range(3)]
    sgd = number % 2 == 0
    configuration = {
        "n_hidden": number % 9,
        "learning_rate": 10 ** (-4 + (number % 11) / 10),
        "optimizer": "sgd" if sgd else "adam",
        **({"momentum": 0.9} if sgd else {}),
        "dropout": number % 3 == 0,
        "activation": "relu",
    }
    fields: dict[str, Any] = {
        "configuration": configuration,
        "state": state,
        "score": math.nan if state == TrialState.FAILED else max(epoch["val_accuracy"] for epoch in curve),
        "initial_epoch": 0,
        "target_epochs": 3,
        "curve": curve,
        "spent_epochs": 3 * (number + 1),
        "train_seconds": 1.5 + number,
        "suggest_seconds": 0.25,
        "error": "ValueError: made up" if state == TrialState.FAILED else "",
    }
    return Trial(cell=cell, trial=number, **{**fields, **changes})


def journal(directory: Path, first: StudyRecord | None = None, trials: int = 5, **planned: Any) -> Journal:
    """Writes and reads back a journal with `trials` trials in each planned cell."""
    first, made = first or study(), plan(**planned)
    directory.mkdir(parents=True, exist_ok=True)
    with JournalWriter.create(directory, first) as writer:
        writer.session(Session(made, Manifest()))
        for name in first.problems:
            for tuner in made.settings:
                for replicate in range(1, made.replicates + 1):
                    for number in range(trials):
                        writer.trial(trial(Cell(name, tuner, replicate), number))
    return read(directory)
