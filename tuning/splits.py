"""Train, validation and test splits: what a problem's `data()` returns, checked before anything trains on it.

A loader returns `Splits(train, validation, test)`, or the plain tuple of two or three parts. A part is

    (x, y)                  x and y: an array, or a tuple, list or dict of arrays (several inputs or outputs)
    (x, y, sample_weight)   also with a weight for each sample
    a tf.data.Dataset       batched, of (x, y) or (x, y, sample_weight)

The first axis of every array is the sample. This module imports neither Keras nor TensorFlow: it knows a Dataset by
its `element_spec`, and only the code that made it loads TensorFlow.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tuning.errors import DataError, TuningError
from tuning.text import error_line

Array: TypeAlias = NDArray[Any]
Arrays: TypeAlias = Any
"""An array, or tuples, lists and dicts of arrays, nested as Keras allows; for a Dataset, of specifications."""
Part: TypeAlias = Any
"""``(x, y)``, ``(x, y, sample_weight)`` or a ``tf.data.Dataset``."""

FIELDS = ("x", "y", "sample_weight")
EXPECTED = "(train, validation) or (train, validation, test), each (x, y), (x, y, sample_weight) or a tf.data.Dataset"
# Booleans, integers, floats, complex, strings and bytes; V without fields: bfloat16 and its kin.
_USABLE_KINDS = "biufcUSV"
_CHUNK_BYTES = 8 * 2**20  # arrays are read in pieces, so that a check or a hash needs almost no extra memory
ALIGNMENT = 64
"""Bytes. TensorFlow uses memory aligned to this without a copy (the width of its widest vector)."""

_INFINITE = -1  # tf.data.INFINITE_CARDINALITY


@dataclass(frozen=True, eq=False)
class Splits:
    """The data of a problem.

    Attributes:
        train: What every trial trains on.
        validation: What the tuners' scores are measured on.
        test: What no tuner sees; only a retrained winner is scored on it. May be missing.
        class_names: Of a classification, by class number from 0, for people; if several outputs are classes, by the
            output's name. May be missing: then numbers are shown.
    """

    train: Part
    validation: Part
    test: Part | None = None
    class_names: Sequence[str] | Mapping[str, Sequence[str]] | None = None

    def parts(self) -> dict[str, Part]:
        """The parts that exist, by name, in the order train, validation, test."""
        named = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: part for name, part in named.items() if part is not None}


def load_splits(loader: Callable[[], object]) -> Splits:
    """Calls a problem's `data` and checks the result.

    Whatever converts to an array (a pandas frame, a tensor) becomes one; a large one is copied if a tensor
    could not share its memory, so that later only one copy is kept. Of a Dataset only the structure is checked:
    reading all of it could take hours.

    Args:
        loader: The problem's `data`: a callable without arguments.

    Returns:
        Splits whose leaves are all numpy arrays (Datasets as they came).

    Raises:
        DataError: `loader` is not callable, raises or returns anything but splits; a split is empty; x and y
            differ in length; an array holds Python objects, NaN or infinity; or the splits do not have the same
            structure and sample shape.
    """
    if not callable(loader):
        raise DataError(
            f"data={_describe(loader)}: expected a function that returns {EXPECTED}; wrap it: `def data(): return ...`"
        )
    label = f"data={_name(loader)}"
    try:
        loaded = loader()
    except TuningError:
        raise
    except Exception as error:
        raise DataError(f"{label} raised {error_line(error)}") from error
    try:
        return _checked(loaded)
    except DataError as error:
        raise DataError(f"{label}: {error}") from None


def fingerprint(splits: Splits) -> str:
    """16 hexadecimal digits that change with any value, shape, dtype or name in any split.

    A Dataset's values are not read: its element specification and number of batches are hashed instead, and the
    fingerprint begins with ``dataset:``.
    """
    digest = hashlib.sha256()
    label = ""
    for name, part in splits.parts().items():
        if is_dataset(part):
            label = "dataset:"
            digest.update(f"{name} {part.element_spec!r} {_batches(part)}\n".encode())
            continue
        for path, array in _leaves_of(part):
            digest.update(f"{name} {path} {array.dtype.name} {array.dtype.str} {array.shape}\n".encode())
            for piece in _pieces(array):
                digest.update(np.ascontiguousarray(piece).reshape(-1).view(np.uint8).data)
    return label + digest.hexdigest()[:16]


def shapes(splits: Splits) -> dict[str, object]:
    """What the splits look like, for the journal and for people; strict JSON.

    For each split: ``size`` (samples; None for a Dataset), ``batches`` (a Dataset's; None if unknown or for arrays),
    and ``arrays``: by path, such as ``"x"`` or ``"x['deep']"``, ``shape`` (without the sample axis) and ``dtype``.
    """
    described: dict[str, object] = {}
    for name, part in splits.parts().items():
        leaves = _leaves_of(part.element_spec if is_dataset(part) else part)
        described[name] = {
            "size": size(part),
            "batches": _batches(part) if is_dataset(part) else None,
            "arrays": {path: {"shape": _sample_shape(leaf), "dtype": _dtype_name(leaf)} for path, leaf in leaves},
        }
    return described


def empty(shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """`numpy.empty`, aligned so that a tensor can share its memory: numpy itself aligns only to 16 bytes."""
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    array: Array = memory[start : start + size].view(dtype).reshape(shape)
    return array


def is_aligned(array: Array) -> bool:
    """Whether a tensor can share the memory of this array."""
    return bool(array.flags.c_contiguous) and array.ctypes.data % ALIGNMENT == 0


def head(part: Part, count: int) -> Part:
    """The first `count` samples of a part, in the same structure; of a Dataset, its first batch."""
    return part.take(1) if is_dataset(part) else _map(lambda array: array[:count], part)


def size(part: Part) -> int | None:
    """Number of samples; None for a Dataset, which does not know it."""
    if is_dataset(part):
        return None
    _, array = next(_leaves_of(part))
    return len(array)


def is_dataset(part: Part) -> bool:
    """Whether a part is a `tf.data.Dataset`, checked without importing TensorFlow."""
    return hasattr(part, "element_spec") and hasattr(part, "take")


def _checked(loaded: object) -> Splits:
    if not isinstance(loaded, Splits):
        if not isinstance(loaded, tuple | list):
            raise DataError(f"returned {_describe(loaded)}; expected {EXPECTED}")
        if len(loaded) not in (2, 3):
            raise DataError(f"returned {len(loaded)} parts; expected {EXPECTED}")
        loaded = Splits(*loaded)
    parts = {name: _checked_part(name, part) for name, part in loaded.parts().items()}
    for name in ("train", "validation"):
        if name not in parts:
            raise DataError(f"{name} is None; expected {EXPECTED}")
    for name in list(parts)[1:]:
        _check_alike(name, parts[name], parts["train"])
    return Splits(**parts, class_names=_checked_names(loaded.class_names))


def _checked_names(names: object) -> Any:
    """The class names as plain texts."""
    if isinstance(names, Mapping):
        return {str(output): _checked_names(classes) for output, classes in names.items()}
    if names is None:
        return None
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise DataError(f"class_names is {_describe(names)}; expected the classes' names in order, or None")
    return tuple(str(name) for name in names)


def _checked_part(name: str, part: Part) -> Part:
    if is_dataset(part):
        return _checked_dataset(name, part)
    if not isinstance(part, tuple | list) or len(part) not in (2, 3):
        raise DataError(f"{name} is {_describe(part)}; expected (x, y), (x, y, sample_weight) or a tf.data.Dataset")
    part = tuple(_arrays(f"{name} {field}", entry) for field, entry in zip(FIELDS, part, strict=False))
    leaves = list(_leaves_of(part))
    first, reference = leaves[0]
    for path, array in leaves:
        if len(array) != len(reference):
            raise DataError(
                f"{name} {first} has {len(reference):,} samples and {name} {path} has {len(array):,}; "
                "expected as many (the first axis counts samples)"
            )
    for path, array in leaves:
        if array.size == 0:
            raise DataError(f"{name} is empty ({path} has shape {array.shape}); expected at least one sample")
        _check_finite(f"{name} {path}", array)
    return part


def _checked_dataset(name: str, part: Part) -> Part:
    spec = part.element_spec
    if not isinstance(spec, tuple) or len(spec) not in (2, 3):
        raise DataError(f"{name} is a Dataset of {spec!r}; expected batches of (x, y) or (x, y, sample_weight)")
    batches = _batches(part)
    if batches == 0:
        raise DataError(f"{name} is an empty Dataset; expected at least one batch")
    if batches == _INFINITE:
        raise DataError(f"{name} is an endless Dataset, so an epoch would never end; take(...) a number of batches")
    return part


def _arrays(path: str, entry: Arrays) -> Arrays:
    """`entry` with every leaf as an array of a dtype that can be trained on."""
    if isinstance(entry, dict):
        if not entry or not all(isinstance(key, str) for key in entry):
            raise DataError(f"{path} is a dict with keys {list(entry)!r}; expected names of inputs or outputs")
        return {key: _arrays(f"{path}[{key!r}]", value) for key, value in entry.items()}
    if isinstance(entry, tuple | list):
        if not entry:
            raise DataError(f"{path} is an empty {type(entry).__name__}; expected arrays")
        return type(entry)([_arrays(f"{path}[{index}]", value) for index, value in enumerate(entry)])
    if hasattr(entry, "toarray"):
        raise DataError(f"{path} is a sparse {type(entry).__name__}; expected a dense array: give its .toarray()")
    if not hasattr(entry, "__array__"):
        raise DataError(f"{path} is {_describe(entry)}; expected an array: np.asarray(...) makes one")
    if np.ma.is_masked(entry):
        raise DataError(f"{path} has masked values; expected none: fill them or leave their rows out")
    array = np.asarray(entry)
    if array.ndim == 0:
        raise DataError(f"{path} is a single value; expected an array whose first axis counts samples")
    if array.dtype.kind not in _USABLE_KINDS or array.dtype.names is not None:
        raise DataError(
            f"{path} has dtype {array.dtype}; expected numbers, booleans or strings of one type: "
            "convert it, for instance with .astype('float32')"
        )
    if array.nbytes < _CHUNK_BYTES or is_aligned(array):
        return array
    copy = empty(array.shape, array.dtype)
    copy[...] = array
    return copy


def _check_finite(path: str, array: Array) -> None:
    if array.dtype.kind not in "fc":
        return
    values = rows = row = 0
    first = -1
    for piece in _pieces(array):
        finite = np.isfinite(piece)
        if not finite.all():
            bad = np.count_nonzero(~finite.reshape(len(piece), -1), axis=1)
            first = row + int(np.flatnonzero(bad)[0]) if first < 0 else first
            values += int(bad.sum())
            rows += int(np.count_nonzero(bad))
        row += len(piece)
    if values:
        raise DataError(
            f"{path} has {values:,} NaN or infinite values in {rows:,} of {len(array):,} rows (the first in row "
            f"{first}, counted from 0); expected finite numbers: fill them or leave those rows out"
        )


def _check_alike(name: str, part: Part, train: Part) -> None:
    """Raises DataError unless `part` has x and y structured as in training; sample weights may be missing."""
    if is_dataset(part) or is_dataset(train):
        if not (is_dataset(part) and is_dataset(train)):
            return  # batched elements and whole arrays may differ harmlessly; Keras reports the rest
        part, train = part.element_spec, train.element_spec
    ours, theirs = dict(_leaves_of(part[:2])), dict(_leaves_of(train[:2]))
    if list(ours) != list(theirs):
        raise DataError(
            f"train is made of {', '.join(theirs)} and {name} of {', '.join(ours)}; expected the same structure"
        )
    for path, leaf in ours.items():
        shape, expected = _sample_shape(leaf), _sample_shape(theirs[path])
        if shape != expected:
            raise DataError(
                f"a sample of train {path} has shape {_tuple(expected)} and one of {name} {path} {_tuple(shape)}; "
                "expected the same shape"
            )


def _leaves_of(part: Part) -> Iterator[tuple[str, Arrays]]:
    for field, entry in zip(FIELDS, part, strict=False):
        yield from _leaves(field, entry)


def _leaves(path: str, entry: Arrays) -> Iterator[tuple[str, Arrays]]:
    """Leaves with their paths; a dict's in the order of its names, as Keras flattens it."""
    if isinstance(entry, dict):
        for key in sorted(entry):
            yield from _leaves(f"{path}[{key!r}]", entry[key])
    elif isinstance(entry, tuple | list):
        for index, value in enumerate(entry):
            yield from _leaves(f"{path}[{index}]", value)
    else:
        yield path, entry


def _map(function: Callable[[Array], Array], entry: Arrays) -> Arrays:
    if isinstance(entry, dict):
        return {key: _map(function, value) for key, value in entry.items()}
    if isinstance(entry, tuple | list):
        return type(entry)([_map(function, value) for value in entry])
    return function(entry)


def _pieces(array: Array) -> Iterator[Array]:
    """The array's rows, some at a time."""
    rows = max(1, _CHUNK_BYTES // max(1, array.nbytes // max(1, len(array))))
    for start in range(0, len(array), rows):
        yield array[start : start + rows]


def _batches(dataset: Part) -> int | None:
    """Number of batches of a Dataset; -1 if endless; None if unknown without reading it."""
    count = int(dataset.cardinality())
    return count if count >= _INFINITE else None


def _sample_shape(leaf: object) -> list[int | None] | None:
    """Shape without the sample axis; None for a Dataset's leaf of unknown rank."""
    shape = getattr(leaf, "shape", None)
    if shape is None or getattr(shape, "rank", 0) is None:
        return None
    return [None if axis is None else int(axis) for axis in tuple(shape)[1:]]


def _dtype_name(leaf: object) -> str:
    dtype = getattr(leaf, "dtype", None)
    return str(getattr(dtype, "name", dtype))


def _tuple(shape: list[int | None] | None) -> str:
    return "unknown" if shape is None else str(tuple(shape))


def _describe(value: object) -> str:
    """A value's type, with its shape or length: arrays are too long for one line."""
    kind = type(value).__name__
    if value is None:
        return kind
    shape = getattr(value, "shape", None)
    if shape is not None:
        return f"{kind} of shape {tuple(shape)}"
    return f"{kind} of length {len(value)}" if hasattr(value, "__len__") else kind


def _name(loader: Callable[..., object]) -> str:
    while isinstance(loader, functools.partial):
        loader = loader.func
    return str(getattr(loader, "__name__", type(loader).__name__))
