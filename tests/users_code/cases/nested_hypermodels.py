"""A HyperModel made of others, in name scopes; it is given as an object with arguments."""

import keras
import keras_tuner as kt
import numpy as np

from tests.users_code.holds import Holds

HOLDS = Holds(names=("first/units", "second/units", "rate"))


class Block(kt.HyperModel):
    def build(self, hp):
        return keras.layers.Dense(hp.Int("units", 2, 3), activation="relu")


class Stack(kt.HyperModel):
    def __init__(self, names, **kwargs):
        super().__init__(**kwargs)
        self.names = names

    def build(self, hp):
        model = keras.Sequential()
        for name in self.names:
            with hp.name_scope(name):
                model.add(Block().build(hp))
        model.add(keras.layers.Dense(1))
        model.compile(keras.optimizers.SGD(hp.Float("rate", 0.01, 0.1)), lambda true, made: (true - made) ** 2)
        return model


search = Stack(["first", "second"], name="stack")


def data():
    x = np.random.default_rng(12).normal(size=(32, 3)).astype("float32")
    return (x[:24], x[:24, :1]), (x[24:], x[24:, :1])
