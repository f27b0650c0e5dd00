"""What is known of a user's model before a search."""

from __future__ import annotations

from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

from tuning.errors import SpaceError
from tuning.objective import Objective
from tuning.problems.problem import Problem


def data() -> tuple[Any, Any]:
    x = np.random.default_rng(1).normal(size=(32, 3)).astype("float32")
    y = (x[:, 0] > 0).astype("float32")
    return (x, y), (x, y)


class AsksInCall(keras.Model):
    """A model that knows its hyperparameters only when it is called."""

    def __init__(self, hp: keras_tuner.HyperParameters) -> None:
        super().__init__()
        self.hp = hp
        self.first, self.last = keras.layers.Dense(4), keras.layers.Dense(1, activation="sigmoid")

    def call(self, inputs: Any) -> Any:
        hidden = self.first(inputs)
        if self.hp.Boolean("squash"):
            hidden = keras.ops.tanh(hidden)
        return self.last(hidden * self.hp.Float("scale", 0.5, 2.0))


def asks_in_call(hp: keras_tuner.HyperParameters) -> keras.Model:
    model = AsksInCall(hp)
    model.compile("sgd", "binary_crossentropy")
    return model


def asks_in_a_layer(hp: keras_tuner.HyperParameters) -> keras.Model:
    class Scaled(keras.layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs * hp.Float("scale", 0.5, 2.0)

    model = keras.Sequential([Scaled(), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    return model


@pytest.mark.parametrize(("build_model", "names"), [(asks_in_call, ("squash", "scale")), (asks_in_a_layer, ("scale",))])
def test_hyperparameters_that_a_call_asks_for_are_recorded_and_trained(build_model: Any, names: tuple[str]) -> None:
    problem = Problem(build_model, data, Objective("val_loss", "min"), 1)
    assert problem.space.names == names
    assert "val_loss" in problem.check()


class WantsArguments(keras_tuner.HyperModel):
    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes


def test_a_hypermodel_class_that_wants_arguments_is_refused_in_one_line() -> None:
    line = r"WantsArguments\(\) cannot be made \(TypeError: .*'classes'\); give an object, such as model = WantsArg"
    with pytest.raises(SpaceError, match=line):
        _ = Problem(WantsArguments, data, Objective("val_loss", "min"), 1).space
