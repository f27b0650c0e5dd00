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
import inspect
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np

from tuning import compiled, fit_arguments, inspection, seeds, winner_logs
from tuning.data import Splits, is_dataset
from tuning.errors import SpaceError, StudyError, one_line
from tuning.objective import Objective
from tuning.winner_record import Anatomy, weights_file

Logs = dict[str, float]
State = list[np.ndarray]
"""Values of all variables of a model, then of its optimizer's, in Keras' own order; then `_generators`."""


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
    """What a training left: `error` in one line (empty: none), what trained it, and what was asked for.

    `state` stays None where the training cannot be continued from it: see `_Fit`. `test` holds the metrics on the
    test split, by name; it stays empty where there is no such split. `anatomy` describes a model that
    was saved, `notes` say what could not be logged of it.
    """

    error: str = ""
    fit: str = ""
    state: State | None = None
    test: Logs = field(default_factory=dict)
    anatomy: Anatomy | None = None
    notes: Sequence[str] = ()


class _FromFunction(keras_tuner.HyperModel):
    """A function `build_model(hp)` as the `kt.HyperModel` that KerasTuner makes of it."""

    def __init__(self, build: Callable[[Any], Any]) -> None:
        super().__init__()
        self.build = build


class _Stop(BaseException):
    """Leaves a user's own training loop, which knows nothing of `stop_training`."""


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
    test_by: Objective | None = None,
    save: Path | None = None,
    logs: Path | None = None,
) -> Outcome:
    """Trains one configuration up to `epochs` in all.

    Args:
        hp: Holds the configuration.
        seed: Of initial weights, data order and everything random; the whole training depends on it alone.
        on_epoch: Called with the logs of each epoch as it ends; true stops the training there.
        initial_epoch: Epochs that `state` has behind it.
        state: To continue from: weights, optimizer state, and the state of random layers.
        keep_state: Whether the outcome holds the state after the last epoch.
        test_by: Scores the weights that count by this rule (the best epoch's or the last's) on the test split.
        save: With `test_by`: where to save the model with those weights, a file name that ends in ``.keras``; the
            weights alone go beside it, see `tuning.winner_record.weights_file`.
        logs: With `save`: folder for all that TensorBoard can show of the training, as `tuning.winner_logs` says.

    Returns:
        The outcome. What the user's code raises is in its `error`, never raised.
    """
    clear_session()
    keras.utils.set_random_seed(seed)
    best = None if test_by is None else _Best(test_by)
    watcher = _Watcher(epochs - initial_epoch, on_epoch, keep_state, best)
    trainer = _Fit(
        recipe, hp, watcher, seed, initial_epoch, state, () if logs is None else [winner_logs.callback(logs)]
    )
    outcome = Outcome()
    model = None
    try:
        with _seeds_of_its_own(seed):
            model = build(recipe, hp)
            trainer.attach(model)
            with contextlib.suppress(_Stop):
                recipe.hypermodel.fit(hp, model, **trainer.arguments(epochs))
            if best is not None:
                best.restore(model)
                outcome.test = trainer.test(model)
            if save is not None and test_by is not None:
                trainer.detach(model)
                remark = save_model(model, save)
                outcome.anatomy = inspection.anatomy(model, recipe.splits, test_by, [remark] if remark else [])
                if logs is not None:
                    outcome.notes = winner_logs.write(logs, model, recipe.splits, test_by)
    except Exception as error:
        outcome.error = one_line(error)
    outcome.fit, outcome.state = trainer.how, watcher.state
    if model is not None:
        trainer.detach(model)
    return outcome


def continue_training(
    recipe: Recipe, hp: keras_tuner.HyperParameters, path: Path, epochs: int, *, seed: int, save: Path
) -> Logs:
    """Trains a saved model on with training and validation data together; see `Problem.continue_training`."""
    train, validation = recipe.splits.train, recipe.splits.validation
    clear_session()
    model = load_model(recipe, hp, path)
    keras.utils.set_random_seed(seed)
    trainer = _Fit(recipe, hp, _Watcher(epochs, lambda logs: False, False), seed, 0, None)
    try:
        if isinstance(train, tuple):
            parts = zip(train, validation, strict=True)
            arrays = [keras.tree.map_structure(lambda *both: np.concatenate(both), *both) for both in parts]
            data = dict(zip(("x", "y", "sample_weight"), arrays, strict=False))
        else:
            data = {"x": train.concatenate(validation)}
        model.fit(**data, **recipe.fit_arguments, epochs=epochs, verbose=0)
        save_model(model, save)
        return trainer.test(model)
    except Exception as error:
        raise StudyError(f"{path} cannot be trained on: {one_line(error)}") from error


