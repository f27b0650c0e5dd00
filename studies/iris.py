"""Is it worth searching for an MLP on 150 iris flowers, where scikit-learn's classifiers need no search?

    tuning run studies/iris.py

Cost: 5 tuners x 10 replicates x 150 epochs of 90 flowers, and about as much again to retrain the incumbents: ten
minutes on 2 cores. The data come with scikit-learn. With 30 flowers for validation, one flower is 0.033 of accuracy and
many configurations get all of them right: this study shows such a ceiling, where a comparison of tuners says nothing.
"""

import keras
from sklearn.linear_model import Perceptron
from sklearn.neural_network import MLPClassifier

from tuning import Budget, Holdout, KTBayesian, Objective, OptunaTPE, Problem, SklearnBaseline, Study, datasets

# 30 epochs of 12 batches: the good rates are at the ceiling by then, the low ones are not.
max_epochs = 30
fit_arguments = {"batch_size": 8}

# Five full trainings per search.
budget = Budget(epochs=150)

# Each with its own split: 90 flowers for training, 30 for validation, 30 for test.
replicates = 10
resampling = Holdout(validation=30, test=30)

objective = Objective("val_accuracy", "max")

# With five trials, the two that learn from trials begin with three drawn at random instead of twelve and ten.
tuners = [
    "kt-random",
    "kt-hyperband",
    KTBayesian(num_initial_points=3),
    "sklearn-randomized",
    OptunaTPE(n_startup_trials=3),
]

# Both with scikit-learn's defaults; each fit takes a fraction of a second.
baselines = [
    "default",
    SklearnBaseline("sklearn-mlp", MLPClassifier()),
    SklearnBaseline("sklearn-perceptron", Perceptron()),
]

# Fresh seeds on which each incumbent is trained again.
retrain = 2


def build_model(hp):
    """Lengths and widths of sepal and petal in, 0 to 3 layers, a softmax of three species."""
    activation = hp.Choice("activation", ["relu", "tanh"])
    n_layers = hp.Int("n_layers", 0, 3, default=1)
    n_neurons = hp.Choice("n_neurons", [4, 8, 16, 32, 64], default=16)
    model = keras.Sequential([keras.Input((4,))])
    for _ in range(n_layers):
        model.add(keras.layers.Dense(n_neurons, activation=activation))
    model.add(keras.layers.Dense(3, activation="softmax"))
    learning_rate = hp.Float("learning_rate", 1e-3, 1e-1, sampling="log", default=1e-3)
    model.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


problem = Problem(build_model, datasets.iris, objective, max_epochs, fit_arguments=fit_arguments, resampling=resampling)
study = Study("iris", problem, tuners, budget=budget, replicates=replicates, baselines=baselines, retrain=retrain)

if __name__ == "__main__":
    study.main()
