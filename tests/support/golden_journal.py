"""A small study with a bit of everything, written by fixed numbers: the golden journal, and journals like it.

    PYTHONPATH=. python tests/support/golden_journal.py

writes the golden files anew; read the difference before you commit it.
"""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tuning.configuration import Configuration
from tuning.journal.incumbents import incumbent_trials
from tuning.journal.journal import path_of, read
from tuning.journal.plan import Manifest, Plan, Session, TunerSettings
from tuning.journal.records import Cell, CellEnd, Retraining, Trial, TrialState
from tuning.journal.study_record import DataRecord, ProblemRecord, StudyRecord
from tuning.journal.winner_record import Anatomy, Confusion, Layer, Winner
from tuning.journal.writer import JournalWriter
from tuning.objective import Objective

GOLDEN = Path(__file__).parents[1] / "golden"
TUNERS = ("kt-random", "kt-hyperband", "optuna-tpe")
BASELINES = {
    "default": TunerSettings({"tuner": "default", "budget_factor": 1}),
    "random-2x": TunerSettings({"tuner": "random-2x", "budget_factor": 2}),
}
BUDGET = 12
RETRAIN = 2

SPACE: list[dict[str, Any]] = [
    {"name": "n_hidden", "type": "Int", "min_value": 0, "max_value": 8, "step": 1, "sampling": "linear", "default": 2},
    {"name": "learning_rate", "type": "Float", "min_value": 1e-4, "max_value": 1e-2, "sampling": "log"},
    {"name": "optimizer", "type": "Choice", "values": ["sgd", "adam"], "default": "sgd"},
    {
        "name": "momentum",
        "type": "Float",
        "min_value": 0.0,
        "max_value": 0.9,
        "sampling": "linear",
        "default": 0.0,
        "conditions": [{"name": "optimizer", "values": ["sgd"]}],
    },
]  # fmt: skip


CHAIN = (
    Layer("input_layer", "InputLayer", ((64,),), 0),
    Layer("dense", "Dense", ((32,),), 2080, (0,)),
    Layer("dense_1", "Dense", ((3,),), 99, (1,)),
)
BRANCHES = (
    Layer("wide", "InputLayer", ((5,),), 0),
    Layer("deep", "InputLayer", ((None, 6),), 0),
    Layer("shared", "Dense", ((None, 8),), 56, (1,)),
    Layer("shared", "Dense", ((None, 8),), 0, (2,), call=2),
    Layer("concatenate", "Concatenate", ((13,),), 0, (0, 3)),
    Layer("main <b>|output</b>", "Dense", ((1,),), 14, (4,)),
)
CONFUSION = Confusion("test", "", ("naught", "one|<i>", "two"), ((8, 2, 0), (1, 9, 0), (0, 0, 10)))
WINNERS = (
    Winner(
        Cell("digits", "kt-random", 2), 1, 1, "kt-random.keras", {"loss": 0.3, "accuracy": 0.72},
        Anatomy("Sequential", CHAIN, True, 2179, 2179, CONFUSION),
    ),
    Winner(
        Cell("digits", "kt-hyperband", 1), 4, 1, "kt-hyperband.keras", {"loss": 0.2, "accuracy": 0.8},
        Anatomy("Functional", BRANCHES, True, 70, 56, None, ("What it predicts could not be found out.",)),
        further_epochs=2, continued={"accuracy": 0.81},
    ),
)  # fmt: skip
"""Of optuna-tpe none is saved."""


def study(
    problem: str = "digits", metric: str = "val_accuracy", direction: str = "max", epoch: str = "best"
) -> StudyRecord:
    """A journal's first line."""
    data = DataRecord("sha256:0123456789abcdef", {"train": [[1000, 64], [1000]]})
    record = ProblemRecord(SPACE, Objective(metric, direction, epoch), 4, data)
    return StudyRecord(study="golden", problems={problem: record})


def session(writer: JournalWriter, tuners: Sequence[str], budget: int, replicates: int, **more: Any) -> None:
    """A run's line; `more` of its plan: baselines, retrain, rope."""
    settings = {name: TunerSettings({"tuner": name}) for name in tuners}
    made = {
        "command": "tuning run studies/golden.py",
        "versions": {"keras": "3.15.1"},
        "python": "3.11.9",
        "threads": 1,
    }
    plan = Plan(tuners=settings, budget_epochs=budget, replicates=replicates, **more)
    writer.session(Session(plan, Manifest(made)))


