"""The recorded space: what is found, what is refused, and what lies in it."""

import copy
import itertools
import json
import math
import pickle
import random
import re
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import keras_tuner
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.random_spaces import Plan, plans
from tuning.errors import SpaceError
from tuning.problems.synthetic import mixed_space, tiny_space
from tuning.space.hyperparameter import contains, describe, finite_values, value_at
from tuning.space.recorder import record
from tuning.space.space import Space

HP = keras_tuner.HyperParameters
CHECKED = settings(max_examples=60, deadline=None)


def entries(space: Space) -> dict[str, dict[str, Any]]:
    """The space's JSON by key, without the keys."""
    return {key: entry | {"name": None} for key, entry in zip(space.keys, space.to_json(), strict=True)}


def conditions(space: Space) -> dict[str, list[tuple[str, list[Any]]]]:
    return {
        key: [(condition["name"], condition["values"]) for condition in entry["conditions"]]
        for key, entry in entries(space).items()
    }


def builds(declare: Callable[[HP], None]) -> tuple[Space, int]:
    """The recorded space, and how many times the code was run for it."""
    count = 0

    def counted(hp: HP) -> None:
        nonlocal count
        count += 1
        declare(hp)

    return record(counted), count


# Recording


@pytest.mark.parametrize(
    ("declare", "entry", "words", "values"),
    [
        (
            lambda hp: hp.Int("a", 1, 4),
            {"type": "Int", "min_value": 1, "max_value": 4, "step": 1, "sampling": "linear", "default": 1},
            "Int 1 .. 4",
            [1, 2, 3, 4],
        ),
        (
            lambda hp: hp.Int("a", 6, 13, step=3, default=9),
            {"type": "Int", "min_value": 6, "max_value": 13, "step": 3, "sampling": "linear", "default": 9},
            "Int 6 .. 13 step 3",
            [6, 9, 12],
        ),
        (
            lambda hp: hp.Int("a", 2, 4, sampling="log"),
            {"type": "Int", "min_value": 2, "max_value": 4, "sampling": "log", "default": 2},
            "Int 2 .. 4 log",
            [2, 3, 4],
        ),
        (
            lambda hp: hp.Int("a", 2, 40, step=2, sampling="log"),
            {"type": "Int", "min_value": 2, "max_value": 40, "step": 2, "sampling": "log", "default": 2},
            "Int 2 .. 40 step 2 log",
            [2, 4, 8, 16, 32],
        ),
        (
            lambda hp: hp.Int("a", 1, 9, step=2, sampling="reverse_log", default=6),
            {"type": "Int", "min_value": 1, "max_value": 9, "step": 2, "sampling": "reverse_log", "default": 6},
            "Int 1 .. 9 step 2 reverse_log",
            [9, 8, 6, 2],
        ),
        (
            lambda hp: hp.Float("a", 0, 1),
            {"type": "Float", "min_value": 0.0, "max_value": 1.0, "sampling": "linear", "default": 0.0},
            "Float 0 .. 1",
            None,
        ),
        (
            lambda hp: hp.Float("a", 1e-4, 1e-1, sampling="log", default=1e-2),
            {"type": "Float", "min_value": 1e-4, "max_value": 1e-1, "sampling": "log", "default": 1e-2},
            "Float 0.0001 .. 0.1 log",
            None,
        ),
        (
            lambda hp: hp.Float("a", 0.9, 0.999, sampling="reverse_log"),
            {"type": "Float", "min_value": 0.9, "max_value": 0.999, "sampling": "reverse_log", "default": 0.9},
            "Float 0.9 .. 0.999 reverse_log",
            None,
        ),
        (
            lambda hp: hp.Float("a", 0.0, 1.0, step=0.25),
            {"type": "Float", "min_value": 0.0, "max_value": 1.0, "step": 0.25, "sampling": "linear", "default": 0.0},
            "Float 0 .. 1 step 0.25",
            [0.0, 0.25, 0.5, 0.75, 1.0],
        ),
        (
            lambda hp: hp.Float("a", 0.5, 8.0, step=4, sampling="log"),
            {"type": "Float", "min_value": 0.5, "max_value": 8.0, "step": 4, "sampling": "log", "default": 0.5},
            "Float 0.5 .. 8 step 4 log",
            [0.5, 2.0, 8.0],
        ),
        (
            lambda hp: hp.Choice("a", ["sgd", "adam"], default="adam"),
            {"type": "Choice", "values": ["sgd", "adam"], "default": "adam"},
            "Choice of ['sgd', 'adam']",
            ["sgd", "adam"],
        ),
        (
            lambda hp: hp.Boolean("a", default=True),
            {"type": "Boolean", "default": True},
            "Boolean",
            [False, True],
        ),
        (
            lambda hp: hp.Fixed("a", 0.5),
            {"type": "Fixed", "value": 0.5, "default": 0.5},
            "Fixed 0.5",
            [0.5],
        ),
    ],
)
def test_every_kind_is_recorded_as_declared(
    declare: Callable[[HP], None], entry: dict[str, Any], words: str, values: list[Any] | None
) -> None:
    space = record(declare)
    assert space.to_json() == [{"name": "a", **entry, "conditions": []}]
    (hp,) = space.hyperparameters
    assert describe(hp) == words
    finite = finite_values(hp)
    assert (finite if finite is None else list(finite)) == values
    assert space.size == (math.inf if values is None else len(values))
    assert space.default() == {"a": entry["default"]}
    assert space.mismatch(space.default()) == ""
    assert space.notes == ()


