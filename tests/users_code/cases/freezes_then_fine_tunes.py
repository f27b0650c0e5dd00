"""Two phases: a frozen layer, then all of the model at a lower rate."""

import keras
import keras_tuner as kt
import numpy as np

from tests.users_code.holds import Holds

HOLDS = Holds(names=("units",), budget=4)


class FineTunes(kt.HyperModel):
    def build(self, hp):
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(hp.Int("units", 2, 3), "relu")])
        model.add(keras.layers.Dense(1))
        model.compile("sgd", "mse")
        return model

    def fit(self, hp, model, *args, **kwargs):
        model.layers[0].trainable = False
        model.compile("sgd", "mse")
        model.fit(*args, **kwargs)
        model.layers[0].trainable = True
        model.compile(keras.optimizers.SGD(0.001), "mse")
        return model.fit(*args, **kwargs)


search = FineTunes
fit_arguments = {"shuffle": False}


def data():
    x = np.random.default_rng(4).normal(size=(32, 3)).astype("float32")
    return (x[:24], x[:24, 0]), (x[24:], x[24:, 0])
