"""Cross-validation within `fit`: a model for each fold, and the histories of all."""

import keras
import keras_tuner as kt
import numpy as np

from tests.users_code.holds import Holds

HOLDS = Holds(names=("units",), budget=6)  # a trial is three folds of two epochs


class CrossValidated(kt.HyperModel):
    def build(self, hp):
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(hp.Int("units", 2, 3), "relu")])
        model.add(keras.layers.Dense(1))
        model.compile("sgd", "mse")
        return model

    def fit(self, hp, model, x, y, validation_data=None, **kwargs):
        histories = []
        for fold in range(3):
            held_out = np.arange(len(x)) % 3 == fold
            model = self.build(hp)
            validation = (x[held_out], y[held_out])
            histories.append(model.fit(x[~held_out], y[~held_out], validation_data=validation, **kwargs))
        return histories


search = CrossValidated()
fit_arguments = {"shuffle": False}


def data():
    x = np.random.default_rng(4).normal(size=(32, 3)).astype("float32")
    return (x[:24], x[:24, 0]), (x[24:], x[24:, 0])
