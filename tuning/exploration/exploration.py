"""The search itself, problem by problem: how far each configuration was trained, and what that says about the space."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from tuning.analysis.contest import Contest
from tuning.analysis.summary import Summary
from tuning.configuration import Value
from tuning.exploration.boundary import boundary
from tuning.exploration.coverage import coverage
from tuning.exploration.dependence import Dependence, dependence
from tuning.exploration.dimensions import Dimension, dimensions
from tuning.exploration.importance import POOLED, Importance, by_importance, importance
from tuning.exploration.rungs import paths, rungs
from tuning.journal.incumbents import incumbent_trials
from tuning.journal.journal import Journal
from tuning.journal.records import Trial, TrialState
from tuning.journal.study_record import ProblemRecord
from tuning.objective import Objective

SEARCHED_COLUMNS = [
    "tuner", "replicate", "trial", "state", "score", "reached", "full", "incumbent", "configuration"
]  # fmt: skip


@dataclass(frozen=True)
class Search:
    """What the trials of one problem show about its search.

    Attributes:
        objective: Of the problem.
        space: Its dimensions.
        max_epochs: Of a full training.
        tuners: Contestants, then baselines.
        baselines: The latter.
        trials: `searched`.
        coverage: `coverage.coverage`.
        boundary: `boundary.boundary`.
        importance: `importance.importance`.
        dependence: `dependence.dependence`.
        paths: `rungs.paths`.
        rungs: `rungs.rungs`.
    """

    objective: Objective
    space: tuple[Dimension, ...]
    max_epochs: int
    tuners: tuple[str, ...]
    baselines: tuple[str, ...]
    trials: pd.DataFrame
    coverage: pd.DataFrame
    boundary: pd.DataFrame
    importance: Importance
    dependence: Dependence
    paths: pd.DataFrame
    rungs: pd.DataFrame


def searches(journal: Journal, summary: Summary) -> dict[str, Search]:
    """For each problem. Not part of `summary.summarise`, which a running study calls for its verdict."""
    trials: dict[str, list[Trial]] = {name: [] for name in summary.problems}
    for trial in journal.all_trials():
        trials[trial.cell.problem].append(trial)
    return {
        name: _search(trials[name], journal.problems[name], problem.objective, summary.contest)
        for name, problem in summary.problems.items()
    }


def search_json(search: Search) -> dict[str, pd.DataFrame]:
    """The parts that `summary.json` holds, by name."""
    pooled = search.importance.frame
    return {
        "boundary": search.boundary,
        "coverage": search.coverage,
        "importance": pooled.assign(tuner=pooled["tuner"].replace(POOLED, None)),
        "rungs": search.rungs,
    }


def _search(trials: list[Trial], recorded: ProblemRecord, objective: Objective, contest: Contest) -> Search:
    max_epochs = recorded.max_epochs
    space = dimensions(recorded.space)
    tuners = tuple(contest.labels)
    frame = searched(trials, space, objective, max_epochs)
    # A baseline with a model of its own has no place in the space: its one configuration is empty.
    inside = frame[~frame["tuner"].isin(contest.no_search)]
    ways = paths(trials, objective)
    shares = importance(frame, space, objective, tuners)
    return Search(
        objective=objective,
        space=tuple(space),
        max_epochs=max_epochs,
        tuners=tuners,
        baselines=contest.baselines,
        trials=frame,
        coverage=coverage(inside, space, tuners),
        boundary=boundary(inside, space, objective),
        importance=shares,
        dependence=dependence(frame, space, objective, by_importance(shares)),
        paths=ways,
        rungs=rungs(ways, objective),
    )


def searched(trials: list[Trial], space: list[Dimension], objective: Objective, max_epochs: int) -> pd.DataFrame:
    """One row per trial of one problem.

    Args:
        trials: In the plan's order.
        space: The problem's dimensions.
        objective: Its objective.
        max_epochs: Of a full training.

    Returns:
        (num_trials, 9 + 2 * num_dimensions), `SEARCHED_COLUMNS`. ``reached``: the epoch it was trained to, with its
        parents' epochs; ``full``: whether it is COMPLETE and was meant to train for `max_epochs` (its own early
        stopping may have ended it before); ``incumbent``: whether it is its cell's best; ``configuration``: a number,
        equal for equal configurations. Then for each dimension its value under ``hp.<key>``, None if inactive, and
        its position under ``at.<key>``, NaN if inactive.
    """
    by_cell: dict[tuple[str, int], list[Trial]] = {}
    for trial in trials:
        by_cell.setdefault((trial.cell.tuner, trial.cell.replicate), []).append(trial)
    final = {id(best[-1]) for cell in by_cell.values() if (best := incumbent_trials(cell, objective))}
    numbers: dict[frozenset[tuple[str, Value]], int] = {}
    rows = [
        (
            trial.cell.tuner, trial.cell.replicate, trial.trial, trial.state.value, trial.score,
            trial.last_epoch,
            trial.state == TrialState.COMPLETE and trial.target_epochs >= max_epochs and trial.score == trial.score,
            id(trial) in final,
            numbers.setdefault(frozenset(trial.configuration.items()), len(numbers)),
        )
        for trial in trials
    ]  # fmt: skip
    columns: dict[str, object] = {}
    for dimension in space:
        values = dimension.values_in([trial.configuration for trial in trials])
        columns[f"hp.{dimension.key}"] = pd.Series(values, dtype=object)
        columns[f"at.{dimension.key}"] = dimension.positions(values)
    frame = pd.DataFrame(rows, columns=SEARCHED_COLUMNS)
    frame = frame.astype({"score": float, "full": bool, "incumbent": bool})  # even without rows
    return pd.concat([frame, pd.DataFrame(columns)], axis=1)
