"""A whole epoch in one compiled call, behind Keras' own `fit`.

`model.fit` on small models spends most of its time between the steps. Keras' fit trains with the `train_function` it
finds on the model, whatever that does in one step; so a fit over a data set of one element, the whole training data,
with a `train_function` that loops over shuffled batches inside one `tf.function`, is an epoch a step. Everything at
the level of epochs stays Keras' own: callbacks, validation, metrics, `stop_training`, the history.

The order of samples is given from outside, a permutation for each epoch, so that a continued training goes on in the
order it would have had. Where a fit asks for what one step an epoch cannot keep, `why_not` says why; then Keras' own
loop runs over the same batches in the same order (`OrderedBatches`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np

Order = Callable[[int], np.ndarray]
"""`order(size)` gives the permutation of the next epoch, shape ``(size,)``."""

BATCH_HOOKS = (
    "on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end",
    "on_test_batch_begin", "on_test_batch_end",
)  # fmt: skip


def why_not(model: keras.Model, arguments: Mapping[str, Any]) -> str:
    """Why a fit with these arguments cannot run an epoch a step, in a few words; empty where it can."""
    if keras.backend.backend() != "tensorflow":
        return f"the {keras.backend.backend()} backend"
    if not _is_arrays((arguments["x"], arguments["y"], arguments["sample_weight"])):
        return f"data of type {type(arguments['x']).__name__}"
    if model.run_eagerly:
        return "run_eagerly=True"
    if arguments["steps_per_epoch"] is not None or arguments["validation_steps"] is not None:
        return "steps_per_epoch or validation_steps"
    if arguments["shuffle"] not in (True, False):
        return f"shuffle={arguments['shuffle']!r}"
    if isinstance(arguments["callbacks"], keras.callbacks.CallbackList):
        return "a CallbackList"
    for callback in arguments["callbacks"] or ():
        if _works_on_batches(callback):
            return f"{type(callback).__name__} works on batches"
    return ""


def fit(model: keras.Model, arguments: Mapping[str, Any], order: Order, resident: Resident) -> keras.callbacks.History:
    """`keras.Model.fit(model, **arguments)`, an epoch a step; call only where `why_not` is empty.

    Args:
        arguments: Those of `keras.Model.fit`, complete, without `self`.
        order: Gives each epoch's permutation; not called where ``shuffle=False``.
        resident: Tensors of the data that is the same in every trial.
    """
    import tensorflow as tf

    arguments = split_validation(arguments)
    batch_size = arguments["batch_size"] or 32
    sample_weight = _weights(arguments)
    data = _element(arguments["x"], arguments["y"], sample_weight, resident)
    _make_variables(model, data)

    shuffle = arguments["shuffle"]
    epoch_function = _whole_epoch(model, batch_size, model.train_step, _is_standard(model, "train_step"))

    def train_function(iterator: Any) -> Any:
        element = next(iterator)
        size = int(keras.tree.flatten(element)[0].shape[0])
        permutation = order(size) if shuffle else np.arange(size, dtype=np.int32)
        return epoch_function(element, tf.constant(permutation))

    validation_batch = arguments["validation_batch_size"] or batch_size
    test_epoch = _whole_epoch(model, validation_batch, model.test_step, _is_standard(model, "test_step"))

    def test_function(iterator: Any) -> Any:
        element = next(iterator)
        size = int(keras.tree.flatten(element)[0].shape[0])
        return test_epoch(element, tf.range(size))

    validation = arguments["validation_data"]
    validation_is_whole = validation is not None and _is_arrays(validation)
    if validation_is_whole:
        x, y, weight = keras.utils.unpack_x_y_sample_weight(validation)
        validation = tf.data.Dataset.from_tensors(_element(x, y, weight, resident))
    model.train_function = train_function
    if validation_is_whole:
        model.test_function = test_function
    try:
        return keras.Model.fit(
            model,
            tf.data.Dataset.from_tensors(data),
            epochs=arguments["epochs"],
            initial_epoch=arguments["initial_epoch"],
            callbacks=arguments["callbacks"],
            validation_data=validation,
            validation_freq=arguments["validation_freq"],
            shuffle=False,
            verbose=0,
        )
    finally:
        model.train_function = model.test_function = None


class OrderedBatches(keras.utils.PyDataset):
    """Arrays as batches in a given order, for Keras' own loop: the same batches that `fit` makes."""

    def __init__(self, x: Any, y: Any, sample_weight: Any, batch_size: int, order: Order) -> None:
        super().__init__()
        self._data = tuple(part for part in (x, y, sample_weight) if part is not None)
        self._size = len(keras.tree.flatten(x)[0])
        self._batch_size = batch_size
        self._next_order = order
        self._order = np.arange(self._size)

    def __len__(self) -> int:
        return -(-self._size // self._batch_size)

    def __getitem__(self, index: int) -> Any:
        rows = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        return keras.tree.map_structure(lambda array: np.asarray(array)[rows], self._data)

    def on_epoch_begin(self) -> None:
        self._order = self._next_order(self._size)


def fit_by_keras(model: keras.Model, arguments: Mapping[str, Any], order: Order) -> keras.callbacks.History:
    """Keras' own loop; arrays that are to be shuffled are shuffled by `order`."""
    arguments = dict(arguments)
    arrays = _is_arrays((arguments["x"], arguments["y"], arguments["sample_weight"]))
    if arrays and arguments["shuffle"] is True and arguments["steps_per_epoch"] is None:
        arguments = split_validation(arguments)
        batches = OrderedBatches(
            arguments["x"], arguments["y"], arguments["sample_weight"], arguments["batch_size"] or 32, order
        )
        if arguments["validation_batch_size"] is None and arguments["validation_data"] is not None:
            arguments["validation_batch_size"] = arguments["batch_size"] or 32
        arguments.update(x=batches, y=None, sample_weight=None, batch_size=None, shuffle=False)
    history: keras.callbacks.History = type(model).fit(model, **{**arguments, "verbose": 0})
    return history


class Resident:
    """Tensors of arrays that every trial trains on, made once.

    Only the arrays named at birth are kept: what a user's `fit` makes anew in each trial is not.
    """

    def __init__(self, arrays: Sequence[Any] = ()) -> None:
        self._arrays = {id(array): array for array in arrays}
        self._tensors: dict[int, Any] = {}

    def tensor(self, array: Any) -> Any:
        """The array as a tensor; floats as Keras' own adapter casts them, to `keras.config.floatx()`."""
        if id(array) in self._tensors:
            return self._tensors[id(array)]
        is_float = np.issubdtype(np.asarray(array).dtype if isinstance(array, list) else _dtype(array), np.floating)
        tensor = keras.ops.convert_to_tensor(array, dtype=keras.config.floatx() if is_float else None)
        if id(array) in self._arrays:
            self._tensors[id(array)] = tensor
        return tensor


def bind(model: keras.Model, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call of `keras.Model.fit`, complete with defaults, without `self`."""
    bound = inspect.signature(keras.Model.fit).bind(model, *args, **kwargs)
    bound.apply_defaults()
    return {name: value for name, value in bound.arguments.items() if name != "self"}


def split_validation(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`validation_split` carried out as Keras does: the last part of the arrays, before any shuffling."""
    arguments = dict(arguments)
    share = arguments["validation_split"]
    if not share or arguments["validation_data"] is not None:
        return {**arguments, "validation_split": 0.0}
    parts = (arguments["x"], arguments["y"], arguments["sample_weight"])
    size = len(keras.tree.flatten(parts[0])[0])
    cut = int(np.floor(size * (1.0 - share)))
    head, tail = (
        [None if part is None else keras.tree.map_structure(lambda array: array[rows], part) for part in parts]  # noqa: B023
        for rows in (slice(0, cut), slice(cut, size))
    )
    arguments.update(zip(("x", "y", "sample_weight"), head, strict=True))
    return {**arguments, "validation_data": tuple(tail), "validation_split": 0.0}


def _whole_epoch(model: keras.Model, batch_size: int, step: Callable[[Any], Any], standard: bool) -> Any:
    """A compiled function ``(data, order) -> logs`` that calls `step` on each batch.

    Keras' own steps gather their logs in metrics, which are read once at the end. A step of the user's may return
    anything, and then the last batch's logs count, as in Keras' own loop: that batch is traced by itself.
    """
    import tensorflow as tf

    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    def epoch(data: Any, order: Any) -> Any:
        size = tf.shape(order)[0]
        last = size if standard else (size - 1) // batch_size * batch_size

        def batch(start: Any) -> Any:
            rows = order[start : tf.minimum(start + batch_size, size)]
            return keras.tree.map_structure(lambda tensor: tf.gather(tensor, rows), data)

        def body(start: Any) -> Any:
            step(batch(start))
            return (start + batch_size,)

        tf.while_loop(lambda start: start < last, body, (tf.constant(0),))
        return model.get_metrics_result() if standard else step(batch(last))

    return tf.function(epoch, reduce_retracing=True)


def _make_variables(model: keras.Model, data: tuple[Any, ...]) -> None:
    """Builds layers, optimizer and metrics, so that the epoch's function is traced once.

    `tf.function` traces a second time whatever made variables the first time, and metrics make theirs at first use.
    """
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(_rows(data, 1))
    if not model.built or _is_standard(model, "train_step"):
        y_pred = model(x, training=False)
        if _is_standard(model, "train_step"):
            model.compute_loss(x, y, y_pred, sample_weight, training=False)
            model.compute_metrics(x, y, y_pred, sample_weight)
            model.reset_metrics()
    model.optimizer.build(model.trainable_variables)


def _is_standard(model: keras.Model, name: str) -> bool:
    return getattr(type(model), name) is getattr(keras.Model, name)


def _element(x: Any, y: Any, sample_weight: Any, resident: Resident) -> tuple[Any, ...]:
    """The data as one element of a data set: tuples for lists, which `tf.data` would stack."""
    parts = tuple(part for part in (x, y, sample_weight) if part is not None)
    return tuple(_tensors(part, resident) for part in parts)


def _tensors(part: Any, resident: Resident) -> Any:
    if isinstance(part, Mapping):
        return {name: _tensors(value, resident) for name, value in part.items()}
    if isinstance(part, tuple) or (isinstance(part, list) and not _is_numbers(part)):
        return tuple(_tensors(value, resident) for value in part)
    return resident.tensor(part)


def _rows(part: Any, count: int) -> Any:
    return keras.tree.map_structure(lambda tensor: tensor[:count], part)


def _weights(arguments: Mapping[str, Any]) -> Any:
    """Sample weights, made from `class_weight` where that was given, by Keras' own rule: weights of 1.0 else."""
    if arguments["class_weight"] is None:
        return arguments["sample_weight"]
    if arguments["sample_weight"] is not None:
        raise ValueError("sample_weight and class_weight cannot be given both")
    classes = np.asarray(arguments["y"])
    classes = classes.argmax(-1) if classes.ndim > 1 and classes.shape[-1] > 1 else classes.reshape(-1)
    weights = np.ones(len(classes), dtype=keras.config.floatx())
    for label, weight in arguments["class_weight"].items():
        weights[classes == label] = weight
    return weights


def _is_arrays(part: Any) -> bool:
    """Whether a structure holds nothing but dense arrays or tensors (or None)."""
    if part is None:
        return True
    if isinstance(part, Mapping):
        return all(_is_arrays(value) for value in part.values())
    if isinstance(part, tuple) or (isinstance(part, list) and not _is_numbers(part)):
        return all(_is_arrays(value) for value in part)
    if isinstance(part, list | np.ndarray):
        return np.asarray(part).dtype.kind in "fiub"
    return type(part).__name__ == "EagerTensor" or hasattr(part, "iloc")


def _is_numbers(part: list[Any]) -> bool:
    return bool(part) and isinstance(part[0], int | float | bool)


def _dtype(array: Any) -> Any:
    dtype = getattr(array, "dtype", None)
    return getattr(dtype, "as_numpy_dtype", dtype) if dtype is not None else np.asarray(array).dtype


def _works_on_batches(callback: Any) -> bool:
    """Whether a callback does something at a batch. Keras' own that only do on request are asked what was requested."""
    if isinstance(callback, keras.callbacks.ModelCheckpoint | keras.callbacks.BackupAndRestore):
        return bool(callback.save_freq != "epoch")
    if isinstance(callback, keras.callbacks.TensorBoard) and type(callback) is keras.callbacks.TensorBoard:
        return callback.update_freq != "epoch" or bool(callback.write_steps_per_second) or callback._should_trace
    if isinstance(callback, keras.callbacks.ProgbarLogger):
        return False
    if isinstance(callback, keras.callbacks.LambdaCallback):
        return any(name in callback.__dict__ for name in BATCH_HOOKS)
    base = keras.callbacks.Callback
    return any(getattr(type(callback), hook, None) is not getattr(base, hook) for hook in BATCH_HOOKS)
