"""Parts of a split are rows of one data set: trained as copies of these rows would be, without the copies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

from tuning import CrossValidation, Holdout, Objective, Problem, Samples, Splits
from tuning.arrays import RowsOf, read
from tuning.process.setup import prepare_process
from tuning.seeds import FIRST_SPLIT
from tuning.training.request import RetrainingRequest, TrainingRequest

prepare_process()
RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(90, 3)).astype("float32")
Y = (X.sum(axis=1) > 0).astype("int64")
WEIGHTS = RANDOM.uniform(0.5, 2, 90)


def build(hp: keras_tuner.HyperParameters) -> keras.Model:
    hp.Fixed("units", 4)
    return compiled(keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dropout(0.3)]))


def compiled(model: keras.Model, **arguments: Any) -> keras.Model:
    model.add(keras.layers.Dense(2, activation="softmax"))
    model.compile(
        "adam", "sparse_categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["accuracy"], **arguments
    )
    return model


def eager(hp: keras_tuner.HyperParameters) -> keras.Model:
    hp.Fixed("units", 4)
    return compiled(keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)]), run_eagerly=True)


def two_inputs(hp: keras_tuner.HyperParameters) -> keras.Model:
    hp.Fixed("units", 4)
    inputs = {"a": keras.Input((3,), name="a"), "b": keras.Input((2,), name="b")}
    output = keras.layers.Dense(2, activation="softmax")(keras.layers.Concatenate()(list(inputs.values())))
    model = keras.Model(inputs, output)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class WithFit(keras.Sequential):
    """A model with a `fit` of its own, which looks at its data."""

    def fit(self, x: Any, y: Any, validation_data: Any, **arguments: Any) -> Any:
        assert type(x) is type(y) is type(validation_data[0]) is np.ndarray
        return super().fit(x * 2, y, validation_data=validation_data, **arguments)


class OwnFit(keras_tuner.HyperModel):
    """Scales what it is given."""

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        return build(hp)

    def fit(self, hp: Any, model: keras.Model, x: Any, y: Any, validation_data: Any, **arguments: Any) -> Any:
        assert type(x) is type(y) is type(validation_data[0]) is np.ndarray
        return model.fit(x / 2, y, validation_data=(validation_data[0] / 2, validation_data[1]), **arguments)

    def evaluate(self, hp: Any, model: keras.Model, x: Any, y: Any) -> Any:
        assert type(x) is type(y) is np.ndarray
        return model.evaluate(x / 2, y, return_dict=True, verbose=0)


def with_fit(hp: keras_tuner.HyperParameters) -> keras.Model:
    hp.Fixed("units", 4)
    return compiled(WithFit([keras.Input((3,)), keras.layers.Dense(4)]))


PLAIN = Samples(X, Y)
WAYS = {
    "arrays": (build, PLAIN, {}, "compiled"),
    "sample weights": (build, Samples(X, Y, WEIGHTS), {}, "compiled"),
    "class weights": (build, PLAIN, {"class_weight": {0: 0.5, 1: 2.0}}, "compiled"),
    "in order, odd batches": (build, PLAIN, {"shuffle": False, "batch_size": 7}, "compiled"),
    "two inputs": (two_inputs, Samples({"a": X, "b": X[:, 1:]}, Y), {}, "compiled"),
    "float64": (build, Samples(X.astype("float64"), Y), {}, "compiled"),
    "official test data": (build, Samples(X, Y, test=(X[:9] + 1, Y[:9])), {}, "compiled"),
    "Keras' loop": (eager, PLAIN, {}, "keras: run_eagerly=True"),
    "a fit of the model's": (with_fit, PLAIN, {}, "keras: WithFit has a fit of its own"),
    "a fit of the HyperModel's": (OwnFit, PLAIN, {}, "compiled"),
}


@pytest.mark.parametrize(("model", "samples", "arguments", "way"), WAYS.values(), ids=WAYS)
def test_trains_and_scores_as_on_copies_of_the_rows(
    model: Any, samples: Samples, arguments: dict[str, Any], way: str
) -> None:
    def problem(data: Callable[[], object], **more: Any) -> Problem:
        return Problem(model, data, Objective("val_loss", "min"), 2, fit_arguments=arguments, **more)

    resampling = Holdout(validation=20, test=None if samples.test is not None else 15)
    by_rows = problem(lambda: samples, resampling=resampling)
    parts = {name: read(part) for name, part in by_rows.resampled.kept().splits.parts().items()}
    on_copies = problem(lambda: Splits(**parts))

    def outcomes(of: Problem) -> list[Any]:
        curve: list[Any] = []
        configuration = of.space.default()
        outcome = of.train(TrainingRequest(configuration, 7, 2, lambda logs: curve.append(logs) or False))
        assert (outcome.error, outcome.fit) == ("", way)
        retrained = of.retrain(RetrainingRequest(configuration, 8, lambda logs: curve.append(logs) or False))
        assert retrained.error == ""
        return [*curve, retrained.test]

    trained = outcomes(by_rows)
    assert len(trained) == 5
    assert trained[-1]
    assert trained == outcomes(on_copies)


def test_folds_share_the_memory_of_the_data_set_and_its_tensors() -> None:
    large = np.zeros((4_000, 600), "float32")
    problem = Problem(
        lambda hp: build(hp), lambda: Samples(large, large[:, 0].astype("int64")), Objective("val_loss", "min"), 1,
        resampling=CrossValidation(4),
    )  # fmt: skip
    whole = problem.resampled.samples.x
    recipes = [problem._recipe_of(FIRST_SPLIT._replace(fold=fold)) for fold in range(4)]
    for recipe in recipes:
        for part in recipe.splits.parts().values():
            assert isinstance(part[0], RowsOf)
            assert part[0].array is whole
    assert len({id(recipe.resident) for recipe in recipes}) == 1
    tensor = recipes[0].resident.tensor(whole)
    whole[3, 4] = 5.0
    assert float(tensor[3, 4]) == 5.0


def test_rows_of_an_array_are_an_array_to_numpy() -> None:
    rows = RowsOf(X, np.array([4, 2, 2]))
    expected = X[[4, 2, 2]]
    assert (rows.shape, rows.ndim, rows.dtype, len(rows), rows.nbytes) == ((3, 3), 2, np.float32, 3, 24)
    np.testing.assert_array_equal(rows, expected)
    np.testing.assert_array_equal(rows[1:], expected[1:])
    np.testing.assert_array_equal(np.concatenate([rows, rows]), np.concatenate([expected, expected]))
    assert np.asarray(rows, "float64").dtype == np.float64
    texts = RowsOf(np.array(["a", "b"], object), np.array([1]))
    assert read({"x": (texts, X)})["x"][0].tolist() == ["b"]
    with pytest.raises(ValueError, match="without a copy"):
        np.array(rows, copy=False)
