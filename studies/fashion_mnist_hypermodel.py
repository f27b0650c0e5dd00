"""Does a `kt.HyperModel` whose `fit` has its own hyperparameters run unchanged with all five tuners?

    python studies/fashion_mnist_hypermodel.py

It is written for KerasTuner, where only KerasTuner's tuners can search it: whether pixels are normalised and how many
make a batch is decided in `fit`, and EarlyStopping ends a training that has not improved for two epochs.

Cost: 5 tuners x 3 replicates x 240 epochs = 3,600 epochs of 11,000 pictures, a fifth of Fashion MNIST's training split,
and some 500 more to retrain the incumbents. With all 55,000 it costs five times as much: change `pictures` for it.
"""

import keras
import keras_tuner as kt

from tuning import Budget, KTBayesian, KTHyperband, Objective, Problem, Splits, Study, datasets

max_epochs = 10

# Two iterations of Hyperband(max_epochs=10, factor=3).
budget = Budget(epochs=240)

replicates = 3

objective = Objective("val_accuracy", "max")

tuners = [
    "kt-random",
    KTHyperband(factor=3, hyperband_iterations=2),
    KTBayesian(alpha=1e-4, beta=2.6),
    "sklearn-randomized",
    "optuna-tpe",
]

# Fresh seeds on which each incumbent is trained again.
retrain = 1


def pictures():
    """Fashion MNIST with the first 11,000 of its 55,000 training pictures; validation and test are complete."""
    splits = datasets.fashion_mnist()
    x, y = splits.train
    return Splits((x[:11_000], y[:11_000]), splits.validation, splits.test)


class Classifier(kt.HyperModel):
    def build(self, hp):
        n_hidden = hp.Int("n_hidden", min_value=0, max_value=8, default=2)
        n_neurons = hp.Int("n_neurons", min_value=16, max_value=256)
        learning_rate = hp.Float("learning_rate", min_value=1e-4, max_value=1e-2, sampling="log")
        optimizers = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}
        optimizer = optimizers[hp.Choice("optimizer", values=["sgd", "adam"])](learning_rate=learning_rate)

        model = keras.Sequential([keras.Input((28, 28)), keras.layers.Normalization(name="normalization")])
        model.add(keras.layers.Flatten())
        for _ in range(n_hidden):
            model.add(keras.layers.Dense(n_neurons, activation="relu"))
        model.add(keras.layers.Dense(10, activation="softmax"))
        model.compile(loss="sparse_categorical_crossentropy", optimizer=optimizer, metrics=["accuracy"])
        return model

    def fit(self, hp, model, x, y, **kwargs):
        if hp.Boolean("normalize"):  # before it is adapted, the layer changes nothing
            model.get_layer("normalization").adapt(x)
        return model.fit(x, y, batch_size=hp.Choice("batch_size", [16, 32, 64, 128]), **kwargs)


problem = Problem(
    Classifier(),
    pictures,
    objective,
    max_epochs,
    name="fashion_mnist_hypermodel",
    callbacks=lambda: [keras.callbacks.EarlyStopping(patience=2)],
)
study = Study(
    "fashion_mnist_hypermodel",
    problem,
    tuners=tuners,
    baselines=["default"],
    budget=budget,
    replicates=replicates,
    retrain=retrain,
)

if __name__ == "__main__":
    study.main()
