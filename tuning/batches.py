"""Data that come in batches: a `tf.data.Dataset`, a `keras.utils.PyDataset`, or a function that makes an iterator.

This module imports neither Keras nor TensorFlow: it knows their classes by what they have.
"""

from __future__ import annotations

import copy
from typing import Any, TypeAlias

import numpy as np

from tuning.arrays import mapped

Batches: TypeAlias = Any
"""One of the three; a batch is x, ``(x, y)`` or ``(x, y, sample_weight)``."""

_INFINITE = -1  # tf.data.INFINITE_CARDINALITY


def in_batches(part: object) -> bool:
    """Whether a part of the data comes in batches, and not as arrays."""
    return is_dataset(part) or is_py_dataset(part) or makes_iterators(part)


def is_dataset(part: object) -> bool:
    """Whether this is a `tf.data.Dataset`."""
    return hasattr(part, "element_spec") and hasattr(part, "take")


def is_py_dataset(part: object) -> bool:
    """Whether this is a `keras.utils.PyDataset`, which Keras 2 called `Sequence`."""
    return any(kind.__name__ == "PyDataset" and kind.__module__.startswith("keras.") for kind in type(part).__mro__)


def makes_iterators(part: object) -> bool:
    """Whether this is a function without arguments that returns an iterator of batches."""
    return callable(part) and not is_dataset(part) and not is_py_dataset(part)


def number(part: Batches) -> int | None:
    """How many batches there are; -1 if they never end, None if that is not known without reading them."""
    if makes_iterators(part):
        return _INFINITE
    count = len(part) if is_py_dataset(part) else int(part.cardinality())
    return count if count >= _INFINITE else None


def is_endless(part: object) -> bool:
    """Whether an epoch would never end without `steps_per_epoch`."""
    return in_batches(part) and number(part) == _INFINITE


def fresh(part: Batches) -> Batches:
    """For one training: another iterator, or a copy of a `PyDataset`, which may shuffle itself after each epoch."""
    if makes_iterators(part):
        return part()
    return copy.deepcopy(part) if is_py_dataset(part) else part


def first(part: Batches) -> tuple[Any, ...]:
    """The first batch as ``(x,)``, ``(x, y)`` or ``(x, y, sample_weight)`` of numpy arrays."""
    batch = fresh(part)[0] if is_py_dataset(part) else next(iter(part.take(1) if is_dataset(part) else part()))
    entries = tuple(batch) if isinstance(batch, tuple | list) else (batch,)
    return tuple(mapped(np.asarray, entry) for entry in entries if entry is not None)
