"""The recorded space as a unit cube, from the journal alone: where a value lies between its bounds, and how likely.

`tuning.space` asks KerasTuner's objects; here the same is computed from the journal, because a report needs no
KerasTuner. A position is the middle of the interval of uniform numbers that KerasTuner's `prob_to_value` maps to that
value, reversed if needed, so that larger values have larger positions; choices keep their declared order.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tuning.configuration import Configuration, Value
from tuning.journal.study_record import Declaration
from tuning.statistics.bootstrap import Floats

MAX_LEVELS = 10_000  # values handled one by one; with more, the dimension counts as continuous


@dataclass(frozen=True)
class Dimension:
    """One hyperparameter.

    Attributes:
        key: Its name, numbered if a name has several parents.
        name: As in a configuration.
        kind: ``"Int"``, ``"Float"``, ``"Choice"``, ``"Boolean"`` or ``"Fixed"``.
        values: Of a choice, a boolean or a fixed one, in declared order; empty otherwise.
        low: The lower bound; NaN for a choice.
        high: The upper bound; NaN for a choice.
        step: Between values, a factor on a log scale; None without a step.
        sampling: ``"linear"``, ``"log"`` or ``"reverse_log"``.
        conditions: Names of parents with the values that make this one active; all have to hold.
    """

    key: str
    name: str
    kind: str
    values: tuple[Value, ...]
    low: float
    high: float
    step: float | None
    sampling: str
    conditions: tuple[tuple[str, tuple[Value, ...]], ...]

    @property
    def numeric(self) -> bool:
        """Whether its values are ordered, and so have bounds."""
        return self.kind in ("Int", "Float") or (
            self.kind == "Choice" and all(isinstance(v, int | float) and not isinstance(v, bool) for v in self.values)
        )

    @property
    def bounds(self) -> tuple[float, float]:
        """The smallest and the largest value of a numeric one."""
        return (min(self.numbers), max(self.numbers)) if self.numbers else (self.low, self.high)

    @property
    def numbers(self) -> list[float]:
        """The values of a numeric choice, in declared order; empty otherwise."""
        return [value for value in self.values if not isinstance(value, str)] if self.numeric else []

    @cached_property
    def levels(self) -> tuple[Floats, Floats] | None:
        """Positions and probabilities, each (num_values,), of a discrete one; None if it is continuous."""
        if self.kind == "Int" and self.step is None:
            count = int(self.high - self.low) + 1
            if count > MAX_LEVELS:
                return None
            whole = np.arange(count + 1, dtype=np.float64)
            edges = self._curved(whole + self.low, self.high + 1)
            middles = self._curved(whole[:-1] + self.low + 0.5, self.high + 1)
            return middles, np.diff(edges)
        count = len(self.values) or self._steps
        if not 0 < count <= MAX_LEVELS:
            return None
        return (np.arange(count) + 0.5) / count, np.full(count, 1 / count)

    @property
    def listed(self) -> Sequence[Value]:
        """All values of a choice, or of a number with a step, as KerasTuner computes them; empty otherwise."""
        if self.values or self.step is None:
            return self.values
        if self.sampling == "linear":
            values = [self.low + index * self.step for index in range(self._steps)]
        else:
            values = [self.low * math.pow(self.step, index) for index in range(self._steps)]
        if self.sampling == "reverse_log":
            values = [self.high + self.low - value for value in values]
        return [int(value) for value in values] if self.kind == "Int" else values

    @property
    def count(self) -> int:
        """Number of values of a discrete one; 0 if it is continuous."""
        return len(self.levels[0]) if self.levels else 0

    @property
    def _steps(self) -> int:
        """Number of values of a stepped one; 0 without a step."""
        if self.step is None:
            return 0
        if self.sampling == "linear":
            return int((self.high - self.low) // self.step + 1)
        return int(math.log(self.high / self.low, self.step) + 1e-8) + 1

    def _curved(self, values: Floats, high: float) -> Floats:
        """KerasTuner's `value_to_prob` without a step."""
        if high == self.low:
            return np.full_like(values, 0.5)
        if self.sampling == "log":
            return np.asarray(np.log(values / self.low) / math.log(high / self.low))
        if self.sampling == "reverse_log":
            return np.asarray(1 - np.log((high + self.low - values) / self.low) / math.log(high / self.low))
        return np.asarray((values - self.low) / (high - self.low))

    def position(self, value: Value | None) -> float:
        """Position of a value in 0 .. 1; NaN for None, and for a value that is not in the space."""
        return float(self.positions([value])[0])

    def positions(self, values: Sequence[Value | None]) -> Floats:
        """(num_values,): `position` of each."""
        if self.values or self._steps:
            known = {value: self._level(value) for value in set(values)}
            return np.array([known[value] for value in values], dtype=np.float64)
        whole = self.kind == "Int"
        numbers = np.array([math.nan if value is None else value for value in values], dtype=np.float64)
        return np.clip(self._curved(numbers + 0.5 * whole, self.high + whole), 0.0, 1.0)

    def _level(self, value: Value | None) -> float:
        """The middle of a discrete value's level."""
        if value is None or value != value:
            return math.nan
        if self.values:
            return (self.values.index(value) + 0.5) / len(self.values) if value in self.values else math.nan
        return min(max((round(self._index(float(value))) + 0.5) / self._steps, 0.0), 1.0)

    def _index(self, value: float) -> float:
        if self.step is None or self.sampling == "linear":
            return (value - self.low) / (self.step or 1.0)
        if self.sampling == "log":
            return math.log(value / self.low) / math.log(self.step)
        return self._steps - 1 - math.log((self.high + self.low - value) / self.low) / math.log(self.step)

    def masses(self, among: Iterable[Value]) -> Floats:
        """(num_values,): the probability of each value of a discrete one, 0 for those not `among`."""
        if self.levels is None:
            return np.zeros(0)
        positions, masses = self.levels
        wanted = self.positions(list(among))
        return np.asarray(np.where(np.isclose(positions[:, None], wanted[None, :]).any(axis=1), masses, 0.0))

    def active(self, configuration: Configuration) -> bool:
        """Whether it is active: the configuration names it, and all conditions hold."""
        return self.name in configuration and all(configuration.get(name) in values for name, values in self.conditions)

    def values_in(self, configurations: Iterable[Configuration]) -> list[Value | None]:
        """Its value in each configuration, None where it is inactive."""
        if not self.conditions:
            return [configuration.get(self.name) for configuration in configurations]
        return [configuration[self.name] if self.active(configuration) else None for configuration in configurations]


