"""`HyperModel.declare_hyperparameters` declares what `build` then asks for."""

import keras
import keras_tuner as kt
import numpy as np

from tests.users_code.holds import Holds

HOLDS = Holds(names=("units", "rate"))


class Declares(kt.HyperModel):
    def declare_hyperparameters(self, hp):
        hp.Int("units", 2, 3)
        hp.Float("rate", 1e-3, 1e-1, sampling="log")

    def build(self, hp):
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(hp.get("units"), "relu")])
        model.add(keras.layers.Dense(1))
        model.compile(keras.optimizers.SGD(hp.get("rate")), "mse")
        return model


search = Declares()
fit_arguments = {"shuffle": False}


def data():
    x = np.random.default_rng(4).normal(size=(32, 3)).astype("float32")
    return (x[:24], x[:24, 0]), (x[24:], x[24:, 0])
