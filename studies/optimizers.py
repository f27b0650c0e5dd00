"""Which tuner works best in a wide space, where nearly half of the hyperparameters depend on others?

    tuning run studies/optimizers.py

Everything that people recommend to try on a dense network: how many layers and how many neurons in each, activation,
initialiser, batch normalisation, dropout, the optimizer with its own hyperparameters, the learning rate with a warm-up,
and the batch size. A neuron count exists only where its layer does, a momentum only with SGD, a beta_1 only with Adam
and Nadam, in every library, in the report and in TensorBoard's HPARAMS.

Cost: 5 tuners x 10 replicates x 100 epochs of 1,079 pictures, and half as much to retrain the incumbents: about 20
minutes on 2 cores. The data come with scikit-learn.
"""

import keras
import keras_tuner as kt

from tuning import Budget, Holdout, KTBayesian, Objective, OptunaTPE, Problem, Study, datasets

max_epochs = 10

# Ten full trainings per search.
budget = Budget(epochs=100)

# Each with its own split of the data.
replicates = 10
resampling = Holdout(validation=0.2, test=0.2)

objective = Objective("val_accuracy", "max")

# KerasTuner's Bayesian optimisation would draw three random trials for each of the 19 hyperparameters, more than the
# budget pays for; Optuna's TPE would draw ten. With four random trials, both can choose six others.
tuners = [
    "kt-random",
    "kt-hyperband",
    KTBayesian(num_initial_points=4),
    "sklearn-randomized",
    OptunaTPE(n_startup_trials=4),
]

# Fresh seeds on which each incumbent is trained again.
retrain = 1

MAX_LAYERS = 4


class WideSpace(kt.HyperModel):
    """A dense network of which nearly everything is searched."""

    def build(self, hp):
        activation = hp.Choice("activation", ["relu", "selu", "elu", "leaky_relu", "tanh"])
        initializer = hp.Choice("initializer", ["glorot_uniform", "he_normal", "lecun_normal"])
        batch_normalization = hp.Boolean("batch_normalization")
        dropout_rate = 0.0
        dropout = hp.Boolean("dropout")
        with hp.conditional_scope("dropout", [True]):
            if dropout:
                dropout_rate = hp.Float("dropout_rate", 0.05, 0.5)

        model = keras.Sequential([keras.Input((64,))])
        n_layers = hp.Int("n_layers", 1, MAX_LAYERS, default=2)
        for layer in range(1, n_layers + 1):
            with hp.conditional_scope("n_layers", list(range(layer, MAX_LAYERS + 1))):
                n_neurons = hp.Int(f"n_neurons_{layer}", 16, 128, sampling="log", default=64)
            model.add(keras.layers.Dense(n_neurons, kernel_initializer=initializer))
            if batch_normalization:
                model.add(keras.layers.BatchNormalization())
            model.add(keras.layers.Activation(activation))
            if dropout_rate:
                model.add(keras.layers.Dropout(dropout_rate))
        model.add(keras.layers.Dense(10, activation="softmax"))
        model.compile(self.optimizer(hp), "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    def optimizer(self, hp):
        learning_rate = hp.Float("learning_rate", 1e-4, 1e-1, sampling="log", default=1e-3)
        warm_up = hp.Boolean("warm_up")
        with hp.conditional_scope("warm_up", [True]):
            if warm_up:
                # From 0 to the rate in this many steps; alpha=1: then the rate stays constant.
                steps = hp.Int("warm_up_steps", 10, 200, sampling="log")
                learning_rate = keras.optimizers.schedules.CosineDecay(
                    0.0, decay_steps=1, alpha=1.0, warmup_target=learning_rate, warmup_steps=steps
                )
        name = hp.Choice("optimizer", ["sgd", "rmsprop", "adam", "nadam"])
        with hp.conditional_scope("optimizer", ["sgd"]):
            if name == "sgd":
                momentum = hp.Float("momentum", 0.0, 0.99)
                return keras.optimizers.SGD(learning_rate, momentum=momentum, nesterov=hp.Boolean("nesterov"))
        with hp.conditional_scope("optimizer", ["rmsprop"]):
            if name == "rmsprop":
                return keras.optimizers.RMSprop(learning_rate, rho=hp.Float("rho", 0.8, 0.99))
        with hp.conditional_scope("optimizer", ["adam", "nadam"]):
            beta_1 = hp.Float("beta_1", 0.8, 0.99, default=0.9)
        kind = keras.optimizers.Adam if name == "adam" else keras.optimizers.Nadam
        return kind(learning_rate, beta_1=beta_1)

    def fit(self, hp, model, *args, **kwargs):
        return model.fit(*args, batch_size=hp.Choice("batch_size", [16, 32, 64, 128]), **kwargs)


problem = Problem(WideSpace(), datasets.digits, objective, max_epochs, resampling=resampling)
study = Study(
    "optimizers",
    problem,
    tuners=tuners,
    baselines=["default"],
    budget=budget,
    replicates=replicates,
    retrain=retrain,
)

if __name__ == "__main__":
    study.main()
