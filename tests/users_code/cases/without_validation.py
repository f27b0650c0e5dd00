"""No validation data: the training loss is the objective."""

import keras
import numpy as np

from tests.users_code.holds import Holds

HOLDS = Holds(names=("units",), objective="loss")


def search(hp):
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(hp.Int("units", 2, 3), "relu"), keras.layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    return model


def data():
    x = np.random.default_rng(4).normal(size=(32, 3)).astype("float32")
    return (x, x[:, 0]), None


fit_arguments = {"shuffle": False}
