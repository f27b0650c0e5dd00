"""Is it worth tuning a small network for 1 against 7, compared with the classic one and full-batch gradient descent?

    tuning run studies/mnist_1_vs_7.py

The classic one: 256 tanh neurons, a sigmoid, and 500 steps of plain gradient descent (rate 0.001) on the whole training
split at once. On the 13,007 ones and sevens of MNIST's 60,000 training pictures its training accuracy is then 0.974.
Here all ones and sevens are one data set, of which each replicate draws a fifth for validation and a fifth for test.
The report in `reports/` was made with MNIST's 10,000 test digits alone, of which 2,163 are ones and sevens. Name a
folder with MNIST's IDX files in TUNING_MNIST; without it Keras downloads them.

True and false positives and negatives are among the metrics (a 7 is the positive): `retrainings.csv` therefore holds
the confusion matrix of every retrained incumbent on test.

Cost: 5 tuners x 10 replicates x 100 epochs, and 10 x 500 steps of the classic network; 20 minutes on 2 cores
with 2,163 pictures, about seven times as long with all 15,170.
"""

import keras
import numpy as np

from tuning import Budget, Holdout, KerasBaseline, KTBayesian, Objective, OptunaTPE, Problem, Samples, Study, datasets

max_epochs = 20

# Five full trainings per search.
budget = Budget(epochs=100)

replicates = 10
resampling = Holdout(validation=0.2, test=0.2)

objective = Objective("val_accuracy", "max")

# Fresh seeds on which each incumbent is trained again, and the classic network with them.
retrain = 1

# With five trials, the two that learn from trials begin with three drawn at random instead of fifteen and ten.
tuners = [
    "kt-random",
    "kt-hyperband",
    KTBayesian(num_initial_points=3),
    "sklearn-randomized",
    OptunaTPE(n_startup_trials=3),
]


def ones_and_sevens():
    """All ones (label 0) and sevens (label 1) of MNIST."""
    x, y = (np.concatenate(part) for part in zip(*datasets.mnist().parts().values(), strict=True))
    chosen = (y == 1) | (y == 7)
    return Samples(x[chosen], (y[chosen] == 7).astype("int64"), class_names=["1", "7"])


def compiled(model, optimizer):
    """Compiled with the four cells of a confusion matrix as metrics, and the accuracy."""
    cells = [
        keras.metrics.TruePositives(name="true_positives"),
        keras.metrics.FalsePositives(name="false_positives"),
        keras.metrics.TrueNegatives(name="true_negatives"),
        keras.metrics.FalseNegatives(name="false_negatives"),
    ]
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy", *cells])
    return model


def build_model(hp):
    """28 x 28 pixels, one layer or two, a sigmoid."""
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten()])
    n_neurons = hp.Choice("n_neurons", [8, 16, 32, 64, 128, 256], default=256)
    activation = hp.Choice("activation", ["tanh", "relu"])
    for _ in range(hp.Int("n_layers", 1, 2)):
        model.add(keras.layers.Dense(n_neurons, activation=activation))
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    learning_rate = hp.Float("learning_rate", 1e-4, 1e-1, sampling="log", default=1e-3)
    optimizers = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}
    return compiled(model, optimizers[hp.Choice("optimizer", ["sgd", "adam"])](learning_rate))


def classic():
    """256 tanh neurons, a sigmoid, SGD 0.001."""
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(256, activation="tanh"))
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    return compiled(model, keras.optimizers.SGD(0.001))


# One batch holds the whole split, so an epoch is one step.
full_batch = KerasBaseline("256-tanh-full-batch", classic, epochs=500, fit_arguments={"batch_size": 100_000})

problem = Problem(build_model, ones_and_sevens, objective, max_epochs, name="mnist_1_vs_7", resampling=resampling)
study = Study(
    "mnist_1_vs_7",
    problem,
    tuners,
    budget=budget,
    replicates=replicates,
    baselines=["default", full_batch],
    retrain=retrain,
)

if __name__ == "__main__":
    study.main()
