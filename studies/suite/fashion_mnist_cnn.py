"""Which tuner, where trainings are dear and short: a CNN with augmentation for a tenth of Fashion MNIST.

    tuning run studies/suite/fashion_mnist_cnn.py

What makes it hard: only 6 epochs, so Hyperband and halving have few rungs to stop at; augmentation and dropout, which
pay only in long trainings, look bad in short ones; and pictures shifted at random make scores noisy. 6 hyperparameters.

Cost: 13 tuners and 3 baselines x 10 replicates x 60 epochs of 5,000 pictures (random-2x: 120); a full training takes
about 4 s of one core. The data come from Debian's package dataset-fashion-mnist, from the folder that
TUNING_FASHION_MNIST names, or are downloaded.

Reference: scikit-learn's support vector classifier is right for 85 % of the test pictures, the
default configuration for 81 % (one split each).
"""

import keras
import numpy as np
from sklearn.svm import SVC
from suite_settings import suite_study

from tuning import Holdout, Objective, Problem, Samples, SklearnBaseline, datasets

max_epochs = 6
objective = Objective("val_accuracy", "max")
# The official test pictures are the test part of every replicate.
resampling = Holdout(validation=1 / 6)
fit_arguments = {"batch_size": 64}


def a_tenth():
    """Every tenth training picture, 6,000 in all, and the 10,000 test pictures."""
    whole = datasets.fashion_mnist()
    x, y = (np.concatenate(parts)[::10] for parts in zip(whole.train, whole.validation, strict=True))
    return Samples(x, y, test=whole.test, class_names=whole.class_names)


def build_model(hp):
    """28 x 28 pixels, perhaps shifted; two convolutions that halve the picture, one layer, a softmax of 10."""
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Reshape((28, 28, 1))])
    shift = hp.Choice("shift", [0.0, 0.05, 0.1, 0.15])
    if shift:
        model.add(keras.layers.RandomTranslation(shift, shift, fill_mode="constant"))
    filters = hp.Choice("filters", [4, 8, 16], default=8)
    # Strides of 2 instead of pooling: a quarter of the products.
    for block in range(2):
        model.add(keras.layers.Conv2D(filters * (block + 1), 3, strides=2, padding="same", activation="relu"))
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(hp.Int("n_neurons", 16, 128, sampling="log", default=64), activation="relu"))
    rate = hp.Choice("dropout_rate", [0.0, 0.1, 0.2, 0.3, 0.5])
    if rate:
        model.add(keras.layers.Dropout(rate))
    model.add(keras.layers.Dense(10, activation="softmax"))
    optimizers = {"adam": keras.optimizers.Adam, "nadam": keras.optimizers.Nadam}
    optimizer = optimizers[hp.Choice("optimizer", list(optimizers))]
    learning_rate = hp.Float("learning_rate", 1e-4, 3e-2, sampling="log", default=1e-3)
    model.compile(optimizer(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


problem = Problem(
    build_model,
    a_tenth,
    objective,
    max_epochs,
    name="fashion-mnist-cnn",
    resampling=resampling,
    fit_arguments=fit_arguments,
)
study = suite_study(problem, SklearnBaseline("sklearn-svc", SVC()))

if __name__ == "__main__":
    study.main()
