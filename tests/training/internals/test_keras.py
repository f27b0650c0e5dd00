"""The private parts of Keras are where `keras_internals` looks for them, and do what it says."""

import random

import keras
import numpy as np
from keras import layers

from tuning.training.internals import keras as keras_internals


def built() -> keras.Model:
    model = keras.Sequential([layers.Input((3,)), layers.Dense(4), layers.Dense(2)])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def test_logs_of_tensors_become_floats() -> None:
    logs = keras_internals.plain_logs({"loss": keras.ops.convert_to_tensor(0.5), "mae": 1.0})
    assert logs == {"loss": 0.5, "mae": 1.0}
    assert all(type(value) is float for value in logs.values())


def test_a_fit_begins_where_a_backup_has_set_it() -> None:
    model = built()
    assert keras_internals.first_epoch(model, 2) == 2
    model._initial_epoch = 5  # as BackupAndRestore sets it
    assert keras_internals.first_epoch(model, 2) == 5


def test_which_epochs_are_validated() -> None:
    assert [keras_internals.is_validated(built(), epoch, 2) for epoch in range(4)] == [False, True, False, True]
    assert [keras_internals.is_validated(built(), epoch, [1, 4]) for epoch in range(4)] == [True, False, False, True]


def test_what_a_step_returned_gives_logs() -> None:
    model = built()
    model.train_on_batch(np.zeros((2, 3)), np.ones((2, 2)))
    assert keras_internals.logs_of_step(model, {"mine": 1.0}) == {"mine": 1.0}
    logs = keras_internals.logs_of_step(model, {"loss": 7.0, "mae": 7.0})  # of the last batch alone
    assert keras_internals.plain_logs(logs) == {"loss": 1.0, "mae": 1.0}


def test_metrics_of_compile_are_built_by_targets_and_predictions() -> None:
    metrics = keras_internals.compiled_metrics(built())
    assert not metrics.built
    metrics.build(keras.ops.zeros((2, 2)), keras.ops.zeros((2, 2)))
    assert [metric.name for metric in metrics.metrics] == ["mae"]


def test_the_graph_of_a_model() -> None:
    model = built()
    assert keras_internals.symbolic_output(model).shape == (None, 2)
    nodes = keras_internals.graph_nodes(model)
    assert nodes is not None
    assert [type(node.operation).__name__ for node in nodes] == ["InputLayer", "Dense", "Dense"]
    assert nodes[2].parent_nodes == [nodes[1]]
    assert keras_internals.all_layers(model)[0] is model
    assert {id(layer) for layer in model.layers} <= {id(layer) for layer in keras_internals.all_layers(model)}

    class Own(keras.Model):
        pass

    assert keras_internals.symbolic_output(Own()) is None
    assert keras_internals.graph_nodes(Own()) is None


def test_a_profile_that_is_asked_for() -> None:
    callbacks = (keras.callbacks.TensorBoard(profile_batch=batch) for batch in ((2, 3), 0))
    assert [keras_internals.profiles_batches(callback) for callback in callbacks] == [True, False]


def test_fit_is_replaced_and_restored() -> None:
    model = built()
    keras_internals.replace_fit(model, lambda: "ours")
    assert model.fit() == "ours"
    keras_internals.restore_fit(model)
    assert model.fit.__func__ is keras.Model.fit


def test_metrics_go_unread_within_and_only_there() -> None:
    model = built()
    with keras_internals.unread_metrics(model):
        assert model.get_metrics_result() == {}
    assert model.get_metrics_result.__func__ is keras.Model.get_metrics_result


def test_layers_draw_their_seeds_from_the_generator() -> None:
    before = random.getstate()
    drawn = []
    for _ in range(2):
        with keras_internals.seeds_drawn_from(random.Random(3)):
            drawn.append(keras.initializers.RandomNormal().seed)
    assert drawn[0] == drawn[1]
    assert random.getstate() == before