def test_nested_scopes_keep_all_their_conditions_and_stand_behind_their_parents() -> None:
    def declare(hp: HP) -> None:
        hp.Choice("kind", ["mlp", "cnn", "rnn"])
        with hp.conditional_scope("kind", ["cnn", "rnn"]):
            hp.Boolean("pool")
            with hp.conditional_scope("pool", [True]):
                hp.Int("size", 2, 4)
        hp.Float("rate", 0.0, 1.0)

    space = record(declare)
    assert conditions(space) == {
        "kind": [],
        "pool": [("kind", ["cnn", "rnn"])],
        "size": [("kind", ["cnn", "rnn"]), ("pool", [True])],
        "rate": [],
    }
    assert space.default() == {"kind": "mlp", "rate": 0.0}
    assert space.mismatch({"kind": "rnn", "pool": True, "size": 3, "rate": 0.5}) == ""


def test_parent_name_and_parent_values_are_a_condition() -> None:
    def declare(hp: HP) -> None:
        hp.Choice("optimizer", ["sgd", "adam"])
        hp.Float("momentum", 0.0, 0.9, parent_name="optimizer", parent_values=["sgd"])
        hp.Int("n", 1, 3)
        hp.Fixed("three", 3, parent_name="n", parent_values=3)

    assert conditions(record(declare)) == {
        "optimizer": [],
        "momentum": [("optimizer", ["sgd"])],
        "n": [],
        "three": [("n", [3])],
    }


def test_names_made_in_loops_are_all_found() -> None:
    def declare(hp: HP) -> None:
        for i in range(hp.Int("n", 0, 3)):
            hp.Int(f"units_{i}", 8, 64)

    space = record(declare)
    assert space.names == ("n", "units_0", "units_1", "units_2")
    assert all("asked for only in some configurations" in note for note in space.notes)
    assert [note.split(":")[0] for note in space.notes] == ["units_0", "units_1", "units_2"]


def test_names_made_in_loops_with_a_condition_are_absent_where_they_do_nothing() -> None:
    def declare(hp: HP) -> None:
        hp.Int("n", 0, 3)
        for i in range(3):
            with hp.conditional_scope("n", list(range(i + 1, 4))):
                hp.Int(f"units_{i}", 8, 64)

    space = record(declare)
    assert space.notes == ()
    for draw in range(20):
        configuration = space.sample(random.Random(draw).random)
        assert len(configuration) == 1 + configuration["n"]


def test_what_stands_behind_a_plain_if_is_found_and_noted() -> None:
    def declare(hp: HP) -> None:
        if hp.Choice("optimizer", ["adam", "rmsprop", "sgd"]) == "sgd" and hp.Boolean("heavy"):
            hp.Float("momentum", 0.0, 0.9)

    space = record(declare)
    assert space.names == ("optimizer", "heavy", "momentum")
    assert space.notes == tuple(
        f"{name}: asked for only in some configurations but declared without a condition, so it is drawn in all; "
        "hp.conditional_scope would leave it out where it does nothing"
        for name in ("heavy", "momentum")
    )


def test_what_is_asked_for_only_where_a_condition_holds_is_found() -> None:
    def declare(hp: HP) -> None:
        n = hp.Int("n", 0, 100)
        with hp.conditional_scope("n", [7]):
            if n == 7:
                hp.Int("units", 8, 64)
            hp.Fixed("seven", 7)

    assert conditions(record(declare)) == {"n": [], "seven": [("n", [7])], "units": [("n", [7])]}


def test_a_configuration_that_cannot_be_built_leads_to_no_false_note() -> None:
    def declare(hp: HP) -> None:
        if hp.Int("layers", 1, 9) == 9:
            raise ValueError("too deep")
        hp.Int("units", 8, 64)

    space = record(declare)
    assert space.names == ("layers", "units")
    assert [note.partition(" cannot be built")[0] for note in space.notes] == [
        "2 of 19 configurations tried while recording"
    ]


