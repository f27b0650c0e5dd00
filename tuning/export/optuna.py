"""Optuna: a study for each problem, tuner and replicate, in a database (`optuna.storages.RDBStorage`).

    tuning                             Optuna
    cell                               study ``STUDY/PROBLEM/TUNER/REPLICATE``, with its budget as user attributes
    trial, its number                  trial, its number
    COMPLETE, PRUNED, FAILED           COMPLETE, PRUNED, FAIL
    CUT by the budget                  PRUNED: it was stopped too; the user attribute ``state`` says CUT
    score                              value; the objective's metric is the study's metric name
    the objective's metric, by epoch   intermediate values, by epoch from 1, also in a continued trial
    hyperparameter                     distribution of the same values, on a log scale where it is one
    all else that is known             user attributes, see `tuning.export.trial_facts`

Optuna has no reverse_log and no factor as a step: these ranges are continuous there, with the same ends. A
hyperparameter that is inactive is missing from a trial's parameters, as in Optuna's own conditional spaces.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from tuning.configuration import Value
from tuning.errors import StudyError
from tuning.exploration.dimensions import Dimension, by_key, hyperparameters
from tuning.export.place import database
from tuning.export.trial_facts import TrialFacts, cells_of, facts_of
from tuning.formatting import plural
from tuning.journal.journal import Journal
from tuning.journal.records import Cell, TrialState
from tuning.text import error_line

if TYPE_CHECKING:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
    from optuna.storages import RDBStorage
    from optuna.trial import FrozenTrial

    _Distribution: TypeAlias = CategoricalDistribution | FloatDistribution | IntDistribution

_STATES = {
    TrialState.COMPLETE: "COMPLETE",
    TrialState.PRUNED: "PRUNED",
    TrialState.CUT: "PRUNED",
    TrialState.FAILED: "FAIL",
}


def write_optuna(journal: Journal, target: str) -> str:
    """Adds a study for each cell to a database, which is created if it is an SQLite file that is not there.

    Raises:
        StudyError: The target is no database, or holds one of the studies already.
    """
    import optuna

    with _quiet(), database(target, "optuna"):
        try:
            storage = optuna.storages.RDBStorage(target)
            there = set(optuna.get_all_study_names(storage))
        except Exception as error:  # of SQLAlchemy, a driver, or a file of another kind
            raise StudyError(f"{target} cannot be opened as an Optuna storage: {error_line(error)}") from error
        cells = cells_of(journal)
        if taken := [name for cell in cells if (name := _name(journal, cell)) in there]:
            raise StudyError(f"{target} holds a study {taken[0]!r} already; name another database: --to optuna:URL")
        for cell in cells:
            _write_cell(storage, journal, cell)
    trials = sum(len(journal.trials[cell]) for cell in cells)
    return f"{target}: {plural(len(cells), 'study', 'studies')} of {plural(trials, 'trial')}"


def _name(journal: Journal, cell: Cell) -> str:
    return f"{journal.name}/{cell}"


def _write_cell(storage: RDBStorage, journal: Journal, cell: Cell) -> None:
    import optuna

    objective = journal.objective(cell.problem)
    study = optuna.create_study(
        storage=storage,
        study_name=_name(journal, cell),
        direction="maximize" if objective.sign > 0 else "minimize",
    )
    study.set_metric_names([objective.metric])
    facts = {**cell._asdict(), "study": journal.name, "epoch that counts": objective.epoch}
    for name, value in {**facts, **journal.plan_of(cell.problem).budget_of(cell.tuner).facts()}.items():
        study.set_user_attr(name, value)
    space = hyperparameters(journal.problems[cell.problem].space)
    distributions = {one.key: distribution(one) for one in space}
    study.add_trials([_trial(facts, space, distributions, objective.metric) for facts in facts_of(journal, cell)])


def _trial(
    facts: TrialFacts, space: Sequence[Dimension], distributions: Mapping[str, _Distribution], metric: str
) -> FrozenTrial:
    import optuna

    trial = facts.trial
    known = not math.isnan(trial.score)
    state = _STATES[trial.state] if known or trial.state != TrialState.COMPLETE else "FAIL"
    params = {key: held(value, distributions[key]) for key, value in by_key(trial.configuration, space).items()}
    made = optuna.trial.create_trial(
        state=optuna.trial.TrialState[state],
        value=trial.score if known and state != "FAIL" else None,
        params=params,
        distributions={key: distributions[key] for key in params},
        user_attrs=dict(facts.entries),
        intermediate_values={
            epoch: float(metrics[metric])
            for epoch, metrics in enumerate(trial.curve, start=trial.initial_epoch + 1)
            if metric in metrics
        },
    )
    made.datetime_start, made.datetime_complete = facts.begun, facts.ended
    return made


def distribution(one: Dimension) -> _Distribution:
    """The distribution of a hyperparameter's values."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if one.values:
        return CategoricalDistribution(one.values)
    log = one.sampling == "log" and one.low < one.high
    step = one.step if one.sampling == "linear" else None
    # The highest value that KerasTuner reaches: Optuna would warn of a range that the step does not divide.
    high = one.low + (one.high - one.low) // step * step if step else one.high
    if one.kind == "Int":
        return IntDistribution(int(one.low), int(high), log=log, step=int(step or 1))
    return FloatDistribution(one.low, high, log=log, step=step)


def held(value: Value, within: _Distribution) -> Value:
    """A number within the ends of its range, which KerasTuner's rounding may leave by the last bit."""
    from optuna.distributions import FloatDistribution

    return min(max(float(value), within.low), within.high) if isinstance(within, FloatDistribution) else value


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Optuna's lines about studies that are created, and its remark that metric names are experimental."""
    import optuna

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(verbosity)
