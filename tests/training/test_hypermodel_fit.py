"""Users' own `HyperModel.fit`, in every form that KerasTuner calls: each trains what plain `model.fit` trains."""

from __future__ import annotations

from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

from tuning.objective import Objective
from tuning.problems.problem import Problem
from tuning.process.setup import prepare_process
from tuning.training.request import TrainingRequest

prepare_process()
RNG = np.random.default_rng(1)
X = RNG.normal(size=(48, 3)).astype("float32")
Y = (X[:, 0] > 0).astype("float32")
COUNTED: list[int] = []


def data() -> Any:
    return (X[:32], Y[:32]), (X[32:], Y[32:])


class Counts(keras.callbacks.Callback):
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        COUNTED.append(epoch)


def build_model(hp: keras_tuner.HyperParameters) -> keras.Model:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(hp.Int("units", 2, 3)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


class Base(keras_tuner.HyperModel):
    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        return build_model(hp)


class OtherNames(Base):
    def fit(self, hp, model, X, y, **kwargs):
        assert X.shape == (len(y), 3)
        return model.fit(X, y, **kwargs)


class TrainNames(Base):
    def fit(self, hp, model, x_train, y_train, validation_data, **kwargs):
        return model.fit(x_train, y_train, validation_data=validation_data, **kwargs)


class FourByPosition(Base):
    def fit(self, hp, model, x_train, y_train, x_val, y_val, callbacks=None, epochs=1):
        return model.fit(x_train, y_train, validation_data=(x_val, y_val), callbacks=callbacks, epochs=epochs)


class ArgsOnly(Base):
    def fit(self, hp, model, *args):
        x, y = args
        return model.fit(x, y)


class ArgsByPlace(Base):
    def fit(self, hp, model, *args, **kwargs):
        x, y = args[0], args[1]
        return model.fit(x, y, **kwargs)


class ByName(Base):
    def fit(self, hp, model, *args, **kwargs):
        return model.fit(kwargs["x"], kwargs["y"], **{k: v for k, v in kwargs.items() if k not in ("x", "y")})


class NamesAlone(Base):
    def fit(self, hp, model, **kwargs):
        return model.fit(**kwargs)


class VerboseOfItsOwn(Base):
    def fit(self, hp, model, *args, **kwargs):
        return model.fit(*args, verbose=2, **kwargs)


class DemandsVerbose(Base):
    def fit(self, hp, model, x, y, validation_data, epochs, callbacks, verbose):
        assert verbose == 0
        return model.fit(x, y, epochs=epochs, validation_data=validation_data, callbacks=callbacks, verbose=verbose)


class KeywordOnly(Base):
    def fit(self, hp, model, *, x, y, callbacks, **kwargs):
        return model.fit(x, y, callbacks=callbacks, **kwargs)


def problem_of(model: Any, max_epochs: int = 3) -> Problem:
    return Problem(model, data, Objective("val_loss", "min"), max_epochs, callbacks=lambda: [Counts()])


def curve_of(problem: Problem, epochs: int = 3) -> list[dict[str, float]]:
    curve: list[dict[str, float]] = []
    COUNTED.clear()
    configuration = {**problem.space.default(), "units": 3}

    def on_epoch(logs: dict[str, float]) -> bool:
        curve.append(logs)
        return False

    outcome = problem.train(TrainingRequest(configuration, 7, epochs, on_epoch))
    assert outcome.error == ""
    assert len(COUNTED) == len(curve)
    return curve


@pytest.fixture(scope="module")
def plain() -> list[dict[str, float]]:
    return curve_of(problem_of(build_model))


@pytest.mark.parametrize(
    "model",
    [
        OtherNames, TrainNames, FourByPosition, ArgsOnly, ArgsByPlace, ByName, NamesAlone, VerboseOfItsOwn, KeywordOnly,
        DemandsVerbose,
    ],
)  # fmt: skip
def test_every_signature_trains_the_same(
    model: Any, plain: list[dict[str, float]], capsys: pytest.CaptureFixture[str]
) -> None:
    problem = problem_of(model)
    assert "val_loss" in problem.check()
    assert curve_of(problem) == plain
    assert capsys.readouterr().out == ""


class TunedEpochs(Base):
    """What KerasTuner's own docstring of `HyperModel.fit` shows."""

    def fit(self, hp, model, *args, **kwargs):
        return model.fit(*args, epochs=hp.Int("epochs", 2, 9), **kwargs)


class EpochsSetInPlace(Base):
    def fit(self, hp, model, *args, **kwargs):
        kwargs["epochs"] = hp.Int("epochs", 2, 9)
        return model.fit(*args, **kwargs)


@pytest.mark.parametrize("model", [TunedEpochs, EpochsSetInPlace])
def test_a_tuned_number_of_epochs_is_trained_up_to_what_a_tuner_asks_for(
    model: Any, plain: list[dict[str, float]]
) -> None:
    problem = problem_of(model)
    assert problem.space.names == ("units", "epochs")
    assert curve_of(problem) == plain[:2]  # the default: two epochs, of three that were asked for
    assert problem.check()

    def trained(epochs: int) -> int:
        curve: list[dict[str, float]] = []
        configuration = {"units": 3, "epochs": epochs}
        problem.train(TrainingRequest(configuration, 7, 3, lambda logs: bool(curve.append(logs))))
        return len(curve)

    assert [trained(epochs) for epochs in (2, 3, 9)] == [2, 3, 3]


class BreaksWhileTraining(Base):
    def fit(self, hp, model, *args, **kwargs):
        model.fit(*args, **kwargs)
        return {}["val_loss"]


def test_what_breaks_after_training_began_is_not_tried_in_another_way() -> None:
    problem = problem_of(BreaksWhileTraining)
    COUNTED.clear()
    outcome = problem.train(TrainingRequest(problem.space.default(), 7, 3, lambda logs: False))
    assert (outcome.error, COUNTED) == ("KeyError: 'val_loss'", [0, 1, 2])
