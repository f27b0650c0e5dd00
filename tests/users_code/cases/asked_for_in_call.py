"""A subclass that keeps `hp` and asks it in `call`."""

import keras
import numpy as np

from tests.users_code.holds import Holds

HOLDS = Holds(names=("units", "squash"))


class Net(keras.Model):
    def __init__(self, hp):
        super().__init__()
        self.hp = hp
        self.hidden = keras.layers.Dense(hp.Int("units", 2, 3))
        self.out = keras.layers.Dense(1)

    def call(self, inputs):
        hidden = self.hidden(inputs)
        if self.hp.Boolean("squash"):
            hidden = keras.ops.tanh(hidden)
        return self.out(hidden)


def search(hp):
    model = Net(hp)
    model.compile("sgd", "mse")
    return model


def data():
    x = np.random.default_rng(6).normal(size=(32, 3)).astype("float32")
    return (x[:24], x[:24, 0]), (x[24:], x[24:, 0])
