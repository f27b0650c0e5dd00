"""Converts the recorded space for each library.

KerasTuner    a `HyperParameters` that holds the recorded hyperparameters themselves
scikit-learn  a distribution whose `rvs` gives a whole configuration, which keeps conditionals
a grid        `grid(space)`, for searches that try all combinations
Nevergrad     `flat(space)`: options, and numbers in 0 .. 1, without conditions
SMAC, Ax      `numbered(space)`: the same, with names and options that every library accepts
Optuna        `suggest(space, trial)`, define-by-run: a native distribution where Optuna's is exactly
              KerasTuner's, else an index or a probability that is mapped by KerasTuner's own rule
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import keras_tuner
import numpy as np
from keras_tuner.engine import hyperparameters as hp_types

from tuning.configuration import Configuration, Value
from tuning.space.hyperparameter import (
    Condition,
    HyperParameter,
    contains,
    finite_values,
    index_of,
    is_active,
    place_of,
    plain,
    value_at,
)
from tuning.space.keras_tuner_internals import number_of_values, value_by_index
from tuning.space.space import Space


def keras_tuner_view(space: Space) -> keras_tuner.HyperParameters:
    """What KerasTuner's oracles draw from: each hyperparameter under its key in the space.

    The key is the name, except for a name that has several parents: KerasTuner 1.4.8 drops its value if the first
    of them is inactive, and draws it again, unseeded (`HyperParameters.ensure_active_values`).
    """
    view = keras_tuner.HyperParameters()
    view.merge([_under_its_key(space, key, hp) for key, hp in zip(space.keys, space.hyperparameters, strict=True)])
    return view


def from_keras_tuner(space: Space, values: Mapping[str, Value]) -> Configuration:
    """The configuration of an oracle's draw from `keras_tuner_view`, without KerasTuner's own keys (`tuner/...`)."""
    return space.configuration(lambda key, hp: values.get(key, hp.default))


def to_keras_tuner(space: Space, configuration: Configuration) -> dict[str, Value]:
    """Reverse of `from_keras_tuner`: the active values, each under its key."""
    return {key: configuration[hp.name] for key, hp in _active(space, configuration)}


def _active(space: Space, configuration: Configuration) -> Iterator[tuple[str, HyperParameter]]:
    """The hyperparameters that a configuration gives values to, with their keys."""
    found: list[tuple[str, HyperParameter]] = []

    def given(key: str, hp: HyperParameter) -> Value:
        found.append((key, hp))
        return configuration[hp.name]

    space.configuration(given)
    return iter(found)


def _under_its_key(space: Space, key: str, hp: HyperParameter) -> HyperParameter:
    parents = [_key_of_parent(space, hp, condition) for condition in hp.conditions]
    if key == hp.name and parents == [condition.name for condition in hp.conditions]:
        return hp
    renamed = copy.deepcopy(hp)
    renamed.name = key
    renamed.conditions = [
        type(condition)(parent, condition.values) for parent, condition in zip(parents, hp.conditions, strict=True)
    ]
    return renamed


def _key_of_parent(space: Space, hp: HyperParameter, condition: Condition) -> str:
    """The key of a condition's parent; if several have its name, the one of the innermost enclosing scope."""
    around = {
        key: len(parent.conditions)
        for key, parent in zip(space.keys, space.hyperparameters, strict=True)
        if parent.name == condition.name and all(outer in hp.conditions for outer in parent.conditions)
    }
    return max(around, key=around.__getitem__, default=str(condition.name))


class ScikitLearnView:
    """A parameter distribution for `RandomizedSearchCV`: one draw is one configuration.

    `ParameterSampler` accepts any object with `rvs`; given as the single parameter ``model__configuration`` it
    keeps conditional hyperparameters together, and names such as ``optimizer`` or ``epochs`` do not collide with
    scikeras' own arguments.

    Args:
        first: What the first draw from a random state gives; None: it is random, too. Halving reads its sampler twice,
            each time from a state of its own.
    """

    def __init__(self, space: Space, first: Configuration | None = None) -> None:
        self.space = space
        self.first = first
        self._drawn_from: np.random.RandomState | None = None

    def rvs(self, random_state: np.random.RandomState | int | None = None) -> Configuration:
        if not isinstance(random_state, np.random.RandomState):
            random_state = np.random.RandomState(random_state)
        if self.first is not None and random_state is not self._drawn_from:
            self._drawn_from = random_state
            return dict(self.first)
        return self.space.sample(random_state.random_sample)


def grid(space: Space, points: int = 10) -> Iterator[Configuration]:
    """Yields all combinations; the last hyperparameter varies fastest, conditional ones only where they are active.

    A Float, or an Int on a log scale, without a step gets `points` values, evenly spaced in probability, as in
    KerasTuner's own grid, which has ten.
    """

    def fill(place: int, values: Configuration) -> Iterator[Configuration]:
        if place == len(space.hyperparameters):
            yield values
            return
        hp = space.hyperparameters[place]
        if hp.name in values or not is_active(hp, values):
            yield from fill(place + 1, values)
            return
        for value in _grid_values(hp, points):
            yield from fill(place + 1, {**values, hp.name: plain(value)})

    return fill(0, {})


def _grid_values(hp: HyperParameter, points: int) -> Sequence[Value]:
    stepped = getattr(hp, "step", 1) is not None
    values = finite_values(hp)
    if values is not None and stepped:
        return values
    return list(dict.fromkeys(value_at(hp, (index + 0.5) / points) for index in range(points)))


def drawable_default(hp: HyperParameter) -> Value:
    """The default; if it is between two steps, the step that KerasTuner maps it to."""
    return plain(hp.default if contains(hp, hp.default) else value_at(hp, hp.value_to_prob(hp.default)))


