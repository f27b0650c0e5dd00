"""A fit of whole epochs in compiled calls is Keras' own fit, bit for bit, over the same order of samples.

Weights, the optimizer's state and the history are compared without a tolerance but where one is named: the same
operations run in the same order, with XLA off in both (Keras turns it on by itself where there is a GPU).
"""

import functools
from types import SimpleNamespace

import keras
import numpy as np
import pandas as pd
import pytest
import scipy.stats
import tensorflow as tf
from keras import layers

from tuning import arrays, seeds
from tuning.process.setup import prepare_process
from tuning.training import compiled_epoch, keras_loop
from tuning.training import resident as residents
from tuning.training.fit_arguments import bind

prepare_process()  # as every process that trains

EPOCHS = 2
SAMPLES = 50  # with batches of 16 the last one is partial


def x_of(samples=SAMPLES, features=6, seed=1):
    return np.random.default_rng(seed).normal(size=(samples, features)).astype("float32")


def classes_of(samples=SAMPLES, seed=2):
    return np.random.default_rng(seed).integers(0, 3, samples)


def sequential(*inner, output=3, activation="softmax", loss="sparse_categorical_crossentropy", **compile_arguments):
    model = keras.Sequential([layers.Input((6,)), *inner, layers.Dense(output, activation=activation)])
    compile_arguments.setdefault("optimizer", "sgd")  # Adam's graph takes twice the time to trace
    compile_arguments.setdefault("metrics", ["accuracy"] if activation == "softmax" else ["mae", "mse"])
    model.compile(loss=loss, jit_compile=False, **compile_arguments)
    return model


def classifier(**arguments):
    return sequential(layers.Dense(8, activation="relu"), **arguments)


def regressor(**arguments):
    return sequential(layers.Dense(8, activation="tanh"), output=1, activation=None, loss="mse", **arguments)


def two_in_two_out(structure):
    """Inputs `a`, `b`; outputs `p` (a class) and `q` (a number)."""
    a, b = layers.Input((6,), name="a"), layers.Input((2,), name="b")
    hidden = layers.Dense(5, activation="relu")(layers.Concatenate()([a, b]))
    outputs = {"p": layers.Dense(3, activation="softmax", name="p")(hidden), "q": layers.Dense(1, name="q")(hidden)}
    in_order = (outputs["p"], outputs["q"])
    model = keras.Model(
        {"a": a, "b": b} if structure is dict else [a, b], outputs if structure is dict else list(in_order)
    )
    metrics = {"p": ["accuracy"], "q": ["mae", "mse"]}
    losses, weights = {"p": "sparse_categorical_crossentropy", "q": "mse"}, {"p": 1.0, "q": 0.3}
    if structure is not dict:
        metrics, losses, weights = (list(part.values()) for part in (metrics, losses, weights))
    model.compile("sgd", losses, metrics=metrics, loss_weights=weights, jit_compile=False)
    return model


def data_for_two(structure, seed=3):
    x = {"a": x_of(seed=seed), "b": x_of(features=2, seed=seed + 1)}
    y = {"p": classes_of(seed=seed), "q": x_of(features=1, seed=seed + 2)}
    return (x, y) if structure is dict else (structure(x.values()), structure(y.values()))


class OwnStep(keras.Model):
    """A `train_step` whose logs no metric holds."""

    def __init__(self):
        super().__init__()
        self.inner = layers.Dense(3)

    def call(self, x):
        return self.inner(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(y, self(x), from_logits=True))
        self.optimizer.apply_gradients(
            zip(tape.gradient(loss, self.trainable_weights), self.trainable_weights, strict=True)
        )
        return {"batch_loss": loss, "rows": tf.shape(x)[0]}

    def test_step(self, data):
        return {"last_rows": tf.shape(data[0])[0]}


