"""Which hyperparameters decide whether a configuration is among the best: Optuna's PED-ANOVA on the journal's trials.

PED-ANOVA (Watanabe, Bansal and Hutter, IJCAI 2023, arXiv:2304.10255) compares, for each hyperparameter separately, the
density of its values among the best `TARGET` of the trials with that among all of them, also for conditional ones
(see Optuna's evaluator). Unlike fANOVA it asks about the best, not about the whole space, where the bad
configurations explain most of the variance; it draws nothing at random, needs no forest, and takes one second for
ten thousand trials; fANOVA took 37 for one thousand. It is Optuna's default.

Optuna is imported only when it is needed: a report without it says so.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from tuning.exploration.dimensions import Dimension
from tuning.formatting import count, names
from tuning.objective import Objective
from tuning.statistics.bootstrap import Floats

if TYPE_CHECKING:  # it is optional
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    _Distribution: TypeAlias = CategoricalDistribution | FloatDistribution | IntDistribution

TARGET = 0.1  # the best share of the trials: Optuna's default, under another argument before Optuna 4.9
MIN_TRIALS = 50  # at least 5 of them are the best, as Optuna's documentation advises
MAX_TRIALS = 10_000  # if there are more, a sample spread evenly over the plan's order; a second or two
POOLED = ""  # the name of all tuners together
IMPORTANCE_COLUMNS = ["tuner", "trials", "hyperparameter", "importance"]


@dataclass(frozen=True)
class Importance:
    """Importances, as far as they can be computed.

    Attributes:
        frame: (num_rows, 4), `IMPORTANCE_COLUMNS`: one row per tuner, `POOLED` first, and hyperparameter; the
            importances of one tuner add up to 1.
        note: Why a part is missing; empty otherwise.
    """

    frame: pd.DataFrame
    note: str = ""


def importance(
    trials: pd.DataFrame, space: Sequence[Dimension], objective: Objective, tuners: Sequence[str]
) -> Importance:
    """Importances for all tuners together, and for each that has `MIN_TRIALS` trials.

    Args:
        trials: (num_trials, ...) of one problem, as `exploration.searched` gives it. Only those trained in full
            count: a score after few epochs is a different quantity.
        space: Its dimensions; conditional ones count where they are active.
        objective: Of the problem.
        tuners: In the order wanted; a tuner of a single configuration (a baseline) is left out.
    """
    nothing = pd.DataFrame(columns=IMPORTANCE_COLUMNS)
    full = in_full(trials)
    if len(space) < 2:
        return Importance(nothing, "No importance: the space has one hyperparameter." if space else "")
    if len(full) < MIN_TRIALS:
        return Importance(
            nothing,
            f"No importance: {count(len(full))} trials were trained in full, and fewer than {MIN_TRIALS} say nothing.",
        )
    try:
        import optuna  # noqa: F401
    except ImportError:
        return Importance(
            nothing, "No importance: it is Optuna that works it out, which is not installed; pip install optuna."
        )
    parts = {POOLED: full} | {tuner: full[full["tuner"] == tuner] for tuner in tuners}
    few = [tuner for tuner in tuners if 0 < len(parts[tuner]) < MIN_TRIALS]
    frames = [_of(part, space, objective, tuner) for tuner, part in parts.items() if len(part) >= MIN_TRIALS]
    note = f"Too few trials trained in full (under {MIN_TRIALS}) to be shown alone: {names(few)}." if few else ""
    if len(full) > MAX_TRIALS:
        note = f"Of more than {count(MAX_TRIALS)} trials so many are taken, evenly spread. {note}".rstrip()
    return Importance(pd.concat(frames, ignore_index=True), note)


def by_importance(found: Importance) -> list[str]:
    """The hyperparameters, the most important over all tuners first; none without importances."""
    pooled = found.frame[found.frame["tuner"] == POOLED]
    return [str(key) for key in pooled.sort_values("importance", ascending=False, kind="stable")["hyperparameter"]]


def in_full(trials: pd.DataFrame) -> pd.DataFrame:
    """The trials trained in full, without those of a tuner of a single configuration."""
    full = trials[trials["full"]]
    searching = full.groupby("tuner")["configuration"].nunique()
    found: pd.DataFrame = full[full["tuner"].isin(searching[searching > 1].index)]
    return found


def _of(trials: pd.DataFrame, space: Sequence[Dimension], objective: Objective, tuner: str) -> pd.DataFrame:
    if len(trials) > MAX_TRIALS:
        trials = trials.iloc[np.linspace(0, len(trials) - 1, MAX_TRIALS).round().astype(int)]
    shares = _evaluated(trials, space, objective)
    rows = [(tuner, len(trials), dimension.key, shares.get(dimension.key, 0.0)) for dimension in space]
    return pd.DataFrame(rows, columns=IMPORTANCE_COLUMNS)


def _evaluated(trials: pd.DataFrame, space: Sequence[Dimension], objective: Objective) -> dict[str, float]:
    """Optuna's importances by key, rounded, so that last-bit differences between machines do not show."""
    import optuna

    # Positions instead of values: then scales that Optuna lacks (reverse_log, log with steps) do not matter.
    kinds = {dimension.key: _distribution(dimension) for dimension in space}
    positions = {dimension.key: trials[f"at.{dimension.key}"].to_numpy(dtype=float) for dimension in space}
    answers = {key: _answers(kinds[key], at) for key, at in positions.items()}
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that the interface is experimental, that a branch has few trials
            study = optuna.create_study(direction="maximize" if objective.sign > 0 else "minimize")
            recorded = [
                optuna.trial.FrozenTrial(
                    number=row,
                    trial_id=row,  # by which the evaluator distinguishes trials
                    state=optuna.trial.TrialState.COMPLETE,
                    value=float(score),
                    params=(active := {key: of[row] for key, of in answers.items() if of[row] is not None}),
                    distributions={key: kinds[key] for key in active},
                    user_attrs={},
                    system_attrs={},
                    intermediate_values={},
                    datetime_start=None,
                    datetime_complete=None,
                )
                for row, score in enumerate(trials["score"])
            ]  # fmt: skip
            # An evaluator only reads a study's trials; `add_trials` would deep-copy each of them, in milliseconds.
            study.get_trials = lambda *_, **__: recorded  # type: ignore[method-assign]
            seen = [key for key, at in positions.items() if not np.isnan(at).all()]
            shares = optuna.importance.get_param_importances(
                study,
                evaluator=optuna.importance.PedAnovaImportanceEvaluator(),  # of the best `TARGET`
                params=seen,
            )
    finally:
        optuna.logging.set_verbosity(verbosity)
    return {key: round(float(value), 4) for key, value in shares.items()}


def _distribution(dimension: Dimension) -> _Distribution:
    import optuna

    if dimension.values and not dimension.numeric:
        return optuna.distributions.CategoricalDistribution(list(range(dimension.count)))
    if dimension.levels and np.ptp(dimension.levels[1]) < 1e-9:
        return optuna.distributions.IntDistribution(0, dimension.count - 1)
    return optuna.distributions.FloatDistribution(0.0, 1.0)


def _answers(kind: _Distribution, positions: Floats) -> list[float | int | None]:
    """Positions as this distribution's values: the middle of a level as the level's number, NaN as None."""
    count = len(kind.choices) if hasattr(kind, "choices") else kind.high + 1
    levels = count if isinstance(count, int) else 0  # none if it is continuous
    return [None if at != at else int(at * levels) if levels else at for at in positions.tolist()]
