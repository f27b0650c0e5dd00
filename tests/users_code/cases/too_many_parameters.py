"""`FailedTrialError` for models that are too large: such trials are FAILED, charged nothing, and the search goes on."""

import keras
import keras_tuner as kt

from tests.users_code.holds import Holds
from tests.users_code.small_network import data  # noqa: F401

HOLDS = Holds(names=("units",), failed=True)


def search(hp):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(hp.Int("units", 2, 8)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    if model.count_params() > 16:
        raise kt.errors.FailedTrialError("too many parameters")
    return model


fit_arguments = {"shuffle": False}