class Autoencoder(keras.Model):
    """Without `call`, with metrics of its own, and steps that take the bare `x`."""

    def __init__(self):
        super().__init__()
        self.encode, self.decode = layers.Dense(2, activation="tanh"), layers.Dense(6)
        self.error = keras.metrics.Mean("error")

    @property
    def metrics(self):
        return [self.error]

    def train_step(self, x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((self.decode(self.encode(x)) - x) ** 2)
        weights = self.trainable_weights
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        self.error.update_state(loss)
        return {"error": self.error.result()}


class MoreLogs(keras.Model):
    """Keras' own step, but with one more entry in the logs."""

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        return {**super().compute_metrics(x, y, y_pred, sample_weight), "spread": tf.math.reduce_std(y_pred)}


class LossOfX(keras.Model):
    """A loss that needs the input, by the older signature without `training`."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
        return super().compute_loss(x, y, y_pred, sample_weight) + 0.1 * tf.reduce_mean(x**2) * tf.reduce_mean(y_pred)


class Noise(layers.Layer):
    """Draws when it predicts, too."""

    def __init__(self):
        super().__init__()
        self.generator = keras.random.SeedGenerator(5)

    def call(self, x):
        return x + 0.1 * keras.random.normal(tf.shape(x), seed=self.generator)


class Penalty(layers.Layer):
    def call(self, x):
        self.add_loss(0.01 * keras.ops.mean(x**2))
        return x


def own_class(kind):
    inputs = layers.Input((6,))
    model = kind(inputs, layers.Dense(3, activation="softmax")(inputs))
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    return model


def own_step():
    model = OwnStep()
    model.compile("sgd", jit_compile=False)
    return model


def autoencoder():
    model = Autoencoder()
    model.compile("adam", jit_compile=False)
    return model


def unbuilt():
    model = keras.Sequential([layers.Dense(8, activation="relu"), layers.Dropout(0.3), layers.Dense(3)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"], jit_compile=False)
    return model


def adapted():
    norm = layers.Normalization()
    norm.adapt(x_of())
    return sequential(norm, layers.Dense(4))


def words():
    model = keras.Sequential([layers.Embedding(20, 4), layers.GRU(3), layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    return model


def images():
    inner = [layers.Input((6, 6, 1)), layers.Conv2D(3, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten()]
    model = keras.Sequential([*inner, layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    return model


def stateful():
    inputs = layers.Input(batch_shape=(10, 6, 1))
    model = keras.Model(inputs, layers.Dense(1)(layers.SimpleRNN(3, stateful=True)(inputs)))
    model.compile("sgd", "mse", jit_compile=False)
    return model


def optimized_by(make):
    return lambda: classifier(optimizer=make())


XY = {"x": x_of(), "y": classes_of()}
WEIGHTS = np.random.default_rng(9).uniform(0.1, 2.0, SAMPLES)
VALIDATION = (x_of(30, seed=11), classes_of(30, seed=12))
NUMBERS = {"x": x_of(), "y": x_of(features=1)}

CASES = {
    "sgd": (classifier, XY),
    "adam": (optimized_by(keras.optimizers.Adam), XY),
    "validation": (optimized_by(keras.optimizers.Adam), {**XY, "validation_data": VALIDATION}),
    "validation with weights": (classifier, {**XY, "validation_data": (*VALIDATION, WEIGHTS[:30])}),
    "validation batches": (own_step, {**XY, "validation_data": VALIDATION, "validation_batch_size": 7}),
    "validation as a list, validation_freq": (
        classifier,
        {**XY, "validation_data": list(VALIDATION), "validation_freq": 2},
    ),
    "validation_split": (classifier, {**XY, "validation_split": 0.3}),
    "validation from a Dataset": (
        classifier,
        {**XY, "validation_data": tf.data.Dataset.from_tensor_slices(VALIDATION).batch(8)},
    ),
    "batches of one": (classifier, {**XY, "batch_size": 1}),
    "in order": (classifier, {**XY, "shuffle": False}),
    "dropout": (
        lambda: sequential(
            layers.Dropout(0.2, seed=7), layers.Dense(8), layers.Dropout(0.4), layers.GaussianNoise(0.1)
        ),
        XY,
    ),
    "batch normalization": (
        lambda: sequential(layers.Dense(8), layers.BatchNormalization()),
        {**XY, "validation_data": VALIDATION},
    ),
    "noise in prediction": (lambda: sequential(Noise()), {**XY, "validation_data": VALIDATION}),
    "regularizers": (lambda: sequential(layers.Dense(8, kernel_regularizer="l2"), Penalty()), XY),
    "sample_weight": (
        lambda: classifier(weighted_metrics=["accuracy"], metrics=[]),
        {**XY, "sample_weight": WEIGHTS, "validation_split": 0.2},
    ),
    "class_weight": (classifier, {**XY, "class_weight": {0: 3.0, 2: 0.5}}),
    "class_weight, one-hot": (
        lambda: classifier(loss="categorical_crossentropy"),
        {**XY, "y": keras.utils.to_categorical(XY["y"]), "class_weight": {0: 3.0, 2: 0.5}},
    ),
    "class_weight, a column of floats, a batch of all": (
        classifier,
        {**XY, "y": XY["y"].astype("float64").reshape(-1, 1), "class_weight": {1: 3.0}, "batch_size": SAMPLES},
    ),
    "regression": (regressor, {**NUMBERS, "validation_split": 0.2}),
    "regression, y of one dimension, a batch of more": (
        regressor,
        {**NUMBERS, "y": NUMBERS["y"].ravel(), "batch_size": 4 * SAMPLES},
    ),
    "float64, default batches": (
        regressor,
        {**{name: part.astype("float64") for name, part in NUMBERS.items()}, "batch_size": None},
    ),
    "data frames": (
        regressor,
        {"x": pd.DataFrame(NUMBERS["x"]), "y": pd.Series(NUMBERS["y"].ravel()), "validation_split": 0.2},
    ),
    "tensors": (classifier, {name: tf.constant(part) for name, part in XY.items()}),
    "bytes, numpy batch size": (
        classifier,
        {
            **XY,
            "x": np.random.default_rng(1).integers(0, 255, (SAMPLES, 6)).astype("uint8"),
            "batch_size": np.int64(7),
        },
    ),
    "two inputs and outputs, dicts": (lambda: two_in_two_out(dict), dict(zip("xy", data_for_two(dict), strict=True))),
    "two inputs and outputs, tuples": (
        lambda: two_in_two_out(tuple),
        {**dict(zip("xy", data_for_two(tuple), strict=True)), "validation_data": data_for_two(tuple, 30)},
    ),
    "two inputs and outputs, lists": (
        lambda: two_in_two_out(list),
        {**dict(zip("xy", data_for_two(list), strict=True)), "validation_split": 0.3},
    ),
    "a weight for each output": (
        lambda: two_in_two_out(dict),
        {**dict(zip("xy", data_for_two(dict), strict=True)), "sample_weight": {"p": WEIGHTS, "q": WEIGHTS[::-1]}},
    ),
    "one weight for both outputs": (
        lambda: two_in_two_out(dict),
        {
            **dict(zip("xy", data_for_two(dict), strict=True)),
            "sample_weight": WEIGHTS,
            "validation_data": (*data_for_two(dict, 40), WEIGHTS[::-1]),
        },
    ),
    "train_step and test_step": (own_step, {**XY, "validation_data": VALIDATION}),
    "a model without call": (autoencoder, {"x": x_of(), "y": None}),
    "compute_metrics": (lambda: own_class(MoreLogs), {**XY, "validation_data": VALIDATION}),
    "compute_loss with x": (lambda: own_class(LossOfX), XY),
    "unbuilt": (unbuilt, {**XY, "validation_data": VALIDATION}),
    "adapted Normalization": (adapted, XY),
    "embedded words": (words, {**XY, "x": np.random.default_rng(3).integers(0, 20, (SAMPLES, 5))}),
    "images": (images, {**XY, "x": x_of(features=36).reshape(-1, 6, 6, 1)}),
    "stateful, fixed batches": (
        stateful,
        {"x": x_of()[..., None], "y": NUMBERS["y"], "batch_size": 10, "shuffle": False},
    ),
    "schedule": (optimized_by(lambda: keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 8))), XY),
    "moving average": (optimized_by(lambda: keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)), XY),
    "loss scaling": (optimized_by(lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam())), XY),
    "accumulated gradients": (optimized_by(lambda: keras.optimizers.Adam(gradient_accumulation_steps=3)), XY),
    "clipping, a frozen layer": (
        lambda: sequential(
            layers.Dense(8, trainable=False), optimizer=keras.optimizers.AdamW(clipnorm=0.1, weight_decay=0.01)
        ),
        XY,
    ),
    "steps_per_execution": (
        lambda: classifier(steps_per_execution=3),
        {**XY, "validation_data": VALIDATION},
    ),
    "a metric with several values": (
        lambda: classifier(
            loss="categorical_crossentropy", metrics=[keras.metrics.F1Score(), keras.metrics.AUC(name="auc")]
        ),
        {**XY, "y": keras.utils.to_categorical(XY["y"])},
    ),
}


def order_for(seed=4):
    epochs = iter(range(1000))
    return lambda size: seeds.order_of_epoch(seed, next(epochs), size)


def arguments_for(model, arguments):
    return bind(model, (), {"batch_size": 16, "epochs": EPOCHS, "verbose": 0, **arguments})


def trained(build, how, arguments, seed=3, resident=None):
    """The history and all variables of a model built from one seed and trained in one way."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    model = build()
    complete = arguments_for(model, arguments)
    if how == "compiled":
        assert compiled_epoch.fallback_reason(model, complete) == ""
        kept = (residents.Resident(), None) if resident is None else (resident, "the same configuration")
        history = compiled_epoch.fit(model, complete, order_for(seed + 1), *kept)
    elif how == "by keras":
        history = keras_loop.fit_by_keras(model, complete, order_for(seed + 1))
    else:
        history = by_hand(model, complete, order_for(seed + 1))
    variables = [np.array(variable) for variable in (*model.variables, *model.optimizer.variables)]
    return SimpleNamespace(epoch=history.epoch, history=history.history), variables  # Keras' history holds the model


def by_hand(model, arguments, order):
    """`model.fit` an epoch at a time on arrays in the epoch's order, nothing of ours between."""
    epochs, logs = [], {}
    for epoch in range(arguments["epochs"]):
        rows = order(len(keras.tree.flatten(arguments["x"])[0])) if arguments["shuffle"] else slice(None)
        permuted = {
            name: keras.tree.map_structure(lambda array: np.asarray(array)[rows], arguments[name])  # noqa: B023
            for name in ("x", "y", "sample_weight")
            if arguments[name] is not None
        }
        history = model.fit(**{**arguments, **permuted, "shuffle": False, "initial_epoch": epoch, "epochs": epoch + 1})
        epochs.append(epoch)
        for name, values in history.history.items():
            logs.setdefault(name, []).extend(values)
    history.epoch, history.history = epochs, logs
    return history


def assert_same(one, other, tolerance=0.0):
    (history, variables), (expected_history, expected) = one, other
    assert history.epoch == expected_history.epoch
    assert list(history.history) == list(expected_history.history)
    for name, values in expected_history.history.items():
        np.testing.assert_allclose(history.history[name], values, rtol=tolerance, atol=0, err_msg=name)
    assert len(variables) == len(expected)
    for index, (value, wanted) in enumerate(zip(variables, expected, strict=True)):
        np.testing.assert_allclose(value, wanted, rtol=tolerance, atol=tolerance, err_msg=f"variable {index}")


# The graph knows the size of a batch before it runs in one way and not in the other: a mean may be one last bit apart.
LAST_BIT = {"stateful, fixed batches": 1e-6}
QUICK = {"adam", "validation", "validation_split", "in order", "dropout", "regularizers", "unbuilt", "compute_metrics"}
BY_HAND = {
    "adam",
    "validation",
    "dropout",
    "batch normalization",
    "in order",
    "class_weight",
    "train_step and test_step",
    "two inputs and outputs, tuples",
    "regularizers",
    "images",
}
# What a config or a model's variables do not tell is traced anew: classes of the user's, numbers or states in a layer.
TRACED_ANEW = {
    "validation batches", "noise in prediction", "regularizers", "train_step and test_step", "a model without call",
    "compute_metrics", "compute_loss with x", "adapted Normalization", "stateful, fixed batches",
}  # fmt: skip
# Of a class of the user's; its steps are traced as often as its code may want.
USERS_CLASSES = {
    "validation batches", "train_step and test_step", "a model without call", "compute_metrics", "compute_loss with x",
}  # fmt: skip


def of_case(how, case, **more):
    build, arguments = CASES[case]
    # What Keras does not shuffle in an order of ours is compared unshuffled.
    arguments = {**arguments, "shuffle": arguments.get("shuffle", True) and arguments["y"] is not None}
    return trained(build, how, arguments, **more)


@functools.cache
def compiled_case(case):
    """Three fits of a case's one configuration, from seeds 8, 3 and 8: the first traces, the others need not."""
    resident, calls = residents.Resident(), []
    with pytest.MonkeyPatch.context() as patched:
        for name in ("train_step", "test_step"):
            step = getattr(keras.Model, name)
            patched.setattr(keras.Model, name, lambda *given, name=name, step=step: calls.append(name) or step(*given))
        first = of_case("compiled", case, seed=8, resident=resident)
        traced, steps = resident.traces.traced, tuple(calls)
        next_model = of_case("compiled", case, seed=3, resident=resident)
        kept = 0 < traced == resident.traces.traced
        first_again = of_case("compiled", case, seed=8, resident=resident)
    return SimpleNamespace(first=first, next_model=next_model, first_again=first_again, steps=steps, kept=kept)


@functools.cache
def keras_case(case):
    return of_case("by keras", case, seed=3)


NIGHTLY = [case for case in CASES if case not in QUICK][1::2]
"""Each traces several graphs: every second of the slow ones is left to the night."""


def by_case(cases=CASES, quick=QUICK):
    """A test for each case; the tests of a case follow one another, for they share its fits."""
    marks = {case: [pytest.mark.slow, *([pytest.mark.nightly] if case in NIGHTLY else [])] for case in CASES}
    marked = [case if case in quick else pytest.param(case, marks=marks[case]) for case in CASES if case in cases]
    return pytest.mark.parametrize("case", marked, scope="module")


@by_case()
def test_equals_keras_over_the_same_batches(case):
    assert_same(compiled_case(case).next_model, keras_case(case), LAST_BIT.get(case, 0.0))


@by_case()
def test_a_kept_graph_trains_the_next_model_of_a_configuration_bit_for_bit(case):
    """As Keras does, by the test before; and again as it did when it was traced."""
    fits = compiled_case(case)
    assert fits.kept == (case not in TRACED_ANEW)
    assert_same(fits.first_again, fits.first)
    assert not all(map(np.array_equal, fits.first[1], fits.next_model[1]))


@by_case(CASES.keys() - USERS_CLASSES)
def test_a_step_is_traced_once(case):
    validated = {"validation_data", "validation_split"} & CASES[case][1].keys()
    assert compiled_case(case).steps == (("train_step", "test_step") if validated else ("train_step",))


@by_case(BY_HAND, {"dropout"})
def test_equals_a_plain_fit_of_permuted_arrays(case):
    assert_same(compiled_case(case).next_model, of_case("by hand", case))


class OnBatches(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        pass


class MoreThanCheckpoints(keras.callbacks.ModelCheckpoint):
    def on_train_batch_end(self, batch, logs=None):
        pass


class OwnFit(keras.Sequential):
    def fit(self, *args, **kwargs):
        return super().fit(*args, **kwargs)


class OwnFunction(keras.Sequential):
    def make_train_function(self, force=False):
        return super().make_train_function(force)


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return x_of(5), classes_of(5)


DATASET = tf.data.Dataset.from_tensor_slices(VALIDATION).batch(8)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"x": DATASET, "y": None}, r"data of type _BatchDataset"),
        ({"x": Batches(), "y": None}, r"data of type Batches"),
        ({"x": (pair for pair in [VALIDATION]), "y": None}, r"data of type generator"),
        ({"x": np.array(["a", "b"])}, r"data of type ndarray"),
        ({"x": [[1.0, 2.0], [3.0, 4.0]]}, r"data of type list"),
        ({"x": pd.DataFrame({"a": pd.to_datetime(["2020-01-01"])})}, r"data of type DataFrame"),
        ({"steps_per_epoch": 2}, r"steps_per_epoch or validation_steps"),
        ({"validation_steps": 2}, r"steps_per_epoch or validation_steps"),
        ({"validation_data": Batches()}, r"validation data of type Batches"),
        ({"validation_data": ([[1.0] * 6], [1])}, r"validation data of type tuple"),
        ({"shuffle": "batch"}, r"shuffle='batch'"),
        ({"callbacks": keras.callbacks.CallbackList()}, r"a CallbackList"),
        ({"callbacks": OnBatches()}, r"OnBatches works on batches"),
        ({"callbacks": [[OnBatches()]]}, r"OnBatches works on batches"),
        ({"callbacks": [MoreThanCheckpoints("a.keras")]}, r"MoreThanCheckpoints works on batches"),
        ({"callbacks": [keras.callbacks.ModelCheckpoint("a.keras", save_freq=3)]}, r"ModelCheckpoint works on batches"),
        ({"callbacks": [keras.callbacks.LambdaCallback(on_train_batch_end=print)]}, r"LambdaCallback works on batches"),
        ({"callbacks": [keras.callbacks.TensorBoard(update_freq=1)]}, r"TensorBoard works on batches"),
        ({"callbacks": [keras.callbacks.TerminateOnNaN()]}, r"TerminateOnNaN works on batches"),
    ],
)
def test_hands_over_what_it_cannot_keep(arguments, reason):
    model = classifier()
    assert compiled_epoch.fallback_reason(model, arguments_for(model, {**XY, **arguments})) == reason


