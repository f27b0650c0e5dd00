"""Inputs and outputs by name, a loss and a metric for each, and the metric of one output as the objective."""

import keras
import numpy as np

from tests.users_code.holds import Holds

HOLDS = Holds(names=("shared", "weight"), objective="val_kind_accuracy:max")


def search(hp):
    wide, deep = keras.Input((2,), name="wide"), keras.Input((3,), name="deep")
    both = keras.layers.Dense(hp.Int("shared", 2, 5), activation="relu")(keras.layers.concatenate([wide, deep]))
    price = keras.layers.Dense(1, name="price")(both)
    kind = keras.layers.Dense(2, activation="softmax", name="kind")(both)
    model = keras.Model([wide, deep], {"price": price, "kind": kind})
    model.compile(
        "sgd",
        loss={"price": "mse", "kind": "sparse_categorical_crossentropy"},
        loss_weights={"price": 1.0, "kind": hp.Float("weight", 0.5, 2.0)},
        metrics={"price": "mae", "kind": "accuracy"},
    )
    return model


def part(rows):
    x = np.random.default_rng(8).normal(size=(32, 5)).astype("float32")[rows]
    return {"wide": x[:, :2], "deep": x[:, 2:]}, {"price": x.sum(1), "kind": (x[:, 0] > 0).astype("int32")}


def data():
    return part(slice(0, 24)), part(slice(24, 32))
