"""Two phases: a frozen layer, then all of the model at a lower rate."""

import keras

from tests.users_code.holds import Holds
from tests.users_code.small_network import SmallNetwork, data  # noqa: F401

HOLDS = Holds(names=("units",), budget=4)


class FineTunes(SmallNetwork):
    def fit(self, hp, model, *args, **kwargs):
        model.layers[0].trainable = False
        model.compile("sgd", "mse")
        model.fit(*args, **kwargs)
        model.layers[0].trainable = True
        model.compile(keras.optimizers.SGD(0.001), "mse")
        return model.fit(*args, **kwargs)


search = FineTunes
fit_arguments = {"shuffle": False}