@pytest.mark.parametrize(
    "callback",
    [
        keras.callbacks.EarlyStopping(),
        keras.callbacks.ReduceLROnPlateau(),
        keras.callbacks.LearningRateScheduler(lambda epoch: 0.1),
        keras.callbacks.ModelCheckpoint("a.keras"),
        keras.callbacks.CSVLogger("a.csv"),
        keras.callbacks.TensorBoard("logs"),
        keras.callbacks.LambdaCallback(on_epoch_end=print),
    ],
    ids=lambda callback: type(callback).__name__,
)
def test_callbacks_on_epochs_are_kept(callback):
    model = classifier()
    assert compiled_epoch.fallback_reason(model, arguments_for(model, {**XY, "callbacks": [callback]})) == ""


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda: OwnFit([layers.Dense(3)]), "OwnFit has a fit of its own"),
        (lambda: OwnFunction([layers.Dense(3)]), "OwnFunction has a make_train_function of its own"),
    ],
)
def test_hands_over_models_with_methods_of_their_own(build, reason):
    model = build()
    model.compile("adam", "mse")
    assert compiled_epoch.fallback_reason(model, arguments_for(model, XY)) == reason


def test_hands_over_run_eagerly():
    model = classifier()
    model.run_eagerly = True
    assert compiled_epoch.fallback_reason(model, arguments_for(model, XY)) == "run_eagerly=True"


