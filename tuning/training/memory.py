"""How much memory a training needs at least: what needs more than its limit is refused before it takes it.

Counted are weights, gradients, what the optimizer keeps, and for one batch the outputs of layers that have weights: the
backward pass needs them. Data, what layers compute inside and the process itself come on top, so what passes may still
be too large.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable, Iterator, Sequence

import keras

from tuning.training.fit_arguments import Arguments, is_arrays
from tuning.training.internals.keras import all_layers
from tuning.training.internals.tensorflow import Tensor

GB = 1e9


class TooLarge(Exception):  # noqa: N818
    """A model needs more memory than a trial may take; the message is the trial's error."""


@contextlib.contextmanager
def weights_within(limit: float | None) -> Iterator[None]:
    """Within, `TooLarge` is raised before a weight is made with which all of them exceed the limit, in bytes.

    On backends other than TensorFlow, weights are made, and counted when the model is fitted.
    """
    if limit is None or keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow as tf

    made = 0

    def make(create: Callable[..., Tensor], **arguments: Tensor) -> Tensor:
        nonlocal made
        made += _size_of_first(arguments.get("initial_value"))
        _refuse({"weights": made}, limit)
        return create(**arguments)

    with tf.variable_creator_scope(make):
        yield


def check(model: keras.Model, arguments: Arguments, limit: float | None) -> None:
    """Raises TooLarge if a fit needs more than `limit` bytes.

    Args:
        model: As `build_model` has made it.
        arguments: Of `keras.Model.fit`; of batches from a Dataset a single sample is counted.
        limit: None for no limit.
    """
    if limit is not None:
        batch_size = int(arguments["batch_size"] or 32) if is_arrays(arguments["x"]) else 1
        _refuse(needs(model, batch_size), limit)


def needs(model: keras.Model, batch_size: int) -> dict[str, int]:
    """Bytes that training a model takes at least, by what takes them."""
    trained, optimizer = _size(model.trainable_variables), model.optimizer
    kept = 0
    if optimizer is not None:  # a `train_step` of the user's own may do without
        kept = _size(optimizer.variables) if optimizer.built else trained * _copies(optimizer)
    outputs = sum(_output_size(layer, batch_size) for layer in all_layers(model))
    return {"weights": _size(model.variables), "gradients": trained, "optimizer": kept, "outputs of layers": outputs}


def _refuse(needed: dict[str, int], limit: float) -> None:
    total = sum(needed.values())
    if total > limit:
        parts = ", ".join(f"{what} {size / GB:.3g}" for what, size in needed.items())
        raise TooLarge(f"needs at least {total / GB:.3g} GB, and a trial may take {limit / GB:.3g} GB ({parts})")


def _size_of_first(value: Tensor) -> int:
    """Bytes of a variable's first value, which is not computed for it; 0 if it cannot be told."""
    import tensorflow as tf

    try:
        if callable(value):
            with tf.Graph().as_default():
                value = tf.convert_to_tensor(value())
        return _array_size(value.shape, value.dtype)
    except Exception:  # a user's own initializer may do anything, and only we asked it; a Python number has no shape
        return 0


def _size(variables: Sequence[keras.Variable]) -> int:
    return sum(_array_size(variable.shape, variable.dtype) for variable in variables)


def _output_size(layer: keras.layers.Layer, batch_size: int) -> int:
    """Bytes of what a layer gives for a batch; 0 if it has no weights, or if its shape is not known before it runs."""
    if not layer.weights or isinstance(layer, keras.Model):
        return 0
    try:
        outputs = keras.tree.flatten(layer.output)
    except (AttributeError, ValueError):  # not part of a functional model, or called several times
        return 0
    return sum(_array_size((batch_size, *output.shape[1:]), output.dtype) for output in outputs)


def _copies(optimizer: keras.optimizers.Optimizer) -> int:
    """How many arrays of a weight's shape an optimizer keeps for each weight: 2 for Adam."""
    shape = (2, 3)
    try:
        same = type(optimizer).from_config(optimizer.get_config())
        same.build([keras.Variable(keras.ops.zeros(shape))])
    except Exception:  # a user's own optimizer may have no such config
        return 0
    return sum(tuple(variable.shape) == shape for variable in same.variables)


def _array_size(shape: Sequence[int | None], dtype: object) -> int:
    """Bytes of an array; a length that is not known counts as 1."""
    bits = re.search(r"\d+", keras.backend.standardize_dtype(dtype))
    return math.prod(length or 1 for length in shape) * max(1, int(bits[0]) // 8 if bits else 1)
