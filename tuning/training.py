"""The one path that trains: a configuration becomes a model, and the model is trained epoch by epoch.

    seed everything -> build -> restore a parent's state -> HyperModel.fit, whose model.fit is ours -> curve

`model.fit` is replaced on each model by one that trains whole epochs in compiled calls (`tuning.compiled`), or by
Keras' own loop where that cannot be, always over the same batches. A watcher at the end of every epoch, the last
among the callbacks, hands the logs on and stops the training when told to; it is also given to `HyperModel.fit` as
a callback, so that a training loop of the user's own that calls its callbacks is counted and stopped in the same way.
"""

from __future__ import annotations

import contextlib
import copy
import gc
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import keras_tuner
import numpy as np

from tuning import compiled, seeds
from tuning.data import Splits, head, size
from tuning.errors import ObjectiveError, SpaceError, one_line
from tuning.space import Space, record

Logs = dict[str, float]
State = list[np.ndarray]
"""Values of all variables of a model, then of its optimizer's, in Keras' own order."""

PROBE_SAMPLES = 64
THREADS = 1


@dataclass(frozen=True)
class Recipe:
    """All that training needs beside a configuration.

    Attributes:
        hypermodel: `build(hp)` makes the model, `fit(hp, model, ...)` trains it.
        splits: Training and validation data.
        fit_arguments: Further arguments of `model.fit`, such as ``{"batch_size": 64}``.
        callbacks: A function without arguments that gives a list, or a list to be copied; fresh ones for each trial.
        resident: Tensors of the data, shared by all trials.
    """

    hypermodel: keras_tuner.HyperModel
    splits: Splits
    fit_arguments: Mapping[str, Any] = field(default_factory=dict)
    callbacks: Callable[[], Sequence[Any]] | Sequence[Any] = ()
    resident: compiled.Resident = field(default_factory=compiled.Resident)

    def fresh_callbacks(self) -> list[Any]:
        made = self.callbacks() if callable(self.callbacks) else copy.deepcopy(list(self.callbacks))
        return list(made)


@dataclass
class Outcome:
    """What a training left: `error` in one line (empty: none), what trained it, and its state where asked for."""

    error: str = ""
    fit: str = ""
    state: State | None = None


class _FromFunction(keras_tuner.HyperModel):
    """A function `build_model(hp)` as the `kt.HyperModel` that KerasTuner makes of it."""

    def __init__(self, build: Callable[[Any], Any]) -> None:
        super().__init__()
        self.build = build


class _Stop(BaseException):
    """Leaves a user's own training loop, which knows nothing of `stop_training`."""


def prepare_process(threads: int = THREADS) -> dict[str, Any]:
    """Settles what changes results in the last bits, before TensorFlow starts; returns what holds, for the manifest.

    One thread a process is also the fastest way to train small models; two cores then train two cells.
    """
    facts: dict[str, Any] = {"backend": keras.backend.backend(), "threads": threads}
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with contextlib.suppress(RuntimeError):  # TensorFlow has started: what it runs with is reported instead
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        facts["threads"] = tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count() or 1
        # A trial's graphs run for seconds: optimising them costs more (0.2 s each) than it brings (nothing measurable).
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
        logging.getLogger("tensorflow").setLevel(logging.ERROR)
    # What is loaded by now stays. Without this, each `clear_session` has the collector walk through all of it: 0.2 s.
    gc.collect()
    gc.freeze()
    return facts


def hypermodel_of(build_model: Any) -> keras_tuner.HyperModel:
    """A `kt.HyperModel` from one, from its class, or from a function `build_model(hp)`.

    Raises:
        SpaceError: It is none of these.
    """
    if isinstance(build_model, type) and issubclass(build_model, keras_tuner.HyperModel):
        build_model = build_model()
    if isinstance(build_model, keras_tuner.HyperModel):
        return build_model
    if not callable(build_model):
        raise SpaceError(
            f"build_model is {build_model!r} of type {type(build_model).__name__}; "
            "expected a function build_model(hp) that returns a compiled Keras model, or a kt.HyperModel"
        )
    return _FromFunction(build_model)


def record_space(recipe: Recipe) -> Space:
    """The search space of a recipe, without training: `model.fit` is called but does nothing.

    Raises:
        SpaceError: See `tuning.space.record`; also where no compiled model is returned.
    """
    own_fit = type(recipe.hypermodel).fit is not keras_tuner.HyperModel.fit

    def declare(hp: keras_tuner.HyperParameters) -> None:
        keras.backend.clear_session()
        recipe.hypermodel.declare_hyperparameters(hp)
        model = _build(recipe, hp)
        if own_fit:
            _declare_in_fit(recipe, hp, model)

    return record(declare)