def test_one_name_under_two_parents_is_two_hyperparameters() -> None:
    def declare(hp: HP) -> None:
        hp.Choice("kind", ["small", "large", "none"])
        with hp.conditional_scope("kind", ["small"]):
            hp.Int("units", 1, 9)
        with hp.conditional_scope("kind", ["large"]):
            hp.Int("units", 100, 900)

    space = record(declare)
    assert space.keys == ("kind", "units", "units [2]")
    assert space.names == ("kind", "units")
    assert space.mismatch({"kind": "small", "units": 9}) == ""
    assert space.mismatch({"kind": "large", "units": 9}) == "'units' is 9, expected Int 100 .. 900"
    assert space.mismatch({"kind": "none", "units": 9}) == "'units' is not an active hyperparameter"
    assert space.size == 9 + 801 + 1


def test_name_scopes_are_part_of_the_name() -> None:
    def declare(hp: HP) -> None:
        with hp.name_scope("head"):
            hp.Choice("kind", ["a", "b"])
            with hp.conditional_scope("kind", ["b"]):
                hp.Int("units", 1, 3)

    assert conditions(record(declare)) == {"head/kind": [], "head/units": [("head/kind", ["b"])]}


def test_a_hyperparameter_without_a_name_to_search_is_a_space_of_one() -> None:
    space = record(lambda hp: None)
    assert (space.names, space.default(), space.size, space.mismatch({})) == ((), {}, 1.0, "")


def test_a_step_that_never_reaches_the_end_is_noted() -> None:
    space = record(lambda hp: hp.Float("rate", 0.0, 0.9, step=0.1))
    assert space.notes == (
        "rate: with min 0 and step 0.1 KerasTuner never draws 0.9; the last value is 0.8, in every library",
    )
    assert space.mismatch({"rate": 0.9}) == "'rate' is 0.9, expected Float 0 .. 0.9 step 0.1"


@pytest.mark.parametrize(
    ("declare", "default"),
    [
        (lambda hp: hp.Int("a", 0, 10, step=5, default=3), 3),
        (lambda hp: hp.Float("a", 0, 1, step=0.25, default=0.3), 0.3),
    ],
)
def test_a_default_between_the_steps_is_noted(declare: Callable[[HP], None], default: float) -> None:
    space = record(declare)
    assert space.notes == (f"a: the default {default} lies between the steps, so no library ever draws it",)
    assert space.mismatch(space.default()) != ""


def test_a_default_on_a_step_is_in_the_space_although_floats_round() -> None:
    space = record(lambda hp: hp.Float("dropout", 0.0, 0.8, step=0.1, default=0.3))
    assert space.default()["dropout"] not in list(finite_values(space.hyperparameters[0]) or ())
    assert space.mismatch(space.default()) == ""
    assert space.notes == ()


def test_numpy_values_become_plain() -> None:
    def declare(hp: HP) -> None:
        hp.Int("a", np.int64(1), np.int64(4), default=np.int64(3))
        hp.Float("b", np.float32(0.25), 1.0, step=np.float32(0.25), default=np.float64(0.5))
        hp.Choice("c", list(np.array([0.5, 2.0])))
        with hp.conditional_scope("c", [np.float64(2.0)]):
            hp.Fixed("d", np.float64(1.5))

    space = record(declare)
    assert json.loads(json.dumps(space.to_json())) == space.to_json()
    values = space.sample(lambda: 0.99)
    assert values == {"a": 4, "b": 1.0, "c": 2.0, "d": 1.5}
    assert [type(value) for value in values.values()] == [int, float, float, float]


def test_each_condition_is_built_once_and_a_space_of_many_choices_is_not_taken_for_endless() -> None:
    def many(hp: HP) -> None:
        for number in range(40):
            hp.Choice(f"c{number}", list(range(12)))
        with hp.conditional_scope("c0", [1]):
            hp.Boolean("x")
        with hp.conditional_scope("c1", [1]):
            hp.Boolean("y")

    space, count = builds(many)
    assert len(space.names) == 42
    assert count <= 1 + 40 * 11 + 2 + 2 + 8


def test_no_configuration_is_built_twice_and_every_pair_of_values_once() -> None:
    built = []

    def declare(hp: HP) -> None:
        kind, deep, size = hp.Choice("kind", ["a", "b", "c"]), hp.Boolean("deep"), hp.Int("size", 1, 3)
        hp.Fixed(f"{kind} {deep}", 1)
        hp.Fixed(f"{deep} {size}", 1)
        hp.Fixed(f"{size} {kind}", 1)
        built.append((kind, deep, size))

    assert len(record(declare).names) == 3 + 3 * 2 + 2 * 3 + 3 * 3
    assert len(built) == len({*built}) <= 3 * 2 * 3


