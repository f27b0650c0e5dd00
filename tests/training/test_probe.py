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
from tuning.training.request import TrainingRequest


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


class Talks(keras_tuner.HyperModel):
    """As people write while they look for a mistake."""

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(hp.Int("units", 1, 9)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        print("built", hp.get("units"))
        model.summary()
        return model

    def fit(self, hp: keras_tuner.HyperParameters, model: keras.Model, *args: Any, **kwargs: Any) -> Any:
        print("fits")
        return model.fit(*args, verbose=1, **kwargs)


def test_what_a_build_prints_is_shown_once_and_not_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    problem = Problem(Talks(), data, Objective("val_loss", "min"), 2)
    assert problem.space.names == ("units",)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert [shown.err.count(line) for line in ("built 1\n", "built", "Trainable params", "fits")] == [1, 1, 1, 1]
    problem.check()
    outcome = problem.train(TrainingRequest({"units": 2}, 3, 2, lambda logs: False))
    assert not outcome.error
    assert capsys.readouterr() == ("", "")
