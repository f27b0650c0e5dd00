"""Is it worth searching for an MLP on 150 iris flowers, where scikit-learn's classifiers need no search?

    tuning run studies/iris.py

Cost: 5 tuners x 5 replicates x 150 epochs of 90 flowers, and about as much again to retrain the incumbents: a few
minutes on 2 cores. The data come with scikit-learn. Accuracy 1.0 is reachable, and with 30 flowers for validation many
configurations reach it: this study shows such a ceiling, where a comparison of tuners says nothing.
"""

import keras
from sklearn.linear_model import Perceptron
from sklearn.neural_network import MLPClassifier

from tuning import Budget, Objective, Problem, SklearnBaseline, Study, datasets

# 30 epochs of 12 batches: the good rates are at the ceiling by then, the low ones are not.
max_epochs = 30
fit_arguments = {"batch_size": 8}

# Five full trainings per search.
budget = Budget(epochs=150)

replicates = 5

objective = Objective("val_accuracy", "max")

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
    n_neurons = hp.Int("n_neurons", 4, 64, sampling="log", default=16)
    model = keras.Sequential([keras.Input((4,))])
    for _ in range(n_layers):
        model.add(keras.layers.Dense(n_neurons, activation=activation))
    model.add(keras.layers.Dense(3, activation="softmax"))
    learning_rate = hp.Float("learning_rate", 1e-3, 1e-1, sampling="log", default=1e-3)
    model.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


problem = Problem(build_model, datasets.iris, objective, max_epochs, fit_arguments=fit_arguments)
study = Study("iris", problem, budget=budget, replicates=replicates, baselines=baselines, retrain=retrain)

if __name__ == "__main__":
    study.main()
