"""What a call of `model.fit` means: all its arguments, converted as Keras converts them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import keras
import numpy as np

from tuning.arrays import RowsOf, read
from tuning.splits import FIELDS
from tuning.text_arrays import is_text

Data: TypeAlias = Any
"""Arrays or tensors, or tuples, lists and dicts of them, a data set, or None: as Keras takes and returns them."""
Arguments: TypeAlias = Mapping[str, Any]
"""Arguments of `model.fit` by name, each of its own type."""


def bind(
    model: keras.Model,
    args: Sequence[object],
    kwargs: Mapping[str, object],
    defaults: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """The arguments of a call of `keras.Model.fit`, filled up with `defaults`, then Keras' own; without `self`."""
    bound = inspect.signature(keras.Model.fit).bind(model, *args, **kwargs)
    for name, value in (defaults or {}).items():
        bound.arguments.setdefault(name, value)
    bound.apply_defaults()
    return {name: value for name, value in bound.arguments.items() if name != "self"}


def takes(function: Callable[..., object], name: str) -> bool:
    """Whether a function accepts an argument of this name."""
    parameters = inspect.signature(function).parameters
    return name in parameters or any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())


def normalise(arguments: Arguments) -> dict[str, Any]:
    """The arguments of a fit on arrays, converted as Keras converts them.

    Data frames become arrays; `validation_split` takes the last part of the arrays, before any shuffling;
    `class_weight` becomes a weight for each sample; one array of sample weights serves every output; the batch sizes
    are numbers; and `validation_data` is ``(x, y, sample_weight)``.

    Raises:
        ValueError: Keras refuses them as well.
    """
    arguments = dict(arguments)
    x, y, weight = (_without_frames(arguments[name]) for name in ("x", "y", "sample_weight"))
    validation = arguments["validation_data"]
    if validation is not None and is_arrays(validation):
        validation = tuple(_without_frames(part) for part in keras.utils.unpack_x_y_sample_weight(validation))
    share = arguments["validation_split"]
    if share and validation is None:
        size = size_of(x)
        cut = int(np.floor(size * (1.0 - share)))
        if cut in (0, size):
            raise ValueError(f"validation_split={share} leaves no training or no validation of {size} samples")
        parts = (x, y, weight)
        x, y, weight = _cut(parts, slice(0, cut))
        validation = _cut(parts, slice(cut, size))
    if arguments["class_weight"] is not None:
        weight = _class_weights(y, weight, arguments["class_weight"])
    if isinstance(validation, tuple) and is_arrays(validation):
        validation = (*validation[:2], _for_each_output(validation[1], validation[2]))
    batch_size = int(arguments["batch_size"] or 32)
    settled = {
        "x": x,
        "y": y,
        "sample_weight": _for_each_output(y, weight),
        "class_weight": None,
        "batch_size": batch_size,
        "validation_data": validation,
        "validation_batch_size": int(arguments["validation_batch_size"] or batch_size),
        "validation_split": 0.0,
    }
    return {**arguments, **settled}


def with_arrays(arguments: Arguments) -> dict[str, Any]:
    """The same with arrays in place of `RowsOf` arrays, for all that is not our own loop."""
    data = (*FIELDS, "validation_data")
    return {name: read(value) if name in data else value for name, value in arguments.items()}


def is_arrays(part: Data) -> bool:
    """Whether a structure holds only dense arrays of numbers or texts, tensors, data frames or None."""
    if part is None:
        return True
    if isinstance(part, Mapping):
        return all(is_arrays(value) for value in part.values())
    if isinstance(part, tuple | list):
        return all(is_arrays(value) for value in part)
    if hasattr(part, "iloc"):
        part = part.to_numpy()
    if isinstance(part, RowsOf):
        part = part.array
    if isinstance(part, np.ndarray):
        return part.dtype.kind in "fiub" or is_text(part)
    return type(part).__name__ == "EagerTensor"


def as_floatx(array: Data) -> np.ndarray:
    """A numpy array; floats are cast as Keras' own adapter casts them."""
    values = array if isinstance(array, np.ndarray) else np.asarray(keras.ops.convert_to_numpy(array))
    if is_text(values):
        return values
    is_float = keras.backend.is_float_dtype(keras.backend.standardize_dtype(values.dtype))
    return np.asarray(values, dtype=keras.config.floatx()) if is_float else values


def texts_as_tensors(data: Data) -> Data:
    """A structure in which each array of texts is a tensor: Keras itself takes arrays of one dimension only."""

    def converted(leaf: Data) -> Data:
        if not isinstance(leaf, np.ndarray) or not is_text(leaf):
            return leaf
        import tensorflow as tf

        return tf.constant(leaf, tf.string)

    return data if data is None else keras.tree.map_structure(converted, data)


def size_of(data: Data) -> int:
    return int(keras.tree.flatten(data)[0].shape[0])


def _cut(parts: tuple[Data, ...], rows: slice) -> tuple[Data, ...]:
    return tuple(None if part is None else keras.tree.map_structure(lambda array: array[rows], part) for part in parts)


def _without_frames(part: Data) -> Data:
    """Turns pandas' frames into arrays, and its series into columns, as Keras does."""
    if part is None:
        return None
    return keras.tree.map_structure(
        lambda leaf: leaf.to_numpy().reshape(len(leaf), -1) if hasattr(leaf, "iloc") else leaf, part
    )


def _for_each_output(y: Data, sample_weight: Data) -> Data:
    if sample_weight is None or not keras.tree.is_nested(y) or keras.tree.is_nested(sample_weight):
        return sample_weight
    return keras.tree.map_structure(lambda _: sample_weight, y)


def _class_weights(y: Data, sample_weight: Data, class_weight: Mapping[int, float]) -> np.ndarray:
    """A weight for each sample by Keras' own rule: 1.0 for a class without one."""
    if sample_weight is not None:
        raise ValueError("sample_weight and class_weight cannot be given both")
    if keras.tree.is_nested(y):
        raise ValueError("class_weight is for models with one output; give sample weights")
    classes = keras.ops.convert_to_numpy(read(y))
    classes = classes.argmax(-1) if classes.ndim > 1 and classes.shape[-1] != 1 else classes.reshape(len(classes))
    classes = np.round(classes).astype("int32")
    weights = np.ones(len(classes), dtype=keras.config.floatx())
    for label, weight in class_weight.items():
        weights[classes == label] = weight
    return weights
