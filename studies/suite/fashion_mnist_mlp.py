"""Which tuner, in a wide conditional space: an MLP for a tenth of Fashion MNIST, with up to 12 hyperparameters.

    tuning run studies/suite/fashion_mnist_mlp.py

What makes it hard: each layer has neurons of its own, which exist only where the layer does; dropout and the optimizers
have hyperparameters of their own, too. In 10 trials a tuner sees most of them a few times only.

Cost: 13 tuners and 3 baselines x 10 replicates x 150 epochs of 5,000 pictures (random-2x: 300); a full training takes
about 3 s of one core. The data come from Debian's package dataset-fashion-mnist, from the folder that
TUNING_FASHION_MNIST names, or are downloaded.

Reference: scikit-learn's support vector classifier is right for 85 % of the test pictures, the
default configuration for 84 % (one split each).
"""

import keras
import numpy as np
from sklearn.svm import SVC
from suite_settings import suite_study

from tuning import Holdout, Objective, Problem, Samples, SklearnBaseline, datasets

max_epochs = 15
objective = Objective("val_accuracy", "max")
# The official test pictures are the test part of every replicate.
resampling = Holdout(validation=1 / 6)
fit_arguments = {"batch_size": 64}
MAX_LAYERS = 4


def a_tenth():
    """Every tenth training picture, 6,000 in all, and the 10,000 test pictures."""
    whole = datasets.fashion_mnist()
    x, y = (np.concatenate(parts)[::10] for parts in zip(whole.train, whole.validation, strict=True))
    return Samples(x, y, test=whole.test, class_names=whole.class_names)


def build_model(hp):
    """28 x 28 pixels, 1 to 4 layers of their own sizes, a softmax of 10."""
    activation = hp.Choice("activation", ["relu", "selu", "tanh"])
    dropout = hp.Boolean("dropout")
    rate = 0.0
    with hp.conditional_scope("dropout", [True]):
        if dropout:
            rate = hp.Float("dropout_rate", 0.05, 0.6)
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten()])
    n_layers = hp.Int("n_layers", 1, MAX_LAYERS, default=2)
    for layer in range(1, n_layers + 1):
        with hp.conditional_scope("n_layers", list(range(layer, MAX_LAYERS + 1))):
            n_neurons = hp.Int(f"n_neurons_{layer}", 16, 256, sampling="log", default=100)
        model.add(keras.layers.Dense(n_neurons, activation=activation))
        if rate:
            model.add(keras.layers.Dropout(rate))
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.compile(optimizer(hp), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def optimizer(hp):
    learning_rate = hp.Float("learning_rate", 1e-4, 1e-1, sampling="log", default=1e-3)
    name = hp.Choice("optimizer", ["adam", "rmsprop", "sgd"])
    with hp.conditional_scope("optimizer", ["sgd"]):
        if name == "sgd":
            momentum = hp.Float("momentum", 0.0, 0.99)
            return keras.optimizers.SGD(learning_rate, momentum=momentum)
    with hp.conditional_scope("optimizer", ["rmsprop"]):
        if name == "rmsprop":
            return keras.optimizers.RMSprop(learning_rate, rho=hp.Float("rho", 0.8, 0.99))
    return keras.optimizers.Adam(learning_rate)


problem = Problem(
    build_model,
    a_tenth,
    objective,
    max_epochs,
    name="fashion-mnist-mlp",
    resampling=resampling,
    fit_arguments=fit_arguments,
)
study = suite_study(problem, SklearnBaseline("sklearn-svc", SVC()))

if __name__ == "__main__":
    study.main()
