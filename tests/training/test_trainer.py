"""One trial: what `train_epochs` makes of the user's model, callbacks and own `fit`, and how it continues."""

import contextlib
import functools
import gc
import sys

import keras
import keras_tuner
import numpy as np
import psutil
import pytest
import tensorflow as tf
from keras import layers

from tuning.errors import ObjectiveError, SpaceError
from tuning.objective import Objective
from tuning.process.setup import prepare_process
from tuning.splits import Splits
from tuning.training.outcome import Outcome
from tuning.training.probe import probe, record_space
from tuning.training.recipe import Recipe, hypermodel_of
from tuning.training.request import TrainingRequest
from tuning.training.trainer import train_epochs

prepare_process()  # as every process that trains

RANDOM = np.random.default_rng(1)
X, Y = RANDOM.normal(size=(70, 5)).astype("float32"), RANDOM.integers(0, 3, 70)
SPLITS = Splits((X[:50], Y[:50]), (X[50:], Y[50:]))
OBJECTIVE = Objective("val_loss", "min")
ON_BATCHES = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)


def compiled_model(hp, *inner, optimizer=None):
    """Momentum is a state to continue from, in a graph that is traced in half of Adam's time."""
    model = keras.Sequential([layers.Input((5,)), *inner, layers.Dense(3, activation="softmax")])
    if optimizer is None:
        rate = hp.Float("rate", 1e-3, 1e-1, sampling="log", default=0.02)
        optimizer = keras.optimizers.SGD(rate, momentum=0.9)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def build_model(hp):
    return compiled_model(hp, layers.Dense(hp.Int("width", 4, 16), activation="relu"), layers.Dropout(0.3))


def recipe(build=build_model, splits=SPLITS, **arguments):
    arguments.setdefault("fit_arguments", {"batch_size": 16})
    return Recipe(hypermodel(build), splits, **arguments)


@functools.cache
def hypermodel(build):
    return hypermodel_of(build)


SPACES = {}


def space_of(trained_recipe):
    """That of its hypermodel, which is recorded once."""
    if trained_recipe.hypermodel not in SPACES:
        SPACES[trained_recipe.hypermodel] = record_space(trained_recipe)
    return SPACES[trained_recipe.hypermodel]


def train(trained_recipe, *, epochs=3, until=None, values=None, seed=5, **arguments) -> tuple[Outcome, list]:
    """The outcome and the curve; training is told to stop after `until` epochs."""
    space = space_of(trained_recipe)
    curve = []

    def on_epoch(logs):
        curve.append(logs)
        return len(curve) == until

    request = TrainingRequest({**space.default(), **(values or {})}, seed, epochs, on_epoch, **arguments)
    return train_epochs(trained_recipe, space, request, OBJECTIVE), curve


@functools.cache
def plain() -> tuple[Outcome, list]:
    """The default configuration in a recipe without more."""
    return train(recipe(), keep_state=True)


def assert_states_equal(state, expected):
    assert len(state) == len(expected)
    for index, (value, wanted) in enumerate(zip(state, expected, strict=True)):
        np.testing.assert_array_equal(value, wanted, err_msg=f"variable {index}")


# -- one trial ---------------------------------------------------------------------------------------------------------


def test_trains_to_the_target_and_reports_every_metric():
    outcome, curve = plain()
    assert (outcome.error, outcome.fit) == ("", "compiled")
    assert len(curve) == 3
    assert list(curve[0]) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert all(type(value) is float for logs in curve for value in logs.values())


def test_stops_when_told():
    outcome, curve = train(recipe(), epochs=9, until=2)
    assert len(curve) == 2
    assert outcome.state is None  # nobody asked to keep it


def test_depends_on_its_seed_alone():
    first = plain()[1]
    assert train(recipe())[1] == first


def test_a_configuration_trained_again_is_not_traced_again():
    shared = recipe()
    other_seed = train(shared, seed=6)[1]
    again = train(shared, keep_state=True)
    assert shared.resident.traces.traced == 2  # training and validation
    fresh = plain()
    assert again[1] == fresh[1] != other_seed
    assert_states_equal(again[0].state, fresh[0].state)
    train(shared, values={"width": 7})
    assert shared.resident.traces.traced == 4


