"""KerasTuner's own docstring of `HyperModel.fit`: the number of epochs is tuned."""

import keras
import keras_tuner as kt
import numpy as np

from tests.users_code.holds import Holds

HOLDS = Holds(names=("units", "epochs"), columns=("units", "hp.epochs"), budget=4, passes_epochs=False)


class MyHyperModel(kt.HyperModel):
    def build(self, hp):
        model = keras.Sequential([keras.layers.Dense(hp.Int("units", 2, 3), activation="relu"), keras.layers.Dense(1)])
        model.compile(loss="mse")
        return model

    def fit(self, hp, model, *args, **kwargs):
        return model.fit(*args, epochs=hp.Int("epochs", 1, 2), **kwargs)


search = MyHyperModel()


def data():
    x = np.random.default_rng(1).normal(size=(32, 3)).astype("float32")
    return (x[:24], x[:24, 0]), (x[24:], x[24:, 0])
