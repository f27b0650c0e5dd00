"""`HyperModel.declare_hyperparameters` declares what `build` then asks for."""

import keras
import keras_tuner as kt

from tests.users_code.holds import Holds
from tests.users_code.small_network import data  # noqa: F401

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
