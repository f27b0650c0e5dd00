"""Which tuner, where scores are coarse and noisy: a small MLP that tells malignant from benign tumours.

    tuning run studies/suite/breast_cancer.py

What makes it hard: 114 tumours to validate on. Accuracy moves in steps of 0.9 %, and by more from seed to seed than
from one good configuration to the next, so the best score seen says little about what its configuration is worth. 4
hyperparameters.

Cost: 13 tuners and 3 baselines x 10 replicates x 300 epochs of 341 tumours (random-2x: 600); a full training takes
about 0.5 s of one core. The data come with scikit-learn.

Reference: scikit-learn's logistic regression is right for 98.1 % of the test tumours (10 splits), the default
configuration for 97.7 % (3 splits).
"""

import keras
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from suite_settings import suite_study

from tuning import Holdout, Objective, Problem, SklearnBaseline, datasets

max_epochs = 30
objective = Objective("val_accuracy", "max")
resampling = Holdout(validation=0.2, test=0.2)


def build_model(hp):
    """30 standardised features, one layer with a weight penalty, a sigmoid."""
    penalty = keras.regularizers.L2(hp.Float("l2", 1e-6, 1e-1, sampling="log", default=1e-4))
    n_neurons = hp.Int("n_neurons", 2, 64, sampling="log", default=16)
    model = keras.Sequential([keras.Input((30,))])
    model.add(keras.layers.Dense(n_neurons, activation="relu", kernel_regularizer=penalty))
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    optimizers = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}
    optimizer = optimizers[hp.Choice("optimizer", ["adam", "sgd"])]
    learning_rate = hp.Float("learning_rate", 1e-4, 1e-1, sampling="log", default=1e-3)
    model.compile(optimizer(learning_rate), "binary_crossentropy", metrics=["accuracy"])
    return model


problem = Problem(
    build_model,
    datasets.breast_cancer,
    objective,
    max_epochs,
    name="breast-cancer",
    resampling=resampling,
    preprocess=StandardScaler(),
)
study = suite_study(problem, SklearnBaseline("sklearn-logistic", LogisticRegression()))

if __name__ == "__main__":
    study.main()
