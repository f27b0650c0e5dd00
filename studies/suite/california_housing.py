"""Which tuner, where hyperparameters work together: an MLP for California housing, with 8 hyperparameters.

    tuning run studies/suite/california_housing.py

What makes it hard: the good learning rate depends on the batch size, the optimizer and the decay, so hyperparameters
cannot be tuned one by one. A momentum exists only with SGD. Epochs of small batches take several times as long as those
of large ones, which a budget in epochs does not count.

Cost: 13 tuners and 3 baselines x 10 replicates x 100 epochs of 12,384 districts (random-2x: 200); a full training takes
about 3 s of one core. The data come from scikit-learn's cache (SCIKIT_LEARN_DATA), or are downloaded.

Reference: scikit-learn's histogram gradient boosting has a root mean squared error of 0.475 on test (3 splits), in
100,000 $, the default configuration 0.56 (one split). An MLP is not expected to reach the first; three layers of 50,
trained for 170 epochs, have 0.52 (see `studies/california_housing.py`).
"""

import math

import keras
import keras_tuner as kt
import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from suite_settings import suite_study

from tuning import Holdout, Objective, Problem, Samples, SklearnBaseline, datasets

# With a decaying learning rate the best are near 0.52 by then.
max_epochs = 10
SAMPLES = 12_384
objective = Objective("val_root_mean_squared_error", "min")
resampling = Holdout(validation=0.2, test=0.2)


# Rooms, bedrooms and people in a household. Holiday homes and barracks have up to a thousand; what a network makes of
# one such district would outweigh the errors of all others.
MOST = np.array([np.inf, np.inf, 20, 5, np.inf, 10, np.inf, np.inf], np.float32)


def districts():
    """All 20,640, with the outliers at `MOST`."""
    raw = datasets.california_housing()
    return Samples(np.minimum(raw.x, MOST), raw.y)


class Housing(kt.HyperModel):
    def build(self, hp):
        """8 features, normalised, 1 to 4 equal layers, one number."""
        model = keras.Sequential([keras.Input((8,)), keras.layers.Normalization(name="normalization")])
        activation = hp.Choice("activation", ["relu", "selu", "tanh"])
        n_neurons = hp.Int("n_neurons", 16, 128, sampling="log", default=50)
        for _ in range(hp.Int("n_layers", 1, 4, default=3)):
            model.add(keras.layers.Dense(n_neurons, activation=activation))
        model.add(keras.layers.Dense(1))
        model.compile(self.optimizer(hp), "mse", metrics=[keras.metrics.RootMeanSquaredError()])
        return model

    def optimizer(self, hp):
        learning_rate = hp.Float("learning_rate", 1e-4, 3e-2, sampling="log", default=1e-3)
        steps = max_epochs * math.ceil(SAMPLES / self.batch_size(hp))
        if hp.Boolean("decay"):  # along a half cosine, to 0 at the end of a full training
            learning_rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
        name = hp.Choice("optimizer", ["adam", "sgd"])
        with hp.conditional_scope("optimizer", ["sgd"]):
            if name == "sgd":
                # The first steps would else throw the weights out of reach.
                return keras.optimizers.SGD(learning_rate, momentum=hp.Float("momentum", 0.0, 0.99), clipnorm=1.0)
        return keras.optimizers.Adam(learning_rate)

    def batch_size(self, hp):
        return hp.Choice("batch_size", [32, 64, 128, 256], default=64)

    def fit(self, hp, model, x, y, **kwargs):
        model.get_layer("normalization").adapt(x)
        return model.fit(x, y, batch_size=self.batch_size(hp), **kwargs)


problem = Problem(Housing(), districts, objective, max_epochs, name="california-housing", resampling=resampling)
study = suite_study(problem, SklearnBaseline("sklearn-boosting", HistGradientBoostingRegressor()))

if __name__ == "__main__":
    study.main()