@pytest.mark.skipif(not hasattr(keras.config, "set_max_epochs"), reason="Keras has these caps since 3.10")
def test_hands_over_keras_caps_for_debugging():
    model = classifier()
    keras.config.set_max_epochs(1)
    try:
        assert (
            compiled_epoch.fallback_reason(model, arguments_for(model, XY))
            == "set_max_epochs or set_max_steps_per_epoch"
        )
    finally:
        keras.config.set_max_epochs(None)


def test_hands_over_a_model_that_is_not_compiled():
    model = keras.Sequential([layers.Dense(3)])
    complete = arguments_for(model, XY)
    assert compiled_epoch.fallback_reason(model, complete) == "no compile"
    with pytest.raises(ValueError, match="You must call `compile"):
        keras_loop.fit_by_keras(model, complete, order_for())


def test_a_method_set_on_the_model_is_the_users():
    model = classifier(metrics=None)
    model.train_step = lambda data: {"mine": tf.constant(1.0)}
    history = compiled_epoch.fit(model, arguments_for(model, XY), order_for(), residents.Resident())
    assert history.history == {"mine": [1.0, 1.0]}


@pytest.mark.parametrize("how", [compiled_epoch.fit, keras_loop.fit_by_keras])
@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"class_weight": {0: 2.0}, "sample_weight": WEIGHTS}, "sample_weight and class_weight cannot be given both"),
        ({"validation_split": 0.999}, r"validation_split=0\.999 leaves no training or no validation of 50 samples"),
    ],
)
def test_refuses_what_keras_refuses(how, arguments, error):
    model = classifier()
    complete = arguments_for(model, {**XY, **arguments})
    rest = (residents.Resident(),) if how is compiled_epoch.fit else ()
    with pytest.raises(ValueError, match=error):
        how(model, complete, order_for(), *rest)


