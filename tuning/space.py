"""The search space, recorded once from KerasTuner's `build_model(hp)` and the same for every library.

A space is an ordered list of KerasTuner hyperparameters with their conditions; conditional ones stand behind their
parents. One mapping, KerasTuner's own `prob_to_value(u)` with u uniform in [0, 1), turns uniform numbers into values
for all libraries (`tuning.views`), so that all draw from exactly the same distributions.

Recording runs the model-building code, never a training. KerasTuner itself builds until each `conditional_scope` has
been active once and finds what stands behind a plain `if` only in the middle of a search; here every hyperparameter
is set to its ends or to each of its choices too, until no new name appears.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import keras_tuner
from keras_tuner.engine import hyperparameters as hp_types

from tuning.errors import SpaceError, one_line
from tuning.records import Configuration, Value

MAX_DISCOVERIES = 100  # builds that may find new names: a guard against names that never end
MAX_REPEATS = 10_000  # draws in a row that bring nothing new: the space has been gone through
MAX_CHOICES = 32  # of one hyperparameter set in turn while recording; the ends and the middle of longer ones
RANDOM_BUILDS = 8  # random configurations tried at the end, for names that need two values at once
OVERLAP_DRAWS = 512  # random configurations drawn to see whether two declarations of one name meet

HyperParameter: TypeAlias = hp_types.HyperParameter


class RecordingHyperParameters(keras_tuner.HyperParameters):
    """KerasTuner's `HyperParameters` that refuses what KerasTuner would bend in silence."""

    def _retrieve(self, hp: HyperParameter) -> Any:
        _check(hp)
        for known in self._hps.get(hp.name, ()):
            if known.conditions == hp.conditions and _definition(known) != _definition(hp):
                raise SpaceError(
                    f"hyperparameter {hp.name!r} is declared twice with different definitions, {describe(known)} and "
                    f"{describe(hp)}; KerasTuner would keep the first in silence: give the second another name"
                )
        return super()._retrieve(hp)


class ConfiguredHyperParameters(keras_tuner.HyperParameters):
    """The `hp` of one trial: answers with a configuration's values, and knows no name that was not recorded."""

    def _retrieve(self, hp: HyperParameter) -> Any:
        if not self._exists(hp.name, hp.conditions):
            raise SpaceError(
                f"hyperparameter {hp.name!r} was not found when the space was recorded; declare it for every "
                "configuration, inside hp.conditional_scope(parent, values) where it depends on another"
            )
        return super()._retrieve(hp)


class Space:
    """A recorded search space.

    Args:
        hyperparameters: In declaration order, conditional ones behind their parents.

    Attributes:
        notes: Remarks for the user about what KerasTuner makes of a declaration.
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
        """One unique key a hyperparameter: its name, numbered where a name stands under several parents."""

    @property
    def names(self) -> tuple[str, ...]:
        """Unique names in declaration order."""
        return tuple(dict.fromkeys(hp.name for hp in self.hyperparameters))

    @property
    def size(self) -> float:
        """Number of distinct configurations; infinity where a dimension is continuous."""
        return _count(self.hyperparameters)

    def configuration(self, draw: Callable[[str, HyperParameter], Value]) -> Configuration:
        """The configuration that arises when `draw(key, hyperparameter)` gives each active one its value."""
        values: Configuration = {}
        for key, hp in zip(self.keys, self.hyperparameters, strict=True):
            if is_active(hp, values) and hp.name not in values:
                values[hp.name] = plain(draw(key, hp))
        return values

    def default(self) -> Configuration:
        """The configuration that `build_model` gets when nobody searches."""
        return self.configuration(lambda _, hp: hp.default)

    def sample(self, uniform: Callable[[], float]) -> Configuration:
        """A random configuration; `uniform()` gives numbers in [0, 1)."""
        return self.configuration(lambda _, hp: value_at(hp, uniform()))

    def distinct(self, seed: int) -> Iterator[Configuration]:
        """Random configurations, each once, until `MAX_REPEATS` draws in a row bring nothing new."""
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

    def active(self, values: Mapping[str, Any]) -> Configuration:
        """`values` without inactive hyperparameters and without a library's own keys (`tuner/...`)."""
        kept: Configuration = {}
        for hp in self.hyperparameters:
            if hp.name in values and is_active(hp, kept):
                kept[hp.name] = plain(values[hp.name])
        return kept

    def why_not(self, configuration: Mapping[str, Any]) -> str:
        """Why a configuration does not lie in this space, in words; empty where it does."""
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

    def to_hp(self, configuration: Configuration) -> keras_tuner.HyperParameters:
        """The `hp` object that `build_model(hp)` gets for a configuration."""
        hp = ConfiguredHyperParameters()
        hp.merge(list(self.hyperparameters))
        hp.values = dict(configuration)
        return hp

    def to_json(self) -> list[dict[str, Any]]:
        """One mapping a hyperparameter: ``name``, ``type``, its bounds, and ``conditions``."""
        return [_to_json(hp) for hp in self.hyperparameters]

    @classmethod
    def from_json(cls, entries: Sequence[Mapping[str, Any]]) -> Space:
        """Reverse of `to_json`, for a space that a journal holds; `notes` are about the declaring code, and lost."""
        return cls([_from_json(entry) for entry in entries])

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that differ between different spaces."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()[:16]


