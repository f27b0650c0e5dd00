"""Layers that do not fit together for some values: such trials fail, and the search goes on."""

import keras
import numpy as np

from tests.users_code.holds import Holds

HOLDS = Holds(names=("filters", "kernel"), budget=4, failed=True)


def search(hp):
    model = keras.Sequential([keras.Input((6, 1))])
    for _ in range(2):
        model.add(keras.layers.Conv1D(hp.Int("filters", 1, 16), hp.Choice("kernel", [2, 3, 4])))
    model.add(keras.layers.GlobalAveragePooling1D())
    model.add(keras.layers.Dense(1))
    model.compile("sgd", "mse")
    return model


def data():
    x = np.random.default_rng(13).normal(size=(32, 6, 1)).astype("float32")
    return (x[:24], x[:24, 0]), (x[24:], x[24:, 0])
