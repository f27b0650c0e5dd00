"""A `fit` of `*args` alone: what is not passed on has to reach `model.fit` all the same."""

import keras
import keras_tuner as kt
import numpy as np

from tests.users_code.holds import Holds

# KerasTuner passes validation data, epochs and callbacks by name: it cannot call this one.
HOLDS = Holds(names=("units",), as_native=False)


class ArgsOnly(kt.HyperModel):
    def build(self, hp):
        model = keras.Sequential([keras.layers.Dense(hp.Int("units", 2, 3)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        return model

    def fit(self, hp, model, *args):
        x, y = args
        return model.fit(x, y)


search = ArgsOnly()


def data():
    x = np.random.default_rng(3).normal(size=(32, 3)).astype("float32")
    return (x[:24], x[:24, 0]), (x[24:], x[24:, 0])
