"""How tuners stand at every budget: median, interquartile mean, rank and normalised score, each with its interval.

One problem is described over its replicates. Several are described by their mean over problems, each problem resampled
within itself (`bootstrap`): that speaks about these problems, not about others.
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
from tuning.statistics.ranks import rank

GRID_STEPS = 20  # budgets at which tuners are described, so that 25, 50 and 100 % are among them
ALL = ""  # the name of all problems together
MEASURES = ("median", "iqm", "rank", "normalised")
STANDING_COLUMNS = [
    "problem", "tuner", "spent_epochs", "replicates", "blocks",
    *(column for measure in MEASURES for column in (measure, f"{measure}_low", f"{measure}_high")),
]  # fmt: skip
Floats = npt.NDArray[np.float64]


def standing_grid(budget_epochs: int) -> list[float]:
    """Up to `GRID_STEPS` budgets, evenly spread in whole epochs, the full budget last."""
    steps = np.unique(np.floor(np.linspace(0, budget_epochs, GRID_STEPS + 1)[1:]))
    return [float(step) for step in steps if step >= 1]


def standings(
    scores: Mapping[str, Floats],
    objectives: Mapping[str, Objective],
    best: Mapping[str, float],
    tuners: Sequence[str],
    budgets: Sequence[float],
    *,
    random_search: str | None,
) -> pd.DataFrame:
    """Every tuner on every problem at every budget, and over all problems where there are several.

    Args:
        scores: By problem, (num_replicates, num_tuners, num_steps) as `analysis.scores_at` gives it.
        objectives: By problem.
        best: By problem, the best score known: the normalised score's 0.
        tuners: (num_tuners,) contestants.
        budgets: (num_steps,) epochs.
        random_search: The tuner whose interquartile mean at the same budget is the normalised score's 1; with None
            there is no normalised score. Both ends are held fixed while the tuner is resampled.

    Returns:
        (num_rows, 17), `STANDING_COLUMNS`, sorted as given; `ALL` problems last, with rank and normalised score only.
        ``replicates`` counts those with a score, ``blocks`` those that all ranked tuners share (a tuner without any
        score is not ranked). A measure is NaN until all of its replicates have a result, and where it cannot be had.
    """
    frames, over = [], {}
    for stratum, (problem, block) in enumerate(scores.items()):
        direction = objectives[problem].direction
        located = {name: _located(block, place, stratum) for place, name in enumerate(tuners)}
        ranked = _ranks(block, direction, stratum)
        gap = None
        if random_search in located:
            gap = best[problem] - located[random_search]["iqm"][0]
            gap[gap == 0] = np.nan  # random search found the best known: there is nothing to normalise by
        shared = _shared(block)
        for place, name in enumerate(tuners):
            measures = dict(located[name])
            if gap is not None:
                measures["normalised"] = _normalised(measures["iqm"], best[problem], gap)
            measures["rank"] = (ranked[0][place], ranked[1][:, place] if len(ranked[1]) else ranked[1])
            over[problem, name] = measures
            replicates = int((~np.isnan(block[:, place, -1:])).any(axis=1).sum())
            frames.append(_rows(problem, name, budgets, replicates, int(shared.sum()), measures))
    if len(scores) > 1:
        for name in tuners:
            every = [over[problem, name] for problem in scores]
            together = {
                measure: _mean([one[measure] for one in every])
                for measure in ("rank", "normalised")
                if all(measure in one for one in every)
            }
            frames.append(_rows(ALL, name, budgets, 0, len(scores), together))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=STANDING_COLUMNS)


# A measure: its value (num_steps,) and its bootstrap replicates (BOOTSTRAP_RESAMPLES, num_steps), or none where there
# are too few replicates for an interval.
Measure = tuple[Floats, Floats]
NONE = np.empty((0, 0))


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
    """(num_replicates,): in which every tuner that has any score has one."""
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


def _mean(measures: Sequence[Measure]) -> Measure:
    """The mean over problems; its replicates where every problem has them."""
    value = np.mean([one[0] for one in measures], axis=0)
    return value, np.mean([one[1] for one in measures], axis=0) if all(len(one[1]) for one in measures) else NONE


def _rows(
    problem: str, tuner: str, budgets: Sequence[float], replicates: int, blocks: int, measures: Mapping[str, Measure]
) -> pd.DataFrame:
    columns: dict[str, object] = {
        "problem": problem, "tuner": tuner, "spent_epochs": list(budgets), "replicates": replicates, "blocks": blocks
    }  # fmt: skip
    nothing = np.full(len(budgets), np.nan)
    for name in MEASURES:
        value, resampled = measures.get(name, (nothing, NONE))
        low, high = percentile_interval(resampled) if len(resampled) else (nothing, nothing)
        columns |= {name: value, f"{name}_low": low, f"{name}_high": high}
    return pd.DataFrame(columns, columns=STANDING_COLUMNS)
