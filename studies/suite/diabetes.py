"""Which tuner, where early and late learners cross: a regression on 264 patients, with 3 hyperparameters.

    tuning run studies/suite/diabetes.py

What makes it hard: trainings are long, 50 epochs, and which configuration leads changes on the way. High learning rates
lead early and then overfit; low ones are still learning at the end. Tuners that stop trials early may stop the best.
The target is mostly noise.

Cost: 13 tuners and 3 baselines x 10 replicates x 500 epochs of 264 patients (random-2x: 1,000); a full training takes
about 1 s of one core. The data come with scikit-learn.

Reference: scikit-learn's ridge regression has a root mean squared error of 0.543 on test (10 splits), the
default configuration 0.589 (one split).
"""

import keras
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler
from suite_settings import suite_study

from tuning import Holdout, Objective, Problem, Samples, SklearnBaseline

max_epochs = 50
# The last epoch counts: with the best, a model that overfits afterwards would look as good as one that does not.
objective = Objective("val_root_mean_squared_error", "min", "last")
resampling = Holdout(validation=0.2, test=0.2)
fit_arguments = {"batch_size": 16}


def diabetes():
    """442 patients with 10 measurements each; y: how far the disease went within a year, in hundreds."""
    x, y = load_diabetes(return_X_y=True)
    return Samples(x.astype(np.float32), (y / 100).astype(np.float32))


def build_model(hp):
    """10 standardised features, two equal layers, one number."""
    n_neurons = hp.Int("n_neurons", 4, 128, sampling="log", default=32)
    rate = hp.Choice("dropout_rate", [0.0, 0.1, 0.2, 0.3, 0.5])
    model = keras.Sequential([keras.Input((10,))])
    for _ in range(2):
        model.add(keras.layers.Dense(n_neurons, activation="relu"))
        if rate:
            model.add(keras.layers.Dropout(rate))
    model.add(keras.layers.Dense(1))
    learning_rate = hp.Float("learning_rate", 1e-4, 3e-2, sampling="log", default=1e-3)
    error = keras.metrics.RootMeanSquaredError()
    model.compile(keras.optimizers.Adam(learning_rate), "mse", metrics=[error])
    return model


problem = Problem(
    build_model,
    diabetes,
    objective,
    max_epochs,
    resampling=resampling,
    preprocess=StandardScaler(),
    fit_arguments=fit_arguments,
)
study = suite_study(problem, SklearnBaseline("sklearn-ridge", Ridge(10.0)))

if __name__ == "__main__":
    study.main()