@pytest.mark.parametrize(("declare", "most"), [(lambda hp: hp.Boolean("a"), 2), (lambda hp: hp.Float("a", 0, 1), 6)])
def test_a_small_space_takes_few_builds(declare: Callable[[HP], None], most: int) -> None:
    assert builds(declare)[1] <= most


def test_a_range_of_billions_is_recorded_at_once() -> None:
    def declare(hp: HP) -> None:
        hp.Int("seed", 0, 2**31 - 1)
        hp.Int("units", 1, 10**9, sampling="log")

    space, count = builds(declare)
    assert count < 20
    assert space.size == 2.0**31 * 10**9
    assert space.mismatch({"seed": 2**31 - 1, "units": 12345}) == ""
    assert describe(space.hyperparameters[0]) == "Int 0 .. 2147483647"


def test_fit_may_ask_by_name_for_what_build_declared() -> None:
    def declare(hp: HP) -> None:
        hp.Boolean("normalize")
        hp.get("normalize")
        assert hp["normalize"] in (False, True)

    assert record(declare).notes == ()


# JSON


def test_recording_is_deterministic() -> None:
    assert record(mixed_space).to_json() == record(mixed_space).to_json()


@pytest.mark.parametrize(
    "other",
    [
        lambda hp: hp.Int("b", 1, 4),
        lambda hp: hp.Int("a", 0, 4),
        lambda hp: hp.Int("a", 1, 5),
        lambda hp: hp.Int("a", 1, 4, step=2),
        lambda hp: hp.Int("a", 1, 4, sampling="log"),
        lambda hp: hp.Int("a", 1, 4, default=2),
        lambda hp: hp.Float("a", 1, 4, step=1),
        lambda hp: hp.Choice("a", [1, 2, 3, 4]),
        lambda hp: (hp.Int("a", 1, 4), hp.Fixed("b", 1)),
    ],
)
def test_another_space_is_written_down_differently(other: Callable[[HP], Any]) -> None:
    assert record(other).to_json() != record(lambda hp: hp.Int("a", 1, 4)).to_json()


def test_other_conditions_are_another_space() -> None:
    def conditional(values: list[str]) -> Callable[[HP], None]:
        def declare(hp: HP) -> None:
            hp.Choice("kind", ["a", "b"])
            hp.Boolean("x", parent_name="kind", parent_values=values)

        return declare

    assert record(conditional(["a"])).to_json() != record(conditional(["b"])).to_json()


# Refusals


def twice(hp: HP) -> None:
    hp.Int("units", 1, 4)
    hp.Int("units", 1, 8)


def twice_of_two_kinds(hp: HP) -> None:
    hp.Int("units", 1, 4)
    hp.Fixed("units", 4)


def twice_behind_an_if(hp: HP) -> None:
    if hp.Boolean("wide"):
        hp.Int("units", 100, 900)
    else:
        hp.Int("units", 1, 9)


def active_together(hp: HP) -> None:
    hp.Boolean("one")
    hp.Boolean("two")
    hp.Int("units", 1, 4, parent_name="one", parent_values=[True])
    hp.Int("units", 1, 8, parent_name="two", parent_values=[True])


def endless(hp: HP) -> None:
    hp.Int(f"units_{random.random()}", 1, 4)


def twice_with_another_default(hp: HP) -> None:
    hp.Int("units", 1, 4, default=2)
    hp.Int("units", 1, 4, default=3)


def raising(hp: HP) -> None:
    if hp.Int("layers", 1, 4) == 1:
        raise ValueError("no model\nof one layer")