def dimensions(space: Sequence[Declaration]) -> list[Dimension]:
    """The hyperparameters of a recorded space (`Space.to_json`) that have more than one value, in order."""
    return [one for one in hyperparameters(space) if len(one.values) > 1 or one.low < one.high]


def hyperparameters(space: Sequence[Declaration]) -> list[Dimension]:
    """All hyperparameters of a recorded space, in order, those of a single value too."""
    found, counts = [], dict[str, int]()
    for entry in space:
        name, kind = str(entry["name"]), str(entry["type"])
        counts[name] = counts.get(name, 0) + 1
        dimension = Dimension(
            key=name if counts[name] == 1 else f"{name} [{counts[name]}]",
            name=name,
            kind=kind,
            values=_values(entry),
            low=float(entry.get("min_value", math.nan)),
            high=float(entry.get("max_value", math.nan)),
            # Whole numbers on a linear scale have a step of 1 if none is given.
            step=entry.get("step") or (1 if kind == "Int" and entry.get("sampling", "linear") == "linear" else None),
            sampling=str(entry.get("sampling", "linear")),
            conditions=tuple(
                (str(condition["name"]), tuple(condition["values"])) for condition in entry.get("conditions", ())
            ),
        )
        found.append(dimension)
    return found


def _values(entry: Declaration) -> tuple[Value, ...]:
    match entry["type"]:
        case "Boolean":
            return (False, True)
        case "Choice":
            return tuple(entry.get("values", ()))
        case "Fixed":
            return (entry["value"],)
        case _:
            return ()


def by_key(configuration: Configuration, of: Sequence[Dimension]) -> dict[str, Value]:
    """A configuration's values under the keys of the space; of one name, the first that is active counts."""
    found: dict[str, Value] = {}
    taken: set[str] = set()
    for dimension in of:
        if dimension.name not in taken and dimension.active(configuration):
            found[dimension.key] = configuration[dimension.name]
            taken.add(dimension.name)
    return found


def allowed(of: Sequence[Dimension]) -> dict[str, set[Value]]:
    """For each parent, the values with which all of these dimensions are active."""
    by_parent: dict[str, set[Value]] = {}
    for dimension in of:
        for name, values in dimension.conditions:
            by_parent[name] = by_parent[name] & set(values) if name in by_parent else set(values)
    return by_parent


def chance(of: Sequence[Dimension], space: Sequence[Dimension]) -> float:
    """The chance that all of these dimensions are active in one random draw from the space.

    Conditions name all ancestors, and parents are drawn independently, so it is the product over the parents of the
    chance of the values that all conditions on that parent allow.
    """
    product = 1.0
    for name, values in allowed(of).items():
        parent = next((dimension for dimension in space if dimension.name == name), None)
        if parent is not None:
            product *= float(parent.masses(values).sum())
    return product