class Freezes(keras.callbacks.Callback):
    """Changes the model as training begins, in every second trial."""

    trials = 0

    def on_train_begin(self, logs=None):
        Freezes.trials += 1
        self.model.layers[0].trainable = Freezes.trials % 2 == 0


def test_a_model_that_a_callback_changed_is_traced_anew():
    shared = recipe(callbacks=lambda: [Freezes()])
    states = [train(shared, keep_state=True)[0].state for _ in range(3)]
    assert shared.resident.traces.traced == 4
    assert_states_equal(states[0], states[2])
    with pytest.raises(AssertionError):
        assert_states_equal(states[0], states[1])


@pytest.mark.parametrize("as_function", [True, False], ids=["function", "list"])
def test_callbacks_are_fresh_in_every_trial(as_function):
    Counter.made = []
    given = (lambda: [Counter()]) if as_function else [Counter()]
    shared = recipe(callbacks=given)
    for _ in range(2):
        train(shared)
    assert [counter.epochs for counter in Counter.made if counter.epochs] == [3, 3]


def test_a_tensorboard_logs_each_trial_into_a_folder_of_its_own(tmp_path):
    shared = recipe(callbacks=[keras.callbacks.TensorBoard(tmp_path)])
    for seed in (3, 4):
        train(shared, epochs=1, seed=seed)
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["3", "4"]
    assert all(next((tmp_path / seed / "train").iterdir()).is_file() for seed in "34")


class Counter(keras.callbacks.Callback):
    made: list = []  # noqa: RUF012

    def __init__(self):
        super().__init__()
        self.epochs = 0
        Counter.made.append(self)

    def __deepcopy__(self, memo):
        return Counter()

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1


def test_early_stopping_ends_a_trial():
    stop = keras.callbacks.EarlyStopping("val_loss", patience=1, min_delta=10, restore_best_weights=True)
    outcome, curve = train(recipe(callbacks=[stop]), epochs=9)
    assert outcome.error == ""
    assert len(curve) == 2


def test_a_metric_with_many_values_is_left_out_of_the_curve():
    def build(hp):
        model = keras.Sequential([layers.Input((5,)), layers.Dense(3, activation="softmax")])
        model.train_step = lambda data: {"each": tf.constant([1.0, 2.0]), "one": tf.constant([3.0])}
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model

    outcome, curve = train(recipe(build), epochs=1)
    assert outcome.error == ""
    assert curve[0]["one"] == 3.0
    assert "each" not in curve[0]


def test_a_precision_the_user_set_stays_set():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        train(recipe(), epochs=1)
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy("float32")


def build_raises(hp):
    width = hp.Int("width", 1, 10)
    if width == 10:
        raise MemoryError("too large:\n10 units")
    return compiled_model(hp, layers.Dense(width))


def compile_raises(hp):
    model = compiled_model(hp)
    if hp.Boolean("wrong"):
        model.compile("adamm", "mse")
    return model


