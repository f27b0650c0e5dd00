"""Which tuner finds the best MLP for Fashion MNIST within 120 epochs?

    python studies/fashion_mnist.py                             the whole question
    python studies/fashion_mnist.py --budget 60 --replicates 1  a first look

Cost: 7 tuners x 5 replicates x 120 epochs = 4,200 epochs of 55,000 pictures, about as many again to train the
incumbents on fresh seeds, and 600 for the classic network, which needs no search. An epoch of 300 and 100
neurons takes about 0.8 s on a core, one of eight layers 2 to 3 s, so this takes about three hours on two cores;
`tuning check studies/fashion_mnist.py` estimates it for your machine. The data come from Debian's package
dataset-fashion-mnist, from the folder that TUNING_FASHION_MNIST names, or are downloaded.
"""

import keras

from tuning import Budget, KerasBaseline, KTBayesian, Objective, OptunaTPE, Problem, Study, datasets

# One full training, and the longest of Hyperband's. A third of the 30 epochs that the classic example trains for: a
# search needs many configurations, and the winners are trained for longer afterwards.
max_epochs = 10

# One whole iteration of Hyperband(max_epochs=10, factor=3), so that it is judged on all its brackets; for the others
# it is twelve full trainings.
budget = Budget(epochs=120)

# Enough for an interval; its width shows whether more replicates are worth the time.
replicates = 5

# Accuracy, as in the literature on this data set; the best epoch counts, as it would with a ModelCheckpoint.
objective = Objective("val_accuracy", "max")

# The five tuners, each in its library's own loop and with its library's own defaults. With those, kt-bayesian draws all
# of its 12 trials at random (3 for each of the 4 hyperparameters) and optuna-tpe 10 of them, so both are there again
# with fewer.
tuners = [
    "kt-random",
    "kt-hyperband",
    "kt-bayesian",
    "sklearn-randomized",
    "optuna-tpe",
    KTBayesian(label="kt-bayesian-4", num_initial_points=4),
    OptunaTPE(label="optuna-tpe-4", n_startup_trials=4),
]

# Fresh seeds on which each incumbent is trained again. Five are the default; with three, we know less about the spread
# over seeds, and the study is shorter.
retrain = 3

# At the end each tuner's winner is trained for 20 epochs more, on training and validation data together: 30 in all, as
# many as the classic network gets.
continue_winners = 20


def build_model(hp):
    """The classic example: 28 x 28 pixels, 0 to 8 equal ReLU layers, a softmax of 10."""
    n_hidden = hp.Int("n_hidden", min_value=0, max_value=8, default=2)
    n_neurons = hp.Int("n_neurons", min_value=16, max_value=256)
    learning_rate = hp.Float("learning_rate", min_value=1e-4, max_value=1e-2, sampling="log")
    optimizers = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}
    optimizer = optimizers[hp.Choice("optimizer", values=["sgd", "adam"])](learning_rate=learning_rate)

    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten()])
    for _ in range(n_hidden):
        model.add(keras.layers.Dense(n_neurons, activation="relu"))
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.compile(loss="sparse_categorical_crossentropy", optimizer=optimizer, metrics=["accuracy"])
    return model


def classic():
    """As the classic example has it without a tuner: 300 and 100 neurons, plain gradient descent."""
    layers = [keras.layers.Flatten(), *(keras.layers.Dense(units, activation="relu") for units in (300, 100))]
    model = keras.Sequential([keras.Input((28, 28)), *layers, keras.layers.Dense(10, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


# Two baselines without a search: the space's defaults, and the classic network, trained for its 30 epochs. `random-2x`
# would cost 600 epochs more.
baselines = ["default", KerasBaseline("flatten-300-100-10", classic, epochs=30)]

problem = Problem(build_model, data=datasets.fashion_mnist, objective=objective, max_epochs=max_epochs)
study = Study(
    "fashion_mnist",
    problem,
    tuners=tuners,
    baselines=baselines,
    budget=budget,
    replicates=replicates,
    retrain=retrain,
    continue_winners=continue_winners,
)

if __name__ == "__main__":
    study.main()