def save_model(model: keras.Model, path: Path) -> str:
    """Saves a model, and its weights beside it; why only the weights could be saved, as a sentence, else empty."""
    model.save_weights(weights_file(path))
    try:
        model.save(path)
    except Exception as error:  # a class of the user's need not tell Keras how it is made
        path.unlink(missing_ok=True)
        return (
            f"Keras cannot save it whole: its weights are saved, for a model built anew from its configuration "
            f"({one_line(error, 150)})."
        )
    return ""


def load_model(recipe: Recipe, hp: keras_tuner.HyperParameters, path: Path) -> keras.Model:
    """The model of a file that `save_model` wrote, compiled, its optimizer's state included.

    Keras' safe mode refuses what would run code that is in the file, such as a lambda, and knows no class of the user's
    that is not registered. Such a model, and one that could not be saved whole, is built by `build_model`, from `hp`,
    and gets its weights.

    Raises:
        StudyError: Neither can be done.
    """
    try:
        if not path.is_file():
            raise FileNotFoundError("Keras could not save it whole")
        return keras.saving.load_model(path, safe_mode=True)
    except Exception as refused:
        try:
            model = build(recipe, hp)
            if not model.built:
                model(_first_samples(data_arguments(recipe)["x"]), training=False)
            if model.optimizer is not None and not model.optimizer.built:  # it would drop its state in silence
                model.optimizer.build(model.trainable_variables)
            model.load_weights(weights_file(path))
        except Exception as error:
            words = f"{one_line(refused, 150)}; built anew: {one_line(error, 150)}"
            raise StudyError(f"{path} cannot be loaded: {words}") from error
        return model