def test_resident_data_is_one_tensor_for_all_trials():
    x = x_of()
    resident = residents.Resident([x])
    assert resident.tensor(x) is resident.tensor(x)
    assert resident.tensor(x.copy()) is not resident.tensor(x)


def aligned(array):
    copy = arrays.empty(array.shape, array.dtype)
    copy[...] = array
    return copy


@pytest.mark.parametrize("dtype", ["float32", "int64", "uint8", "bool"])
def test_resident_data_is_held_once(dtype):
    array = aligned((100 * x_of()).astype(dtype))
    tensor = residents.Resident([array]).tensor(array)
    assert np.shares_memory(np.asarray(tensor), array)
    assert tensor.dtype == dtype


@pytest.mark.parametrize(
    "array",
    [
        aligned(x_of()).ravel()[1:],  # TensorFlow would end the process
        aligned(x_of()).T,
        aligned(x_of().astype("float64")),
    ],
    ids=["not aligned", "not contiguous", "another dtype"],
)
def test_resident_data_that_cannot_be_shared_is_copied(array):
    tensor = residents.Resident([array]).tensor(array)
    assert tensor.dtype == "float32"
    assert not np.shares_memory(np.asarray(tensor), array)
    np.testing.assert_array_equal(tf.reverse(tensor, [0]), array[::-1].astype("float32"))


