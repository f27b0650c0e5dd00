"""Class weights and a share for validation, as they are given to `search`; an averaged F1 as the objective."""

import keras
import numpy as np

from tests.users_code.holds import Holds

HOLDS = Holds(names=("units",), objective="val_f1_score:max", as_native=False)  # search gets (x, y) and a share
fit_arguments = {"class_weight": {0: 1.0, 1: 2.0}, "validation_split": 0.25}


def search(hp):
    model = keras.Sequential([keras.layers.Dense(hp.Int("units", 2, 3), "relu"), keras.layers.Dense(2, "softmax")])
    model.compile("sgd", "categorical_crossentropy", metrics=[keras.metrics.F1Score(average="macro")])
    return model


def data():
    x = np.random.default_rng(11).normal(size=(32, 3)).astype("float32")
    return x, np.eye(2, dtype="float32")[(x[:, 0] > 0).astype(int)]