@pytest.mark.parametrize(
    ("declare", "line"),
    [
        (
            twice,
            "hyperparameter 'units' is declared twice with different definitions, Int 1 .. 4 and Int 1 .. 8; "
            "KerasTuner would keep the first in silence: give the second another name, or, if the bound depends on "
            'another hyperparameter, declare a share of it, such as hp.Float("units_share", 0.1, 1.0), and multiply',
        ),
        (
            twice_with_another_default,
            "hyperparameter 'units' is declared twice with different definitions, Int 1 .. 4 with the default 2 and "
            "with the default 3; KerasTuner would keep the first in silence: give both the same default, or the second "
            "another name",
        ),
        (
            twice_of_two_kinds,
            "hyperparameter 'units' is declared twice with different definitions, Int 1 .. 4 and Fixed 4; "
            "KerasTuner would keep the first in silence: give the second another name",
        ),
        (
            twice_behind_an_if,
            "hyperparameter 'units' is declared twice with different definitions, Int 1 .. 9 and Int 100 .. 900; "
            "KerasTuner would keep the first in silence: give the second another name, or, if the bound depends on "
            'another hyperparameter, declare a share of it, such as hp.Float("units_share", 0.1, 1.0), and multiply',
        ),
        (
            active_together,
            "hyperparameter 'units' has two definitions that are active together, Int 1 .. 4 and Int 1 .. 8; "
            "give the second another name, or, if the bound depends on another hyperparameter, declare a share of it, "
            'such as hp.Float("units_share", 0.1, 1.0), and multiply',
        ),
        (
            lambda hp: hp.Int("units", 1, 4, default=8),
            "hyperparameter 'units' has the default 8 outside of its range 1 .. 4; give a default inside of it",
        ),
        (
            lambda hp: hp.Float("rate", 0.5, 1.0, default=math.nan),
            "hyperparameter 'rate' has the default nan outside of its range 0.5 .. 1.0; give a default inside of it",
        ),
        (
            lambda hp: hp.Int("units", 1, 4, default=2.5),
            "Int 1 .. 4 'units' has the default 2.5; expected a whole number",
        ),
        (
            lambda hp: hp.Choice("kind", ["a", "b", "a"]),
            "Choice 'kind' repeats a value in ['a', 'b', 'a']; list each value once",
        ),
        (
            lambda hp: hp.Choice("decay", [0.0, math.inf]),
            "Choice 'decay' has a value that is not finite in [0.0, inf]; use a string for it",
        ),
        (
            lambda hp: hp.Fixed("decay", math.nan),
            "Fixed 'decay' has the value nan, which is not finite; use a string for it",
        ),
        (lambda hp: hp.Float("rate", 0.0, math.inf), "Float 0 .. inf 'rate': expected finite bounds"),
        (lambda hp: hp.Int("units", 1, 9, step=0), "Int 1 .. 9 step 0 'units': expected a step above 0"),
        (lambda hp: hp.Float("rate", 0, 1, step=-0.5), "Float 0 .. 1 step -0.5 'rate': expected a step above 0"),
        (lambda hp: hp.Float("rate", 0, 1, step=math.nan), "Float 0 .. 1 step nan 'rate': expected a step above 0"),
        (
            lambda hp: hp.Int("tuner/epochs", 1, 4),
            "a hyperparameter is called 'tuner/epochs'; expected a name, not under 'tuner/' (KerasTuner's own)",
        ),
        (
            lambda hp: hp.Int("", 1, 4),
            "a hyperparameter is called ''; expected a name, not under 'tuner/' (KerasTuner's own)",
        ),
        (raising, "the model cannot be built at its default values: ValueError: no model of one layer"),
        (
            lambda hp: hp.Float("rate", 0.0, 1.0, sampling="log"),
            "the model cannot be built at its default values: ValueError: For HyperParameters.Float(name='rate'), "
            "sampling='log' does not support negative values, found min_value: 0.0.",
        ),
    ],
)
def test_what_cannot_be_mapped_is_refused_in_one_line(declare: Callable[[HP], Any], line: str) -> None:
    with pytest.raises(SpaceError) as refusal:
        record(declare)
    assert str(refusal.value) == line


def test_names_that_never_end_are_refused() -> None:
    line = r"after 100 builds with new hyperparameters more appear \('units_0\.\d+' last\); expected a finite list"
    with pytest.raises(SpaceError, match=line):
        record(endless)


def test_equal_declarations_of_one_name_are_one() -> None:
    def declare(hp: HP) -> None:
        hp.Boolean("one")
        hp.Boolean("two")
        for parent in ("one", "two"):
            hp.Int("units", 1, 4, parent_name=parent, parent_values=[True])
            hp.Int("units", 1, 4, parent_name=parent, parent_values=[True])

    space = record(declare)
    assert space.keys == ("one", "two", "units", "units [2]")
    draws = iter(range(1, 5))
    both = space.configuration(lambda key, hp: True if key in ("one", "two") else next(draws))
    assert both == {"one": True, "two": True, "units": 1}
    assert space.mismatch(both) == ""


