"""Texts as data: whatever array holds them, they train as they do in plain Keras."""

from __future__ import annotations

from typing import Any

import keras
import keras_tuner
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from tuning import SklearnBaseline
from tuning.objective import Objective
from tuning.problems.problem import Problem
from tuning.process.setup import prepare_process
from tuning.training.request import RetrainingRequest, TrainingRequest

prepare_process()
FIRST, SECOND = ["a good", "a bad", "no great", "some awful", "the good"], ["film", "day out", "book, by far", "idea"]
WORDS = [f"{first} {second}" for second in SECOND for first in FIRST]
Y = np.array([float("good" in words or "great" in words) for words in WORDS], "float32")
TRAIN, VALIDATION, TEST = slice(0, 12), slice(12, 16), slice(16, 20)
EPOCHS = 3


def layers(kind: str) -> Any:
    vectorize = keras.layers.TextVectorization(max_tokens=30, output_mode="multi_hot", pad_to_max_tokens=True)
    vectorize.adapt(WORDS)
    dense = [
        keras.layers.Dense(units, activation, kernel_initializer=keras.initializers.GlorotUniform(seed=units))
        for units, activation in ((4, "relu"), (1, "sigmoid"))
    ]
    if kind == "no input":
        return keras.Sequential([vectorize, *dense])
    return keras.Sequential([keras.Input((1,) if kind == "column" else (), dtype="string"), vectorize, *dense])


def build_model(hp: keras_tuner.HyperParameters, kind: str = "column") -> keras.Model:
    model = layers(kind)
    model.compile(keras.optimizers.Adam(hp.Float("lr", 0.01, 0.1)), "binary_crossentropy", metrics=["accuracy"])
    return model


class AdaptsInFit(keras_tuner.HyperModel):
    """Learns its words from what `fit` is given."""

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        return build_model(hp)

    def fit(self, hp: keras_tuner.HyperParameters, model: keras.Model, x: Any, y: Any, **kwargs: Any) -> Any:
        model.layers[0].adapt(x)
        return model.fit(x, y, **kwargs)


