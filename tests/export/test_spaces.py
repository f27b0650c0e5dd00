"""Search spaces of every kind, as ConfigSpace and Optuna are given them."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import hypothesis
import optuna
import pytest
from hypothesis import strategies as st

from tests.support.random_spaces import Plan, plans
from tuning.configuration import Value
from tuning.exploration.dimensions import Dimension, by_key, hyperparameters
from tuning.export.configspace import space_of
from tuning.export.optuna import distribution, held
from tuning.space.recorder import record

ConfigSpace = pytest.importorskip("ConfigSpace")


@hypothesis.given(plans(), st.randoms(use_true_random=False))
@hypothesis.settings(
    max_examples=25, phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate]
)  # shrinking takes minutes
def test_every_configuration_lies_in_the_exported_spaces(plan: Plan, random: Random) -> None:
    """And what ConfigSpace draws from its space lies in ours: neither is larger than the other."""
    space = record(plan)
    declared = json.loads(json.dumps(space.to_json()))
    made = space_of(declared, "p")
    theirs = ConfigSpace.ConfigurationSpace.from_serialized_dict(made.to_serialized_dict())
    assert set(theirs) == set(space.keys)
    known = hyperparameters(declared)
    distributions = {one.key: distribution(one) for one in known}
    for _ in range(6):
        configuration = space.sample(random.random)
        values = by_key(configuration, known)
        ConfigSpace.Configuration(theirs, values={key: nearest(theirs[key], value) for key, value in values.items()})
        trial = optuna.trial.create_trial(
            value=1.0,
            params={key: held(value, distributions[key]) for key, value in values.items()},
            distributions={key: distributions[key] for key in values},
        )
        assert trial.params.keys() == values.keys()
        assert all(same(trial.params[one.key], values[one.key], one) for one in known if one.key in values)
    theirs.seed(random.randrange(2**31))
    for drawn in theirs.sample_configuration(5):
        plain = {key: getattr(value, "item", lambda value=value: value)() for key, value in dict(drawn).items()}
        declared_at = dict(zip(space.keys, space.hyperparameters, strict=True))
        assert space.mismatch({key: within(declared_at[key], value) for key, value in plain.items()}) == ""


def same(value: Value, other: Value, one: Dimension) -> bool:
    """Equal, of one type, and floats up to the rounding of their range."""
    if isinstance(value, float):
        return value == pytest.approx(other, abs=1e-12 * max(abs(one.low), abs(one.high)))
    return value == other and type(value) is type(other)


def nearest(theirs: Any, value: Value) -> Value:
    """What ConfigSpace makes of a float: 13 decimals of it, and of the bounds."""
    if type(theirs).__name__ == "UniformFloatHyperparameter":
        return min(max(float(value), theirs.lower), theirs.upper)
    if type(theirs).__name__ == "OrdinalHyperparameter":
        (found,) = [known for known in theirs.sequence if value == pytest.approx(known, rel=1e-9, abs=1e-12)]
        return found
    return value


def within(ours: Any, value: Value) -> Value:
    """The value that ConfigSpace rounded past a bound, put back."""
    if type(ours).__name__ != "Float" or ours.step is not None or not value - ours.min_value > -1e-13:
        return value
    return min(max(value, ours.min_value), ours.max_value) if value < ours.max_value + 1e-13 else value