def default_configuration(space: Space) -> Configuration:
    """The default configuration as every library can draw it."""
    return space.configuration(lambda _, hp: drawable_default(hp))


def flat(space: Space) -> dict[str, Sequence[Value] | None]:
    """The space without conditions: for each key the options of a choice, or None for a number in 0 .. 1."""
    return {
        key: finite_values(hp) if isinstance(hp, hp_types.Choice | hp_types.Boolean) else None
        for key, hp in zip(space.keys, space.hyperparameters, strict=True)
        if not isinstance(hp, hp_types.Fixed)
    }


def from_flat(space: Space, answers: Mapping[str, Value]) -> Configuration:
    """Configuration for values of `flat`: options, or numbers mapped by KerasTuner's rule; inactive ones omitted."""

    def draw(key: str, hp: HyperParameter) -> Value:
        if isinstance(hp, hp_types.Fixed):
            return plain(hp.value)
        answer = answers[key]
        return plain(answer) if isinstance(hp, hp_types.Choice | hp_types.Boolean) else value_at(hp, float(answer))

    return space.configuration(draw)


def numbered(space: Space) -> dict[str, int | None]:
    """`flat` with names x0, x1, ...: for a choice, the number of its options, which are numbered from 0."""
    options = flat(space).values()
    return {f"x{place}": None if values is None else len(values) for place, values in enumerate(options)}


def from_numbered(space: Space, answers: Mapping[str, Value]) -> Configuration:
    """The configuration for values of `numbered`."""
    flat_answers = {
        key: answers[f"x{place}"] if options is None else options[int(answers[f"x{place}"])]
        for place, (key, options) in enumerate(flat(space).items())
    }
    return from_flat(space, flat_answers)


def to_numbered(space: Space, configuration: Configuration) -> dict[str, int | float]:
    """Reverse of `from_numbered`, up to rounding; an inactive hyperparameter is at its default."""
    active = to_keras_tuner(space, configuration)
    hyperparameters = dict(zip(space.keys, space.hyperparameters, strict=True))
    answers: dict[str, int | float] = {}
    for place, (key, options) in enumerate(flat(space).items()):
        value = active.get(key, drawable_default(hyperparameters[key]))
        number = place_of(hyperparameters[key], float(value)) if options is None else list(options).index(value)
        answers[f"x{place}"] = number
    return answers


class OptunaTrial(Protocol):
    """The part of `optuna.trial.Trial` that is used here."""

    def suggest_categorical(self, name: str, choices: Sequence[Value]) -> object: ...
    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int: ...
    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float: ...


def suggest(space: Space, trial: OptunaTrial) -> Configuration:
    """Asks an Optuna trial for the active hyperparameters, each under its key in the space."""
    return space.configuration(lambda key, hp: _suggest(key, hp, trial))


def to_optuna(space: Space, configuration: Configuration) -> dict[str, Value]:
    """Parameters with which `suggest` returns this configuration, up to rounding, for `optuna.Study.enqueue_trial`."""
    return {
        key: _parameter(hp, configuration[hp.name]) for key, hp in _active(space, configuration) if _kind(hp) != "fixed"
    }


def _parameter(hp: HyperParameter, value: Value) -> Value:
    match _kind(hp):
        case "index":
            return index_of(hp, float(value))
        case "probability":
            return place_of(hp, float(value))
        case _:
            return value


def optuna_words(hp: HyperParameter) -> str:
    """How Optuna is asked for a hyperparameter, for `tuning check`."""
    match _kind(hp):
        case "fixed":
            return "fixed"
        case "categorical":
            return f"categorical {list(finite_values(hp) or ())}"
        case "int":
            return f"int {hp.min_value} .. {hp.max_value} step {hp.step}"
        case "index":
            return f"index 0 .. {number_of_values(hp) - 1}, mapped"
        case "float":
            return f"float {hp.min_value:g} .. {hp.max_value:g}{' log' if hp.sampling == 'log' else ''}"
        case _:
            return "probability 0 .. 1, mapped"


def _suggest(key: str, hp: HyperParameter, trial: OptunaTrial) -> Value:
    match _kind(hp):
        case "fixed":
            value = hp.value
        case "categorical":
            value = trial.suggest_categorical(key, list(finite_values(hp) or ()))
        case "int":
            # The highest value that KerasTuner reaches: Optuna would warn of a range that the step does not divide.
            last = hp.min_value + (hp.max_value - hp.min_value) // hp.step * hp.step
            value = trial.suggest_int(key, hp.min_value, last, step=hp.step)
        case "index":
            value = value_by_index(hp, trial.suggest_int(key, 0, number_of_values(hp) - 1))
            value = int(value) if isinstance(hp, hp_types.Int) else value
        case "float":
            value = trial.suggest_float(key, hp.min_value, hp.max_value, log=hp.sampling == "log")
        case _:
            value = value_at(hp, trial.suggest_float(key, 0.0, 1.0))
    return value  # type: ignore[no-any-return]


def _kind(hp: HyperParameter) -> str:
    """Which Optuna distribution is exactly KerasTuner's.

    Not Optuna's log-uniform integer: it rounds where KerasTuner truncates. Optuna has no log with a step and no
    reverse_log, and its stepped floats may reach an end that KerasTuner's, by rounding, do not.
    """
    if isinstance(hp, hp_types.Fixed):
        return "fixed"
    if isinstance(hp, hp_types.Choice | hp_types.Boolean):
        return "categorical"
    if hp.step is not None:
        return "int" if isinstance(hp, hp_types.Int) and hp.sampling == "linear" else "index"
    if isinstance(hp, hp_types.Float) and hp.sampling in ("linear", "log"):
        return "float"
    return "probability"