class Raises(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            raise RuntimeError("in a callback")


def fit_raises(hp):
    model = compiled_model(hp)
    if hp.Boolean("wrong"):
        model.compile("adam", "categorical_crossentropy")
    return model


@pytest.mark.parametrize(
    ("build", "values", "callbacks", "error", "epochs"),
    [
        (build_raises, {"width": 10}, [], "MemoryError: too large: 10 units", 0),
        (compile_raises, {"wrong": True}, [], "ValueError: Could not interpret optimizer identifier: adamm", 0),
        (fit_raises, {"wrong": True}, [], "ValueError: Arguments `target` and `output` must have the same rank", 0),
        (build_model, {}, [Raises()], "RuntimeError: in a callback", 1),
    ],
)
def test_what_the_users_code_raises_is_the_error_in_one_line(build, values, callbacks, error, epochs):
    outcome, curve = train(recipe(build, callbacks=callbacks), values=values)
    assert outcome.error.startswith(error)
    assert "\n" not in outcome.error
    assert len(curve) == epochs


@contextlib.contextmanager
def little_memory(more):
    """This process gets no more than so many bytes beyond what it has."""
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms + more, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the limit is taken and not kept")
def test_a_model_without_room_in_memory_is_an_error_and_the_next_one_trains():
    def build(hp):
        width = {4: 40_000}.get(hp.Int("width", 4, 16), 8)
        with little_memory(2 * 2**30):
            return compiled_model(hp, layers.Dense(width), layers.Dense(width))

    space = space_of(recipe())  # of `build` it would be the same, but TensorFlow waits 10 s for memory each time
    default = {**space.default(), "width": 8}
    curves = [], []
    outcomes = [
        train_epochs(recipe(build), space, TrainingRequest({**default, "width": width}, 5, 1, curve.append), OBJECTIVE)
        for width, curve in zip((4, 8), curves, strict=True)  # 6.4 GB of weights; few
    ]
    assert outcomes[0].error.startswith("ResourceExhaustedError: ")
    assert "OOM when allocating tensor with shape[40000,40000]" in outcomes[0].error
    assert "\n" not in outcomes[0].error
    assert (outcomes[1].error, [len(curve) for curve in curves]) == ("", [0, 1])


class OwnFit(keras.Sequential):
    """A `fit` with an argument that Keras' does not have."""

    def fit(self, x, y, note="", **kwargs):
        assert note == "mine"
        return super().fit(x * 2, y, **kwargs)


def test_a_fit_of_the_models_own_gets_what_it_was_given():
    class WithNote(keras_tuner.HyperModel):
        def build(self, hp):
            model = OwnFit([layers.Dense(3)])
            model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
            return model

        def fit(self, hp, model, x, y, **kwargs):
            return model.fit(x, y, note="mine", **kwargs)

    outcome, curve = train(recipe(WithNote))
    assert (outcome.error, outcome.fit) == ("", "keras: OwnFit has a fit of its own")
    assert len(curve) == 3


def test_hands_over_to_keras_and_says_so():
    outcome, curve = train(recipe(fit_arguments={"steps_per_epoch": 2}), epochs=1)
    assert (outcome.error, outcome.fit) == ("", "keras: steps_per_epoch or validation_steps")
    assert len(curve) == 1


def test_both_ways_give_the_same_curve():
    outcome, curve = train(recipe(callbacks=[ON_BATCHES]))
    assert (outcome.error, outcome.fit) == ("", "keras: LambdaCallback works on batches")
    assert curve == plain()[1]


def datasets():
    parts = (tf.data.Dataset.from_tensor_slices(part).batch(16) for part in (SPLITS.train, SPLITS.validation))
    return Splits(*parts)


def test_datasets_are_trained_by_keras():
    outcome, curve = train(recipe(splits=datasets(), fit_arguments={}))
    assert (outcome.error, outcome.fit) == ("", "keras: data of type _BatchDataset")
    assert [list(logs) for logs in curve] == 3 * [["accuracy", "loss", "val_accuracy", "val_loss"]]


@contextlib.contextmanager
def graph_optimizer():
    """TensorFlow's own, which `prepare_process` turned off."""
    switch = tf.config.optimizer.set_experimental_options
    switch({"disable_meta_optimizer": False})
    try:
        yield
    finally:
        switch({"disable_meta_optimizer": True})


@pytest.mark.slow
def test_prepare_process_changes_no_result():
    """TensorFlow's graph optimizer, which it turns off, changes nothing in these models, in one thread."""
    assert tf.config.optimizer.get_experimental_options()["disable_meta_optimizer"]
    with graph_optimizer():
        assert not tf.config.optimizer.get_experimental_options()["disable_meta_optimizer"]
        optimized, curve = train(recipe(), keep_state=True)
    assert curve == plain()[1]
    assert_states_equal(optimized.state, plain()[0].state)


def test_trials_leave_nothing_behind():
    trained = recipe()
    space = record_space(trained)

    def graphs_after_a_trial():
        train_epochs(trained, space, TrainingRequest(space.default(), 1, 1, lambda logs: False), OBJECTIVE)
        record_space(trained)
        gc.collect()
        return sum(isinstance(thing, tf.Graph) for thing in gc.get_objects())

    assert graphs_after_a_trial() == graphs_after_a_trial()


# -- continuing --------------------------------------------------------------------------------------------------------


def scheduled():
    return keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.05 / (1 + epoch))