# What lies in a space


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, ""),
        ({"layers": 5}, "'layers' is 5, expected Int 1 .. 4"),
        ({"layers": 2.0}, "'layers' is 2.0, expected Int 1 .. 4"),
        ({"layers": True}, "'layers' is True, expected Int 1 .. 4"),
        ({"layers": "2"}, "'layers' is '2', expected Int 1 .. 4"),
        ({"width": 17}, "'width' is 17, expected Int 16 .. 256 step 16"),
        ({"batch": 501}, "'batch' is 501, expected Int 8 .. 500 log"),
        ({"rate": 1}, "'rate' is 1, expected Float 0.0001 .. 0.1 log"),
        ({"rate": math.nan}, "'rate' is nan, expected Float 0.0001 .. 0.1 log"),
        ({"rate": "0.01"}, "'rate' is '0.01', expected Float 0.0001 .. 0.1 log"),
        ({"momentum": False}, "'momentum' is False, expected Float 0 .. 0.99"),
        ({"decay": 0.3}, "'decay' is 0.3, expected Float 0 .. 0.8 step 0.2"),
        ({"decay": 0.6}, ""),
        ({"bias": 1}, "'bias' is 1, expected Boolean"),
        ({"loss": "mae"}, "'loss' is 'mae', expected Fixed 'mse'"),
        ({"optimizer": "rmsprop"}, "'optimizer' is 'rmsprop', expected Choice of ['sgd', 'adam']"),
        ({"optimizer": "adam"}, "'beta' is missing"),
        ({"beta": 0.9}, "'beta' is not an active hyperparameter"),
        ({"colour": "red"}, "'colour' is not an active hyperparameter"),
        ({"tuner/epochs": 3}, "'tuner/epochs' is not an active hyperparameter"),
    ],
)
def test_mismatch_says_what_is_wrong(change: dict[str, Any], why: str) -> None:
    space = record(mixed_space)
    assert space.mismatch(space.default() | change) == why


def test_what_stands_under_an_inactive_parent_is_inactive_whatever_the_parent_s_value_says() -> None:
    def declare(hp: HP) -> None:
        hp.Choice("kind", ["a", "b"])
        with hp.conditional_scope("kind", ["b"]):
            hp.Boolean("x")
            with hp.conditional_scope("x", [True]):
                hp.Int("n", 1, 3)

    space = record(declare)
    assert space.mismatch({"kind": "a"}) == ""
    assert space.mismatch({"kind": "a", "n": 2}) == "'n' is not an active hyperparameter"
    assert space.mismatch({"kind": "a", "x": True, "n": 2}) == "'x' is not an active hyperparameter"


def test_configuration_draws_each_active_hyperparameter_once_in_order() -> None:
    asked = []

    def draw(key: str, hp: Any) -> Any:
        asked.append(key)
        return hp.default

    space = record(mixed_space)
    assert space.configuration(draw) == space.default()
    assert asked == [key for key in space.keys if key != "beta"]


def test_distinct_gives_each_configuration_once_and_ends_where_nothing_new_comes() -> None:
    space = record(tiny_space)
    found = list(space.distinct(1))
    assert len(found) == len({str(one) for one in found}) == space.size == 4
    assert list(space.distinct(1)) == found != list(space.distinct(2))


@pytest.mark.parametrize(
    ("declare", "size"),
    [
        (lambda hp: (hp.Int("a", 1, 4), hp.Boolean("b"), hp.Fixed("c", 1)), 8),
        (lambda hp: (hp.Boolean("a"), hp.Int("b", 1, 5, parent_name="a", parent_values=[True])), 1 + 5),
        (lambda hp: (hp.Int("n", 0, 99), hp.Boolean("b", parent_name="n", parent_values=[3, 4])), 98 + 2 * 2),
        (lambda hp: [hp.Choice(f"c{number}", list(range(10))) for number in range(9)], 10**9),
        (lambda hp: hp.Float("a", 0, 1), math.inf),
        (lambda hp: hp.Float("a", 1, 1), 1),
    ],
)
def test_size_counts_distinct_configurations(declare: Callable[[HP], Any], size: float) -> None:
    assert record(declare).size == size


def test_to_hp_answers_with_the_configuration_and_none_where_inactive() -> None:
    space = record(mixed_space)
    hp = space.to_hp(space.default() | {"layers": 3})
    assert hp.Int("layers", 1, 4) == 3
    with hp.conditional_scope("optimizer", ["adam"]):
        assert hp.Float("beta", 0.8, 0.999, sampling="reverse_log") is None
    assert hp.values == space.default() | {"layers": 3}


def test_to_hp_refuses_a_name_that_was_not_recorded() -> None:
    space = record(lambda hp: hp.Int("a", 1, 4))
    line = "hyperparameter 'b' was not found when the space was recorded; declare it for every configuration"
    with pytest.raises(SpaceError, match=re.escape(line)):
        space.to_hp({"a": 1}).Int("b", 1, 4)