class Busy(keras.callbacks.Callback):
    """Uses the model in many ways between the epochs, on other data than the fit's."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        x, y = x_of(45, seed=21), classes_of(45, seed=22)
        model = self.model
        evaluated = model.evaluate(x, y, batch_size=20, verbose=0, return_dict=True)
        predicted = model.predict(x, verbose=0, batch_size=7)
        tested = model.test_on_batch(x, y, return_dict=True)
        trained = model.train_on_batch(x[:8], y[:8], return_dict=True)
        from_dataset = model.evaluate(tf.data.Dataset.from_tensor_slices((x, y)).batch(10), verbose=0, return_dict=True)
        self.seen.append((evaluated, predicted, tested, trained, from_dataset))


@pytest.mark.parametrize("steps_per_execution", [1, pytest.param(2, marks=pytest.mark.slow, id="2 steps an execution")])
def test_a_callback_may_use_the_model(steps_per_execution):
    def one(how):
        callback = Busy()
        arguments = {**XY, "validation_data": VALIDATION, "callbacks": [callback]}
        return trained(lambda: classifier(steps_per_execution=steps_per_execution), how, arguments), callback.seen

    (fit, seen), (keras_fit, expected) = one("compiled"), one("by keras")
    assert_same(fit, keras_fit)
    assert len(seen) == EPOCHS
    for ours, theirs in zip(seen, expected, strict=True):
        for value, wanted in zip(ours, theirs, strict=True):
            if isinstance(value, dict):
                for name in value.keys() | wanted.keys():
                    np.testing.assert_allclose(value[name], wanted[name], rtol=1e-6)
            else:
                np.testing.assert_array_equal(value, wanted)


def test_callbacks_are_told_the_batches_of_an_epoch():
    told = {}

    class Told(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            told.update(self.params)

    trained(classifier, "compiled", {**XY, "callbacks": [Told()]})
    assert told == {"verbose": 0, "epochs": EPOCHS, "steps": 4}


def test_stopping_as_an_epoch_begins_trains_one_batch():
    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    def one(how):
        return trained(classifier, how, {**XY, "callbacks": [Stop()], "epochs": 4})

    fit = one("compiled")
    assert_same(fit, one("by keras"))
    assert fit[0].epoch == [0, 1]


def test_a_fit_leaves_the_model_as_it_was():
    model = classifier()
    compiled_epoch.fit(
        model, arguments_for(model, {**XY, "validation_data": VALIDATION}), order_for(), residents.Resident()
    )
    assert (model.train_function, model.test_function) == (None, None)
    before = model.evaluate(*VALIDATION, verbose=0)
    model.fit(*VALIDATION, epochs=1, verbose=0)
    assert model.evaluate(*VALIDATION, verbose=0) != before


class Results(keras.Model):
    """Counts in a variable how often it is asked for its metrics' results."""

    def __init__(self, *given):
        super().__init__(*given)
        self.asked = self.add_weight(initializer="zeros", trainable=False)

    def get_metrics_result(self):
        self.asked.assign_add(1.0)
        return {**super().get_metrics_result(), "asked": self.asked + 0.0}


