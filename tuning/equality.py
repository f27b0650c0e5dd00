"""Proves by sampling that every library draws a recorded space from the declared distributions.

Each library draws through its own machinery: KerasTuner's random oracle, scikit-learn's `ParameterSampler`, Optuna's
`RandomSampler`. Each hyperparameter's draws, where it is active, are held against its declared marginal: the
Kolmogorov-Smirnov test where it is continuous, chi-squared where it is discrete.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras_tuner
import numpy as np
import optuna
import scipy.stats
from keras_tuner.engine import hyperparameters as hp_types
from sklearn.model_selection import ParameterSampler

from tuning.records import Configuration
from tuning.space import HyperParameter, Space, finite_values, is_active
from tuning.views import ScikitLearnView, keras_tuner_view, suggest

ALPHA = 1e-3
"""Chance of a false alarm of the whole check, over all libraries and hyperparameters (Bonferroni)."""
MIN_EXPECTED = 10  # draws a bin of the chi-squared test must expect; rarer neighbours are merged


@dataclass(frozen=True)
class Match:
    """One hyperparameter's draws in one library against its declared marginal.

    Attributes:
        draws: How many configurations had it active.
        test: ``"Kolmogorov-Smirnov"``, ``"chi-squared"`` or ``"constant"``.
        p_value: Of the test; 0 where a value lies outside of the declared ones.
    """

    library: str
    key: str
    draws: int
    test: str
    p_value: float


def check(space: Space, draws: int, seed: int) -> list[Match]:
    """Draws `draws` configurations through each library and tests every hyperparameter of the space."""
    return [
        _match(library, key, hp, configurations)
        for library, configurations in sample(space, draws, seed).items()
        for key, hp in zip(space.keys, space.hyperparameters, strict=True)
    ]


def differing(matches: list[Match]) -> list[Match]:
    """Those that are shown not to follow the declared distribution, at `ALPHA` over all of them."""
    return [match for match in matches if match.p_value < ALPHA / len(matches)]


def sample(space: Space, draws: int, seed: int) -> dict[str, list[Configuration]]:
    """`draws` configurations by library, each drawn by the library itself."""
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
    return [space.active(oracle.populate_space(str(number))["values"]) for number in range(draws)]


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


def _match(library: str, key: str, hp: HyperParameter, configurations: list[Configuration]) -> Match:
    values = [values[hp.name] for values in configurations if is_active(hp, values)]
    finite = finite_values(hp)
    if finite is not None and len(finite) == 1:
        same = all(value == finite[0] for value in values)
        return Match(library, key, len(values), "constant", 1.0 if same else 0.0)
    if not values:
        return Match(library, key, 0, "never active", 1.0)
    if finite is None:
        p_value = scipy.stats.kstest(_scale(hp, hp.max_value)(np.array(values, dtype=float)), "uniform").pvalue
        return Match(library, key, len(values), "Kolmogorov-Smirnov", float(p_value))
    return Match(library, key, len(values), "chi-squared", _chi_squared(values, finite, _probabilities(hp, finite)))


def _chi_squared(values: list[Any], support: list[Any], probabilities: np.ndarray) -> float:
    places = {value: place for place, value in enumerate(support)}
    if any(value not in places for value in values):
        return 0.0
    observed = np.bincount([places[value] for value in values], minlength=len(support))
    expected = probabilities * len(values)
    # Neighbours are merged until each bin expects enough, for the statistic's distribution to hold.
    bins = np.minimum((np.cumsum(expected) - expected / 2) // MIN_EXPECTED, max(len(values) // MIN_EXPECTED - 1, 0))
    if np.all(expected >= MIN_EXPECTED):
        bins = np.arange(len(support))
    groups = np.unique(bins, return_inverse=True)[1]
    observed, expected = np.bincount(groups, observed), np.bincount(groups, expected)
    if len(observed) < 2:
        return 1.0
    return float(scipy.stats.chisquare(observed, expected).pvalue)


def _probabilities(hp: HyperParameter, support: list[Any]) -> np.ndarray:
    """Declared probability of each value: equal, but for integers on a log scale without steps."""
    if isinstance(hp, hp_types.Int) and hp.step is None:
        edges = np.array([*support, hp.max_value + 1], dtype=float)
        return np.diff(_scale(hp, hp.max_value + 1)(edges))
    return np.full(len(support), 1.0 / len(support))


def _scale(hp: HyperParameter, maximum: float) -> Callable[[np.ndarray], np.ndarray]:
    """Distribution function on min .. `maximum`, from the declaration, not by KerasTuner's own mapping."""
    low = hp.min_value
    if hp.sampling == "linear":
        return lambda value: (value - low) / (maximum - low)
    width = math.log(maximum / low)
    if hp.sampling == "log":
        return lambda value: np.log(value / low) / width
    return lambda value: 1.0 - np.log(np.maximum(low + maximum - value, low) / low) / width