def probe(recipe: Recipe, space: Space, metric: str) -> list[str]:
    """Trains the default configuration for one epoch on a few samples; the metrics that it reports.

    Raises:
        ObjectiveError: `metric` is not among them.
        SpaceError: Training raises at the defaults.
    """
    curve: list[Logs] = []

    def watch(logs: Logs) -> bool:
        curve.append(logs)
        return False

    train_part(recipe, space, PROBE_SAMPLES, 1, watch)
    if not curve:
        raise ObjectiveError(
            "HyperModel.fit ended without one epoch seen by its callbacks; pass the `callbacks` it is given to "
            "model.fit, or call their on_epoch_end(epoch, logs) in a loop of its own"
        )
    if metric not in curve[0]:
        raise ObjectiveError(
            f"the objective {metric!r} is not reported by the model, which reports {', '.join(curve[0])}; "
            "name one of these in Objective(...) or add the metric to model.compile"
        )
    return list(curve[0])


def train_part(recipe: Recipe, space: Space, samples: int, epochs: int, on_epoch: Callable[[Logs], bool]) -> int:
    """Trains the default configuration on the first samples of the data; the number of samples trained on.

    Raises:
        SpaceError: Training raises.
    """
    part = _part(recipe, samples)
    outcome = train_epochs(part, space.to_hp(space.default()), seed=1, epochs=epochs, on_epoch=on_epoch)
    if outcome.error:
        raise SpaceError(f"the model cannot be trained at its default values: {outcome.error}")
    return size(part.splits.train) or 0


def train_epochs(
    recipe: Recipe,
    hp: keras_tuner.HyperParameters,
    *,
    seed: int,
    epochs: int,
    on_epoch: Callable[[Logs], bool],
    initial_epoch: int = 0,
    state: State | None = None,
    keep_state: bool = False,
) -> Outcome:
    """Trains one configuration up to `epochs` in all.

    Args:
        hp: Holds the configuration.
        seed: Of initial weights, data order and everything random; the whole training depends on it alone.
        on_epoch: Called with the logs of each epoch as it ends; true stops the training there.
        initial_epoch: Epochs that `state` has behind it.
        state: To continue from: weights, optimizer state, and the state of random layers.
        keep_state: Whether the outcome holds the state after the last epoch.

    Returns:
        The outcome. What the user's code raises is in its `error`, never raised.
    """
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    watcher = _Watcher(epochs - initial_epoch, on_epoch, keep_state)
    trainer = _Fit(recipe, watcher, seed, initial_epoch, state)
    outcome = Outcome()
    model = None
    try:
        model = _build(recipe, hp)
        trainer.attach(model)
        with contextlib.suppress(_Stop):
            recipe.hypermodel.fit(hp, model, **trainer.arguments(epochs))
    except Exception as error:
        outcome.error = one_line(error)
    outcome.fit, outcome.state = trainer.how, watcher.state
    if model is not None:
        trainer.detach(model)
    return outcome


class _Watcher(keras.callbacks.Callback):
    """Sees each epoch end: hands its logs on, and stops at the target or when told to."""

    def __init__(self, epochs: int, on_epoch: Callable[[Logs], bool], keep_state: bool) -> None:
        super().__init__()
        self.remaining = epochs
        self.on_epoch = on_epoch
        self.keep_state = keep_state
        self.state: State | None = None
        self.in_fit = False
        self.stopped = False

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if self.stopped:
            raise _Stop

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.stopped:
            raise _Stop
        self.remaining -= 1
        told = self.on_epoch({name: float(value) for name, value in (logs or {}).items()})
        self.stopped = told or self.remaining <= 0
        if self.keep_state and (self.stopped or self.model.stop_training):
            # Before on_train_end, where a callback may put other weights back: continuing is from here.
            self.state = _read_state(self.model)
        if self.stopped:
            self.model.stop_training = True
            if not self.in_fit:
                raise _Stop

    def __deepcopy__(self, memo: Any) -> _Watcher:
        return self


