"""Winners that are hard to save: trained without a call, or with metrics that are arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest
import tensorflow as tf

from tuning.errors import ObjectiveError
from tuning.objective import Objective
from tuning.problems.problem import Problem
from tuning.process.setup import prepare_process
from tuning.training.request import RetrainingRequest, TrainingRequest

prepare_process()
X = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
CLASSES = (X[:, 0] > 0).astype("int32") + (X[:, 1] > 0)
ONE_HOT = np.eye(3, dtype="float32")[CLASSES]


def data() -> Any:
    return (X[:32], ONE_HOT[:32]), (X[32:48], ONE_HOT[32:48]), (X[48:], ONE_HOT[48:])


class StepsOnly(keras.Model):
    """As a GAN: steps of its own, over a model in it, and no `call`."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = keras.Sequential([keras.layers.Dense(width, activation="relu"), keras.layers.Dense(3)])
        self.error = keras.metrics.Mean(name="error")

    def _error(self, data: Any, training: bool) -> Any:
        x, y = data
        return keras.ops.mean((self.inner(x, training=training) - y) ** 2)

    def train_step(self, data: Any) -> Any:
        with tf.GradientTape() as tape:
            error = self._error(data, training=True)
        weights = self.inner.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(error, weights), weights, strict=True))
        self.error.update_state(error)
        return {"error": self.error.result()}

    def test_step(self, data: Any) -> Any:
        self.error.update_state(self._error(data, training=False))
        return {"error": self.error.result()}


class Callable(StepsOnly):
    """It has a `call`, which its steps do not use."""

    def call(self, inputs: Any) -> Any:
        return self.inner(inputs)


def steps_only(hp: keras_tuner.HyperParameters) -> keras.Model:
    model = StepsOnly(hp.Int("width", 2, 4))
    model.compile(keras.optimizers.Adam(0.01))
    return model


def never_called(hp: keras_tuner.HyperParameters) -> keras.Model:
    model = Callable(hp.Int("width", 2, 4))
    model.compile(keras.optimizers.Adam(0.01))
    return model


@pytest.mark.slow
@pytest.mark.parametrize("build_model", [steps_only, never_called])
def test_a_winner_that_was_never_called_is_saved_and_loaded(build_model: Any, tmp_path: Path) -> None:
    problem = Problem(build_model, data, Objective("val_error", "min"), 2)
    path = tmp_path / "model.keras"
    request = RetrainingRequest(problem.space.default(), 5, lambda logs: False, save=path)
    outcome = problem.retrain(request)
    assert not outcome.error
    assert outcome.anatomy is not None
    assert outcome.anatomy.parameters == 4 * 2 + 2 + 2 * 3 + 3
    if build_model is steps_only:
        assert outcome.anatomy.remarks[-1] == "StepsOnly has no call: there is no one prediction to show."
    model = problem.load_model(path, problem.space.default())
    assert model.evaluate(X[48:], ONE_HOT[48:], verbose=0, return_dict=True)["error"] == pytest.approx(
        outcome.test["error"]
    )
    assert "error" in problem.continue_training(path, problem.space.default(), 1, seed=1, save=tmp_path / "more.keras")


@pytest.mark.slow
def test_a_model_that_is_never_called_is_continued() -> None:
    problem = Problem(steps_only, data, Objective("val_error", "min"), 4)
    curves: dict[str, list[float]] = {"whole": [], "in two": []}

    def train(name: str, epochs: int, **more: Any) -> Any:
        def on_epoch(logs: Any) -> bool:
            curves[name].append(logs["val_error"])
            return False

        outcome = problem.train(TrainingRequest(problem.space.default(), 5, epochs, on_epoch, keep_state=True, **more))
        assert not outcome.error
        return outcome.state

    train("whole", 4)
    state = train("in two", 2)
    assert state is not None
    train("in two", 4, initial_epoch=2, state=state)
    assert curves["in two"] == curves["whole"]


def with_f1(hp: keras_tuner.HyperParameters) -> keras.Model:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(hp.Int("width", 2, 4)), keras.layers.Dense(3)])
    model.compile("sgd", "mse", metrics=[keras.metrics.F1Score(average=None), "mae"])
    return model


@pytest.mark.slow
def test_tensorboard_gets_each_number_of_a_metric_that_is_an_array(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    problem = Problem(with_f1, data, Objective("val_loss", "min"), 1)
    save, logs = tmp_path / "model.keras", tmp_path / "logs"
    outcome = problem.retrain(RetrainingRequest(problem.space.default(), 5, lambda epoch: False, save=save, logs=logs))
    assert not outcome.error
    assert save.is_file()
    for run in ("train", "validation"):
        accumulator = EventAccumulator(str(logs / run))
        accumulator.Reload()
        tags = set(accumulator.Tags()["tensors"])
        assert {"epoch_f1_score_0", "epoch_f1_score_1", "epoch_f1_score_2", "epoch_mae"} <= tags


@pytest.mark.slow
def test_an_objective_that_is_an_array_is_refused_with_its_shape() -> None:
    with pytest.raises(ObjectiveError, match=r"'val_f1_score' is an array of shape \(3,\).*F1Score\(average='macro'\)"):
        Problem(with_f1, data, Objective("val_f1_score", "max"), 1).check()