def record(declare: Callable[[keras_tuner.HyperParameters], None]) -> Space:
    """Records the space of code that asks `hp` for values.

    Args:
        declare: Runs the user's code (build and what `fit` asks for) with the given `hp`. What it raises at the
            defaults is an error; what it raises elsewhere is a configuration that cannot be built.

    Raises:
        SpaceError: The code raises at its defaults, declares what no library can map faithfully, or never stops
            declaring new names.
    """
    recorder = _Recorder(declare)
    recorder.run({}, at_defaults=True)
    recorder.reach_all_conditions()
    recorder.vary_each()
    recorder.vary_at_random()
    _check_overlap(recorder.found)
    return Space(recorder.found, _notes(recorder))


class _Recorder:
    """Runs `declare` with different values and gathers the hyperparameters it asks for."""

    def __init__(self, declare: Callable[[keras_tuner.HyperParameters], None]) -> None:
        self.declare = declare
        self.found: list[HyperParameter] = []
        self.found_with: list[Configuration] = []  # the values of the run that found each of them
        self.asked: list[set[str]] = []  # the names that each run found or asked for
        self.active_names: list[set[str]] = []  # the names that were active in it
        self.reached: list[Any] = []  # the conditions that were made true
        self.varied = 0  # how many of those found were set to their ends or choices
        self.discoveries = 0  # runs that found something new

    def run(self, values: Configuration, at_defaults: bool = False) -> bool:
        """Runs the code once with `values`, the rest at defaults; whether something new was found."""
        hp = _Listening()
        hp.merge(self.found)
        hp.values = self.complete(values)
        try:
            self.declare(hp)
        except SpaceError:
            raise
        except Exception as error:
            if at_defaults:
                raise SpaceError(f"the model cannot be built at its default values: {one_line(error)}") from error
        else:
            self.asked.append(hp.asked)
            self.active_names.append(set(hp.values))
        new = [entry for entry in hp.space if not any(_same_place(entry, known) for known in self.found)]
        # Those under a condition go behind what was found before, so parents always stand first.
        self.found.extend(new)
        self.found_with.extend([values] * len(new))
        self.discoveries += bool(new)
        if self.discoveries > MAX_DISCOVERIES:
            raise SpaceError(
                f"after {MAX_DISCOVERIES} builds with new hyperparameters more appear ({new[-1].name!r} last); "
                "expected a finite list of names that does not change from build to build"
            )
        return bool(new)

    def complete(self, values: Configuration) -> Configuration:
        space = Space(self.found)
        return space.configuration(lambda _, hp: values.get(hp.name, hp.default))

    def reach_all_conditions(self) -> None:
        """Makes each condition true once, as KerasTuner does before a search."""
        while chains := [hp.conditions for hp in self.found if hp.conditions and hp.conditions not in self.reached]:
            self.reached.append(chains[0])
            self.run({condition.name: condition.values[0] for condition in chains[0]})

    def vary_each(self) -> None:
        """Sets each hyperparameter, those found on the way included, to its ends or to each choice."""
        while self.varied < len(self.found):
            hp = self.found[self.varied]
            # Beside the values it was found with: behind a plain `if` it is asked for with no others.
            needed = self.found_with[self.varied] | {condition.name: condition.values[0] for condition in hp.conditions}
            self.varied += 1
            for value in _telling_values(hp):
                if value != hp.default:
                    self.run({**needed, hp.name: value})
                    self.reach_all_conditions()

    def vary_at_random(self) -> None:
        uniform = random.Random(1).random
        for _ in range(RANDOM_BUILDS):
            if self.run(Space(self.found).sample(uniform)):
                self.reach_all_conditions()
                self.vary_each()


