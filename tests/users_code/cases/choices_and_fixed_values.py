"""Choices of booleans and of texts such as "None"; fixed values; values read by name; a printed `model.summary()`."""

import keras

from tests.users_code.holds import Holds
from tests.users_code.small_network import data  # noqa: F401

HOLDS = Holds(names=("normalise", "penalty", "kind", "deep", "l2"))


def search(hp):
    hp.Choice("normalise", [False, True])
    penalty = hp.Choice("penalty", ["None", "l2"])
    hp.Fixed("kind", "regression")
    hp.Fixed("deep", False)
    assert (hp.get("kind"), hp["deep"]) == ("regression", False)
    with hp.conditional_scope("penalty", ["l2"]):
        share = hp.Float("l2", 1e-4, 1e-2, sampling="log")
    regularizer = keras.regularizers.L2(share) if penalty == "l2" else None
    model = keras.Sequential([keras.Input((3,))])
    if hp.get("normalise"):
        model.add(keras.layers.BatchNormalization())
    model.add(keras.layers.Dense(1, kernel_regularizer=regularizer))
    model.compile("sgd", "mse")
    model.summary()
    return model


fit_arguments = {"shuffle": False}
