"""Tests by sampling whether every library draws a recorded space from the declared distributions.

Each library draws with its own code: KerasTuner's random oracle, scikit-learn's `ParameterSampler`, Optuna's
`RandomSampler`. A hyperparameter's draws, where it is active, are tested against its declared marginal: with the
Kolmogorov-Smirnov test if it is continuous, with chi-squared if it is discrete.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras_tuner
import numpy as np
import optuna
import scipy.stats
from keras_tuner.engine import hyperparameters as hp_types
from sklearn.model_selection import ParameterSampler

from tuning.configuration import Configuration, Value
from tuning.space.converters import ScikitLearnView, from_keras_tuner, keras_tuner_view, suggest
from tuning.space.hyperparameter import HyperParameter, contains, finite_values, is_active, value_at
from tuning.space.space import Space

ALPHA = 1e-3
"""Chance of a false alarm of the whole check, over all libraries and hyperparameters (Bonferroni)."""

MIN_EXPECTED = 10  # expected draws per bin of the chi-squared test; rarer neighbours are merged
MAX_VALUES = 10_000  # of an integer, tested one by one; if there are more, neighbours are grouped


@dataclass(frozen=True)
class Match:
    """One hyperparameter's draws in one library against its declared marginal.

    Attributes:
        draws: Number of configurations in which it was active.
        test: ``"Kolmogorov-Smirnov"``, ``"chi-squared"``, ``"constant"``, ``"presence"`` or ``"never active"``.
        p_value: Of the test; 0 if a value is not a declared one, or if the hyperparameter is present although
            inactive, or missing although active.
    """

    library: str
    key: str
    draws: int
    test: str
    p_value: float


def check(space: Space, draws: int, seed: int) -> list[Match]:
    """Draws `draws` configurations with each library and tests every hyperparameter of the space."""
    return [
        _match(library, key, hp, space, configurations)
        for library, configurations in sample(space, draws, seed).items()
        for key, hp in zip(space.keys, space.hyperparameters, strict=True)
    ]


def differing(matches: list[Match]) -> list[Match]:
    """The draws that are shown not to follow the declared distribution, at `ALPHA` over all of them."""
    return [match for match in matches if match.p_value < ALPHA / len(matches)]


def sample(space: Space, draws: int, seed: int) -> dict[str, list[Configuration]]:
    """For each library, `draws` configurations that it drew itself."""
    return {
        "KerasTuner": _by_keras_tuner(space, draws, seed),
        "scikit-learn": _by_scikit_learn(space, draws, seed),
        "Optuna": _by_optuna(space, draws, seed),
    }


def _by_keras_tuner(space: Space, draws: int, seed: int) -> list[Configuration]:
    oracle = keras_tuner.oracles.RandomSearchOracle(
        objective=keras_tuner.Objective("score", "max"),
        max_trials=draws,
        seed=seed,
        hyperparameters=keras_tuner_view(space),
    )
    return [from_keras_tuner(space, oracle.populate_space(str(number))["values"]) for number in range(draws)]


def _by_scikit_learn(space: Space, draws: int, seed: int) -> list[Configuration]:
    sampler = ParameterSampler({"configuration": ScikitLearnView(space)}, draws, random_state=seed)
    return [parameters["configuration"] for parameters in sampler]


def _by_optuna(space: Space, draws: int, seed: int) -> list[Configuration]:
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
        return [suggest(space, study.ask()) for _ in range(draws)]
    finally:
        optuna.logging.set_verbosity(verbosity)


def _match(library: str, key: str, hp: HyperParameter, space: Space, configurations: list[Configuration]) -> Match:
    drawn = [values for values in configurations if is_active(hp, values)]
    same_name = [other for other in space.hyperparameters if other.name == hp.name]
    if any((hp.name in values) != any(is_active(other, values) for other in same_name) for values in configurations):
        return Match(library, key, len(drawn), "presence", 0.0)
    values = [values[hp.name] for values in drawn]
    finite = finite_values(hp)
    if finite is not None and len(finite) == 1:
        same = all(value == finite[0] for value in values)
        return Match(library, key, len(values), "constant", 1.0 if same else 0.0)
    if not values:
        return Match(library, key, 0, "never active", 1.0)
    if finite is None:
        if not all(contains(hp, value) for value in values):
            return Match(library, key, len(values), "Kolmogorov-Smirnov", 0.0)
        p_value = scipy.stats.kstest(_scale(hp, hp.max_value)(np.array(values, dtype=float)), "uniform").pvalue
        return Match(library, key, len(values), "Kolmogorov-Smirnov", float(p_value))
    return Match(library, key, len(values), "chi-squared", _chi_squared(hp, values, finite))


def _chi_squared(hp: HyperParameter, values: list[Value], support: Sequence[Value]) -> float:
    places = _places(values, support)
    if places is None:
        return 0.0
    edges = _edges(hp, support)
    observed = np.bincount(np.searchsorted(edges, places, side="right") - 1, minlength=len(edges) - 1)
    expected = np.diff(_cumulative(hp, support, edges)) * len(values)
    bins = _merged(expected)
    observed, expected = np.bincount(bins, observed), np.bincount(bins, expected)
    if len(observed) < 2:
        return 1.0
    return float(scipy.stats.chisquare(observed, expected).pvalue)


def _places(values: list[Value], support: Sequence[Value]) -> np.ndarray | None:
    """Index of each value in the support; None if any is not in it."""
    if isinstance(support, range):
        whole = all(type(value) is int and value in support for value in values)
        return (np.array(values) - support.start) // support.step if whole else None
    known = {value: place for place, value in enumerate(support)}
    return np.array([known[value] for value in values]) if all(value in known for value in values) else None


def _edges(hp: HyperParameter, support: Sequence[Value]) -> np.ndarray:
    """Indices in the support where the test's bins begin, and its end: one bin per value, if they are not too many."""
    if len(support) <= MAX_VALUES:
        return np.arange(len(support) + 1)
    inner = [support.index(value_at(hp, probability)) for probability in np.linspace(0.0, 1.0, MAX_VALUES)[1:-1]]
    return np.unique([0, *inner, len(support)])


def _cumulative(hp: HyperParameter, support: Sequence[Value], edges: np.ndarray) -> np.ndarray:
    """Declared probability of the values before each edge: all equal, except for integers without a step."""
    if isinstance(hp, hp_types.Int) and hp.step is None:
        return _scale(hp, hp.max_value + 1)(hp.min_value + edges.astype(float))
    return edges / len(support)


def _merged(expected: np.ndarray) -> np.ndarray:
    """The bin of each expected count: neighbours are merged until a bin expects `MIN_EXPECTED`."""
    bins, current, total = [], 0, 0.0
    for count in expected:
        bins.append(current)
        total += count
        if total >= MIN_EXPECTED:
            current, total = current + 1, 0.0
    # The rest at the end expects too few: it joins the bin before.
    return np.minimum(bins, max(current - 1, 0))


def _scale(hp: HyperParameter, maximum: float) -> Callable[[np.ndarray], np.ndarray]:
    """Distribution function on min .. `maximum`, from the declaration, not from KerasTuner's own mapping."""
    low = hp.min_value
    if hp.sampling == "linear":
        return lambda value: (value - low) / (maximum - low)
    width = math.log(maximum / low)
    if hp.sampling == "log":
        return lambda value: np.log(value / low) / width
    return lambda value: 1.0 - np.log(np.maximum(low + maximum - value, low) / low) / width
