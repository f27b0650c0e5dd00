"""Which tuner finds the best small MLP for handwritten digits within 60 epochs?

    tuning run studies/digits.py

Cost: 5 tuners x 10 replicates x 60 epochs = 3,000 epochs of 1,077 pictures, and half as many to retrain the incumbents:
seven to ten minutes on 2 cores. The data come with scikit-learn, so no network is needed. This is the quick start:
small enough to watch.
"""

import keras

from tuning import Budget, Holdout, KTBayesian, Objective, OptunaTPE, Problem, Study, datasets

# One full training. Good configurations pass 0.95 validation accuracy within it.
max_epochs = 10

# Six full trainings per search. Tight on purpose: with dozens, every tuner finds a good configuration in such a small
# space. Hyperband spends it on more trials, most of them short. `--budget 120` continues from here.
budget = Budget(epochs=60)

# Each has its own split of the data and its own seeds. The tuners of one replicate share them.
replicates = 10
resampling = Holdout(validation=0.2, test=0.2)

# Fresh seeds on which each incumbent is trained again, to see what its configuration is worth.
retrain = 1

# Accuracy, as usual for a classifier; the best epoch counts, as it would with a ModelCheckpoint.
objective = Objective("val_accuracy", "max")

# The five tuners, each in its library's own loop. By default, the two that learn from trials begin with 15 and 10 drawn
# at random; of six trials, they would choose none. So they begin with three.
tuners = [
    "kt-random",
    "kt-hyperband",
    KTBayesian(num_initial_points=3),
    "sklearn-randomized",
    OptunaTPE(n_startup_trials=3),
]


def build_model(hp):
    """64 pixels, 1 or 2 ReLU layers, perhaps dropout, a softmax of 10."""
    model = keras.Sequential([keras.Input((64,))])
    n_layers = hp.Int("n_layers", 1, 2, default=2)
    # Doublings: 16 against 32 neurons matters more than 112 against 128, and models of one shape are traced once.
    n_neurons = hp.Choice("n_neurons", [16, 32, 64, 128], default=64)
    dropout = hp.Boolean("dropout")
    rate = 0.0
    with hp.conditional_scope("dropout", [True]):
        if dropout:  # the rate exists only with dropout, in every library
            rate = hp.Float("dropout_rate", 0.1, 0.5, step=0.1)
    for _ in range(n_layers):
        model.add(keras.layers.Dense(n_neurons, activation="relu"))
        if rate:
            model.add(keras.layers.Dropout(rate))
    model.add(keras.layers.Dense(10, activation="softmax"))
    # Three decades with the good rates inside: 2 x 64 neurons reach 0.96 at 0.003 and stay under 0.85 at either end.
    learning_rate = hp.Float("learning_rate", 1e-4, 1e-1, sampling="log", default=1e-3)
    model.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


problem = Problem(build_model, datasets.digits, objective, max_epochs, resampling=resampling)
# The cheapest of the three baselines: is searching better than not searching? The others are searches too.
baselines = ["default"]

study = Study(
    "digits", problem, tuners=tuners, budget=budget, replicates=replicates, baselines=baselines, retrain=retrain
)

if __name__ == "__main__":
    study.main()
