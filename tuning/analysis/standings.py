"""How tuners stand at every budget: median, interquartile mean, rank and normalised score, each with its interval.

One problem is described over its replicates, with the intervals of `statistics.intervals`. Several are described by
their mean rank with Student's interval over problems, and by their median normalised score, between two of them: both
are about problems like these. Problems that share data count as one. Normalised scores are ratios, of which a few are
so large that means of them hold the truth in 75 to 95 % (`tests/simulations/problems.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from tuning.objective import Objective
from tuning.statistics.intervals import Ends, median_ends, ratio_ends, share_ends, student, trimmed, trimmed_ends
from tuning.statistics.ranks import rank

GRID_STEPS = 20  # budgets at which tuners are described; 25, 50 and 100 % are among them
MEASURES = ("median", "iqm", "rank", "normalised")
STANDING_COLUMNS = [
    "tuner", "spent_epochs", "replicates", "blocks",
    *(column for measure in MEASURES for column in (measure, f"{measure}_low", f"{measure}_high")),
]  # fmt: skip
Floats = npt.NDArray[np.float64]


def standing_grid(budget_epochs: int, most: int = GRID_STEPS) -> list[float]:
    """Up to `most` budgets, evenly spread in whole epochs, the full budget last."""
    steps = np.unique(np.floor(np.linspace(0, budget_epochs, most + 1)[1:]))
    return [float(step) for step in steps if step >= 1]


class Measure(NamedTuple):
    """A measure of one tuner at every budget.

    Attributes:
        value: (num_steps,).
        ends: Of its interval, each (num_steps,).
    """

    value: Floats
    ends: Ends


Measures = Mapping[str, Mapping[str, Measure]]
"""By tuner, and by name."""


def measured(
    scores: Floats,
    objective: Objective,
    best: float,
    tuners: Sequence[str],
    *,
    random_search: str | None,
) -> Measures:
    """Every tuner's measures on one problem: those of `MEASURES` that exist.

    Args:
        scores: (num_replicates, num_tuners, num_steps) from `curves.scores_at`.
        objective: The problem's.
        best: The best score known: the normalised score's 0.
        tuners: (num_tuners,).
        random_search: The tuner whose interquartile mean at the same budget is the normalised score's 1; None for
            no normalised score.
    """
    rows = {name: _with_a_result(scores[:, place]) for place, name in enumerate(tuners)}
    ranks = _ranks(scores, objective.direction)
    measures: dict[str, dict[str, Measure]] = {}
    for place, name in enumerate(tuners):
        mine = rows[name]
        nothing = np.full(scores.shape[2], np.nan)
        measures[name] = {
            "median": Measure(np.median(mine, axis=0) if len(mine) else nothing, median_ends(mine)),
            "iqm": Measure(trimmed(mine).mean, trimmed_ends(mine)),
            "rank": ranks[place],
        }
        if random_search in rows:
            measures[name]["normalised"] = _normalised(mine, rows[random_search], best)
    if random_search in rows:  # it is 1, and that is certain
        measures[random_search]["normalised"] = measures[random_search]["normalised"]._replace(ends=(nothing, nothing))
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
    """Every tuner over several problems at every budget: the mean rank and the median normalised score.

    Args:
        problems: For each, its `measured`; all of the same tuners.
        budgets: (num_steps,) epochs.
        draws: (num_problems,) which draw of a problem each belongs to; None for one draw each.

    Returns:
        (num_tuners * num_steps, 16), `STANDING_COLUMNS`, where ``blocks`` counts draws; empty for fewer than two
        problems. Intervals are over draws, each of which is the mean of its problems.
    """
    if len(problems) < 2:
        return pd.DataFrame(columns=STANDING_COLUMNS)
    each = np.arange(len(problems)) if draws is None else np.asarray(draws)
    nothing = np.full(len(budgets), np.nan)
    frames = []
    for name in problems[0]:
        columns: dict[str, object] = {"tuner": name, "spent_epochs": list(budgets), "replicates": 0}
        columns["blocks"] = len(np.unique(each))
        for measure in MEASURES:
            found, ends = nothing, (nothing, nothing)
            if measure in ("rank", "normalised") and all(measure in measures[name] for measures in problems):
                values = np.array([measures[name][measure].value for measures in problems])
                of_draws = np.array([values[each == draw].mean(axis=0) for draw in np.unique(each)])
                if measure == "rank":
                    low, high = student(of_draws)
                    found, ends = of_draws.mean(axis=0), (np.maximum(low, 1), np.minimum(high, len(problems[0])))
                else:
                    found, ends = np.median(of_draws, axis=0), median_ends(of_draws)
            columns |= dict(zip((measure, f"{measure}_low", f"{measure}_high"), (found, *ends), strict=True))
        frames.append(pd.DataFrame(columns, columns=STANDING_COLUMNS))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=STANDING_COLUMNS)


def _with_a_result(rows: Floats) -> Floats:
    """Those of a tuner's (num_replicates, num_steps) that have a result at the end."""
    return rows[~np.isnan(rows).all(axis=1)]


def _shared(block: Floats) -> npt.NDArray[np.bool_]:
    """(num_replicates,): whether every tuner with any score has one there."""
    known = np.asarray(~np.isnan(block).all(axis=2))
    there = np.flatnonzero(known.any(axis=0))
    return np.asarray(known[:, there].all(axis=1) & bool(len(there)))


def _ranks(block: Floats, direction: str) -> list[Measure]:
    """Mean ranks of each tuner: a rank is a share of the other tuners, so its interval is `share_ends`."""
    there = ~np.isnan(block).all(axis=(0, 2))
    rows = block[_shared(block)][:, there]
    nothing = np.full(block.shape[2], np.nan)
    found = [Measure(nothing, (nothing, nothing))] * block.shape[1]
    others = int(there.sum()) - 1
    if len(rows) == 0 or others < 1:
        return found
    ranks = rank(rows, direction)
    low, high = share_ends((ranks - 1).sum(axis=0) / others, len(ranks))
    for at, place in enumerate(np.flatnonzero(there)):
        found[place] = Measure(ranks[:, at].mean(axis=0), (1 + others * low[at], 1 + others * high[at]))
    return found


def _normalised(rows: Floats, reference: Floats, best: float) -> Measure:
    """How far from the best known, in units of random search, with the uncertainty of both.

    They count as independent samples; where replicates share splits, the interval is too wide.
    """
    mine, theirs = trimmed(rows), trimmed(reference)
    gap = best - theirs.mean
    gap[gap == 0] = np.nan  # random search found the best known: nothing to normalise by
    return Measure((best - mine.mean) / gap, ratio_ends(mine, theirs, best))


def _rows(
    tuner: str, budgets: Sequence[float], replicates: int, blocks: int, measures: Mapping[str, Measure]
) -> pd.DataFrame:
    columns: dict[str, object] = {
        "tuner": tuner, "spent_epochs": list(budgets), "replicates": replicates, "blocks": blocks
    }  # fmt: skip
    nothing = np.full(len(budgets), np.nan)
    for name in MEASURES:
        value, (low, high) = measures.get(name, Measure(nothing, (nothing, nothing)))
        columns |= {name: value, f"{name}_low": low, f"{name}_high": high}
    return pd.DataFrame(columns, columns=STANDING_COLUMNS)