class OnBatches(keras.callbacks.Callback):
    """Needs Keras' own loop."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        pass


def plain_keras(model: Any, *, adapts: bool = False) -> keras.callbacks.History:
    """What Keras itself trains, on tensors."""
    texts = tf.constant(WORDS)
    if adapts:
        model.layers[0].adapt(texts[TRAIN])
    return model.fit(
        texts[TRAIN], Y[TRAIN], validation_data=(texts[VALIDATION], Y[VALIDATION]),
        epochs=EPOCHS, batch_size=4, shuffle=False, verbose=0,
    )  # fmt: skip


def problem_of(model: Any, made: Any = np.array, **more: Any) -> Problem:
    def data() -> Any:
        return tuple((made(WORDS[part]), Y[part]) for part in (TRAIN, VALIDATION, TEST))

    arguments = {"batch_size": 4, "shuffle": False}
    return Problem(model, data, Objective("val_loss", "min"), EPOCHS, fit_arguments=arguments, **more)


def curve_of(problem: Problem) -> tuple[list[float], str]:
    curve: list[float] = []
    request = TrainingRequest(
        problem.space.default(),
        5,
        EPOCHS,
        lambda logs: bool(curve.append(logs["loss"]) or curve.append(logs["val_loss"])),
    )
    outcome = problem.train(request)
    assert not outcome.error
    return curve, outcome.fit


def as_written(history: keras.callbacks.History) -> list[float]:
    pairs = zip(history.history["loss"], history.history["val_loss"], strict=True)
    return [value for pair in pairs for value in pair]


KINDS = {
    "str": np.array,
    "bytes": lambda words: np.array(words).astype("S"),
    "StringDType": lambda words: np.array(words, np.dtypes.StringDType()),
    "objects": lambda words: np.array(words, object),
    "a column of objects": lambda words: np.array(words, object)[:, None],
    "tensor": tf.constant,
    "series": pd.Series,
    "series of objects": lambda words: pd.Series(words, dtype=object),
    "category": lambda words: pd.Series(words, dtype="category"),
    "frame": lambda words: pd.DataFrame({"review": words}),
}


def test_every_kind_of_texts_becomes_one() -> None:
    expected = problem_of(build_model, KINDS["objects"]).splits.train[0]
    for kind, made in KINDS.items():
        texts = problem_of(build_model, made).splits.train[0]
        assert texts.dtype == object, kind
        assert [text.decode() if isinstance(text, bytes) else text for text in texts.ravel()] == list(expected), kind


@pytest.mark.slow
def test_every_way_to_train_on_them_trains_what_keras_trains() -> None:
    def no_input(hp: keras_tuner.HyperParameters) -> keras.Model:
        return build_model(hp, "no input")

    def scalar_input(hp: keras_tuner.HyperParameters) -> keras.Model:
        return build_model(hp, "scalar")

    expected = as_written(plain_keras(build_model(keras_tuner.HyperParameters())))
    for kind in ("str", "tensor", "a column of objects"):
        assert curve_of(problem_of(build_model, KINDS[kind])) == (pytest.approx(expected, rel=1e-5), "compiled"), kind
    assert curve_of(problem_of(no_input))[0] == pytest.approx(expected, rel=1e-5)
    assert curve_of(problem_of(scalar_input))[0] == pytest.approx(expected, rel=1e-5)
    by_keras, how = curve_of(problem_of(build_model, callbacks=lambda: [OnBatches()]))
    assert (by_keras, how) == (pytest.approx(expected, rel=1e-5), "keras: OnBatches works on batches")
    in_fit, _ = curve_of(problem_of(AdaptsInFit()))
    assert in_fit == pytest.approx(as_written(plain_keras(build_model(keras_tuner.HyperParameters()), adapts=True)))


@pytest.mark.slow
@pytest.mark.parametrize("callbacks", [(), (OnBatches(),)], ids=["compiled", "keras"])
def test_a_winner_on_texts_is_scored_saved_loaded_and_trained_further(tmp_path: Any, callbacks: Any) -> None:
    problem = problem_of(build_model, KINDS["a column of objects"], callbacks=callbacks)
    path = tmp_path / "model.keras"
    outcome = problem.retrain(RetrainingRequest(problem.space.default(), 5, lambda logs: False, save=path))
    assert not outcome.error
    model = keras.models.load_model(path)
    loss, accuracy = model.evaluate(tf.constant(WORDS[TEST]), Y[TEST], verbose=0)
    assert outcome.test == pytest.approx({"loss": loss, "accuracy": accuracy})
    assert outcome.anatomy is not None
    assert outcome.anatomy.predictions is not None
    further = problem.continue_training(path, problem.space.default(), 1, seed=1, save=tmp_path / "more.keras")
    assert set(further) == {"loss", "accuracy"}


def test_a_scikit_learn_baseline_reads_them() -> None:
    estimator = make_pipeline(TfidfVectorizer(), LogisticRegression())
    baseline = SklearnBaseline("tfidf", estimator, score=lambda fitted, x, y: fitted.score(x, y))
    fits = baseline.problem_of(problem_of(build_model))
    scores: list[Any] = []
    outcome = fits.train(TrainingRequest({}, 1, 1, lambda logs: bool(scores.append(logs))))
    assert not outcome.error
    assert scores[0]["val_loss"] >= 0.5


def test_numbers_beside_texts_are_inputs_of_their_own() -> None:
    def tabular(hp: keras_tuner.HyperParameters) -> keras.Model:
        age, kind = keras.Input((1,), name="age"), keras.Input((1,), dtype="string", name="kind")
        coded = keras.layers.StringLookup(vocabulary=["cat", "dog"], output_mode="one_hot")(kind)
        model = keras.Model({"age": age, "kind": kind}, keras.layers.Dense(1)(keras.layers.concatenate([age, coded])))
        model.compile("sgd", "mse")
        hp.Fixed("one", 1)
        return model

    frame = pd.DataFrame({"age": [1.0, 2.0, 3.0, 4.0], "kind": ["cat", "dog", "cat", "dog"]})
    y = np.arange(4.0)
    columns = {name: frame[[name]] for name in frame}
    problem = Problem(tabular, lambda: ((columns, y), (columns, y)), Objective("val_loss", "min"), 1)
    assert problem.check() == ["loss", "val_loss"]
