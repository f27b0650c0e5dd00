"""A learning-rate schedule, an exponential average of the weights, and callbacks from the study file."""

import keras
import numpy as np

from tests.users_code.holds import Holds

HOLDS = Holds(names=("decay", "average"))


def search(hp):
    rate = keras.optimizers.schedules.ExponentialDecay(0.1, 2, hp.Float("decay", 0.5, 0.9))
    model = keras.Sequential([keras.layers.Dense(3, "relu"), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(rate, use_ema=hp.Boolean("average")), keras.losses.Huber())
    return model


def callbacks():
    return [keras.callbacks.EarlyStopping(patience=5), keras.callbacks.TerminateOnNaN()]


def data():
    x = np.random.default_rng(10).normal(size=(32, 3)).astype("float32")
    return (x[:24], x[:24, 0]), (x[24:], x[24:, 0])
