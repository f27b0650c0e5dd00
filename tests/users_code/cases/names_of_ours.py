"""Hyperparameters called like our columns, with spaces, dots and slashes in them; a metric called `score`."""

import keras
import numpy as np

from tests.users_code.holds import Holds

HOLDS = Holds(
    names=("tuner", "replicate", "score", "epochs", "block.1/units", "learning rate"),
    objective="val_score:min",
    columns=("hp.tuner", "hp.replicate", "hp.score", "hp.epochs", "block.1/units", "learning rate"),
)


def search(hp):
    hp.Choice("tuner", ["a", "b"])
    hp.Int("replicate", 1, 3)
    hp.Boolean("score")
    hp.Int("epochs", 5, 9)
    model = keras.Sequential([keras.layers.Dense(hp.Int("block.1/units", 2, 4)), keras.layers.Dense(1)])
    rate = hp.Float("learning rate", 0.001, 0.1, sampling="log")
    model.compile(keras.optimizers.SGD(rate), "mse", metrics=[keras.metrics.MeanAbsoluteError(name="score")])
    return model


def data():
    x = np.random.default_rng(7).normal(size=(32, 3)).astype("float32")
    return (x[:24], x[:24, 0]), (x[24:], x[24:, 0])