def trial(
    cell: Cell,
    number: int,
    scores: Sequence[float],
    spent: int,
    *,
    state: str = TrialState.COMPLETE,
    initial_epoch: int = 0,
    configuration: Mapping[str, Any] | None = None,
    score: float | None = None,
    parent: int | None = None,
    error: str = "",
) -> Trial:
    """A trial whose epochs score `scores`, after which its cell has spent `spent`."""
    settings: Configuration = {"n_hidden": number, "learning_rate": 0.001, "optimizer": "adam", **(configuration or {})}
    best = math.nan if state == TrialState.FAILED or not scores else max(scores)
    return Trial(
        cell,
        number,
        settings,
        state,
        best if score is None else score,
        initial_epoch,
        initial_epoch + len(scores),
        [{"loss": round(1 - value, 6), "val_accuracy": value} for value in scores],
        spent,
        train_seconds=0.5 * len(scores),
        suggest_seconds=0.125,
        parent=parent,
        error=error,
        seed=1000 + number,
        fit="compiled",
    )


def write_golden(directory: Path) -> None:
    """Three tuners and two baselines, four replicates, with a bit of everything.

    Promotions, CUT and FAILED trials; a failed, an open and a missing cell; retrainings that FAILED, that are too few,
    and that show a search to be overtuned.
    """
    with JournalWriter.create(directory, study()) as writer:
        session(writer, TUNERS, BUDGET, 4, baselines=BASELINES, retrain=RETRAIN, endpoint="test")
        for replicate in range(1, 5):
            for place, tuner in enumerate((*TUNERS, *BASELINES)):
                _write_cell(writer, Cell("digits", tuner, replicate), place)
        for winner in WINNERS:
            writer.winner(winner)


def _write_cell(writer: JournalWriter, cell: Cell, place: int) -> None:
    tuner, replicate = cell.tuner, cell.replicate
    if tuner in ("optuna-tpe", "random-2x") and replicate == 4:
        return
    level = 0.7 + 0.04 * place + 0.013 * ((replicate * (place + 2)) % 5)
    if tuner in BASELINES:
        level = {"default": 0.66, "random-2x": 0.75}[tuner] + 0.007 * (replicate % 3)
    trials = _search(cell, level)
    open_cell = cell == Cell("digits", "kt-random", 4)
    for one in trials[:2] if open_cell else trials:
        writer.trial(one)
    if open_cell:
        return
    state, reason, error = "DONE", "the budget is spent", ""
    if cell == Cell("digits", "kt-hyperband", 3):
        state, reason, error = "FAILED", "the tuner raised", "ValueError: a | b <script>alert(1)</script>"
    elif tuner == "default":
        reason = "the search ended"
    if state == "DONE":
        for done in _retrained(cell, trials):
            writer.retraining(done)
    writer.cell(CellEnd(cell, state, reason, error, len(trials), trials[-1].spent_epochs, 7.0))


def _search(cell: Cell, level: float) -> list[Trial]:
    curve = [round(level + step, 6) for step in (-0.2, -0.05, 0.0, 0.01)]
    if cell.tuner == "kt-hyperband":
        return [
            trial(cell, 0, curve[:2], 2),
            trial(cell, 1, [value - 0.03125 for value in curve[:2]], 4),
            trial(cell, 2, curve[2:], 6, initial_epoch=2, parent=0, configuration={"n_hidden": 0}),
            trial(
                cell,
                3,
                [0.5, 0.25],
                8,
                state=TrialState.FAILED,
                error="ValueError: loss is nan at epoch 2 | <b>bold</b>",
            ),
            trial(cell, 4, [round(value + 0.015, 6) for value in curve], 12),
        ]
    sgd = {"optimizer": "sgd", "momentum": 0.45}
    first = trial(cell, 0, curve, 4, configuration=sgd)
    if cell.tuner == "default":
        return [first]
    better = [round(value + 0.035, 6) for value in curve]
    if cell.tuner == "random-2x":
        curves = [curve, curve, curve, better, curve]
        return [first, *(trial(cell, at, scores, 4 * at + 4) for at, scores in enumerate(curves, start=1))]
    return [
        first,
        trial(cell, 1, [round(value + 0.02, 6) for value in curve], 8),
        trial(cell, 2, [0.5], 9, state=TrialState.FAILED, error="ResourceExhaustedError: `OOM` at shape[1000,64]"),
        trial(cell, 3, curve[:3], 12, state=TrialState.CUT, configuration={"learning_rate": 0.0051}),
    ]