class _Listening(RecordingHyperParameters):
    """Also remembers the names that were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def _retrieve(self, hp: HyperParameter) -> Any:
        self.asked.add(hp.name)
        return super()._retrieve(hp)

    def get(self, name: str) -> Any:
        self.asked.add(self._get_name(name))
        return super().get(name)


def is_active(hp: HyperParameter, values: Mapping[str, Any]) -> bool:
    """Whether all conditions of a hyperparameter hold."""
    return all(condition.is_active(values) for condition in hp.conditions)


def plain(value: Any) -> Value:
    """A hyperparameter's value as plain Python: bool, int, float or str."""
    item = value.item() if hasattr(value, "item") else value
    if isinstance(item, bool | int | float | str):
        return item
    raise SpaceError(f"a hyperparameter has the value {value!r} of type {type(value).__name__}; expected a plain value")


def value_at(hp: HyperParameter, probability: float) -> Value:
    """KerasTuner's `prob_to_value`, with integers held in their range.

    At the ends of the unit interval the rounding of floats makes it pass the range of an integer that has no step: an
    optimum at 1 becomes ``max_value + 1``, and with reverse_log 0 may become ``min_value - 1``.
    """
    value = hp.prob_to_value(probability)
    if isinstance(hp, hp_types.Int) and hp.step is None:
        return int(min(max(value, hp.min_value), hp.max_value))
    return plain(value)


def finite_values(hp: HyperParameter) -> Sequence[Value] | None:
    """All values of a discrete hyperparameter, in order, as KerasTuner can draw them; None for a continuous one."""
    if isinstance(hp, hp_types.Choice | hp_types.Fixed):
        return [plain(value) for value in hp.values]
    if isinstance(hp, hp_types.Boolean):
        return [False, True]
    if isinstance(hp, hp_types.Int) and (hp.step is None or hp.sampling == "linear"):
        return range(hp.min_value, hp.max_value + 1, hp.step or 1)
    if hp.step is not None:
        count = hp._get_n_values()
        return list(dict.fromkeys(hp.prob_to_value((index + 0.5) / count) for index in range(count)))
    return [hp.min_value] if hp.min_value == hp.max_value else None


