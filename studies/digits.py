"""Which tuner finds the best small MLP for handwritten digits within 30 epochs?

    tuning run studies/digits.py

Cost: 5 tuners x 3 replicates x 30 epochs = 450 epochs of 1,297 pictures, and nearly as many to retrain the incumbents:
under a minute on 2 cores. The data come with scikit-learn, so no network is needed. This is the quick start: small
enough to watch, too small to show which tuner is best.
"""

import keras

from tuning import Budget, Objective, Problem, Study, datasets

# One full training. Good configurations pass 0.95 validation accuracy within it.
max_epochs = 10

# Three full trainings per search. Tight on purpose: with dozens, every tuner finds a good configuration in such a small
# space. Hyperband spends it on more trials, most of them short. `--budget 120` continues from here.
budget = Budget(epochs=30)

# The smallest number that shows a spread; a reliable verdict needs ten or more.
replicates = 3

# Fresh seeds on which each incumbent is trained again. Each takes about a third as long as the searches.
retrain = 1

# Accuracy, as usual for a classifier; the best epoch counts, as it would with a ModelCheckpoint.
objective = Objective("val_accuracy", "max")

# The five tuners, each in its library's own loop and with its library's own defaults.
tuners = ["kt-random", "kt-hyperband", "kt-bayesian", "sklearn-randomized", "optuna-tpe"]


def build_model(hp):
    """64 pixels, 1 or 2 ReLU layers, perhaps dropout, a softmax of 10."""
    model = keras.Sequential([keras.Input((64,))])
    n_layers = hp.Int("n_layers", 1, 2, default=2)
    # Log: 16 against 32 neurons matters more than 112 against 128.
    n_neurons = hp.Int("n_neurons", 16, 128, sampling="log", default=64)
    dropout = hp.Boolean("dropout")
    rate = 0.0
    with hp.conditional_scope("dropout", [True]):
        if dropout:  # the rate exists only with dropout, in every library
            rate = hp.Float("dropout_rate", 0.1, 0.5)
    for _ in range(n_layers):
        model.add(keras.layers.Dense(n_neurons, activation="relu"))
        if rate:
            model.add(keras.layers.Dropout(rate))
    model.add(keras.layers.Dense(10, activation="softmax"))
    # Three decades with the good rates inside: 2 x 64 neurons reach 0.96 at 0.003 and stay under 0.85 at either end.
    learning_rate = hp.Float("learning_rate", 1e-4, 1e-1, sampling="log", default=1e-3)
    model.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


problem = Problem(build_model, data=datasets.digits, objective=objective, max_epochs=max_epochs)
# The cheapest of the three baselines: is searching better than not searching? The others are searches too.
baselines = ["default"]

study = Study(
    "digits", problem, tuners=tuners, budget=budget, replicates=replicates, baselines=baselines, retrain=retrain
)

if __name__ == "__main__":
    study.main()
