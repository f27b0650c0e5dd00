"""How the score depends on each hyperparameter, and on two of them, averaged over all others: partial dependence.

Averages over uniform draws from the space (Friedman, Annals of Statistics 29, 2001) of a Gaussian process of the
scores, with its own uncertainty (Moosbauer et al., NeurIPS 2021): tuners draw where they expect good scores, so that
averages of their trials would be biased, and where they seldom drew, the interval is wide. A hyperparameter that is
not always there is averaged over draws that have it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm, qmc

from tuning.configuration import Value
from tuning.exploration.dimensions import Dimension, allowed
from tuning.exploration.importance import MIN_TRIALS, in_full
from tuning.objective import Objective
from tuning.process.blas import one_blas_thread
from tuning.statistics.bootstrap import CONFIDENCE, Floats
from tuning.statistics.gaussian_process import GaussianProcess, fit

MAX_FITTED = 250  # trials; of more, so many spread evenly over the plan's order: fitting takes half a second
POINTS = 13  # of a range, at which the dependence is computed
DRAWS = 7  # power of 2: draws of the other hyperparameters
FAR_OFF = 3.0  # interquartile ranges below the lower quartile from which a score counts as no worse (Tukey's far out)
LEAST_EXPLAINED = 0.1  # of the variance of a score, by the other trials; below, the model says nothing
ABSENT = 0.5  # position of a hyperparameter that is not there: its parents tell that
FEW = 12  # values of a number that are shown one by one
DEPENDENCE_COLUMNS = ["hyperparameter", "value", "mean", "low", "high", "trials"]
SURFACE_COLUMNS = ["first", "second", "mean", "low", "high"]


@dataclass(frozen=True)
class Points:
    """Values of a hyperparameter at which its dependence is computed.

    Attributes:
        values: (num_points,).
        positions: (num_points,), theirs.
        options: Whether they are all it has, and stand side by side.
    """

    values: tuple[Value, ...]
    positions: Floats
    options: bool


@dataclass(frozen=True)
class Dependence:
    """Partial dependences, as far as there are any.

    Attributes:
        frame: (num_rows, 6), `DEPENDENCE_COLUMNS`: the score's mean at each value of each hyperparameter, with its
            interval, and how many of the fitted trials are nearest to that value.
        surface: (num_points, 5), `SURFACE_COLUMNS`, of the two in `pair`; empty without them.
        pair: Two hyperparameters.
        points: By hyperparameter.
        fitted: Trials that the model was fitted to.
        among: Trials there were.
        worst: The score that worse ones count as; None if there are none.
        far_off: How many.
        explained: The share of the variance of a trial's score that the model foresees without it.
    """

    frame: pd.DataFrame
    surface: pd.DataFrame
    pair: tuple[str, ...] = ()
    points: Mapping[str, Points] | None = None
    fitted: int = 0
    among: int = 0
    worst: float | None = None
    far_off: int = 0
    explained: float = 0.0


NOTHING = Dependence(pd.DataFrame(columns=DEPENDENCE_COLUMNS), pd.DataFrame(columns=SURFACE_COLUMNS))


@one_blas_thread()
def dependence(
    trials: pd.DataFrame, space: Sequence[Dimension], objective: Objective, order: Sequence[str]
) -> Dependence:
    """The dependence of the score on each hyperparameter, and on the first two of `order` that can be there together.

    Args:
        trials: (num_trials, ...) of one problem, as `exploration.searched` gives it. Only those trained in full count.
        space: Its dimensions.
        objective: Of the problem.
        order: Keys by importance; if empty, those whose means differ most come first.

    Returns:
        None of it if there are fewer than `MIN_TRIALS` trials, or the model says too little of the scores.
    """
    full = in_full(trials)
    if len(full) < MIN_TRIALS or not space:
        return NOTHING
    shown = full.iloc[np.unique(np.linspace(0, len(full) - 1, MAX_FITTED).round().astype(int))]
    scores, worst, far_off = _drawn_in(shown["score"].to_numpy(dtype=float), objective)
    if np.ptp(scores) == 0:
        return NOTHING
    unordered = np.array([not dimension.numeric for dimension in space])
    rows = np.nan_to_num(shown[[f"at.{dimension.key}" for dimension in space]].to_numpy(dtype=float), nan=ABSENT)
    model = fit(rows, scores, unordered)
    if model.explained < LEAST_EXPLAINED:
        return NOTHING
    points = {dimension.key: points_of(dimension) for dimension in space}
    frame = pd.concat([_of(dimension, place, model, space, points, shown) for place, dimension in enumerate(space)])
    ordered = list(order) or _by_range(frame)
    pair, surface = _surface(model, space, points, ordered)
    return Dependence(
        frame[frame["trials"].groupby(frame["hyperparameter"]).transform("sum") > 0].reset_index(drop=True),
        surface, pair, {key: points[key] for key in ordered}, len(shown), len(full), worst, far_off, model.explained,
    )  # fmt: skip


def _drawn_in(scores: Floats, objective: Objective) -> tuple[Floats, float | None, int]:
    """The scores without their far outliers on the bad side: failed trainings would hide all else."""
    heights = objective.sign * scores
    lower, upper = np.quantile(heights, [0.25, 0.75])
    fence = lower - FAR_OFF * (upper - lower)
    far_off = int((heights < fence).sum())
    if not far_off or upper == lower:
        return scores, None, 0
    return objective.sign * np.maximum(heights, fence), objective.sign * float(fence), far_off


def _by_range(frame: pd.DataFrame) -> list[str]:
    """Hyperparameters, the one whose means differ most first."""
    means = frame.groupby("hyperparameter", sort=False)["mean"]
    return [str(key) for key in (means.max() - means.min()).sort_values(ascending=False, kind="stable").index]


def points_of(dimension: Dimension) -> Points:
    """All values of a hyperparameter with few of them, else some spread evenly over its range."""
    if dimension.levels is not None and (not dimension.numeric or dimension.count <= FEW):
        return Points(tuple(_listed(dimension)), dimension.levels[0], options=True)
    if dimension.levels is not None:
        some = np.unique(np.linspace(0, dimension.count - 1, POINTS).round().astype(int))
        values = _listed(dimension)
        return Points(tuple(values[place] for place in some), dimension.levels[0][some], options=bool(dimension.values))
    at = np.linspace(0, 1, POINTS)
    return Points(tuple(_value(dimension, place) for place in at.tolist()), at, options=False)


def _listed(dimension: Dimension) -> Sequence[Value]:
    """The values of a discrete one, in the order of its levels."""
    if dimension.values or dimension.step is not None:
        return dimension.listed
    return [int(dimension.low) + place for place in range(dimension.count)]


def _value(dimension: Dimension, at: float) -> float:
    """The value at a position of a continuous one."""
    if dimension.sampling == "log":
        return float(dimension.low * (dimension.high / dimension.low) ** at)
    if dimension.sampling == "reverse_log":
        return float(dimension.high + dimension.low - dimension.low * (dimension.high / dimension.low) ** (1 - at))
    return float(dimension.low + at * (dimension.high - dimension.low))


def _of(
    dimension: Dimension,
    place: int,
    model: GaussianProcess,
    space: Sequence[Dimension],
    points: Mapping[str, Points],
    trials: pd.DataFrame,
) -> pd.DataFrame:
    """The rows of one hyperparameter."""
    own = points[dimension.key]
    means, spread = model.average(draws(space, [dimension]), {place: own.positions})
    at = trials[f"at.{dimension.key}"].dropna().to_numpy(dtype=float)
    nearest = np.abs(at[:, None] - own.positions[None]).argmin(axis=1)
    half = float(norm.ppf((1 + CONFIDENCE) / 2)) * spread
    return pd.DataFrame(
        {
            "hyperparameter": dimension.key,
            "value": pd.Series(list(own.values), dtype=object),
            "mean": means,
            "low": means - half,
            "high": means + half,
            "trials": np.bincount(nearest, minlength=len(own.positions)),
        }
    )


def _surface(
    model: GaussianProcess, space: Sequence[Dimension], points: Mapping[str, Points], ordered: Sequence[str]
) -> tuple[tuple[str, ...], pd.DataFrame]:
    """The dependence on the first two that can be there together."""
    by_key = {dimension.key: (place, dimension) for place, dimension in enumerate(space)}
    for end in range(1, len(ordered)):
        for start in range(end):
            (one, first), (two, second) = by_key[ordered[start]], by_key[ordered[end]]
            if first.name == second.name or not all(allowed([first, second]).values()):
                continue
            grid = [(a, b) for a in range(len(points[first.key].values)) for b in range(len(points[second.key].values))]
            a, b = (np.array(column) for column in zip(*grid, strict=True))
            fixed = {one: points[first.key].positions[a], two: points[second.key].positions[b]}
            means, spread = model.average(draws(space, [first, second]), fixed)
            half = float(norm.ppf((1 + CONFIDENCE) / 2)) * spread
            columns = {"first": [points[first.key].values[place] for place in a],
                       "second": [points[second.key].values[place] for place in b]}  # fmt: skip
            frame = pd.DataFrame({**columns, "mean": means, "low": means - half, "high": means + half})
            return (first.key, second.key), frame
    return (), pd.DataFrame(columns=SURFACE_COLUMNS)


def draws(space: Sequence[Dimension], there: Sequence[Dimension]) -> Floats:
    """Uniform draws from a space, positions (2 ** `DRAWS`, num_dimensions), in which some hyperparameters are there.

    Evenly spread (Sobol's sequence, without randomness); `ABSENT` where a hyperparameter is not there.
    """
    uniform = qmc.Sobol(len(space), scramble=False).random_base2(DRAWS) + 0.5**DRAWS / 2
    columns = [_drawn(dimension, column) for dimension, column in zip(space, uniform.T, strict=True)]
    wanted = allowed(there)
    for place, dimension in enumerate(space):
        if dimension.name in wanted:
            options = dimension.positions(sorted(wanted[dimension.name], key=str))
            columns[place] = options[(uniform[:, place] * len(options)).astype(int)]
    by_name = {dimension.name: columns[place] for place, dimension in reversed(list(enumerate(space)))}
    parents = {dimension.name: dimension for dimension in reversed(space)}
    rows = [
        np.where(_there(dimension, parents, by_name), column, ABSENT)
        for dimension, column in zip(space, columns, strict=True)
    ]
    return np.column_stack(rows)


def _drawn(dimension: Dimension, uniform: Floats) -> Floats:
    """Positions of uniform draws."""
    if dimension.levels is None:
        return uniform
    positions, masses = dimension.levels
    found = np.searchsorted(np.cumsum(masses), uniform, side="right")
    return positions[np.minimum(found, len(positions) - 1)]


def _there(
    dimension: Dimension, parents: Mapping[str, Dimension], drawn: Mapping[str, Floats]
) -> npt.NDArray[np.bool_]:
    """(num_draws,): whether a hyperparameter is there."""
    holds = np.ones(2**DRAWS, dtype=bool)
    for name, values in dimension.conditions:
        if name in parents:
            holds &= np.isclose(drawn[name][:, None], parents[name].positions(list(values))[None]).any(axis=1)
    return holds
