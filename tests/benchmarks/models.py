"""The models and data that the benchmarks train."""

from collections.abc import Callable
from dataclasses import dataclass

import keras

from tests.support.fixed_data import digits
from tuning import Splits, datasets


@dataclass(frozen=True)
class BenchmarkProblem:
    data: Callable[[], Splits]
    layers: tuple[int, ...]
    trial_epochs: int
    trials: int


PROBLEMS = {
    "digits": BenchmarkProblem(digits, (100, 100, 100), trial_epochs=10, trials=6),
    "fashion_mnist": BenchmarkProblem(datasets.fashion_mnist, (300, 100), trial_epochs=3, trials=6),
}


def make(shape, n_hidden, n_neurons, learning_rate=0.01, layers=()):
    """A ReLU network with a softmax of 10, SGD."""
    model = keras.Sequential([keras.Input(shape), keras.layers.Flatten()])
    for width in layers or [n_neurons] * n_hidden:
        model.add(keras.layers.Dense(width, activation="relu"))
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.compile(keras.optimizers.SGD(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
