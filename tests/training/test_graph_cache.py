"""A kept graph is the one that would be traced: of random structures, whatever the first values of their variables."""

from __future__ import annotations

import random
import re
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from tuning.process.setup import prepare_process
from tuning.seeds import order_of_epoch
from tuning.training import compiled_epoch
from tuning.training.fit_arguments import bind
from tuning.training.graph_cache import Traces, describe
from tuning.training.internals.tensorflow import ConcreteFunction
from tuning.training.resident import Resident

prepare_process()
X = np.random.default_rng(1).normal(size=(20, 4)).astype("float32")
Y = np.random.default_rng(2).integers(3, size=20)
INITIALIZERS = ["glorot_uniform", "he_normal", "random_normal", "orthogonal"]


def model_of(structure: random.Random, values: random.Random) -> keras.Model:
    """A classifier whose graph depends on `structure`, and the first values of whose variables depend on `values`."""

    def initial() -> Any:
        name = values.choice(INITIALIZERS)
        return name if name == "glorot_uniform" else keras.initializers.get(name).clone()

    def rate() -> float:
        return 10 ** values.uniform(-3, -1)

    keras.backend.clear_session()
    keras.utils.set_random_seed(values.randrange(1, 1000))
    inner: list[Any] = []
    for _ in range(structure.randint(0, 3)):
        kind = structure.choice(["dense", "dropout", "norm", "noise"])
        if kind == "dense":
            penalty = structure.choice([None, keras.regularizers.L2(structure.choice([0.01, 0.1]))])
            inner.append(
                layers.Dense(
                    structure.choice([3, 4]),
                    structure.choice(["relu", "tanh"]),
                    kernel_initializer=initial(),
                    kernel_regularizer=penalty,
                )
            )
        elif kind == "dropout":
            inner.append(layers.Dropout(structure.choice([0.2, 0.5]), seed=values.randrange(1, 1000)))
        elif kind == "norm":
            inner.append(layers.BatchNormalization(momentum=structure.choice([0.9, 0.99]), gamma_initializer="ones"))
        else:
            inner.append(layers.GaussianNoise(structure.choice([0.1, 0.2]), seed=values.randrange(1, 1000)))
    model = keras.Sequential([layers.Input((4,)), *inner, layers.Dense(3, "softmax", kernel_initializer=initial())])
    optimizer = structure.choice(
        [
            lambda: keras.optimizers.SGD(rate(), momentum=structure.choice([0.0, 0.9])),
            lambda: keras.optimizers.Adam(rate(), clipnorm=structure.choice([None, 1.0])),
            lambda: keras.optimizers.RMSprop(rate(), weight_decay=structure.choice([None, 0.01])),
        ]
    )()
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fit(model: keras.Model, resident: Resident, size: int = len(X)) -> keras.Model:
    """Two epochs, by whole compiled epochs."""
    keras.utils.set_random_seed(7)
    given = {"x": X[:size], "y": Y[:size], "validation_data": (X, Y), "batch_size": 8, "epochs": 2, "verbose": 0}
    epochs = iter(range(2))
    compiled_epoch.fit(
        model, bind(model, (), given), lambda size: order_of_epoch(1, next(epochs), size), resident, "fit 0"
    )
    return model


def graph_of(function: ConcreteFunction) -> list[str]:
    """A graph in words, its functions in the order in which they are met; TensorFlow counts their names up."""
    definition = function.graph.as_graph_def()
    functions = {known.signature.name: str(known) for known in definition.library.function}
    parts, met = ["".join(map(str, definition.node))], list[str]()
    for part in parts:
        new = [name for name in re.findall(r'"([^"]+)"', part) if name in functions and name not in met]
        met += dict.fromkeys(new)
        parts += [functions[name] for name in dict.fromkeys(new)]
    assert len(met) == len(functions)
    numbers = {name: f"function {number}" for number, name in enumerate(met)}
    numbered = [re.sub(r'"([^"]+)"', lambda found: f'"{numbers.get(found[1], found[1])}"', part) for part in parts]
    counted = r"(while_(?:cond|body)_|CustomGradient-)\d+"  # in names of arguments, and labels
    return [re.sub(counted, r"\1", part) for part in numbered]


def traced(model: keras.Model) -> list[list[str]]:
    """The graphs of training and validation, traced anew."""
    resident = Resident()
    fit(model, resident)
    return [graph_of(function) for function, _ in resident.traces._kept.values()]


NUMBERS = [*range(1, 5), *(pytest.param(number, marks=pytest.mark.nightly) for number in range(5, 201))]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_kept_graph_is_the_one_that_would_be_traced(number: int) -> None:
    first, second = (model_of(random.Random(number), random.Random(1000 * number + value)) for value in (1, 2))
    assert describe(fit(first, Resident())) is not None
    assert describe(first) == describe(fit(second, Resident()))
    graphs = [traced(model_of(random.Random(number), random.Random(1000 * number + value))) for value in (1, 2)]
    assert len(graphs[0]) == 2
    assert graphs[0] == graphs[1]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_kept_graph_trains_to_the_same_bits(number: int) -> None:
    shared = Resident()
    fit(model_of(random.Random(number), random.Random(1)), shared)
    by_kept = fit(model_of(random.Random(number), random.Random(2)), shared)
    assert shared.traces.traced == 2
    by_its_own = fit(model_of(random.Random(number), random.Random(2)), Resident())
    for one, other in zip(by_kept.get_weights(), by_its_own.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert by_kept.evaluate(X, Y, verbose=0) == by_its_own.evaluate(X, Y, verbose=0)


def test_another_number_of_samples_needs_no_other_graph() -> None:
    shared = Resident()
    fit(model_of(random.Random(3), random.Random(1)), shared)
    smaller = fit(model_of(random.Random(3), random.Random(2)), shared, size=17)
    assert shared.traces.traced == 2
    alone = fit(model_of(random.Random(3), random.Random(2)), Resident(), size=17)
    for one, other in zip(smaller.get_weights(), alone.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def built(change: str = "") -> keras.Model:
    keras.backend.clear_session()
    penalty = keras.regularizers.L2(0.2 if change == "penalty" else 0.1)
    model = keras.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(4, "tanh" if change == "activation" else "relu", kernel_regularizer=penalty),
            layers.Dropout(0.3 if change == "dropout" else 0.2),
            layers.Dense(3, "softmax"),
        ]
    )
    model.layers[0].trainable = change != "frozen"
    momentum = 0.8 if change == "momentum" else 0.9
    rate: Any = keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5) if change == "schedule" else 0.1
    loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=2 if change == "loss" else None)
    model.compile(keras.optimizers.SGD(rate, momentum=momentum), loss, metrics=["accuracy"])
    return model


@pytest.mark.parametrize("change", ["penalty", "activation", "dropout", "frozen", "momentum", "schedule", "loss"])
def test_what_is_in_the_graph_is_in_its_name(change: str) -> None:
    assert describe(built()) == describe(built())
    assert describe(built(change)) != describe(built())


def test_only_so_many_are_kept() -> None:
    resident = Resident()
    for number in range(1, 13):
        fit(model_of(random.Random(number), random.Random(1)), resident)
    assert len(resident.traces._kept) <= 16 < resident.traces.traced
    assert isinstance(resident.traces, Traces)
