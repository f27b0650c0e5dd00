"""A `keras.utils.PyDataset` that shuffles itself after each epoch."""

import keras
import numpy as np

from tests.users_code.holds import Holds
from tests.users_code.small_network import search  # noqa: F401

HOLDS = Holds(names=("units",))


class Batches(keras.utils.PyDataset):
    def __init__(self, x, y):
        super().__init__()
        self.x, self.y, self.order = x, y, np.arange(len(x))

    def __len__(self):
        return len(self.x) // 8

    def __getitem__(self, index):
        rows = self.order[index * 8 : (index + 1) * 8]
        return self.x[rows], self.y[rows]

    def on_epoch_end(self):
        self.order = np.roll(self.order, 3)


def data():
    x = np.random.default_rng(4).normal(size=(32, 3)).astype("float32")
    return Batches(x[:24], x[:24, 0]), Batches(x[24:], x[24:, 0])


fit_arguments = {"shuffle": False}