def normalized(hp):
    return compiled_model(hp, layers.Dense(8), layers.BatchNormalization(), layers.Dropout(0.4, seed=3))


def unbuilt(hp):
    model = keras.Sequential([layers.Dense(8), layers.Dropout(0.3), layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def by(make_optimizer):
    return lambda hp: compiled_model(hp, layers.Dense(8), optimizer=make_optimizer())


def decaying():
    return keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.05, 5, 0.5))


def averaging():
    return keras.optimizers.Adam(0.02, use_ema=True, ema_momentum=0.5, gradient_accumulation_steps=2)


def scaling():
    return keras.optimizers.LossScaleOptimizer(keras.optimizers.RMSprop(0.02, momentum=0.5), initial_scale=8.0)


decaying_model, averaging_model, scaling_model = by(decaying), by(averaging), by(scaling)


@functools.cache
def five_epochs(build, schedule):
    """The recipe, which keeps its graphs, and what compiled epochs make of it in one go."""
    trained = recipe(build, callbacks=[scheduled()] if schedule else [])
    return trained, train(trained, epochs=5, keep_state=True)


@pytest.mark.parametrize(
    ("build", "schedule"),
    [
        (build_model, False),
        pytest.param(build_model, True, marks=pytest.mark.slow),
        pytest.param(normalized, False, marks=pytest.mark.slow),
        pytest.param(unbuilt, False, marks=pytest.mark.slow),
        pytest.param(decaying_model, False, marks=pytest.mark.slow, id="decaying"),
        pytest.param(averaging_model, False, marks=pytest.mark.slow, id="averaging"),
        pytest.param(scaling_model, False, marks=pytest.mark.slow, id="scaling"),
    ],
)
@pytest.mark.parametrize("callbacks", [[], [ON_BATCHES]], ids=["compiled", "by keras"])
def test_two_epochs_and_three_more_are_five_bit_for_bit(build, schedule, callbacks):
    compiled, (whole, whole_curve) = five_epochs(build, schedule)
    trained = recipe(build, callbacks=[*callbacks, *compiled.callbacks]) if callbacks else compiled
    first, first_curve = train(trained, epochs=2, keep_state=True)
    rest, rest_curve = train(trained, epochs=5, initial_epoch=2, state=first.state, keep_state=True)
    assert [whole.error, first.error, rest.error] == ["", "", ""]
    assert [whole.fit, first.fit, rest.fit] == ["compiled", *2 * [trained_by(callbacks)]]
    assert first_curve + rest_curve == whole_curve
    assert len(rest_curve) == 3
    assert_states_equal(rest.state, whole.state)


def trained_by(callbacks):
    return "keras: LambdaCallback works on batches" if callbacks else "compiled"


def test_a_fit_that_knows_nothing_of_continuing_is_continued():
    class Fit(keras_tuner.HyperModel):
        def build(self, hp):
            return build_model(hp)

        def fit(self, hp, model, x, y, validation_data, epochs, callbacks, verbose):
            return model.fit(x, y, epochs=epochs, validation_data=validation_data, callbacks=callbacks)

    trained = recipe(Fit, callbacks=[scheduled()], fit_arguments={})
    whole, whole_curve = train(trained, epochs=3, keep_state=True)
    first, first_curve = train(trained, epochs=1, keep_state=True)
    rest, rest_curve = train(trained, epochs=3, initial_epoch=1, state=first.state, keep_state=True)
    assert first_curve + rest_curve == whole_curve
    assert_states_equal(rest.state, whole.state)


def test_a_dataset_and_an_unbuilt_model_are_continued():
    trained = recipe(unbuilt, splits=datasets(), fit_arguments={})
    whole_curve = train(trained, epochs=3)[1]
    first, first_curve = train(trained, epochs=1, keep_state=True)
    rest, rest_curve = train(trained, epochs=3, initial_epoch=1, state=first.state)
    assert rest.error == ""
    assert [logs["loss"] for logs in first_curve] == [logs["loss"] for logs in whole_curve[:1]]
    assert len(rest_curve) == 2


