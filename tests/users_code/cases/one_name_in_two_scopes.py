"""Each branch declares `units` in its own scope, by other bounds."""

import keras
import numpy as np

from tests.users_code.holds import Holds

HOLDS = Holds(names=("kind", "units"))


def search(hp):
    kind = hp.Choice("kind", ["narrow", "wide"])
    with hp.conditional_scope("kind", ["narrow"]):
        if kind == "narrow":
            units = hp.Int("units", 1, 2)
    with hp.conditional_scope("kind", ["wide"]):
        if kind == "wide":
            units = hp.Int("units", 4, 8)
    model = keras.Sequential([keras.layers.Dense(units), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def data():
    x = np.random.default_rng(4).normal(size=(32, 3)).astype("float32")
    return (x[:24], x[:24, 0]), (x[24:], x[24:, 0])
