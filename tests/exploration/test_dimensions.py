from __future__ import annotations

import math

import keras_tuner
import numpy as np
import pytest

from tuning.exploration.dimensions import Dimension, chance, dimensions, hyperparameters
from tuning.space.hyperparameter import finite_values, is_active, value_at
from tuning.space.recorder import record
from tuning.space.space import Space


def everything(hp: keras_tuner.HyperParameters) -> None:
    hp.Int("linear", 0, 8)
    hp.Int("stepped", 16, 70, step=16)
    hp.Int("log", 16, 256, sampling="log")
    hp.Int("doubled", 2, 40, step=2, sampling="log")
    hp.Int("reverse", 1, 50, sampling="reverse_log")
    hp.Float("float", -1.0, 1.0)
    hp.Float("rate", 1e-4, 1e-1, sampling="log")
    hp.Float("tenths", 0.0, 0.9, step=0.1)
    hp.Float("decades", 1e-4, 1e-1, step=10, sampling="log")
    hp.Float("up", 1e-3, 1.0, sampling="reverse_log")
    hp.Float("up by tens", 1e-3, 1.0, step=10, sampling="reverse_log")
    hp.Fixed("fixed", 3)
    hp.Boolean("dropout")
    with hp.conditional_scope("dropout", [True]):
        hp.Float("dropout_rate", 0.1, 0.5)
    hp.Choice("optimizer", ["sgd", "adam", "rmsprop"])
    with hp.conditional_scope("optimizer", ["sgd"]):
        hp.Boolean("nesterov")
        with hp.conditional_scope("nesterov", [True]):
            hp.Float("momentum", 0.0, 0.9)
    with hp.conditional_scope("optimizer", ["adam", "rmsprop"]):
        hp.Float("momentum", 0.5, 0.9)


@pytest.fixture(scope="module")
def space() -> Space:
    return record(everything)


@pytest.fixture(scope="module")
def found(space: Space) -> dict[str, Dimension]:
    return {one.key: one for one in dimensions(space.to_json())}


def test_all_but_what_is_fixed_are_dimensions(space: Space, found: dict[str, Dimension]) -> None:
    assert list(found) == [key for key in space.keys if key != "fixed"]


def test_a_value_lies_where_keras_tuner_draws_it(space: Space, found: dict[str, Dimension]) -> None:
    uniform = np.linspace(0.0005, 0.9995, 1000)
    for key, hp in zip(space.keys, space.hyperparameters, strict=True):
        if key == "fixed":
            continue
        one = found[key]
        drawn = [value_at(hp, u) for u in uniform]
        # Steps of a reverse_log are drawn from the top; positions rise with the values all the same.
        turned = 1 - uniform if key == "up by tens" else uniform
        positions = np.array([one.position(value) for value in drawn])
        if one.levels is None:
            assert positions == pytest.approx(turned, abs=1e-9), key
            continue
        at, masses = one.levels
        assert masses.sum() == pytest.approx(1), key
        nearest = np.abs(at[None, :] - positions[:, None]).argmin(axis=1)
        assert (np.abs(positions - turned) <= masses[nearest] / 2 + 0.02).all(), key
        assert len(set(drawn)) == len(at), key
        frequencies = np.bincount(nearest, minlength=len(at)) / len(drawn)
        assert frequencies == pytest.approx(masses, abs=0.002), key
        if one.numeric:
            ordered = sorted(set(drawn))
            assert [one.position(value) for value in ordered] == sorted(one.position(value) for value in ordered), key


def test_a_dimension_is_active_where_the_space_has_it(space: Space, found: dict[str, Dimension]) -> None:
    generator = np.random.default_rng(1)
    counts = dict.fromkeys(found, 0)
    for _ in range(2000):
        configuration = space.sample(generator.random)
        for key, hp in zip(space.keys, space.hyperparameters, strict=True):
            if key != "fixed":
                assert found[key].active(configuration) == is_active(hp, configuration)
                counts[key] += is_active(hp, configuration)
    for key, one in found.items():
        assert counts[key] / 2000 == pytest.approx(chance([one], list(found.values())), abs=0.04), key


def test_branches_that_exclude_each_other_are_never_active_together(found: dict[str, Dimension]) -> None:
    both = [found["momentum"], found["momentum [2]"]]
    assert chance(both, list(found.values())) == 0
    assert chance([found["momentum"], found["nesterov"]], list(found.values())) == pytest.approx(1 / 6)


def test_what_is_missing_or_foreign_has_no_position(found: dict[str, Dimension]) -> None:
    assert math.isnan(found["optimizer"].position("lion"))
    assert math.isnan(found["rate"].position(None))
    assert math.isnan(found["rate"].position(math.nan))


def test_a_range_of_millions_of_steps_is_not_listed() -> None:
    (wide,) = dimensions([{"name": "seed", "type": "Int", "min_value": 0, "max_value": 2**31, "step": 1}])
    assert wide.levels is None
    assert wide.count == 0
    assert wide.position(2**30) == pytest.approx(0.5)


def test_values_with_a_step_are_listed_as_keras_tuner_draws_them(space: Space) -> None:
    by_name = dict(zip(space.keys, space.hyperparameters, strict=True))
    for one in hyperparameters(space.to_json()):
        if one.listed:
            assert list(one.listed) == list(finite_values(by_name[one.key]) or ())
    assert [one.key for one in hyperparameters(space.to_json())] == list(space.keys)