class _Fit:
    """What `model.fit` is during a trial."""

    def __init__(self, recipe: Recipe, watcher: _Watcher, seed: int, initial_epoch: int, state: State | None) -> None:
        self.recipe = recipe
        self.watcher = watcher
        self.seed = seed
        self.initial_epoch = initial_epoch
        self.epoch = initial_epoch
        self.state = state
        self.how = ""

    def arguments(self, epochs: int) -> dict[str, Any]:
        """What `HyperModel.fit` gets beside `hp` and `model`."""
        arguments = {**_data_arguments(self.recipe), **self.recipe.fit_arguments, "epochs": epochs, "verbose": 0}
        if self.initial_epoch:  # a fit of the user's own that never continues need not know the argument
            arguments["initial_epoch"] = self.initial_epoch
        return {**arguments, "callbacks": [*self.recipe.fresh_callbacks(), self.watcher]}

    def attach(self, model: keras.Model) -> None:
        object.__setattr__(model, "fit", lambda *args, **kwargs: self(model, *args, **kwargs))
        self.watcher.set_model(model)
        if self.state is not None and model.built:
            self.restore(model)

    def detach(self, model: keras.Model) -> None:
        model.__dict__.pop("fit", None)

    def restore(self, model: keras.Model) -> None:
        if self.state is not None:
            _write_state(model, self.state)
            self.state = None

    def __call__(self, model: keras.Model, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        arguments = compiled.bind(model, args, kwargs)
        callbacks = arguments["callbacks"]
        if isinstance(callbacks, keras.callbacks.CallbackList):
            callbacks.append(self.watcher)
        else:
            given = callbacks if isinstance(callbacks, list | tuple) else [callbacks] if callbacks else []
            arguments["callbacks"] = [one for one in given if one is not self.watcher] + [self.watcher]
        if self.state is not None:
            if not model.built:
                model(keras.tree.map_structure(lambda array: array[:1], arguments["x"]), training=False)
            self.restore(model)
        reason = compiled.why_not(model, arguments)
        if type(model).fit is not keras.Model.fit:
            reason = f"{type(model).__name__} has a fit of its own"
        self.how = f"keras: {reason}" if reason else "compiled"
        self.watcher.in_fit = True
        try:
            if reason:
                return compiled.fit_by_keras(model, arguments, self.next_order)
            return compiled.fit(model, arguments, self.next_order, self.recipe.resident)
        finally:
            self.watcher.in_fit = False

    def next_order(self, size: int) -> np.ndarray:
        order = seeds.order_of_epoch(self.seed, self.epoch, size)
        self.epoch += 1
        return order


class _DeclaredError(Exception):
    """Ends `HyperModel.fit` while the space is recorded, where a loop of the user's own would begin to train."""


class _NoTraining(keras.callbacks.Callback):
    def on_train_begin(self, logs: Any = None) -> None:
        raise _DeclaredError

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        raise _DeclaredError

    on_epoch_end = on_epoch_begin

    def __deepcopy__(self, memo: Any) -> _NoTraining:
        return self


class _AnyMetric(dict[str, list[float]]):
    """A history that answers for every metric, so that code behind `model.fit` goes on."""

    def __missing__(self, name: str) -> list[float]:
        return [0.0]


def _declare_in_fit(recipe: Recipe, hp: keras_tuner.HyperParameters, model: keras.Model) -> None:
    """Runs the user's `fit` on a few samples with a `model.fit` that does nothing."""
    fitted = False

    def fit(*args: Any, **kwargs: Any) -> keras.callbacks.History:
        nonlocal fitted
        fitted = True
        history = keras.callbacks.History()
        history.history = _AnyMetric()
        history.epoch = [0]
        return history

    object.__setattr__(model, "fit", fit)
    arguments = {**_data_arguments(_part(recipe, PROBE_SAMPLES)), **recipe.fit_arguments, "epochs": 1, "verbose": 0}
    try:
        recipe.hypermodel.fit(hp, model, **arguments, callbacks=[_NoTraining()])
    except _DeclaredError:
        return
    except SpaceError:
        raise
    except Exception:
        # Behind model.fit the user's code works with an untrained model and an empty history: its errors say nothing.
        if not fitted:
            raise


def _build(recipe: Recipe, hp: keras_tuner.HyperParameters) -> keras.Model:
    model = recipe.hypermodel.build(hp)
    if not isinstance(model, keras.Model):
        raise SpaceError(f"build_model returned {type(model).__name__}; expected a compiled keras.Model")
    if not model.compiled:
        raise SpaceError("build_model returned a model that is not compiled; call model.compile(...) before return")
    return model


def _part(recipe: Recipe, samples: int) -> Recipe:
    """The same recipe with the first samples of its data."""
    splits = Splits(head(recipe.splits.train, samples), head(recipe.splits.validation, samples))
    return Recipe(recipe.hypermodel, splits, recipe.fit_arguments, recipe.callbacks)


def _data_arguments(recipe: Recipe) -> dict[str, Any]:
    """`x`, `y` and the rest as KerasTuner's users give them to `search`; a `tf.data.Dataset` goes in as `x` alone."""
    train, validation = recipe.splits.train, recipe.splits.validation
    if not isinstance(train, tuple):
        return {"x": train, "validation_data": validation}
    names = ("x", "y", "sample_weight")
    return {**dict(zip(names, train, strict=False)), "validation_data": validation}


def _read_state(model: keras.Model) -> State:
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in _variables(model)]


def _write_state(model: keras.Model, state: State) -> None:
    """Raises ValueError where the state is of another model."""
    model.optimizer.build(model.trainable_variables)  # an unbuilt optimizer would drop its state in silence
    variables = _variables(model)
    if [tuple(variable.shape) for variable in variables] != [value.shape for value in state]:
        raise ValueError("the state of the continued trial does not fit the model built from the same configuration")
    for variable, value in zip(variables, state, strict=True):
        variable.assign(value)


def _variables(model: keras.Model) -> list[Any]:
    """Weights, the state of random layers, and the optimizer's; not the metrics', which each epoch resets."""
    metrics = {id(variable) for variable in model.metrics_variables}
    return [variable for variable in model.variables if id(variable) not in metrics] + list(model.optimizer.variables)


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limits BLAS to one thread: a Gaussian process on small matrices is slower, and fights, with more."""
    import threadpoolctl

    with threadpoolctl.threadpool_limits(limits=1, user_api="blas"):
        yield