class _Watcher(keras.callbacks.Callback):
    """Sees each epoch end: hands its logs on, and stops at the target or when told to."""

    def __init__(
        self, epochs: int, on_epoch: Callable[[Logs], bool], keep_state: bool, best: _Best | None = None
    ) -> None:
        super().__init__()
        self.remaining = epochs
        self.on_epoch = on_epoch
        self.keep_state = keep_state
        self.best = best
        self.state: State | None = None
        self.fitted: keras.Model | None = None
        """The model whose `fit` is running."""
        self.continuable = False
        """Whether that fit can be continued."""
        self.stopped = False
        self.continues: State = []
        """The state that the next epoch goes on from."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if self.stopped:
            raise _Stop
        _set_generators(self.continues)  # here, for Keras draws from them before its first epoch
        self.continues = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.stopped:
            raise _Stop
        self.remaining -= 1
        seen = _scalars(logs or {})
        if self.best is not None:
            self.best.see(seen, self.model)
        told = self.on_epoch(seen)
        self.stopped = told or self.remaining <= 0
        in_fit = self.fitted is not None and self.fitted is self.model
        self.state = None
        if self.keep_state and in_fit and self.continuable and (self.stopped or self.model.stop_training):
            # Before on_train_end, where a callback may put other weights back: continuing is from here.
            self.state = read_state(self.model)
        if self.stopped:
            self.model.stop_training = True
            if not in_fit:
                raise _Stop

    def __copy__(self) -> _Watcher:
        return self

    def __deepcopy__(self, memo: Any) -> _Watcher:
        return self


class _Best:
    """Keeps the weights of the epoch that counts."""

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        self.score = math.nan
        self.weights: list[np.ndarray] | None = None

    def see(self, logs: Logs, model: keras.Model) -> None:
        score = logs.get(self.objective.metric, math.nan)
        if self.objective.epoch == "last" or self.objective.better(score, self.score):
            self.score, self.weights = score, model.get_weights()

    def restore(self, model: keras.Model) -> None:
        """A callback may have put other weights there at the end, as EarlyStopping does."""
        if self.weights is not None:
            model.set_weights(self.weights)


class _Fit:
    """What `model.fit` is during a trial.

    A training can be continued where it was one `model.fit`, Keras' own, up to the epochs that `HyperModel.fit` was
    given. A second fit, a loop or an optimizer of the user's own cannot be entered in the middle.
    """

    def __init__(
        self,
        recipe: Recipe,
        hp: keras_tuner.HyperParameters,
        watcher: _Watcher,
        seed: int,
        initial_epoch: int,
        state: State | None,
        callbacks: Sequence[Any] = (),
    ) -> None:
        self.recipe = recipe
        self.callbacks = callbacks
        self.configuration = repr(sorted(hp.values.items()))
        self.watcher = watcher
        self.seed = seed
        self.initial_epoch = initial_epoch
        self.epoch = initial_epoch
        self.epochs = 0
        self.state = state
        self.ways: list[str] = []

    def arguments(self, epochs: int) -> dict[str, Any]:
        """What `HyperModel.fit` gets beside `hp` and `model`."""
        self.epochs = epochs
        arguments = {**data_arguments(self.recipe), **self.recipe.fit_arguments, "epochs": epochs, "verbose": 0}
        return {**arguments, "callbacks": [*self.recipe.fresh_callbacks(), *self.callbacks, self.watcher]}

    def attach(self, model: keras.Model) -> None:
        object.__setattr__(model, "fit", lambda *args, **kwargs: self(model, *args, **kwargs))
        self.watcher.set_model(model)

    def detach(self, model: keras.Model) -> None:
        model.__dict__.pop("fit", None)

    @property
    def how(self) -> str:
        """What trained, each way once."""
        return "; ".join(dict.fromkeys(self.ways)) or "a loop of the user's own"

    def __call__(self, model: keras.Model, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        if type(model).fit is not keras.Model.fit:
            return self._by_its_own_fit(model, args, kwargs)
        arguments = fit_arguments.bind(model, args, kwargs)
        arguments["callbacks"] = self._with_watcher(arguments["callbacks"])
        if self.initial_epoch and not self.ways:  # HyperModel.fit does not know that it continues
            arguments["initial_epoch"] = self.initial_epoch
            if not model.built:
                model(_first_samples(arguments["x"]), training=False)
            self.watcher.continues = self.state or []
            write_state(model, self.watcher.continues)
        reason = compiled.why_not(model, arguments)
        continuable = arguments["epochs"] == self.epochs and arguments["initial_epoch"] == self.initial_epoch
        with self._fitting(model, f"keras: {reason}" if reason else "compiled", continuable):
            if reason:
                return compiled.fit_by_keras(model, arguments, self.next_order)
            return compiled.fit(model, arguments, self.next_order, self.recipe.resident, self.configuration)

    def test(self, model: keras.Model) -> Logs:
        """Metrics on the test split, in batches of the size that `fit` validates in; none where there is no split."""
        test = self.recipe.splits.test
        if test is None:
            return {}
        sizes = (self.recipe.fit_arguments.get(name) for name in ("validation_batch_size", "batch_size"))
        batch_size = next((size for size in sizes if size), 32)  # Keras' own default
        if self.how == "compiled" and isinstance(test, tuple):
            return _scalars(compiled.evaluate(model, test, batch_size, self.recipe.resident, self.configuration))
        arrays = dict(zip(("x", "y", "sample_weight"), test if isinstance(test, tuple) else (test,), strict=False))
        size = batch_size if isinstance(test, tuple) else None
        return _scalars(model.evaluate(**arrays, batch_size=size, return_dict=True, verbose=0))

    def _by_its_own_fit(self, model: keras.Model, args: Any, kwargs: dict[str, Any]) -> Any:
        """A `fit` of a subclass may take other arguments and gets them as they are given."""
        kwargs["callbacks"] = self._with_watcher(kwargs.get("callbacks"))
        with self._fitting(model, f"keras: {type(model).__name__} has a fit of its own", continuable=False):
            return type(model).fit(model, *args, **kwargs)

    def _with_watcher(self, callbacks: Any) -> Any:
        """The callbacks with the watcher as the last."""
        if isinstance(callbacks, keras.callbacks.CallbackList):
            if self.watcher not in callbacks.callbacks:
                callbacks.append(self.watcher)
            return callbacks
        given = keras.tree.flatten(callbacks) if callbacks else []
        return [one for one in given if one is not self.watcher] + [self.watcher]

    @contextlib.contextmanager
    def _fitting(self, model: keras.Model, way: str, continuable: bool) -> Iterator[None]:
        optimizers = [one for one in vars(model).values() if isinstance(one, keras.optimizers.Optimizer)]
        self.watcher.continuable = continuable and not self.ways and all(one is model.optimizer for one in optimizers)
        self.ways.append(way)
        before, self.watcher.fitted = self.watcher.fitted, model
        try:
            yield
        finally:
            self.watcher.fitted = before

    def next_order(self, size: int) -> np.ndarray:
        order = seeds.order_of_epoch(self.seed, self.epoch, size)
        self.epoch += 1
        return order


@contextlib.contextmanager
def _seeds_of_its_own(seed: int) -> Iterator[None]:
    """Lets Keras draw the seeds of layers and initializers from a generator that no other thread draws from.

    Keras draws them from Python's global one, and in a Dask worker so do Dask's threads, at their own times. The
    numbers are those that `keras.utils.set_random_seed` alone would give.
    """
    from keras.src.random import seed_generator

    before, seed_generator.python_random = seed_generator.python_random, random.Random(seed)
    try:
        yield
    finally:
        seed_generator.python_random = before


def has_own_fit(hypermodel: keras_tuner.HyperModel) -> bool:
    return type(hypermodel).fit is not keras_tuner.HyperModel.fit


def clear_session() -> None:
    """Forgets the models before; `clear_session` would also forget a precision that the user has set."""
    policy = keras.config.dtype_policy()
    if keras.backend.backend() == "tensorflow":
        _release_graphs()
    keras.backend.clear_session()
    keras.config.set_dtype_policy(policy)


def _release_graphs() -> None:
    """Lets the graphs of the models before go, 7 MB a trial of a small one.

    In a graph, an optimizer's all-reduce is a `tf.custom_gradient`, and TensorFlow registers those for ever, with all
    that they refer to. Nobody asks for the gradient of this one: it sums gradients.
    """
    from tensorflow.python.framework import ops

    registry = ops.gradient_registry._registry
    for name, entry in list(registry.items()):
        if name.startswith("CustomGradient-") and any(
            getattr(inner, "__module__", "") == "tensorflow.python.distribute.distribute_lib"
            for outer in _enclosed(entry["type"])
            for inner in _enclosed(outer)
        ):
            del registry[name]


def _enclosed(function: Any) -> list[Any]:
    """What a function closes over."""
    return list(inspect.getclosurevars(function).nonlocals.values()) if inspect.isfunction(function) else []


def build(recipe: Recipe, hp: keras_tuner.HyperParameters) -> keras.Model:
    model = recipe.hypermodel.build(hp)
    if not isinstance(model, keras.Model):
        raise SpaceError(f"build_model returned {type(model).__name__}; expected a compiled keras.Model")
    if not model.compiled and not has_own_fit(recipe.hypermodel):  # a loop of his own needs no compile
        raise SpaceError("build_model returned a model that is not compiled; call model.compile(...) before return")
    return model


def data_arguments(recipe: Recipe) -> dict[str, Any]:
    """`x`, `y` and the rest as KerasTuner's users give them to `search`; a `tf.data.Dataset` goes in as `x` alone."""
    train, validation = recipe.splits.train, recipe.splits.validation
    if not isinstance(train, tuple):
        return {"x": train, "validation_data": validation}
    names = ("x", "y", "sample_weight")
    return {**dict(zip(names, train, strict=False)), "validation_data": validation}


