"""A problem: what it refuses, what it tells of itself, and how it travels to a worker."""

import functools
import json

import cloudpickle
import keras
import keras_tuner
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tuning.errors import DataError, ObjectiveError, SpaceError, StudyError
from tuning.journal.lines import encode
from tuning.journal.study_record import StudyRecord
from tuning.objective import Objective
from tuning.problems.problem import Problem
from tuning.process.setup import prepare_process
from tuning.resampling.plans import Holdout
from tuning.training.request import TrainingRequest

prepare_process()  # as every process that trains

LOSS = Objective("val_loss", "min")
LOADED = []


def arrays(y=None):
    random = np.random.default_rng(1)
    x, classes = random.normal(size=(30, 4)).astype("float32"), random.integers(0, 3, 30)
    y = classes if y is None else y
    return (x[:20], y[:20]), (x[20:], y[20:])


def tiny():
    LOADED.append(1)
    return arrays()


def dataset(y_dtype=np.int64):
    return tuple(tf.data.Dataset.from_tensor_slices((x, y.astype(y_dtype))).batch(10) for x, y in arrays())


def build_model(hp):
    model = keras.Sequential([layers.Input((4,)), layers.Dense(hp.Int("width", 2, 3)), layers.Dense(3)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(hp.Float("rate", 1e-3, 1e-1)), loss, metrics=["accuracy"])
    return model


class Model(keras_tuner.HyperModel):
    def build(self, hp):
        return build_model(hp)


def problem(build=build_model, data=tiny, objective=LOSS, **arguments):
    return Problem(build, data, objective, 3, **arguments)


@pytest.mark.parametrize("build", [build_model, Model, Model(), functools.partial(build_model)])
def test_takes_every_form_of_model(build):
    assert [hp.name for hp in problem(build).space.hyperparameters] == ["width", "rate"]


def test_check_returns_the_metrics():
    assert problem().check() == ["accuracy", "loss", "val_accuracy", "val_loss"]


def not_compiled(hp):
    return keras.Sequential([layers.Dense(2)])


def raises(hp):
    return hp.nothing


@pytest.mark.parametrize(
    ("arguments", "kind", "error"),
    [
        ({"objective": Objective("val_auc", "max")}, ObjectiveError, "the objective 'val_auc' is not reported by the"),
        ({"build": raises}, SpaceError, "the model cannot be built at its default values: AttributeError"),
        ({"build": not_compiled}, SpaceError, "build_model returned a model that is not compiled"),
        ({"build": lambda hp: 3}, SpaceError, "build_model returned int; expected a compiled keras.Model"),
        ({"build": "model"}, SpaceError, "build_model is 'model' of type str; expected a function build_model"),
        ({"data": lambda: None}, DataError, "returned NoneType; expected"),
        ({"fit_arguments": {"batch": 3}}, SpaceError, "the model cannot be trained at its default values: TypeError"),
    ],
)
def test_check_refuses_in_one_line(arguments, kind, error):
    with pytest.raises(kind, match=error) as caught:
        problem(**arguments).check()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"max_epochs": 0}, r"Problem\(max_epochs=0\): expected a whole number of at least 1"),
        ({"max_epochs": 2.5}, r"Problem\(max_epochs=2\.5\)"),
        ({"max_epochs": True}, r"Problem\(max_epochs=True\)"),
        ({"objective": "val_loss"}, r"Problem\(objective='val_loss'\): expected Objective"),
        ({"fit_arguments": ["batch_size"]}, r"expected a mapping, such as \{'batch_size': 64\}"),
        ({"fit_arguments": {"epochs": 3}}, r"sets epochs, which tuning sets itself: give max_epochs"),
        ({"fit_arguments": {"sample_weight": [1]}}, r"sets sample_weight, .* give it in the problem's data"),
        ({"fit_arguments": {"validation_split": 1.5}}, r"'validation_split': 1\.5\}\): expected a share of the data"),
        (
            {"resampling": Holdout(validation=0.2), "fit_arguments": {"validation_split": 0.2}},
            r"Problem\(resampling=Holdout\(.*\) and fit_arguments with validation_split=0\.2: expected one",
        ),
        ({"callbacks": 3}, r"Problem\(callbacks=3\): expected a function that returns Keras callbacks, or a list"),
        ({"hyperparameters": {"units": 3}}, "expected a keras_tuner.HyperParameters"),
        ({"tune_new_entries": False}, "tune_new_entries=False leaves nothing to tune"),
        ({"fit_arguments": {"validation_freq": 2}}, r"sets validation_freq, .* every epoch is validated"),
    ],
)
def test_wrong_arguments_are_refused_at_once(arguments, error):
    complete = {"build_model": build_model, "data": tiny, "objective": LOSS, "max_epochs": 3, **arguments}
    with pytest.raises(StudyError, match=error):
        Problem(**complete)


def test_describe_is_json():
    described = problem().describe()
    assert [entry["name"] for entry in described.space] == ["width", "rate"]
    assert described.objective == Objective("val_loss", "min")
    assert described.max_epochs == 3
    assert len(described.data.fingerprint) == 16
    assert described.data.shapes["train"]["size"] == 20
    record = StudyRecord(study="s", problems={"p": described})
    assert json.loads(encode(record))["problems"]["p"]["max_epochs"] == 3


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (tiny, False),
        (lambda: arrays(np.linspace(0, 1, 30)), True),
        (dataset, False),
        (functools.partial(dataset, np.float32), True),
    ],
)
def test_a_problem_with_floating_targets_is_a_regression(data, expected):
    assert problem(data=data).is_regression is expected


def test_datasets_are_described_and_checked():
    of_datasets = problem(data=dataset)
    assert of_datasets.name == "dataset"
    assert of_datasets.describe().data.fingerprint.startswith("dataset:")
    assert "val_loss" in of_datasets.check()


def test_the_data_is_loaded_once():
    LOADED.clear()
    one = problem()
    one.check()
    one.describe()
    one.train(TrainingRequest(one.space.default(), 1, 1, lambda logs: False))
    assert LOADED == [1]


def test_travels_without_the_data_and_with_the_space():
    sent = problem(callbacks=[keras.callbacks.EarlyStopping()], fit_arguments={"batch_size": 8})
    sent.check()
    pickled = cloudpickle.dumps(sent)
    received = cloudpickle.loads(pickled)
    assert len(pickled) < 20_000
    assert not {"splits", "recipe"} & set(vars(received))
    assert received._space is not None
    assert received.space.to_json() == sent.space.to_json()

    def curve(one):
        logs = []
        one.train(TrainingRequest(one.space.default(), 3, 2, logs.append))
        return logs

    assert curve(received) == curve(sent)


def test_the_name_is_that_of_the_data_or_the_one_given():
    assert problem().name == "tiny"
    assert problem(name="mine").name == "mine"
