"""Each branch declares `units` in its own scope, by other bounds."""

import keras

from tests.users_code.holds import Holds
from tests.users_code.small_network import data  # noqa: F401

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
