"""How tuners stand at every budget: median, interquartile mean, rank and normalised score, each with its interval.

One problem is described over its replicates. Several are described by their mean over problems, with Student's interval
over them: it is about problems like these. Problems that share data count as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from tuning.objective import Objective
from tuning.statistics.bootstrap import (
    MIN_REPLICATES_FOR_INTERVAL,
    iqm_weights,
    mean_weights,
    median_weights,
    percentile_interval,
    replicated,
)
from tuning.statistics.intervals import student
from tuning.statistics.ranks import rank

GRID_STEPS = 20  # budgets at which tuners are described; 25, 50 and 100 % are among them
MEASURES = ("median", "iqm", "rank", "normalised")
STANDING_COLUMNS = [
    "tuner", "spent_epochs", "replicates", "blocks",
    *(column for measure in MEASURES for column in (measure, f"{measure}_low", f"{measure}_high")),
]  # fmt: skip
Floats = npt.NDArray[np.float64]


def standing_grid(budget_epochs: int) -> list[float]:
    """Up to `GRID_STEPS` budgets, evenly spread in whole epochs, the full budget last."""
    steps = np.unique(np.floor(np.linspace(0, budget_epochs, GRID_STEPS + 1)[1:]))
    return [float(step) for step in steps if step >= 1]


# A measure: its value (num_steps,) and its bootstrap replicates (BOOTSTRAP_RESAMPLES, num_steps), none if there are
# too few replicates for an interval.
Measure = tuple[Floats, Floats]
Measures = Mapping[str, Mapping[str, Measure]]
"""By tuner, and by name."""
NONE = np.empty((0, 0))


def measured(
    scores: Floats,
    objective: Objective,
    best: float,
    tuners: Sequence[str],
    *,
    random_search: str | None,
    stratum: int = 0,
) -> Measures:
    """Every tuner's measures on one problem: those of `MEASURES` that exist.

    Args:
        scores: (num_replicates, num_tuners, num_steps) from `curves.scores_at`.
        objective: The problem's.
        best: The best score known: the normalised score's 0.
        tuners: (num_tuners,).
        random_search: The tuner whose interquartile mean at the same budget is the normalised score's 1; None for
            no normalised score. Both ends stay fixed while the tuner is resampled.
        stratum: The problem's number in its study: problems are resampled independently.
    """
    located = {name: _located(scores, place, stratum) for place, name in enumerate(tuners)}
    ranks, resampled_ranks = _ranks(scores, objective.direction, stratum)
    gap = None
    if random_search in located:
        gap = best - located[random_search]["iqm"][0]
        gap[gap == 0] = np.nan  # random search found the best known: nothing to normalise by
    measures = {}
    for place, name in enumerate(tuners):
        measures[name] = dict(located[name])
        if gap is not None:
            measures[name]["normalised"] = _normalised(located[name]["iqm"], best, gap)
        resampled = resampled_ranks[:, place] if len(resampled_ranks) else resampled_ranks
        measures[name]["rank"] = (ranks[place], resampled)
    return measures


def standings(scores: Floats, measures: Measures, budgets: Sequence[float]) -> pd.DataFrame:
    """Every tuner on one problem at every budget.

    Args:
        scores: (num_replicates, num_tuners, num_steps) from `curves.scores_at`.
        measures: From `measured`, for these scores.
        budgets: (num_steps,) epochs.

    Returns:
        (num_tuners * num_steps, 16), `STANDING_COLUMNS`, sorted as given. ``replicates`` counts those with a score,
        ``blocks`` those that all ranked tuners share (a tuner without any score is not ranked). A measure is NaN until
        all of its replicates have a result, and if it does not exist.
    """
    blocks = int(_shared(scores).sum())
    replicates = (~np.isnan(scores[:, :, -1:])).any(axis=2).sum(axis=0)
    frames = [
        _rows(name, budgets, int(replicates[place]), blocks, measures[name]) for place, name in enumerate(measures)
    ]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=STANDING_COLUMNS)


def standings_over(
    problems: Sequence[Measures], budgets: Sequence[float], draws: Sequence[int] | None = None
) -> pd.DataFrame:
    """Every tuner over several problems at every budget: the means of rank and normalised score.

    Args:
        problems: For each, its `measured`; all of the same tuners.
        budgets: (num_steps,) epochs.
        draws: (num_problems,) which draw of a problem each belongs to; None for one draw each.

    Returns:
        (num_tuners * num_steps, 16), `STANDING_COLUMNS`, where ``blocks`` counts problems; empty for fewer than two.
        Intervals are Student's over draws, `_over_draws`.
    """
    if len(problems) < 2:
        return pd.DataFrame(columns=STANDING_COLUMNS)
    each = np.arange(len(problems)) if draws is None else np.asarray(draws)
    nothing = np.full(len(budgets), np.nan)
    frames = []
    for name in problems[0]:
        columns: dict[str, object] = {"tuner": name, "spent_epochs": list(budgets), "replicates": 0}
        columns["blocks"] = len(problems)
        for measure in MEASURES:
            there = measure in ("rank", "normalised") and all(measure in measures[name] for measures in problems)
            values = [measures[name][measure][0] for measures in problems] if there else [nothing]
            bounds = (1.0, float(len(problems[0]))) if measure == "rank" else (-np.inf, np.inf)
            found = _over_draws(np.array(values), each[: len(values)], bounds)
            columns |= dict(zip((measure, f"{measure}_low", f"{measure}_high"), found, strict=True))
        frames.append(pd.DataFrame(columns, columns=STANDING_COLUMNS))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=STANDING_COLUMNS)


def _over_draws(
    values: Floats, draws: npt.NDArray[np.int64], bounds: tuple[float, float]
) -> tuple[Floats, Floats, Floats]:
    """Means (num_steps,) of (num_problems, num_steps) values, and the ends of Student's interval within bounds."""
    of_draws = np.array([values[draws == draw].mean(axis=0) for draw in np.unique(draws)])
    low, high = np.array([student(column) for column in of_draws.T]).reshape(-1, 2).T
    return of_draws.mean(axis=0), np.clip(low, *bounds), np.clip(high, *bounds)


