"""The search space, recorded once from KerasTuner's `build_model(hp)` and the same for every library.

A space is an ordered list of KerasTuner hyperparameters with their conditions; conditional ones come after their
parents. One mapping, KerasTuner's own `prob_to_value(u)` with u uniform in [0, 1), turns uniform numbers into values
for all libraries (`tuning.space.converters`), so that all draw from exactly the same distributions.

Recording runs the model-building code, never a training. KerasTuner itself builds until each `conditional_scope` has
been active once; what is after a plain `if` it finds only during a search. Here every hyperparameter is also set to
each of its values, or to the ends and the middle of a long range, until no new name appears; then pairs of values are
tried, in a few random configurations. No configuration is built twice.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence

import keras_tuner

from tuning.configuration import Configuration, Value
from tuning.errors import SpaceError
from tuning.formatting import names
from tuning.space.hyperparameter import (
    HyperParameter,
    Json,
    contains,
    describe,
    finite_values,
    from_json,
    is_active,
    plain,
    to_json,
    value_at,
)
from tuning.space.keras_tuner_internals import ObservedHyperParameters

SHOWN = 8
"""Hyperparameters that a space's `repr` spells out."""
MAX_REPEATS = 10_000  # draws in a row without a new configuration: then the space counts as exhausted


class ConfiguredHyperParameters(ObservedHyperParameters):
    """The `hp` of one trial: returns a configuration's values, and refuses names that were not recorded."""

    def before_answer(self, hp: HyperParameter) -> None:
        if not self.is_declared(hp):
            raise SpaceError(
                f"hyperparameter {hp.name!r} was not found when the space was recorded; declare it for every "
                "configuration, inside hp.conditional_scope(parent, values) where it depends on another"
            )


class Space:
    """A recorded search space.

    Args:
        hyperparameters: In declaration order, conditional ones after their parents.

    Attributes:
        notes: Remarks for the user about how KerasTuner treats a declaration.
    """

    def __init__(self, hyperparameters: Sequence[HyperParameter], notes: Sequence[str] = ()) -> None:
        self.hyperparameters = tuple(hyperparameters)
        self.notes = tuple(notes)
        counts: dict[str, int] = {}
        keys = []
        for hp in self.hyperparameters:
            counts[hp.name] = counts.get(hp.name, 0) + 1
            keys.append(hp.name if counts[hp.name] == 1 else f"{hp.name} [{counts[hp.name]}]")
        self.keys = tuple(keys)
        """One unique key per hyperparameter: its name, numbered if a name has several parents."""

    def __repr__(self) -> str:
        declared = [f"{key} {describe(hp)}" for key, hp in zip(self.keys, self.hyperparameters, strict=True)]
        return f"<Space of {len(declared)}: {names(declared, SHOWN)}>"

    @property
    def names(self) -> tuple[str, ...]:
        """Unique names in declaration order."""
        return tuple(dict.fromkeys(hp.name for hp in self.hyperparameters))

    @property
    def size(self) -> float:
        """Number of distinct configurations; infinity if a dimension is continuous."""
        return _count(self.hyperparameters)

    def configuration(self, draw: Callable[[str, HyperParameter], Value]) -> Configuration:
        """The configuration in which `draw(key, hyperparameter)` gives each active hyperparameter its value."""
        values: Configuration = {}
        for key, hp in zip(self.keys, self.hyperparameters, strict=True):
            if is_active(hp, values) and hp.name not in values:
                values[hp.name] = plain(draw(key, hp))
        return values

    def default(self) -> Configuration:
        """The default configuration: what `build_model` gets without a search."""
        return self.configuration(lambda _, hp: hp.default)

    def sample(self, uniform: Callable[[], float]) -> Configuration:
        """A random configuration; `uniform()` gives numbers in [0, 1)."""
        return self.configuration(lambda _, hp: value_at(hp, uniform()))

    def distinct(self, seed: int) -> Iterator[Configuration]:
        """Random configurations, each once, until `MAX_REPEATS` draws in a row give nothing new."""
        uniform = random.Random(seed).random
        seen: set[str] = set()
        repeats = 0
        while repeats < MAX_REPEATS:
            configuration = self.sample(uniform)
            key = json.dumps(configuration)
            repeats = repeats + 1 if key in seen else 0
            if not repeats:
                seen.add(key)
                yield configuration

    def mismatch(self, configuration: Mapping[str, Value]) -> str:
        """Why a configuration is not in this space, as text; empty if it is."""
        expected: Configuration = {}
        for hp in self.hyperparameters:
            if not is_active(hp, expected) or hp.name in expected:
                continue
            if hp.name not in configuration:
                return f"{hp.name!r} is missing"
            value = configuration[hp.name]
            if not contains(hp, value):
                return f"{hp.name!r} is {value!r}, expected {describe(hp)}"
            expected[hp.name] = value
        extra = [name for name in configuration if name not in expected]
        return f"{extra[0]!r} is not an active hyperparameter" if extra else ""

    def part_of(self, configuration: Mapping[str, Value]) -> Configuration:
        """What a configuration says of this space: the values of active hyperparameters that they can take."""
        inside: Configuration = {}
        for hp in self.hyperparameters:
            value = configuration.get(hp.name)
            if is_active(hp, inside) and hp.name not in inside and contains(hp, value):
                inside[hp.name] = plain(value)
        return inside

    def to_hp(self, configuration: Configuration) -> keras_tuner.HyperParameters:
        """The `hp` object that `build_model(hp)` gets for a configuration."""
        hp = ConfiguredHyperParameters()
        hp.merge(list(self.hyperparameters))
        hp.values = dict(configuration)
        return hp

    def to_json(self) -> list[dict[str, object]]:
        """One mapping per hyperparameter: ``name``, ``type``, its bounds, and ``conditions``."""
        return [to_json(hp) for hp in self.hyperparameters]

    @classmethod
    def from_json(cls, entries: Sequence[Json]) -> Space:
        """Reverse of `to_json`, for a space from a journal; `notes` describe the declaring code and are not kept."""
        return cls([from_json(entry) for entry in entries])


def _count(hyperparameters: Sequence[HyperParameter], limit: int = 100_000) -> float:
    """Distinct configurations; infinity if continuous, or above `limit` combinations of values in conditions."""
    asked: dict[str, list[Value]] = {}
    for hp in hyperparameters:
        for condition in hp.conditions:
            asked.setdefault(condition.name, []).extend(condition.values)
    # Values named in conditions (None for all others), with the number of configurations that have them.
    branches: list[tuple[dict[str, Value | None], int]] = [({}, 1)]
    for hp in hyperparameters:
        values = finite_values(hp)
        if values is None:
            return math.inf
        named = [value for value in dict.fromkeys(asked.get(hp.name, ())) if value in values]
        grown = []
        for known, count in branches:
            if hp.name in known or not is_active(hp, known):
                grown.append((known, count))
                continue
            grown.extend(({**known, hp.name: value}, count) for value in named)
            if len(values) > len(named):
                grown.append(({**known, hp.name: None}, count * (len(values) - len(named))))
        branches = grown
        if len(branches) > limit:
            return math.inf
    return float(sum(count for _, count in branches))
