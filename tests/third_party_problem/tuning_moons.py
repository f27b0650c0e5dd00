"""An example of a problem that is no part of `tuning`: scikit-learn's two moons."""

import keras
from sklearn.datasets import make_moons

from tuning import Holdout, Objective, Problem, Samples


def samples():
    return Samples(*make_moons(300, noise=0.2, random_state=0))


def build_model(hp):
    model = keras.Sequential([keras.Input((2,))])
    model.add(keras.layers.Dense(hp.Int("n_neurons", 2, 32, sampling="log"), activation="relu"))
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    learning_rate = hp.Float("learning_rate", 1e-4, 1e-1, sampling="log")
    model.compile(keras.optimizers.Adam(learning_rate), "binary_crossentropy", metrics=["accuracy"])
    return model


def moons():
    """Called when the problem is asked for, not when its package is imported."""
    objective = Objective("val_accuracy", "max")
    return Problem(build_model, samples, objective, 3, name="moons", resampling=Holdout(validation=0.2, test=0.2))