@pytest.mark.parametrize("sampling", ["linear", "log", "reverse_log"])
def test_integers_without_a_step_stay_in_their_range_at_the_ends_of_the_unit_interval(sampling: str) -> None:
    passed = 0
    for low in range(1, 30):
        for high in range(low, 120, 7):
            (hp,) = record(lambda hp, low=low, high=high: hp.Int("a", low, high, sampling=sampling)).hyperparameters
            ends = [0.0, math.nextafter(1.0, 0.0), 1.0]
            assert all(contains(hp, value_at(hp, end)) for end in ends)
            passed += not all(contains(hp, hp.prob_to_value(end)) for end in ends)
    assert (passed > 0) == (sampling != "linear"), "KerasTuner's own mapping passes the range"


@CHECKED
@given(plans())
def test_sampled_configurations_lie_in_the_space(plan: Plan) -> None:
    space = record(plan)
    assert space.names == tuple(declaration.name for declaration in plan.declarations)
    uniforms = [random.Random(seed).random for seed in range(10)] + [lambda: 0.0, lambda: math.nextafter(1.0, 0.0)]
    for uniform in uniforms:
        configuration = space.sample(uniform)
        assert space.mismatch(configuration) == ""
        assert json.loads(json.dumps(configuration)) == configuration
        assert all(type(value) in (bool, int, float, str) for value in configuration.values())
        active = {one.name for one in plan.declarations if one.is_active(configuration)}
        assert set(configuration) == active
        assert space.to_hp(configuration).values == configuration


@CHECKED
@given(plans())
def test_recording_finds_what_was_declared_parents_first(plan: Plan) -> None:
    space = record(plan)
    assert conditions(space) == {
        one.name: [(parent, list(values)) for parent, values in one.conditions] for one in plan.declarations
    }
    assert record(plan).to_json() == space.to_json()
    for index, hp in enumerate(space.hyperparameters):
        before = {known.name for known in space.hyperparameters[:index]}
        assert {condition.name for condition in hp.conditions} <= before
    between = any("lies between the steps" in note for note in space.notes)
    assert between or space.mismatch(space.default()) == ""


@CHECKED
@given(plans())
def test_a_configuration_of_another_shape_does_not_lie_in_the_space(plan: Plan) -> None:
    space = record(plan)
    configuration = space.sample(random.Random(1).random)
    assert space.mismatch(configuration | {"other": 1}) == "'other' is not an active hyperparameter"
    for name in configuration:
        rest = {key: value for key, value in configuration.items() if key != name}
        assert space.mismatch(rest) == f"{name!r} is missing"
        assert space.mismatch(configuration | {name: None}) != ""
        assert space.mismatch(configuration | {name: math.nan}) != ""


@CHECKED
@given(plans())
def test_a_space_comes_back_from_its_json(plan: Plan) -> None:
    space = record(plan)
    again = Space.from_json(json.loads(json.dumps(space.to_json())))
    assert again.to_json() == space.to_json()
    assert again.keys == space.keys
    for seed in range(5):
        configuration = space.sample(random.Random(seed).random)
        assert again.sample(random.Random(seed).random) == configuration
        assert again.mismatch(configuration) == ""
        assert [
            hp.value_to_prob(configuration[hp.name]) for hp in again.hyperparameters if hp.name in configuration
        ] == [hp.value_to_prob(configuration[hp.name]) for hp in space.hyperparameters if hp.name in configuration]


_ANY = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(-5, 5), st.floats(), st.sampled_from([0.0, 1e-3, 0.5]),
    st.text(max_size=5), st.just(10**400),
)  # fmt: skip
_NAMES = st.one_of(st.sampled_from(["a", "b", "c"]), st.text(max_size=5), _ANY)
_SHAPED = {"step": _ANY, "sampling": st.sampled_from([None, "linear", "log", "reverse_log", "LOG", 1]), "default": _ANY}
_CALLS = st.one_of(
    *(
        st.tuples(st.just(kind), _NAMES, st.fixed_dictionaries({"min_value": low, "max_value": high}, optional=_SHAPED))
        for kind, low, high in [
            ("Int", _ANY, _ANY),
            ("Int", st.integers(-9, 9), st.integers(-9, 9)),
            ("Float", _ANY, _ANY),
            ("Float", st.floats(-9, 9), st.floats()),
        ]
    ),
    st.tuples(
        st.just("Choice"),
        _NAMES,
        st.fixed_dictionaries(
            {"values": st.one_of(st.lists(_ANY, max_size=4), st.lists(st.text(max_size=3), max_size=4))},
            optional={"default": _ANY, "ordered": _ANY},
        ),
    ),
    st.tuples(st.just("Boolean"), _NAMES, st.fixed_dictionaries({}, optional={"default": _ANY})),
    st.tuples(st.just("Fixed"), _NAMES, st.fixed_dictionaries({"value": _ANY})),
)


