"""The model and the data of cases that are about something else."""

from __future__ import annotations

from typing import Any

import keras
import keras_tuner
import numpy as np


def search(hp: keras_tuner.HyperParameters) -> keras.Model:
    hidden = keras.layers.Dense(hp.Int("units", 2, 3), "relu")
    model = keras.Sequential([keras.Input((3,)), hidden, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


class SmallNetwork(keras_tuner.HyperModel):
    """To be given a `fit`."""

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        return search(hp)


def data() -> Any:
    x = np.random.default_rng(4).normal(size=(32, 3)).astype("float32")
    return (x[:24], x[:24, 0]), (x[24:], x[24:, 0])