def test_metrics_results_of_the_users_own_are_worked_out_each_batch():
    def one(how):
        return trained(lambda: own_class(Results), how, {**XY, "validation_data": VALIDATION})

    fit = one("compiled")
    assert_same(fit, one("by keras"))
    assert fit[0].history["asked"][0] >= SAMPLES // 16


def test_keras_own_results_are_worked_out_once(monkeypatch):
    asked = []
    result = keras.metrics.Mean.result
    monkeypatch.setattr(keras.metrics.Mean, "result", lambda metric: asked.append(metric.name) or result(metric))
    trained(classifier, "compiled", XY)
    assert sorted(asked) == ["accuracy", "loss"]


class Looks(keras.callbacks.Callback):
    """What the model's metrics hold as an epoch begins and ends, and as the validation begins."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def look(self):
        self.seen.append([float(value) for value in self.model.get_metrics_result().values()])

    def on_epoch_begin(self, epoch, logs=None):
        if epoch:  # Keras makes its metrics in the first
            self.look()

    def on_epoch_end(self, epoch, logs=None):
        self.look()

    def on_test_begin(self, logs=None):
        self.look()


class Doubled(keras.metrics.Mean):
    """Counts its resets in Python, which a graph would do once."""

    resets = 0

    def update_state(self, y_true, y_pred, sample_weight=None):
        return super().update_state(2.0 * y_pred)

    def reset_state(self):
        type(self).resets += 1
        super().reset_state()


@pytest.mark.parametrize("metrics", [["accuracy"], ["accuracy", Doubled]], ids=["keras", "own"])
def test_metrics_are_set_back_when_keras_does(metrics):
    def one(how):
        looks = Looks()
        Doubled.resets = 0
        made = [metric if isinstance(metric, str) else metric() for metric in metrics]
        fit = trained(
            lambda: classifier(metrics=made), how, {**XY, "validation_data": VALIDATION, "callbacks": [looks]}
        )
        return fit, looks.seen, Doubled.resets

    (fit, seen, resets), (keras_fit, keras_seen, keras_resets) = one("compiled"), one("by keras")
    assert_same(fit, keras_fit)
    assert seen == keras_seen
    assert resets >= keras_resets


def test_metrics_are_set_back_without_a_callback_that_looks():
    """Nor where graphs are not kept: the fit is of no configuration."""
    build, arguments = CASES["validation"]
    assert_same(trained(build, "compiled", arguments), keras_case("validation"))


@pytest.mark.slow
def test_callbacks_of_keras_do_the_same(tmp_path):
    def one(how):
        folder = tmp_path / how
        folder.mkdir()
        callbacks = [
            keras.callbacks.EarlyStopping("val_loss", patience=2, restore_best_weights=True),
            keras.callbacks.ReduceLROnPlateau("val_loss", patience=1, factor=0.1),
            keras.callbacks.ModelCheckpoint(folder / "best.keras", monitor="val_loss", save_best_only=True),
            keras.callbacks.CSVLogger(folder / "log.csv"),
            keras.callbacks.TensorBoard(folder / "board", update_freq="epoch"),
            keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9 if epoch else rate),
        ]
        arguments = {**XY, "validation_data": VALIDATION, "callbacks": callbacks, "epochs": 12}
        fit = trained(lambda: classifier(optimizer=keras.optimizers.Adam(0.1)), how, arguments)
        best = keras.models.load_model(folder / "best.keras").get_weights()
        assert list((folder / "board").rglob("events*"))
        return fit, best, (folder / "log.csv").read_text()

    (fit, best, log), (keras_fit, keras_best, keras_log) = one("compiled"), one("by keras")
    assert_same(fit, keras_fit)
    assert 2 < len(fit[0].epoch) < 12
    assert log == keras_log
    for ours, theirs in zip(best, keras_best, strict=True):
        np.testing.assert_array_equal(ours, theirs)


class Recorder(keras.callbacks.Callback):
    """Writes down every hook of an epoch with its logs, and what the model holds at that moment."""

    def __init__(self):
        super().__init__()
        self.told = []

    def tell(self, hook, *arguments):
        model = self.model
        metrics = [np.array(variable) for variable in model.metrics_variables]
        weights = [np.array(variable) for variable in (*model.variables, *model.optimizer.variables)]
        # Sums, and no metrics before the first epoch: a variable that Keras has not made yet holds zeros here.
        state = [float(np.sum(array, dtype="float64")) for array in weights + metrics]
        flags = model.stop_training, getattr(model, "stop_evaluating", None)
        self.told.append((hook, arguments, sum(state), flags))

    def on_train_begin(self, logs=None):
        self.tell("train begin", logs)

    def on_train_end(self, logs=None):
        self.tell("train end", logs)

    def on_epoch_begin(self, epoch, logs=None):
        self.tell("epoch begin", epoch, logs)

    def on_epoch_end(self, epoch, logs=None):
        self.tell("epoch end", epoch, logs)

    def on_test_begin(self, logs=None):
        self.tell("test begin", logs)

    def on_test_end(self, logs=None):
        self.tell("test end", logs)


def every_callback(folder):
    """All of Keras' own that do nothing at a batch."""
    return [
        keras.callbacks.BackupAndRestore(folder / "backup"),
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9 if epoch else rate),
        keras.callbacks.ReduceLROnPlateau("val_loss", patience=1, factor=0.1),
        keras.callbacks.SwapEMAWeights(swap_on_epoch=False),
        keras.callbacks.ModelCheckpoint(folder / "best.keras", monitor="val_loss", save_best_only=True),
        keras.callbacks.CSVLogger(folder / "log.csv"),
        keras.callbacks.TensorBoard(folder / "board", update_freq="epoch"),
        keras.callbacks.EarlyStopping("val_loss", patience=2, restore_best_weights=True),
        keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("validation", [VALIDATION, DATASET, None], ids=["arrays", "Dataset", "none"])
