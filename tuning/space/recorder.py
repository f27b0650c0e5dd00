"""Records a search space by running the code that declares it."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Sequence
from typing import TypeAlias

import keras_tuner
from keras_tuner.engine import hyperparameters as hp_types

from tuning.configuration import Configuration, Value
from tuning.errors import SpaceError
from tuning.space.beforehand import NOTHING, Beforehand
from tuning.space.hyperparameter import (
    Condition,
    HyperParameter,
    contains,
    definition,
    describe,
    finite_values,
    is_active,
    same_place,
)
from tuning.space.keras_tuner_internals import ObservedHyperParameters, number_of_values
from tuning.space.space import Space
from tuning.text import error_line

MAX_DISCOVERIES = 100  # builds that may find new names: a guard against names that never end
MAX_VALUES = 40  # of a hyperparameter, all tried while recording; of longer ranges only the ends and the middle
RANDOM_BUILDS = 8  # random configurations tried at the end, at most, for names that need two values at once
CANDIDATES = 32  # draws from which each of these is chosen
OVERLAP_DRAWS = 512  # random configurations drawn to test whether two declarations of one name can be active together


class RecordingHyperParameters(ObservedHyperParameters):
    """KerasTuner's `HyperParameters` that refuses what KerasTuner would change silently.

    Args:
        beforehand: What is declared before the user's code runs.
    """

    def __init__(self, beforehand: Beforehand = NOTHING) -> None:
        super().__init__()
        self._beforehand = beforehand

    def before_answer(self, hp: HyperParameter) -> None:
        _check(hp)
        if not (self._beforehand.allow_new_entries or self._beforehand.has(hp)):
            raise SpaceError(
                f"build_model asks for {hp.name!r}, which is not declared beforehand, and allow_new_entries=False "
                f"({', '.join(known.name for known in self._beforehand.declared)} are); declare it too, or allow it"
            )
        if self._beforehand.replaces(hp):
            return
        for known in self.declared_as(hp.name):
            if known.conditions == hp.conditions and definition(known) != definition(hp):
                raise SpaceError(
                    f"hyperparameter {hp.name!r} is declared twice with different definitions, {_apart(known, hp)}; "
                    f"KerasTuner would keep the first in silence: {_mend(known, hp)}"
                )


def record(declare: Callable[[keras_tuner.HyperParameters], None], beforehand: Beforehand = NOTHING) -> Space:
    """Records the space of code that asks `hp` for values.

    Args:
        declare: Runs the user's code (build and what `fit` asks for) with the given `hp`. An exception at the
            defaults is an error; elsewhere it means that this configuration cannot be built.
        beforehand: What is declared before it runs.

    Raises:
        SpaceError: The code raises at its defaults, declares what no library can represent, or never stops declaring
            new names.
    """
    recorder = _Recorder(declare, beforehand)
    recorder.run({}, at_defaults=True)
    recorder.reach_all_conditions()
    recorder.vary_each()
    recorder.vary_at_random()
    _check_overlap(recorder.found)
    return Space(recorder.found, _notes(recorder))


class _Recorder:
    """Runs `declare` with different values and collects the hyperparameters it asks for."""

    def __init__(self, declare: Callable[[keras_tuner.HyperParameters], None], beforehand: Beforehand) -> None:
        self.declare = declare
        self.beforehand = beforehand
        self.found: list[HyperParameter] = list(beforehand.declared)
        for hp in self.found:
            _check(hp)
        self.found_with: list[Configuration] = [{} for _ in self.found]  # the values of the run that found each of them
        self.ran: list[Configuration] = []  # the values of each run, those of the names that it found too
        self.asked: list[set[str]] = []  # the names that each run found or asked for
        self.reached: list[Sequence[Condition]] = []  # the conditions that were made true
        self.unbuildable: list[str] = []  # the exceptions of runs that were not at the defaults
        self.varied = 0  # how many found hyperparameters were set to their ends or choices
        self.discoveries = 0  # runs that found something new

    def run(self, values: Configuration, at_defaults: bool = False) -> bool:
        """Runs the code with `values`, the rest at defaults, if it has not been; returns whether it found new names."""
        whole = self.complete(values)
        if any(had.items() <= whole.items() for had in self.ran):  # it would ask for the same again
            return False
        hp = _Listening(self.beforehand)
        hp.merge(self.found)
        hp.values = whole
        try:
            self.declare(hp)
        except SpaceError:
            raise
        except Exception as error:
            if at_defaults:
                raise SpaceError(f"the model cannot be built at its default values: {error_line(error)}") from error
            self.unbuildable.append(error_line(error))
        else:
            self.asked.append(hp.asked)
        self.ran.append(dict(hp.values))
        asked = [entry for entry in hp.space if not any(same_place(entry, known) for known in self.found)]
        new = [self.beforehand.entry(entry) for entry in asked]
        # Conditional hyperparameters go after those found before, so parents always come first.
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
        """Sets each hyperparameter to its ends or to each choice, including those found on the way."""
        while self.varied < len(self.found):
            hp = self.found[self.varied]
            # With the other values it was found with: after a plain `if` it is only asked for with these.
            needed = self.found_with[self.varied] | {condition.name: condition.values[0] for condition in hp.conditions}
            self.varied += 1
            for value in _telling_values(hp):
                if value != hp.default:
                    self.run({**needed, hp.name: value})
                    self.reach_all_conditions()

    def vary_at_random(self) -> None:
        """Random configurations, each the one of some draws with most pairs of values that no run has had together."""
        uniform = random.Random(1).random
        space = Space(())
        had: _Pairs = set()
        for _ in range(RANDOM_BUILDS):
            if len(space.hyperparameters) < len(self.found):
                space = Space(self.found)
                had = set().union(*(_pairs(space, values) for values in self.ran))
            draws = [space.sample(uniform) for _ in range(CANDIDATES)]
            new, best = max(((_pairs(space, values) - had, values) for values in draws), key=lambda draw: len(draw[0]))
            if not new:
                return
            had |= new
            if self.run(best):
                self.reach_all_conditions()
                self.vary_each()


class _Listening(RecordingHyperParameters):
    """Also records the names that were asked for."""

    def __init__(self, beforehand: Beforehand) -> None:
        super().__init__(beforehand)
        self.asked: set[str] = set()

    def before_answer(self, hp: HyperParameter) -> None:
        self.asked.add(hp.name)
        super().before_answer(hp)

    def get(self, name: str) -> object:
        self.asked.add(self.full_name(name))
        return super().get(name)


def _telling_values(hp: HyperParameter) -> Sequence[Value]:
    """The values to try: all of a short list, as code may test for any one of them; else both ends and the middle."""
    values = finite_values(hp)
    if values is None:
        return [hp.min_value, hp.max_value]
    if len(values) <= MAX_VALUES:
        return values
    return list(dict.fromkeys([values[0], values[-1], values[len(values) // 2]]))


_Pairs: TypeAlias = set[tuple[tuple[int, Value], tuple[int, Value]]]
"""Places in a space with their values, two by two."""


def _pairs(space: Space, values: Configuration) -> _Pairs:
    """The pairs of values of a configuration, and each value alone; in long ranges, the quarter that a value is in."""
    marks = [
        (place, values[hp.name] if _is_short(hp) else int(4 * hp.value_to_prob(values[hp.name])))
        for place, hp in enumerate(space.hyperparameters)
        if hp.name in values and is_active(hp, values)
    ]
    return set(itertools.combinations_with_replacement(marks, 2))


def _is_short(hp: HyperParameter) -> bool:
    """Whether all of its values are tried."""
    if isinstance(hp, hp_types.Int | hp_types.Float):
        return hp.step is not None and number_of_values(hp) <= MAX_VALUES
    return len(hp.values) <= MAX_VALUES


def _check(hp: HyperParameter) -> None:
    """Refuses declarations that KerasTuner accepts but changes, or that a library cannot represent."""
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


def _check_overlap(hyperparameters: Sequence[HyperParameter]) -> None:
    """Refuses one name with two definitions that can be active together: its value would depend on the library."""
    names = [hp.name for hp in hyperparameters]
    twice = [hp for hp in hyperparameters if names.count(hp.name) > 1]
    if not twice:
        return
    space, uniform = Space(hyperparameters), random.Random(1).random
    for _ in range(OVERLAP_DRAWS):
        values = space.sample(uniform)
        for first, second in itertools.combinations([hp for hp in twice if is_active(hp, values)], 2):
            if first.name == second.name and definition(first) != definition(second):
                raise SpaceError(
                    f"hyperparameter {first.name!r} has two definitions that are active together, "
                    f"{_apart(first, second)}; {_mend(first, second)}"
                )


def _apart(known: HyperParameter, new: HyperParameter) -> str:
    """Two definitions, in words that show the difference."""
    words = describe(known), describe(new)
    if words[0] == words[1]:
        return f"{words[0]} with the default {known.default!r} and with the default {new.default!r}"
    return f"{words[0]} and {words[1]}"


def _mend(known: HyperParameter, new: HyperParameter) -> str:
    """How to fix a name with two definitions: if only a bound differs, it depends on another hyperparameter."""
    changed = {field for field, value in definition(new).items() if definition(known).get(field) != value}
    if changed == {"default"}:
        return "give both the same default, or the second another name"
    if changed & {"min_value", "max_value"} and changed <= {"min_value", "max_value", "default"}:
        return (
            f"give the second another name, or, if the bound depends on another hyperparameter, declare a share of it, "
            f'such as hp.Float("{new.name}_share", 0.1, 1.0), and multiply'
        )
    return "give the second another name"


def _notes(recorder: _Recorder) -> list[str]:
    notes = []
    if recorder.unbuildable:
        notes.append(
            f"{len(recorder.unbuildable)} of {len(recorder.unbuildable) + len(recorder.asked)} configurations tried "
            f"while recording cannot be built, the last with {recorder.unbuildable[-1]}; such trials are FAILED"
        )
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
        if not hp.conditions and any(hp.name not in asked for asked in recorder.asked):
            notes.append(
                f"{hp.name}: asked for only in some configurations but declared without a condition, so it is drawn in "
                "all; hp.conditional_scope would leave it out where it does nothing"
            )
    return notes
