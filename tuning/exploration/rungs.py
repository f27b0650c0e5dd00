"""Rungs, for tuners that stop most trials early: how many trials reached each rung, and which continued.

There are two kinds. One trains for a few epochs and continues the best (KerasTuner's Hyperband, successive halving):
its trials have parents, a bracket is identified by the epochs its trials began with, and a trial continued if it became
a parent. The other stops trials during training (Optuna's pruners): they are PRUNED, and a trial continued if it was
trained further than others were stopped. The score at a rung is the objective's over the epochs up to there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from tuning.journal.records import Trial, TrialState
from tuning.objective import Objective

MAX_RUNGS = 10  # epochs at which a pruner stopped trials; if more, this many are shown
RUNG_COLUMNS = ["tuner", "bracket", "epochs", "trials", "promoted", "best", "median", "best_stopped"]
PATH_COLUMNS = ["tuner", "replicate", "path", "bracket", "trial", "epochs", "score", "promoted"]


def paths(trials: Iterable[Trial], objective: Objective) -> pd.DataFrame:
    """Each configuration at each of its rungs, for one problem's tuners that promote or stop trials.

    Returns:
        (num_trials at each of their rungs, 8), `PATH_COLUMNS`. ``path``: number of the first trial of this
        configuration; ``bracket``: the epochs it began with (0 for a pruner); ``trial``: the one at this rung;
        ``epochs``: epochs trained in all; ``score``: NaN if it FAILED or was CUT before.
    """
    by_tuner: dict[str, list[Trial]] = {}
    for trial in trials:
        by_tuner.setdefault(trial.cell.tuner, []).append(trial)
    rows: list[tuple[object, ...]] = []
    for of_tuner in by_tuner.values():
        if any(trial.parent is not None for trial in of_tuner):
            rows += _continued(of_tuner)
        elif any(trial.state == TrialState.PRUNED for trial in of_tuner):
            rows += _stopped(of_tuner, objective)
    return pd.DataFrame(rows, columns=PATH_COLUMNS)


def _continued(trials: Sequence[Trial]) -> list[tuple[object, ...]]:
    roots: dict[tuple[int, int], tuple[int, int]] = {}  # by replicate and trial: the path's first trial, its epochs
    parents = {(trial.cell.replicate, trial.parent) for trial in trials}
    rows: list[tuple[object, ...]] = []
    for trial in trials:
        replicate = trial.cell.replicate
        begun = (trial.trial, trial.target_epochs)
        root = roots[replicate, trial.trial] = begun if trial.parent is None else roots[replicate, trial.parent]
        promoted = (replicate, trial.trial) in parents
        # A CUT trial did not reach its rung: its score is from fewer epochs.
        score = trial.score if trial.state == TrialState.COMPLETE else math.nan
        rows.append((trial.cell.tuner, replicate, *root, trial.trial, trial.target_epochs, score, promoted))
    return rows


def _stopped(trials: Sequence[Trial], objective: Objective) -> list[tuple[object, ...]]:
    ends = sorted({len(trial.curve) for trial in trials if trial.state == TrialState.PRUNED})
    if len(ends) > MAX_RUNGS:
        ends = [ends[place] for place in np.unique(np.linspace(0, len(ends) - 1, MAX_RUNGS).round().astype(int))]
    last = max(len(trial.curve) for trial in trials)
    return [
        (
            trial.cell.tuner, trial.cell.replicate, trial.trial, 0, trial.trial, rung,
            objective.score(trial.curve[:rung]), len(trial.curve) > rung,
        )
        for trial in trials
        for rung in dict.fromkeys([*ends, last])
        if len(trial.curve) >= rung
    ]  # fmt: skip


def rungs(ways: pd.DataFrame, objective: Objective) -> pd.DataFrame:
    """One row per tuner, bracket and rung, over all replicates.

    Args:
        ways: As from `paths`.
        objective: Of the problem.

    Returns:
        (num_rungs, 8), `RUNG_COLUMNS`: trials that reached it, how many of them continued, best and median score
        there, and the best score of those that did not continue.
    """
    rows = []
    for _, part in ways.groupby(["tuner", "bracket", "epochs"], sort=False):
        scores, left = part["score"].astype(float), part.loc[~part["promoted"].astype(bool), "score"].astype(float)
        row = {
            **part.iloc[0][["tuner", "bracket", "epochs"]],
            "trials": len(part),
            "promoted": int(part["promoted"].sum()),
            "best": objective.best(scores),
            "median": scores.dropna().median(),  # pandas 2 warns where all are missing
            "best_stopped": objective.best(left),
        }
        rows.append(row)
    frame = pd.DataFrame(rows, columns=RUNG_COLUMNS)
    order = {tuner: place for place, tuner in enumerate(dict.fromkeys(ways["tuner"]))}
    return frame.sort_values(
        ["tuner", "bracket", "epochs"],
        key=lambda column: column.map(order) if column.name == "tuner" else column,
        ignore_index=True,
    )


def typical_replicate(finals: pd.DataFrame, ways: pd.DataFrame, tuner: str) -> int | None:
    """The replicate whose final score is the tuner's median (the lower one of an even number); None without any.

    Args:
        finals: The problem's `analysis.curves.final_scores`.
        ways: As from `paths`.
        tuner: The tuner's name.
    """
    scored = finals[(finals["tuner"] == tuner) & finals["score"].notna()]
    scored = scored[scored["replicate"].isin(ways.loc[ways["tuner"] == tuner, "replicate"])]
    ordered = scored.sort_values(["score", "replicate"], kind="stable")
    return int(ordered["replicate"].iloc[(len(ordered) - 1) // 2]) if len(ordered) else None