def test_every_hook_is_called_as_keras_calls_it(tmp_path, validation):
    """In the same order, with the same logs, and with the same weights and metrics in the model."""

    def one(how):
        before, after = Recorder(), Recorder()
        folder = tmp_path / how
        folder.mkdir()
        callbacks = [before, *(every_callback(folder) if validation is not None else []), after]
        arguments = {**XY, "validation_data": validation, "validation_freq": [1, 3, 4, 6, 8], "callbacks": callbacks}
        if validation is not None:
            arguments["validation_freq"] = 1  # the monitors need it
        fit = trained(
            lambda: classifier(optimizer=keras.optimizers.Adam(0.05, use_ema=True)), how, {**arguments, "epochs": 8}
        )
        return fit, before.told, after.told

    (fit, before, after), (keras_fit, keras_before, keras_after) = one("compiled"), one("by keras")
    assert_same(fit, keras_fit)
    assert before == keras_before
    assert after == keras_after
    assert [hook for hook, *_ in before][:2] == ["train begin", "epoch begin"]


@pytest.mark.slow
@pytest.mark.parametrize("fits", [15, pytest.param(60, marks=pytest.mark.nightly)])
def test_shuffled_fits_score_as_those_of_keras(fits):
    by_keras, compiled = models = [classifier(optimizer=keras.optimizers.Adam(0.02)) for _ in range(2)]
    for model in models:
        model.optimizer.build(model.trainable_variables)
    states = [[variable.numpy() for variable in model.optimizer.variables] for model in models]

    def start(seed):
        """Both models where a new one of this seed would be; their graphs are traced once."""
        keras.utils.set_random_seed(seed + 1)
        weights = classifier().get_weights()
        for model, state in zip(models, states, strict=True):
            model.set_weights(weights)
            for variable, value in zip(model.optimizer.variables, state, strict=True):
                variable.assign(value)

    resident, ours, theirs = residents.Resident(), [], []
    complete = {**XY, "validation_data": VALIDATION, "batch_size": 8, "epochs": 3, "verbose": 0}
    for seed in range(fits):
        start(seed)
        bound = bind(compiled, (), complete)
        fit = compiled_epoch.fit(compiled, bound, order_for(seed), resident, cached_as="the same")
        ours.append(fit.history["val_loss"][-1])
        theirs.append(by_keras.fit(**complete).history["val_loss"][-1])
    assert resident.traces.traced == 2
    assert len(set(ours)) == len(set(theirs)) == fits
    assert scipy.stats.ks_2samp(ours, theirs).pvalue > 0.05