def _retrained(cell: Cell, trials: Sequence[Trial]) -> list[Retraining]:
    """The incumbents of a finished cell on fresh seeds, each a little worse than the search saw it."""
    incumbents = incumbent_trials(trials, Objective("val_accuracy", "max"))
    done = []
    for one in reversed(incumbents):
        final = one is incumbents[-1]
        for repeat in range(1, RETRAIN + 1):
            if cell == Cell("digits", "optuna-tpe", 3) and repeat == 2:
                continue  # fewer than planned
            score = round(one.score - 0.012 - 0.004 * repeat, 6)
            test = round(score - 0.005, 6)
            if cell == Cell("digits", "kt-random", 2) and final:
                test = round(test - 0.04, 6)  # worse than its earlier incumbent: overtuned
            failed = cell == Cell("digits", "kt-hyperband", 1) and final and repeat == 2
            done.append(
                Retraining(
                    cell,
                    one.trial,
                    repeat,
                    one.configuration,
                    TrialState.FAILED if failed else TrialState.COMPLETE,
                    math.nan if failed else score,
                    {} if failed else {"loss": round(1 - test, 6), "accuracy": test},
                    [{"loss": round(1 - score, 6), "val_accuracy": score}] * (1 if failed else 4),
                    seed=2000 + 10 * one.trial + repeat,
                    train_seconds=2.0,
                    error="ValueError: loss is nan at epoch 1 | <i>again</i>" if failed else "",
                )
            )
    return done


def write_scores(
    directory: Path, scores: Mapping[str, Sequence[float | None]], direction: str = "max", budget: int = 2
) -> None:
    """A study in which each tuner's replicates end at these scores; None is a cell that was never started."""
    replicates = max(len(values) for values in scores.values())
    with JournalWriter.create(directory, study(direction=direction)) as writer:
        session(writer, list(scores), budget, replicates)
        for tuner, values in scores.items():
            for replicate, value in enumerate(values, start=1):
                if value is None:
                    continue
                cell = Cell("digits", tuner, replicate)
                writer.trial(trial(cell, 0, [value] * budget, budget))
                writer.cell(CellEnd(cell, "DONE", "the budget is spent", "", 1, budget, 1.0))


def write_search(directory: Path, trials: int = 60, replicates: int = 2) -> None:
    """Random searches of the golden space, trained in full: the score has its best learning rate in the middle."""
    generator = np.random.default_rng(5)
    with JournalWriter.create(directory, study()) as writer:
        session(writer, ["kt-random", "optuna-tpe"], 4 * trials, replicates)
        for tuner in ("kt-random", "optuna-tpe"):
            for replicate in range(1, replicates + 1):
                cell = Cell("digits", tuner, replicate)
                for number in range(trials):
                    hidden, rate, sgd, momentum = generator.random(4).tolist()
                    settings: Configuration = {"n_hidden": int(9 * hidden), "learning_rate": 1e-4 * 100**rate}
                    settings |= {"optimizer": "sgd", "momentum": 0.9 * momentum} if sgd < 0.5 else {"optimizer": "adam"}
                    score = 0.9 - 0.8 * (rate - 0.5) ** 2 - 0.05 * hidden + (0.05 * momentum if sgd < 0.5 else 0.0)
                    done = Trial(
                        cell, number, settings, TrialState.COMPLETE, round(score, 6), 0, 4,
                        [{"loss": 1.0, "val_accuracy": round(score, 6)}] * 4, 4 * number + 4, 1.0, 0.1, seed=number,
                    )  # fmt: skip
                    writer.trial(done)
                writer.cell(CellEnd(cell, "DONE", "the budget is spent", "", trials, 4 * trials, 1.0))


def rewrite() -> None:
    """The golden files, anew."""
    from tuning.report.report import write_report

    path_of(GOLDEN).unlink(missing_ok=True)
    write_golden(GOLDEN)
    with tempfile.TemporaryDirectory() as folder:
        report = write_report(Path(folder), read(GOLDEN))
        shutil.copy(report.markdown, GOLDEN)


if __name__ == "__main__":
    rewrite()