def _located(block: Floats, place: int, stratum: int) -> dict[str, Measure]:
    """Median and interquartile mean of a tuner's replicates that have a result at the end."""
    rows = block[:, place]
    rows = rows[~np.isnan(rows).all(axis=1)]
    measures = {}
    for name, weights in (("median", median_weights), ("iqm", iqm_weights)):
        if not len(rows):
            measures[name] = (np.full(block.shape[2], np.nan), NONE)
            continue
        given = weights(len(rows))
        value = given @ np.sort(rows, axis=0)
        value[np.isnan(rows).any(axis=0)] = np.nan
        measures[name] = (value, _bootstrapped(rows, given, stratum))
    return measures


def _bootstrapped(rows: Floats, weights: Floats, stratum: int) -> Floats:
    return replicated(rows, weights, stratum) if len(rows) >= MIN_REPLICATES_FOR_INTERVAL else NONE


def _shared(block: Floats) -> npt.NDArray[np.bool_]:
    """(num_replicates,): whether every tuner with any score has one there."""
    known = np.asarray(~np.isnan(block).all(axis=2))
    there = np.flatnonzero(known.any(axis=0))
    return np.asarray(known[:, there].all(axis=1) & bool(len(there)))


def _ranks(block: Floats, direction: str, stratum: int) -> tuple[Floats, Floats]:
    """Mean ranks (num_tuners, num_steps), and their replicates (BOOTSTRAP_RESAMPLES, num_tuners, num_steps)."""
    there = ~np.isnan(block).all(axis=(0, 2))
    rows = block[_shared(block)][:, there]
    means = np.full(block.shape[1:], np.nan)
    if len(rows) == 0 or there.sum() < 2:
        return means, NONE
    ranks = rank(rows, direction)
    means[there] = ranks.mean(axis=0)
    if len(rows) < MIN_REPLICATES_FOR_INTERVAL:
        return means, NONE
    drawn = replicated(ranks.reshape(len(ranks), -1), mean_weights(len(ranks)), stratum)
    resampled = np.full((len(drawn), *block.shape[1:]), np.nan)
    resampled[:, there] = drawn.reshape(len(drawn), *ranks.shape[1:])
    return means, resampled


def _normalised(iqm: Measure, best: float, gap: Floats) -> Measure:
    value, resampled = iqm
    return (best - value) / gap, (best - resampled) / gap if len(resampled) else NONE


def _rows(
    tuner: str, budgets: Sequence[float], replicates: int, blocks: int, measures: Mapping[str, Measure]
) -> pd.DataFrame:
    columns: dict[str, object] = {
        "tuner": tuner, "spent_epochs": list(budgets), "replicates": replicates, "blocks": blocks
    }  # fmt: skip
    nothing = np.full(len(budgets), np.nan)
    for name in MEASURES:
        value, resampled = measures.get(name, (nothing, NONE))
        low, high = percentile_interval(resampled) if len(resampled) else (nothing, nothing)
        columns |= {name: value, f"{name}_low": low, f"{name}_high": high}
    return pd.DataFrame(columns, columns=STANDING_COLUMNS)