def _telling_values(hp: HyperParameter) -> Sequence[Value]:
    """Values worth a build: each choice of a short list, else both ends and the middle."""
    values = finite_values(hp)
    if values is None:
        return [hp.min_value, hp.max_value]
    if isinstance(hp, hp_types.Choice) and len(values) <= MAX_CHOICES:
        return values
    return list(dict.fromkeys([values[0], values[-1], values[len(values) // 2]]))


def contains(hp: HyperParameter, value: Any) -> bool:
    """Whether a value is one that a hyperparameter can take, of the right type."""
    values = finite_values(hp)
    if isinstance(hp, hp_types.Int):
        return values is not None and isinstance(value, int) and not isinstance(value, bool) and value in values
    if not isinstance(hp, hp_types.Float):
        return any(value == known and isinstance(value, bool) == isinstance(known, bool) for known in values or ())
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    # exp(log(x)) may pass an end by a last bit, and 3 * 0.1 is not 0.3
    slack = 1e-12 * max(abs(hp.min_value), abs(hp.max_value))
    if values is not None:
        return any(math.isclose(value, float(known), rel_tol=0.0, abs_tol=slack) for known in values)
    return bool(hp.min_value - slack <= value <= hp.max_value + slack)


def _check(hp: HyperParameter) -> None:
    """Refuses declarations that KerasTuner accepts and then bends, or that a library could not map."""
    name = hp.name
    if not name or name.startswith("tuner/"):
        raise SpaceError(f"a hyperparameter is called {name!r}; expected a name, not under 'tuner/' (KerasTuner's own)")
    if isinstance(hp, hp_types.Choice):
        if len(set(hp.values)) < len(hp.values):
            raise SpaceError(f"Choice {name!r} repeats a value in {hp.values}; list each value once")
        if not all(isinstance(value, str) or math.isfinite(value) for value in hp.values):
            raise SpaceError(f"Choice {name!r} has a value that is not finite in {hp.values}; use a string for it")
    if isinstance(hp, hp_types.Fixed) and not (isinstance(hp.value, str) or math.isfinite(hp.value)):
        raise SpaceError(f"Fixed {name!r} has the value {hp.value!r}, which is not finite; use a string for it")
    if isinstance(hp, hp_types.Int | hp_types.Float):
        if not (math.isfinite(hp.min_value) and math.isfinite(hp.max_value)):
            raise SpaceError(f"{describe(hp)} {name!r}: expected finite bounds")
        if hp.step is not None and not hp.step > 0:
            raise SpaceError(f"{describe(hp)} {name!r}: expected a step above 0")
        if isinstance(hp.default, bool):
            raise SpaceError(f"{describe(hp)} {name!r} has the default {hp.default!r}; expected a number")
        if not hp.min_value <= hp.default <= hp.max_value:
            raise SpaceError(
                f"hyperparameter {name!r} has the default {hp.default!r} outside of its range "
                f"{hp.min_value!r} .. {hp.max_value!r}; give a default inside of it"
            )
        if isinstance(hp, hp_types.Int) and hp.default != int(hp.default):
            raise SpaceError(f"{describe(hp)} {name!r} has the default {hp.default!r}; expected a whole number")


def _check_overlap(found: Sequence[HyperParameter]) -> None:
    """Refuses one name with two definitions that can be active together: its value would depend on the library."""
    names = [hp.name for hp in found]
    twice = [hp for hp in found if names.count(hp.name) > 1]
    if not twice:
        return
    space, uniform = Space(found), random.Random(1).random
    for _ in range(OVERLAP_DRAWS):
        values = space.sample(uniform)
        for one, other in itertools.combinations([hp for hp in twice if is_active(hp, values)], 2):
            if one.name == other.name and _definition(one) != _definition(other):
                raise SpaceError(
                    f"hyperparameter {one.name!r} has two definitions that are active together, {describe(one)} and "
                    f"{describe(other)}; give one of them another name"
                )


def _notes(recorder: _Recorder) -> list[str]:
    notes = []
    for hp in recorder.found:
        if isinstance(hp, hp_types.Float) and hp.step is not None and hp.sampling == "linear":
            last = hp.prob_to_value(math.nextafter(1.0, 0.0))
            if not math.isclose(last, hp.max_value):
                notes.append(
                    f"{hp.name}: with min {hp.min_value:g} and step {hp.step:g} KerasTuner never draws "
                    f"{hp.max_value:g}; the last value is {last:.6g}, in every library"
                )
        if not contains(hp, hp.default):
            notes.append(f"{hp.name}: the default {hp.default:g} lies between the steps, so no library ever draws it")
        runs = list(zip(recorder.asked, recorder.active_names, strict=True))
        if not hp.conditions and any(hp.name in active and hp.name not in asked for asked, active in runs):
            notes.append(
                f"{hp.name}: asked for only in some configurations but declared without a condition, so it is drawn in "
                "all; hp.conditional_scope would leave it out where it does nothing"
            )
    return notes


def _same_place(one: HyperParameter, other: HyperParameter) -> bool:
    return bool(one.name == other.name and one.conditions == other.conditions)


def _definition(hp: HyperParameter) -> dict[str, Any]:
    definition = _to_json(hp)
    definition.pop("conditions")
    return definition


def _to_json(hp: HyperParameter) -> dict[str, Any]:
    config = hp.get_config()
    fields = ("min_value", "max_value", "step", "sampling", "values", "value", "default")
    entry = {"name": hp.name, "type": type(hp).__name__}
    entry |= {field: _plain_json(config[field]) for field in fields if config.get(field) is not None}
    entry["default"] = plain(hp.default)
    entry["conditions"] = [
        {"name": condition.name, "values": _plain_json(condition.values)} for condition in hp.conditions
    ]
    return entry


def _from_json(entry: Mapping[str, Any]) -> HyperParameter:
    config = {name: value for name, value in entry.items() if name != "type"}
    if "value" in config:  # a Fixed one, whose value is its default
        del config["default"]
    config["conditions"] = [{"class_name": "Parent", "config": dict(condition)} for condition in entry["conditions"]]
    return hp_types.deserialize({"class_name": entry["type"], "config": config})


def _plain_json(value: Any) -> Any:
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


def _count(hyperparameters: Sequence[HyperParameter], limit: int = 100_000) -> float:
    """Distinct configurations; infinity where continuous, or past `limit` combinations of what conditions ask for."""
    asked: dict[str, list[Value]] = {}
    for hp in hyperparameters:
        for condition in hp.conditions:
            asked.setdefault(condition.name, []).extend(condition.values)
    # Values that conditions ask for (None for all others), with the number of configurations that have them.
    branches: list[tuple[dict[str, Any], int]] = [({}, 1)]
    for hp in hyperparameters:
        values = finite_values(hp)
        if values is None:
            return math.inf
        told = [value for value in dict.fromkeys(asked.get(hp.name, ())) if value in values]
        grown = []
        for known, count in branches:
            if hp.name in known or not is_active(hp, known):
                grown.append((known, count))
                continue
            grown.extend(({**known, hp.name: value}, count) for value in told)
            if len(values) > len(told):
                grown.append(({**known, hp.name: None}, count * (len(values) - len(told))))
        branches = grown
        if len(branches) > limit:
            return math.inf
    return float(sum(count for _, count in branches))
