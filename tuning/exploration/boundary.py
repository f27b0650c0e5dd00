"""Are the best configurations at a bound of the space? Then better ones may lie beyond, and it should be wider.

The boundary check of the Deep Learning Tuning Playbook (Godbole, Dahl, Gilmer, Shallue and Nado, 2023): a search space
is suspicious if the best points sampled from it are close to its boundary.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from tuning.exploration.dimensions import Dimension
from tuning.formatting import plural, setting
from tuning.objective import Objective

BEST_SHARE = 0.1  # share of the fully trained configurations that counts as the best
MIN_BEST = 10  # but at least this many
NEAR = 0.1  # share of a range, on its own scale, that is near a bound; a discrete one's last value always is
SUSPICIOUS = 0.5  # share of the best near one bound that is flagged,
LIFT = 2.0  # if it is also this many times the share expected by chance
BOUNDARY_COLUMNS = [
    "hyperparameter", "best", "low", "near_low", "chance_low", "high", "near_high", "chance_high", "best_value",
    "flag", "line",
]  # fmt: skip


def boundary(trials: pd.DataFrame, space: Sequence[Dimension], objective: Objective) -> pd.DataFrame:
    """One row per hyperparameter that has bounds.

    Args:
        trials: (num_trials, ...) of one problem, as `exploration.searched` gives it; all tuners together. Only fully
            trained trials count, each configuration once, with its best score.
        space: Its dimensions.
        objective: Of the problem.

    Returns:
        (num_hyperparameters, 11), `BOUNDARY_COLUMNS`. ``best``: how many of the best configurations have it;
        ``near_low`` and ``near_high``: the share of them near each bound; ``chance_low`` and ``chance_high``: the share
        expected there by chance; ``best_value``: its value in the best one; ``flag``: "low", "high" or empty; ``line``:
        all this as text. A hyperparameter that fewer than `MIN_BEST` of the best have is not judged.
    """
    full = trials[trials["full"]].sort_values("score", ascending=objective.sign < 0, kind="stable")
    full = full.drop_duplicates("configuration")
    best = full.head(max(MIN_BEST, math.ceil(BEST_SHARE * len(full))))
    rows = [_judged(dimension, best, len(full)) for dimension in space if dimension.numeric]
    return pd.DataFrame(rows, columns=BOUNDARY_COLUMNS)


def _judged(dimension: Dimension, best: pd.DataFrame, of: int) -> dict[str, object]:
    at = best[f"at.{dimension.key}"].to_numpy(dtype=float)
    values = best.loc[~np.isnan(at), f"hp.{dimension.key}"]
    at = at[~np.isnan(at)]
    if dimension.values:  # a choice of numbers, declared in any order
        order = sorted(dimension.numbers)
        at = np.array([(order.index(value) + 0.5) / len(order) for value in values])
    width, masses = _edges(dimension)
    near = [float((at <= width[0]).mean()), float((at >= 1 - width[1]).mean())] if len(at) else [math.nan, math.nan]
    low, high = dimension.bounds
    flags = [
        len(at) >= MIN_BEST and share >= SUSPICIOUS and share >= LIFT * mass
        for share, mass in zip(near, masses, strict=True)
    ]
    flag = "low" if flags[0] else "high" if flags[1] else ""
    return {
        "hyperparameter": dimension.key, "best": len(at), "low": low, "near_low": near[0], "chance_low": masses[0],
        "high": high, "near_high": near[1], "chance_high": masses[1],
        "best_value": values.iloc[0] if len(values) else None,
        "flag": flag, "line": _line(dimension, len(at), of, near, masses, flag),
    }  # fmt: skip


def _edges(dimension: Dimension) -> tuple[tuple[float, float], tuple[float, float]]:
    """Width of "near" at each bound, and the probability that a random draw is there."""
    if dimension.levels is None:
        return (NEAR, NEAR), (NEAR, NEAR)
    positions, masses = dimension.levels
    width = max(NEAR, float(positions[0]) + 1e-9), max(NEAR, 1 - float(positions[-1]) + 1e-9)
    below, above = masses[positions <= width[0]].sum(), masses[positions >= 1 - width[1]].sum()
    return width, (float(below), float(above))


def _line(dimension: Dimension, count: int, of: int, near: Sequence[float], masses: Sequence[float], flag: str) -> str:
    if count < MIN_BEST:
        return (
            f"{dimension.key}: not judged, {count} of the best configurations {'has' if count == 1 else 'have'} it and "
            f"{MIN_BEST} are needed."
        )
    ends = [_end(value, dimension) for value in dimension.bounds]
    if flag:
        side = flag == "high"
        return (
            f"{dimension.key}: at its {'upper' if side else 'lower'} bound. {near[side]:.0%} of the best {count} "
            f"configurations are at or near {ends[side]}, where chance would place {masses[side]:.0%}; better values "
            "may lie beyond: widen the space there, if values there make sense."
        )
    return (
        f"{dimension.key}: inside its bounds. Of the best {plural(count, 'configuration')} (of {of}), {near[0]:.0%} "
        f"are at or near {ends[0]} and {near[1]:.0%} at or near {ends[1]}; chance would place {masses[0]:.0%} "
        f"and {masses[1]:.0%} there."
    )


def _end(value: float, dimension: Dimension) -> str:
    return str(int(value)) if dimension.kind == "Int" else setting(float(value))
