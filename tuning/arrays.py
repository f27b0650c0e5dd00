"""Nested structures of arrays, as Keras takes them: walked, checked, and rows taken.

A structure is an array, or tuples, lists and dicts of arrays; the first axis of every array is the sample. Nothing here
knows what is input and what is target.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tuning.errors import DataError
from tuning.text_arrays import as_objects, is_text

Array: TypeAlias = NDArray[Any]
Arrays: TypeAlias = Any
"""An array, or tuples, lists and dicts of arrays, nested as Keras allows; for a Dataset, of specifications."""

# Booleans, integers, floats, complex; V without fields: bfloat16 and its kin.
_USABLE_KINDS = "biufcV"
_CHUNK_BYTES = 8 * 2**20  # arrays are read in pieces, so that a check or a hash needs almost no extra memory
ALIGNMENT = 64
"""Bytes. TensorFlow uses memory aligned to this without a copy (the width of its widest vector)."""


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


def checked(path: str, entry: Arrays) -> Arrays:
    """`entry` with every leaf as an array of a dtype that can be trained on.

    Texts of any kind become an array of objects. A large array is copied if a tensor could not share its memory, so
    that later only one copy is kept.

    Args:
        path: How the entry is called in an error, such as ``"train x"``.

    Raises:
        DataError: A leaf is no dense array of numbers, booleans or texts, or has missing texts.
    """
    if isinstance(entry, dict):
        if not entry or not all(isinstance(key, str) for key in entry):
            raise DataError(f"{path} is a dict with keys {list(entry)!r}; expected names of inputs or outputs")
        return {key: checked(f"{path}[{key!r}]", value) for key, value in entry.items()}
    if isinstance(entry, tuple | list):
        if not entry:
            raise DataError(f"{path} is an empty {type(entry).__name__}; expected arrays")
        return type(entry)([checked(f"{path}[{index}]", value) for index, value in enumerate(entry)])
    if hasattr(entry, "toarray"):
        raise DataError(f"{path} is a sparse {type(entry).__name__}; expected a dense array: give its .toarray()")
    if not hasattr(entry, "__array__"):
        raise DataError(f"{path} is {describe(entry)}; expected an array: np.asarray(...) makes one")
    if np.ma.is_masked(entry):
        raise DataError(f"{path} has masked values; expected none: fill them or leave their rows out")
    array = np.asarray(entry)
    if array.ndim == 0:
        raise DataError(f"{path} is a single value; expected an array whose first axis counts samples")
    array = as_objects(path, array)
    if is_text(array) or array.size == 0:
        return array
    if array.dtype.kind not in _USABLE_KINDS or array.dtype.names is not None:
        raise DataError(
            f"{path} has dtype {array.dtype}; expected numbers, booleans or texts: "
            "convert it, for instance with .astype('float32')"
        )
    if array.nbytes < _CHUNK_BYTES or is_aligned(array):
        return array
    copy = empty(array.shape, array.dtype)
    copy[...] = array
    return copy


def check_finite(path: str, array: Array) -> None:
    """Raises DataError if an array of floats has NaN or infinite values."""
    if array.dtype.kind not in "fc":
        return
    values = rows = row = 0
    first = -1
    for piece in pieces(array):
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


def by_path(path: str, entry: Arrays) -> Iterator[tuple[str, Arrays]]:
    """Leaves with their paths; a dict's in the order of its names, as Keras flattens it."""
    if isinstance(entry, dict):
        for key in sorted(entry):
            yield from by_path(f"{path}[{key!r}]", entry[key])
    elif isinstance(entry, tuple | list):
        for index, value in enumerate(entry):
            yield from by_path(f"{path}[{index}]", value)
    else:
        yield path, entry


def mapped(function: Callable[[Array], Array], entry: Arrays) -> Arrays:
    """The same structure of what `function` makes of each array."""
    if isinstance(entry, dict):
        return {key: mapped(function, value) for key, value in entry.items()}
    if isinstance(entry, tuple | list):
        return type(entry)([mapped(function, value) for value in entry])
    return function(entry)


class RowsOf:
    """Some rows of an array, taken when they are read: the parts of all splits of a data set share its memory.

    numpy takes it for an array, by a copy. What trains by row numbers needs none: it gathers from `array`.

    Attributes:
        array: (num_samples, ...).
        rows: (num_rows,) row numbers; one object for all arrays of a part.
    """

    def __init__(self, array: Array, rows: NDArray[np.intp]) -> None:
        self.array = array
        self.rows = rows

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.rows), *self.array.shape[1:])

    @property
    def ndim(self) -> int:
        return self.array.ndim

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.array.dtype

    @property
    def nbytes(self) -> int:
        return self.rows.nbytes

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Array:
        taken: Array = self.array[self.rows[index]]
        return taken

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        if copy is False:
            raise ValueError("the rows of an array cannot be read without a copy")
        return self.read().astype(self.dtype if dtype is None else dtype, copy=False)

    def read(self) -> Array:
        """These rows as an array; aligned, if they are numbers, so that a tensor can share its memory."""
        if self.dtype.kind not in "biuf":
            return self[:]
        rows = empty(self.shape, self.dtype)
        np.take(self.array, self.rows, axis=0, out=rows)
        return rows


def read(entry: Arrays) -> Arrays:
    """The same structure with each `RowsOf` as an array; anything else as it is."""

    def as_array(leaf: Any) -> Any:
        return leaf.read() if isinstance(leaf, RowsOf) else leaf

    return mapped(as_array, entry)


def pieces(array: Array) -> Iterator[Array]:
    """The array's rows, some at a time."""
    rows = max(1, _CHUNK_BYTES // max(1, array.nbytes // max(1, len(array))))
    for start in range(0, len(array), rows):
        yield array[start : start + rows]


def describe(value: object) -> str:
    """A value's type, with its shape or length: arrays are too long for one line."""
    kind = type(value).__name__
    if value is None:
        return kind
    shape = getattr(value, "shape", None)
    if shape is not None:
        return f"{kind} of shape {tuple(shape)}"
    return f"{kind} of length {len(value)}" if hasattr(value, "__len__") else kind
