"""`fit` returns a number that no epoch has reported."""

import keras
import keras_tuner as kt
import numpy as np

from tests.users_code.holds import Holds

HOLDS = Holds(names=("units",), objective="hinge_of_all:min")


class Scored(kt.HyperModel):
    def build(self, hp):
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(hp.Int("units", 2, 3), "relu")])
        model.add(keras.layers.Dense(1))
        model.compile("sgd", "mse")
        return model

    def fit(self, hp, model, x, y, validation_data, **kwargs):
        model.fit(x, y, validation_data=validation_data, **kwargs)
        held_out, wanted = validation_data
        return float(np.maximum(0.0, 1.0 - wanted * model.predict(held_out, verbose=0)[:, 0]).mean())


search = Scored()
fit_arguments = {"shuffle": False}


def data():
    x = np.random.default_rng(4).normal(size=(32, 3)).astype("float32")
    return (x[:24], x[:24, 0]), (x[24:], x[24:, 0])
