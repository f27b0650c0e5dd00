"""One hyperparameter: its values, its conditions, its JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from keras_tuner.engine import hyperparameters as hp_types

from tuning.configuration import Value
from tuning.errors import SpaceError
from tuning.space.keras_tuner_internals import number_of_values, value_by_index

HyperParameter: TypeAlias = hp_types.HyperParameter
Json: TypeAlias = Mapping[str, Any]
"""A hyperparameter as `to_json` writes it."""


class Condition(Protocol):
    """A hyperparameter is active only if its parent, `name`, has one of these values."""

    name: str
    values: Sequence[Value]


def is_active(hp: HyperParameter, values: Mapping[str, object]) -> bool:
    """Whether all conditions of a hyperparameter hold."""
    return all(condition.is_active(values) for condition in hp.conditions)


def plain(value: object) -> Value:
    """A hyperparameter's value as plain Python: bool, int, float or str."""
    item = value.item() if hasattr(value, "item") else value
    if isinstance(item, bool | int | float | str):
        return item
    raise SpaceError(f"a hyperparameter has the value {value!r} of type {type(value).__name__}; expected a plain value")


def value_at(hp: HyperParameter, probability: float) -> Value:
    """KerasTuner's `prob_to_value`, with integers held in their range.

    At the ends of the unit interval, float rounding lets it leave the range of an integer without a step: an
    optimum at 1 becomes ``max_value + 1``, and with reverse_log 0 may become ``min_value - 1``.
    """
    value = hp.prob_to_value(probability)
    if isinstance(hp, hp_types.Int) and hp.step is None:
        return int(min(max(value, hp.min_value), hp.max_value))
    return plain(value)


def index_of(hp: HyperParameter, value: float) -> int:
    """The number of a stepped hyperparameter's value that is nearest, from 0.

    KerasTuner's own inverse divides with `//`, which takes 0.3 in steps of 0.1 for the step before it.
    """
    count = number_of_values(hp)
    near = int(hp.value_to_prob(value) * count)
    close = [index for index in (near - 1, near, near + 1) if 0 <= index < count]
    return min(close, key=lambda index: abs(float(value_by_index(hp, index)) - value))


def place_of(hp: HyperParameter, value: float) -> float:
    """The number in 0 .. 1 that `value_at` maps to a value, up to rounding."""
    if hp.step is not None:
        return (index_of(hp, value) + 0.5) / number_of_values(hp)
    return min(max(float(hp.value_to_prob(value)), 0.0), 1.0)


def finite_values(hp: HyperParameter) -> Sequence[Value] | None:
    """All values of a discrete hyperparameter, in order, as KerasTuner can draw them; None for a continuous one."""
    if isinstance(hp, hp_types.Choice | hp_types.Fixed):
        return [plain(value) for value in hp.values]
    if isinstance(hp, hp_types.Boolean):
        return [False, True]
    if isinstance(hp, hp_types.Int) and (hp.step is None or hp.sampling == "linear"):
        return range(hp.min_value, hp.max_value + 1, hp.step or 1)
    if hp.step is not None:
        count = number_of_values(hp)
        return list(dict.fromkeys(hp.prob_to_value((index + 0.5) / count) for index in range(count)))
    return [hp.min_value] if hp.min_value == hp.max_value else None


def contains(hp: HyperParameter, value: object) -> bool:
    """Whether a hyperparameter can take this value, with this type."""
    values = finite_values(hp)
    if isinstance(hp, hp_types.Int):
        return values is not None and isinstance(value, int) and not isinstance(value, bool) and value in values
    if not isinstance(hp, hp_types.Float):
        return any(value == known and isinstance(value, bool) == isinstance(known, bool) for known in values or ())
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    # exp(log(x)) may exceed an end by its last bit, and 3 * 0.1 is not 0.3
    slack = 1e-12 * max(abs(hp.min_value), abs(hp.max_value))
    if values is not None:
        return any(math.isclose(value, float(known), rel_tol=0.0, abs_tol=slack) for known in values)
    return bool(hp.min_value - slack <= value <= hp.max_value + slack)


def same_place(hp: HyperParameter, other: HyperParameter) -> bool:
    return bool(hp.name == other.name and hp.conditions == other.conditions)


def definition(hp: HyperParameter) -> dict[str, object]:
    definition = to_json(hp)
    definition.pop("conditions")
    return definition


def to_json(hp: HyperParameter) -> dict[str, object]:
    config = hp.get_config()
    fields = ("min_value", "max_value", "step", "sampling", "values", "value", "default")
    entry = {"name": hp.name, "type": type(hp).__name__}
    entry |= {field: _plain_json(config[field]) for field in fields if config.get(field) is not None}
    entry["default"] = plain(hp.default)
    entry["conditions"] = [
        {"name": condition.name, "values": _plain_json(condition.values)} for condition in hp.conditions
    ]
    return entry


def from_json(entry: Json) -> HyperParameter:
    config = {name: value for name, value in entry.items() if name != "type"}
    if "value" in config:  # Fixed: its value is its default
        del config["default"]
    config["conditions"] = [{"class_name": "Parent", "config": dict(condition)} for condition in entry["conditions"]]
    return hp_types.deserialize({"class_name": entry["type"], "config": config})


def _plain_json(value: object) -> object:
    return [plain(item) for item in value] if isinstance(value, list | tuple) else plain(value)


def describe(hp: HyperParameter) -> str:
    """A declaration in short words, such as ``Int 16 .. 256 step 16``."""
    kind = type(hp).__name__
    if isinstance(hp, hp_types.Choice):
        return f"Choice of {list(hp.values)}"
    if isinstance(hp, hp_types.Fixed):
        return f"Fixed {hp.value!r}"
    if isinstance(hp, hp_types.Boolean):
        return kind
    shown = "g" if kind == "Float" else ""
    step = f" step {hp.step:{shown}}" if hp.step is not None and (kind == "Float" or hp.step != 1) else ""
    sampling = f" {hp.sampling}" if hp.sampling != "linear" else ""
    return f"{kind} {hp.min_value:{shown}} .. {hp.max_value:{shown}}{step}{sampling}"
