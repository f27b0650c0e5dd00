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
    convolutions: tuple[int, ...] = ()


PROBLEMS = {
    "digits": BenchmarkProblem(digits, (100, 100, 100), trial_epochs=10, trials=6),
    "fashion_mnist": BenchmarkProblem(datasets.fashion_mnist, (300, 100), trial_epochs=3, trials=6),
    "fashion_cnn": BenchmarkProblem(datasets.fashion_mnist, (100,), 3, 6, convolutions=(32, 64)),
}


def make(shape, n_hidden, n_neurons, learning_rate=0.01, layers=(), convolutions=()):
    """A ReLU network with a softmax of 10, SGD; with 3x3 convolutions of so many filters, each pooled, before it."""
    model = keras.Sequential([keras.Input(shape)])
    if convolutions:
        model.add(keras.layers.Reshape((*shape, 1)))
    for filters in convolutions:
        model.add(keras.layers.Conv2D(filters, 3, activation="relu"))
        model.add(keras.layers.MaxPooling2D())
    model.add(keras.layers.Flatten())
    for width in layers or [n_neurons] * n_hidden:
        model.add(keras.layers.Dense(width, activation="relu"))
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.compile(keras.optimizers.SGD(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
