from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from tests.support.fixed_data import iris
from tuning.errors import DataError
from tuning.journal.winner_record import MAX_CLASSES, Confusion, Scatter
from tuning.objective import Objective
from tuning.splits import Splits, load_splits
from tuning.training.winner.anatomy import anatomy, class_numbers, layers_of

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(40, 4)).astype("float32")
CLASSES = np.arange(40) % 3
ACCURACY = Objective("val_accuracy", "max")


def functional() -> keras.Model:
    wide, deep = keras.Input((4,), name="wide"), keras.Input((4,), name="deep")
    shared = keras.layers.Dense(4, name="shared")
    both = keras.layers.Concatenate(name="both")([wide, shared(shared(deep))])
    main = keras.layers.Dense(3, activation="softmax", name="main")(both)
    side = keras.layers.Dense(1, name="main_side")(both)
    model = keras.Model({"wide": wide, "deep": deep}, {"main": main, "main_side": side})
    model.compile(loss={"main": "sparse_categorical_crossentropy", "main_side": "mse"})
    return model


class Subclassed(keras.Model):
    def __init__(self, num: int = 3) -> None:
        super().__init__()
        self.hidden, self.out = keras.layers.Dense(5), keras.layers.Dense(num)

    def call(self, inputs: Any) -> Any:
        return self.out(self.hidden(inputs))


def test_layers_of_a_graph_come_after_their_inputs_and_shared_ones_count_once() -> None:
    model = functional()
    layers, connected = layers_of(model)
    assert connected
    assert sum(layer.parameters for layer in layers) == model.count_params()
    assert all(source < place for place, layer in enumerate(layers) for source in layer.inputs)
    named = {(layer.name, layer.call): layer for layer in layers}
    assert (named["shared", 1].parameters, named["shared", 2].parameters) == (20, 0)
    assert layers[named["shared", 2].inputs[0]] == named["shared", 1]
    assert {layers[place].name for place in named["both", 1].inputs} == {"wide", "shared"}
    assert named["both", 1].shapes == ((8,),)


def test_a_sequential_model_is_a_chain() -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5), keras.layers.BatchNormalization()])
    found = anatomy(model, Splits((X, CLASSES), (X, CLASSES)), ACCURACY)
    assert [layer.kind for layer in found.layers] == ["InputLayer", "Dense", "BatchNormalization"]
    assert [layer.inputs for layer in found.layers] == [(), (0,), (1,)]
    assert (found.parameters, found.trainable) == (45, 35)


def test_a_subclassed_model_says_what_cannot_be_said() -> None:
    model = Subclassed()
    model(X)
    found = anatomy(model, Splits((X, CLASSES), (X, CLASSES), (X, CLASSES)), ACCURACY)
    assert (found.kind, found.connected, found.parameters) == ("Subclassed", False, 25 + 18)
    assert [(layer.kind, layer.parameters) for layer in found.layers] == [("Dense", 25), ("Dense", 18)]
    assert found.remarks[0].startswith("Subclassed connects its layers in its own code")
    assert isinstance(found.predictions, Confusion)


@pytest.mark.parametrize(
    ("metric", "output", "kind", "remarks"),
    [
        ("val_main_accuracy", "main", Confusion, 0),
        ("val_main_side_loss", "main_side", Scatter, 0),  # not taken for the output "main"
        ("val_loss", "main", Confusion, 1),
    ],
)
def test_of_several_outputs_the_objectives_is_shown(metric: str, output: str, kind: type, remarks: int) -> None:
    part = {"wide": X, "deep": X}, {"main": CLASSES, "main_side": X[:, :1]}
    names = {"main": ("a", "b", "c")}
    found = anatomy(functional(), Splits(part, part, part, names), Objective(metric, "max"))
    assert isinstance(found.predictions, kind)
    assert (found.predictions.output, len(found.remarks)) == (output, remarks)
    if isinstance(found.predictions, Confusion):
        assert found.predictions.classes == ("a", "b", "c")
        assert [sum(row) for row in found.predictions.counts] == [14, 13, 13]


def dense(num: int, activation: str | None = None, loss: Any = "mse") -> keras.Model:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(num, activation=activation)])
    model.compile(loss=loss)
    return model


def test_counts_are_those_of_the_predictions() -> None:
    model = dense(3, "softmax")
    found = anatomy(model, Splits((X, CLASSES), (X, CLASSES), (X, CLASSES)), ACCURACY).predictions
    assert isinstance(found, Confusion)
    assert (found.split, found.classes) == ("test", ("0", "1", "2"))
    wanted = np.zeros((3, 3), int)
    np.add.at(wanted, (CLASSES, model.predict(X, verbose=0).argmax(axis=1)), 1)
    assert found.counts == tuple(map(tuple, wanted.tolist()))


