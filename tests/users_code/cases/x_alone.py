"""An autoencoder: data without targets, and a loss in its own `train_step`."""

import keras
import numpy as np

from tests.users_code.holds import Holds

HOLDS = Holds(names=("units",), objective="val_loss")


class Autoencoder(keras.Model):
    def __init__(self, units):
        super().__init__()
        self.encoder, self.decoder = keras.layers.Dense(units, "tanh"), keras.layers.Dense(3)

    def call(self, x):
        return self.decoder(self.encoder(x))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return keras.ops.mean(keras.ops.square(x - y_pred))


def search(hp):
    model = Autoencoder(hp.Int("units", 1, 2))
    model.compile("sgd")
    return model


def data():
    x = np.random.default_rng(4).normal(size=(32, 3)).astype("float32")
    return (x[:24],), (x[24:],)


fit_arguments = {"shuffle": False}
