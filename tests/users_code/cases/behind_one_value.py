"""A hyperparameter that only one value of a range asks for, and a scope with the name of its parent in it."""

import keras
import numpy as np

from tests.users_code.holds import Holds

HOLDS = Holds(names=("depth", "wide", "width", "units_for_5"))


def search(hp):
    depth = hp.Int("depth", 1, 7)
    units = hp.Int("units_for_5", 2, 3) if depth == 5 else 2
    wide = hp.Boolean("wide")
    with hp.conditional_scope("wide", [wide]):
        width = hp.Int("width", 1, 2)
    model = keras.Sequential([keras.layers.Dense(units * width), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def data():
    x = np.random.default_rng(5).normal(size=(32, 3)).astype("float32")
    return (x[:24], x[:24, 0]), (x[24:], x[24:, 0])