def test_the_errors_are_over_all_samples_and_binned_ones_are_counted() -> None:
    model, y = dense(1), (X @ np.array([1.0, 2.0, 3.0, 4.0], "float32"))[:, None]
    model.layers[0].set_weights([np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([0.5])])
    found = anatomy(model, Splits((X, y), (X, y)), Objective("val_loss", "min"))
    assert found.remarks == ("There is no test split: what it predicts is shown on validation.",)
    assert isinstance(found.predictions, Scatter)
    assert found.predictions.mae == pytest.approx(0.5, abs=1e-5)
    assert found.predictions.rmse == pytest.approx(0.5, abs=1e-5)
    assert found.predictions.r2 == pytest.approx(1 - 0.25 / y.var(), abs=1e-5)
    assert sum(map(sum, found.predictions.counts)) == 40
    model.layers[0].set_weights([np.array([[100.0], [2.0], [3.0], [4.0]]), np.array([np.nan])])
    found = anatomy(model, Splits((X, y), (X, y)), Objective("val_loss", "min"))
    assert isinstance(found.predictions, Scatter)
    assert found.predictions.outside == 40


@pytest.mark.parametrize(
    ("true", "made", "expected"),
    [
        ([0, 1, 1], [[0.2], [0.7], [0.4]], ([0, 1, 1], [0, 1, 0], 2)),
        ([[0.0], [1.0]], [[0.2], [0.7]], ([0, 1], [0, 1], 2)),
        ([True, False], [0.2, 0.7], ([1, 0], [0, 1], 2)),
        ([2, 0], [[0.1, 0.2, 0.7], [0.1, 0.7, 0.2]], ([2, 0], [2, 1], 3)),
        ([[2.0], [0.0]], [[0.1, 0.2, 0.7], [0.1, 0.7, 0.2]], ([2, 0], [2, 1], 3)),
        ([[0, 0, 1]], [[0.1, 0.7, 0.2]], ([2], [1], 3)),
        ([[[0, 1]]], [[[[0.9, 0.1], [0.2, 0.8]]]], ([0, 1], [0, 1], 2)),  # a class for each pixel
        ([0.5, 1.0], [[0.2], [0.7]], None),
        ([3, 0], [[0.1, 0.2, 0.7], [0.1, 0.7, 0.2]], None),
        ([[0.5, 0.5]], [[0.1, 0.9]], None),
    ],
)
def test_what_targets_are_classes(true: Any, made: Any, expected: Any) -> None:
    found = class_numbers(np.array(true), np.array(made))
    assert (found and (found[0].tolist(), found[1].tolist(), found[2])) == expected


def remark_on(y: np.ndarray, num: int) -> str:
    found = anatomy(dense(num), Splits((X, y), (X, y), (X, y)), ACCURACY)
    assert found.predictions is None
    return found.remarks[-1]


def test_what_has_no_matrix_says_why() -> None:
    several = (RANDOM.random((40, 3)) < 0.5).astype("float32")
    several[0] = 1
    assert "several classes at once" in remark_on(several, 3)
    assert f"{MAX_CLASSES + 1} classes are too many" in remark_on(np.arange(40), MAX_CLASSES + 1)
    assert "cannot be set beside each other" in remark_on(X, 3)
    assert "could not be found out: " in anatomy(dense(3), Splits((X, X), (X, X), (X[:, :2], X)), ACCURACY).remarks[0]


def test_logits_say_class_1_above_zero() -> None:
    y = (X[:, 0] > 0).astype(int)
    model = dense(1, loss=keras.losses.BinaryCrossentropy(from_logits=True))
    model.layers[0].set_weights([np.array([[1.0], [0.0], [0.0], [0.0]]), np.zeros(1)])
    found = anatomy(model, Splits((X, y), (X, y), (X, y), ("no", "yes")), ACCURACY).predictions
    assert isinstance(found, Confusion)
    assert found.counts == ((40 - y.sum(), 0), (0, y.sum()))


def test_class_names_come_from_the_splits_and_are_checked() -> None:
    assert load_splits(iris).class_names == ("setosa", "versicolor", "virginica")
    found = anatomy(dense(3), Splits((X, CLASSES), (X, CLASSES), (X, CLASSES), ("a", "b")), ACCURACY)
    assert isinstance(found.predictions, Confusion)
    assert found.predictions.classes == ("0", "1", "2")
    assert found.remarks == ("2 class names for 3 classes: the classes' numbers are shown.",)
    with pytest.raises(DataError, match="class_names is str"):
        load_splits(lambda: Splits((X, CLASSES), (X, CLASSES), class_names="abc"))


def test_a_dataset_is_read_batch_by_batch() -> None:
    import tensorflow as tf

    part = tf.data.Dataset.from_tensor_slices((X, CLASSES)).batch(16)
    found = anatomy(dense(3), Splits(part, part, part), ACCURACY).predictions
    assert isinstance(found, Confusion)
    assert sum(map(sum, found.counts)) == 40
