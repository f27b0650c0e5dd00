"""Can models be searched that are not one stack of layers, and does the answer depend on how they are connected?

    tuning run studies/wide_and_deep.py

Wide & Deep on California housing, four times: with one input; with two inputs (features 0 to 4 wide, 2 to 7 deep); with
a second output on the deep part, loss weights 0.9 and 0.1, and the objective on the main output; and the same again as
a subclass of `keras.Model`. Four problems in one study.

A few districts lie hundreds of standard deviations from the mean occupancy. Features 0 to 4 do not include that value,
but the deep part does: what a model predicts for one of them changes its root mean squared error, from epoch to epoch
too. The best epoch counts, and each replicate has its own split.

Source: Cheng et al., Wide & Deep Learning for Recommender Systems, 2016, arXiv:1606.07792.

Cost: 4 problems x 5 tuners x 5 replicates x 40 epochs = 4,000 epochs of 12,384 districts, and half as many to retrain
the incumbents: half an hour on 2 cores. The data come from scikit-learn's cache (SCIKIT_LEARN_DATA), or are
downloaded.
"""

import keras
import keras_tuner as kt

from tuning import Budget, Holdout, KTBayesian, Objective, OptunaTPE, Problem, Samples, Study, datasets

# Enough to tell good rates from bad ones; no model has reached its best by then.
max_epochs = 10
fit_arguments = {"batch_size": 128}

# Four full trainings per search: the question is whether all four run, not which tuner wins.
budget = Budget(epochs=40)

# Each has its own split of the data in each problem; ten would take twice the half hour.
replicates = 5
resampling = Holdout(validation=0.2, test=0.2)

# With four trials, the two that learn from trials begin with two drawn at random instead of nine and ten.
tuners = [
    "kt-random",
    "kt-hyperband",
    KTBayesian(num_initial_points=2),
    "sklearn-randomized",
    OptunaTPE(n_startup_trials=2),
]

# Fresh seeds on which each incumbent is trained again.
retrain = 1

LOSS_WEIGHTS = {"main": 0.9, "auxiliary": 0.1}


def one_input():
    return datasets.california_housing()


def two_inputs():
    """Features 0 to 4 for the wide part, 2 to 7 for the deep one."""
    districts = one_input()
    return Samples((districts.x[:, :5], districts.x[:, 2:]), districts.y)


def two_outputs():
    """The same target for both."""
    districts = two_inputs()
    return Samples(districts.x, dict.fromkeys(LOSS_WEIGHTS, districts.y))


class WideAndDeep(kt.HyperModel):
    """Builds by `wire(n_neurons, n_hidden)`; each Normalization layer is adapted to its own input before the fit."""

    def __init__(self, wire):
        super().__init__()
        self.wire = wire

    def build(self, hp):
        n_neurons = hp.Choice("n_neurons", [8, 15, 30, 60], default=30)
        model = self.wire(n_neurons, hp.Int("n_hidden", 1, 3, default=2))
        learning_rate = hp.Float("learning_rate", 1e-4, 1e-2, sampling="log", default=1e-3)
        optimizer = keras.optimizers.Adam(learning_rate)
        if self.wire in (with_two_outputs, Subclassed):
            losses = dict.fromkeys(LOSS_WEIGHTS, "mse")
            errors = {name: [keras.metrics.RootMeanSquaredError()] for name in LOSS_WEIGHTS}
            model.compile(optimizer, losses, loss_weights=LOSS_WEIGHTS, metrics=errors)
        else:
            model.compile(optimizer, "mse", metrics=[keras.metrics.RootMeanSquaredError()])
        return model

    def fit(self, hp, model, x, y, **kwargs):
        for number, part in enumerate(x if isinstance(x, tuple) else (x,)):
            model.get_layer(f"normalization_{number}").adapt(part)
        return model.fit(x, y, **kwargs)


def normalization(number):
    return keras.layers.Normalization(name=f"normalization_{number}")


def hidden(x, n_neurons, n_hidden):
    for _ in range(n_hidden):
        x = keras.layers.Dense(n_neurons, activation="relu")(x)
    return x


def with_one_input(n_neurons, n_hidden):
    features = keras.Input((8,))
    normalized = normalization(0)(features)
    both = keras.layers.Concatenate()([normalized, hidden(normalized, n_neurons, n_hidden)])
    return keras.Model(features, keras.layers.Dense(1)(both))


def wide_and_deep(n_neurons, n_hidden):
    """The two inputs, both parts together, and the deep part."""
    inputs = keras.Input((5,)), keras.Input((6,))
    deep = hidden(normalization(1)(inputs[1]), n_neurons, n_hidden)
    return inputs, keras.layers.Concatenate()([normalization(0)(inputs[0]), deep]), deep


def with_two_inputs(n_neurons, n_hidden):
    inputs, both, _ = wide_and_deep(n_neurons, n_hidden)
    return keras.Model(inputs, keras.layers.Dense(1)(both))


def with_two_outputs(n_neurons, n_hidden):
    inputs, both, deep = wide_and_deep(n_neurons, n_hidden)
    outputs = {"main": keras.layers.Dense(1)(both), "auxiliary": keras.layers.Dense(1)(deep)}
    return keras.Model(inputs, outputs)


class Subclassed(keras.Model):
    """The layers of `with_two_outputs`."""

    def __init__(self, n_neurons, n_hidden, **kwargs):
        super().__init__(**kwargs)
        self.normalizations = [normalization(0), normalization(1)]
        self.hidden = [keras.layers.Dense(n_neurons, activation="relu") for _ in range(n_hidden)]
        self.main, self.auxiliary = keras.layers.Dense(1), keras.layers.Dense(1)

    def call(self, inputs):
        wide, deep = (layer(part) for layer, part in zip(self.normalizations, inputs, strict=True))
        for layer in self.hidden:
            deep = layer(deep)
        return {"main": self.main(keras.ops.concatenate([wide, deep], axis=-1)), "auxiliary": self.auxiliary(deep)}


problems = [
    Problem(
        WideAndDeep(wire),
        data,
        Objective(f"val_{main}root_mean_squared_error", "min"),
        max_epochs,
        name=name,
        fit_arguments=fit_arguments,
        resampling=resampling,
    )
    for name, wire, data, main in [
        ("one_input", with_one_input, one_input, ""),
        ("two_inputs", with_two_inputs, two_inputs, ""),
        ("two_outputs", with_two_outputs, two_outputs, "main_"),
        ("subclassed", Subclassed, two_outputs, "main_"),
    ]
]
study = Study(
    "wide_and_deep", problems, tuners, budget=budget, replicates=replicates, baselines=["default"], retrain=retrain
)

if __name__ == "__main__":
    study.main()