def test_the_state_is_that_before_callbacks_put_weights_back():
    stop = keras.callbacks.EarlyStopping("val_loss", patience=9, restore_best_weights=True)
    assert_states_equal(train(recipe(callbacks=[stop]), keep_state=True)[0].state, plain()[0].state)


def test_the_state_of_another_model_is_refused():
    state = plain()[0].state
    outcome, _ = train(recipe(), epochs=4, initial_epoch=3, state=state, values={"width": 7})
    assert outcome.error.startswith("ValueError: the state of the continued trial does not fit")


# -- a fit of the user's own -------------------------------------------------------------------------------------------


class Normalizing(keras_tuner.HyperModel):
    """Hyperparameters that only `fit` asks for."""

    def build(self, hp):
        return build_model(hp)

    def fit(self, hp, model, x, y, *args, **kwargs):
        if hp.Boolean("normalize"):
            x = layers.Normalization()(x)
        kwargs["batch_size"] = hp.Int("batch_size", 16, 64, step=16)
        history = model.fit(x, y, *args, **kwargs)
        return {"val_loss": min(history.history["val_loss"])}


class Tutorial(keras_tuner.HyperModel):
    """The custom training loop of KerasTuner's guide: the model is not even compiled."""

    def build(self, hp):
        inputs = layers.Input((5,))
        return keras.Model(inputs, layers.Dense(3)(layers.Dense(hp.Int("units", 4, 8), activation="relu")(inputs)))

    def fit(self, hp, model, x, y, validation_data, callbacks=None, **kwargs):
        batch_size = hp.Int("batch_size", 8, 16, step=8, default=16)
        train_ds = tf.data.Dataset.from_tensor_slices((x, y)).batch(batch_size)
        optimizer = keras.optimizers.SGD(hp.Float("learning_rate", 1e-4, 1e-2, sampling="log", default=1e-3))
        loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

        @tf.function
        def run_train_step(inputs, labels):
            with tf.GradientTape() as tape:
                loss = loss_fn(labels, model(inputs))
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))

        for callback in callbacks:
            callback.set_model(model)
        best = float("inf")
        for epoch in range(5):
            for inputs, labels in train_ds:
                run_train_step(inputs, labels)
            loss = float(loss_fn(validation_data[1], model(validation_data[0])))
            for callback in callbacks:
                callback.on_epoch_end(epoch, logs={"my_metric": loss})
            best = min(best, loss)
        return best


class Twice(keras_tuner.HyperModel):
    """Trains two times, as for fine tuning, with callbacks given to the second only."""

    def build(self, hp):
        return build_model(hp)

    def fit(self, hp, model, x, y, callbacks, validation_data, **kwargs):
        model.fit(x, y, epochs=2, validation_data=validation_data)
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model.fit(x, y, epochs=4, validation_data=validation_data, callbacks=[callbacks])


class FixedEpochs(keras_tuner.HyperModel):
    def build(self, hp):
        return build_model(hp)

    def fit(self, hp, model, x, y, validation_data, **kwargs):
        return model.fit(x, y, epochs=4, validation_data=validation_data)


class EpochByEpoch(keras_tuner.HyperModel):
    def build(self, hp):
        return build_model(hp)

    def fit(self, hp, model, epochs, **kwargs):
        for _ in range(epochs):
            model.fit(epochs=1, **kwargs)


class AnotherModel(keras_tuner.HyperModel):
    """Trains a copy of the model it was given."""

    def build(self, hp):
        return build_model(hp)

    def fit(self, hp, model, **kwargs):
        copy = keras.models.clone_model(model)
        copy.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return copy.fit(**kwargs)


def test_hyperparameters_asked_for_in_fit_are_found_without_training(monkeypatch):
    monkeypatch.setattr(keras.Model, "fit", None)
    names = [hp.name for hp in record_space(recipe(Normalizing, fit_arguments={})).hyperparameters]
    assert names == ["width", "rate", "normalize", "batch_size"]


@pytest.mark.slow
def test_a_loop_of_the_users_own_has_its_space():
    names = [hp.name for hp in space_of(recipe(Tutorial, fit_arguments={})).hyperparameters]
    assert names == ["units", "batch_size", "learning_rate"]