@CHECKED
@given(st.lists(st.tuples(_CALLS, st.lists(st.tuples(_NAMES, st.lists(_ANY, max_size=2)), max_size=1)), min_size=1))
def test_whatever_is_declared_is_a_space_or_is_refused_in_one_line(declared: list[Any]) -> None:
    def declare(hp: HP) -> None:
        for (kind, name, arguments), conditions_of_it in declared:
            with ExitStack() as scopes:
                for parent, values in conditions_of_it:
                    scopes.enter_context(hp.conditional_scope(parent, values))
                getattr(hp, kind)(name, **arguments)

    try:
        space = record(declare)
    except SpaceError as error:
        refused = str(error)
    else:
        refused = ""
    if refused:
        assert "\n" not in refused
        return
    for seed in range(3):
        assert space.mismatch(space.sample(random.Random(seed).random)) == ""
    between = any("lies between the steps" in note for note in space.notes)
    assert between or space.mismatch(space.default()) == ""
    assert Space.from_json(json.loads(json.dumps(space.to_json()))).to_json() == space.to_json()


def test_a_name_under_two_parents_comes_back_from_its_json() -> None:
    def declare(hp: HP) -> None:
        hp.Choice("kind", ["a", "b"])
        with hp.conditional_scope("kind", ["a"]):
            hp.Int("size", 1, 4)
        with hp.conditional_scope("kind", ["b"]):
            hp.Float("size", 0.0, 1.0)

    space = record(declare)
    again = Space.from_json(space.to_json())
    assert again.to_json() == space.to_json()
    assert again.keys == ("kind", "size", "size [2]")


# -- what stands behind single values ----------------------------------------------------------------------------------


def behind_one_value(hp: HP) -> None:
    if hp.Int("depth", 1, 9) == 6:
        hp.Int("units_for_6", 1, 4)


def a_scope_for_each_value(hp: HP) -> None:
    count = hp.Int("count", 1, 40)
    with hp.conditional_scope("count", [count]):
        hp.Float(f"rate_{count}", 0.0, 1.0)


def a_step_between(hp: HP) -> None:
    if hp.Int("width", 8, 80, step=8) == 24:
        hp.Boolean("narrow")


def by_a_table(hp: HP) -> None:
    for name in {3: ["first"], 7: ["first", "second"]}.get(hp.Int("kind", 0, 9), []):
        hp.Boolean(name)


@pytest.mark.parametrize(
    ("declare", "names"),
    [
        (behind_one_value, {"units_for_6"}),
        (a_scope_for_each_value, {f"rate_{count}" for count in range(1, 41)}),
        (a_step_between, {"narrow"}),
        (by_a_table, {"first", "second"}),
    ],
)
def test_each_value_of_a_short_range_is_tried(declare: Any, names: set[str]) -> None:
    space = record(declare)
    assert names <= set(space.names)
    for configuration in itertools.islice(space.distinct(1), 200):
        declare(space.to_hp(configuration))  # raises where a name was not recorded


def test_how_many_recorded_configurations_cannot_be_built_is_noted() -> None:
    def odd_ones_fail(hp: HP) -> None:
        if hp.Int("layers", 0, 5, default=2) % 2:
            raise ValueError("no model")

    notes = record(odd_ones_fail).notes
    assert len(notes) == 1
    assert re.fullmatch(
        r"\d+ of \d+ configurations tried while recording cannot be built, the last with ValueError: no model; such "
        r"trials are FAILED",
        notes[0],
    )


def test_reading_what_is_not_declared_says_how_to_mend_it() -> None:
    with pytest.raises(SpaceError, match=r"units does not exist. Declare 'units', with hp.Int or the like, before"):
        record(lambda hp: hp.get("units"))

    def read_outside_its_scope(hp: HP) -> None:
        hp.Choice("kind", ["a", "b"])
        with hp.conditional_scope("kind", ["b"]):
            hp.Int("units", 1, 4)
        hp.get("units")

    with pytest.raises(SpaceError, match=r"units is currently inactive. Read 'units' only inside of its conditional"):
        record(read_outside_its_scope)
    with pytest.raises(
        SpaceError, match=r"hp has no 'Uniform'; it has Int, Float, Choice, Boolean and Fixed, and hp.get"
    ):
        record(lambda hp: hp.Uniform("units", 1, 2))
    trial = record(lambda hp: hp.Boolean("known")).to_hp({"known": True})
    with pytest.raises(KeyError, match=r"units does not exist. Declare 'units', with hp.Int or the like, before"):
        _ = trial["units"]
    assert copy.deepcopy(trial).get("known") is pickle.loads(pickle.dumps(trial)).get("known") is True
    assert record(lambda hp: hp.Boolean("known") if "unknown" in hp else hp.Boolean("other")).names == ("other",)