def _scalars(logs: Mapping[str, Any]) -> Logs:
    """The logs that are one number each; a metric may also report an array, such as a value for each class."""
    return {name: float(np.asarray(value).item()) for name, value in logs.items() if np.size(value) == 1}


def _first_samples(x: Any) -> Any:
    """A few samples of what `fit` was given, to build a model on.

    Raises:
        ValueError: They cannot be had without taking them away.
    """
    if fit_arguments.is_arrays(x):
        return keras.tree.map_structure(lambda array: array[:1], x)
    if isinstance(x, keras.utils.PyDataset):
        return keras.utils.unpack_x_y_sample_weight(x[0])[0]
    if is_dataset(x):
        return keras.utils.unpack_x_y_sample_weight(next(iter(x)))[0]
    raise ValueError(
        f"a model that is not built cannot be continued on {type(x).__name__}; give it an Input layer or call build"
    )


def read_state(model: keras.Model) -> State:
    """What `write_state` sets again: all that a training goes on from, the learning rate included."""
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in _variables(model)] + _generators()


def write_state(model: keras.Model, state: State) -> None:
    """Raises ValueError where the state is of another model."""
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)  # an unbuilt optimizer would drop its state in silence
    variables = _variables(model)
    shapes = [tuple(variable.shape) for variable in variables] + [value.shape for value in _generators()]
    if shapes != [value.shape for value in state]:
        raise ValueError("the state of the continued trial does not fit the model built from the same configuration")
    for variable, value in zip(variables, state, strict=False):
        variable.assign(value)


def _generators() -> State:
    """What random layers draw from that is no variable of the model: PyTorch's generator, on that backend."""
    if keras.backend.backend() != "torch":
        return []
    import torch

    return [torch.get_rng_state().numpy().copy()]


def _set_generators(state: State) -> None:
    """Sets what `_generators` gave, where it gave something, from the end of a state."""
    if keras.backend.backend() == "torch" and state:
        import torch

        torch.set_rng_state(torch.from_numpy(state[-1]))


def _variables(model: keras.Model) -> list[Any]:
    """Weights, the state of random layers, and the optimizer's; not the metrics', which each epoch resets."""
    metrics = {id(variable) for variable in model.metrics_variables}
    return [variable for variable in model.variables if id(variable) not in metrics] + list(model.optimizer.variables)