@pytest.mark.parametrize(
    ("hypermodel_class", "trains", "fit"),
    [
        (Normalizing, 9, "compiled"),
        pytest.param(Tutorial, 5, "a loop of the user's own", marks=pytest.mark.slow),
        (Twice, 6, "compiled"),
        (FixedEpochs, 4, "compiled"),
        pytest.param(EpochByEpoch, 9, "compiled", marks=pytest.mark.slow),
        pytest.param(AnotherModel, 9, "compiled", marks=pytest.mark.slow),
    ],
)
def test_a_fit_of_the_users_own_is_counted_cut_and_stopped(hypermodel_class, trains, fit):
    trained = recipe(hypermodel_class, fit_arguments={})
    outcome, curve = train(trained, epochs=9, keep_state=True)
    assert (outcome.error, outcome.fit) == ("", fit)
    assert len(curve) == trains
    assert len(train(trained, epochs=3)[1]) == (2 + 3 if hypermodel_class is Twice else 3)
    assert train(trained, epochs=9, until=3)[1] == curve[:3]
    assert (outcome.state is not None) == (hypermodel_class in (Normalizing, AnotherModel))
    if hypermodel_class is AnotherModel:
        begun = train(trained, epochs=4, keep_state=True)[0].state
        assert train(trained, epochs=9, initial_epoch=4, state=begun)[1] == curve[4:]


class TwoOptimizers(keras.Sequential):
    def compile(self, second, **kwargs):
        super().compile(**kwargs)
        self.second = second


def test_an_optimizer_out_of_reach_leaves_no_state():
    def build(hp):
        model = TwoOptimizers([layers.Input((5,)), layers.Dense(3, activation="softmax")])
        model.compile(keras.optimizers.SGD(), optimizer="sgd", loss="sparse_categorical_crossentropy")
        return model

    assert train(recipe(build), epochs=1, keep_state=True)[0].state is None


# -- bad input ---------------------------------------------------------------------------------------------------------


def raises(hp):
    raise KeyError("no such layer")


@pytest.mark.parametrize(
    ("build", "error"),
    [
        (raises, "the model cannot be built at its default values: KeyError: 'no such layer'"),
        (lambda hp: None, "build_model returned NoneType; expected a compiled keras.Model"),
        (lambda hp: keras.Sequential([layers.Dense(1)]), "build_model returned a model that is not compiled"),
    ],
)
def test_a_model_that_cannot_be_built_is_refused(build, error):
    with pytest.raises(SpaceError, match=error):
        record_space(recipe(build))


@pytest.mark.parametrize("build", [None, "build_model", 3])
def test_what_is_no_build_model_is_refused(build):
    with pytest.raises(SpaceError, match="expected a function build_model"):
        hypermodel_of(build)


class Silent(keras_tuner.HyperModel):
    def build(self, hp):
        return build_model(hp)

    def fit(self, hp, model, **kwargs):
        return 0.0


@pytest.mark.parametrize(
    ("trained", "metric", "error"),
    [
        (recipe(), "val_f1", "the objective 'val_f1' is not reported by the model, which reports accuracy, loss"),
        (recipe(fit_arguments={"validation_freq": 2}), "val_loss", "validation_freq=1"),
        (recipe(Silent), "val_loss", "HyperModel.fit ended without one epoch seen by its callbacks"),
    ],
)
def test_an_objective_that_is_not_reported_is_refused(trained, metric, error):
    with pytest.raises(ObjectiveError, match=error):
        probe(trained, space_of(trained), Objective(metric, "min"))


def test_probe_returns_the_metrics():
    trained = recipe()
    assert probe(trained, space_of(trained), Objective("loss", "min")) == [
        "accuracy",
        "loss",
        "val_accuracy",
        "val_loss",
    ]


def test_a_model_that_cannot_be_trained_at_its_defaults_is_refused():
    trained = recipe(lambda hp: compiled_model(hp, layers.Reshape((5, 1)), layers.Reshape((5,)), layers.Dense(2)))
    broken = Recipe(trained.hypermodel, Splits((X[:50, :3], Y[:50]), (X[50:, :3], Y[50:])))
    with pytest.raises(SpaceError, match="the model cannot be trained at its default values: ValueError"):
        probe(broken, record_space(trained), Objective("loss", "min"))
