"""`fit` takes its own share for validation, tunes the weight of a class, and adds a callback to those it is given."""

import keras
import numpy as np

from tests.users_code.holds import Holds
from tests.users_code.small_network import SmallNetwork

HOLDS = Holds(names=("units", "weight", "share"))


class Splits(SmallNetwork):
    def fit(self, hp, model, x, y, **kwargs):
        kwargs["callbacks"].append(keras.callbacks.EarlyStopping("val_loss", patience=3))
        kwargs.pop("validation_data", None)
        weights = {0: 1.0, 1: hp.Float("weight", 1, 3)}
        return model.fit(x, y, validation_split=hp.Choice("share", [0.25, 0.5]), class_weight=weights, **kwargs)


search = Splits


def data():
    x = np.random.default_rng(4).normal(size=(32, 3)).astype("float32")
    return (x, (x[:, 0] > 0).astype(int)), None


fit_arguments = {"shuffle": False}
