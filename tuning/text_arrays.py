"""Arrays of texts: one kind of array, whatever they came as.

Keras trains on texts as a one-dimensional object array or as a tensor, and refuses numpy's own kinds (U and S), pandas'
text columns and object arrays of columns ("Invalid dtype"). Here all of them become object arrays, and training makes
tensors of these.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuning.errors import DataError

_KINDS = "USTO"  # numpy's fixed-width texts and bytes, its StringDType, and objects


def is_text(array: NDArray[Any]) -> bool:
    """Whether an array holds texts, by its first element: `as_objects` has looked at the others."""
    return array.dtype.kind == "O" and array.size > 0 and isinstance(array.flat[0], str | bytes)


def as_objects(path: str, array: NDArray[Any]) -> NDArray[Any]:
    """`array`, as an object array if it holds texts.

    Args:
        path: Names the array in an error.

    Raises:
        DataError: Some of its texts are missing, or it holds other objects too.
    """
    if array.dtype.kind not in _KINDS:
        return array
    objects = array if array.dtype.kind == "O" else array.astype(object)
    texts = [isinstance(value, str | bytes) for value in objects.flat]
    if all(texts):
        return objects
    if not any(texts):
        return array
    missing = np.flatnonzero([_is_missing(value) for value in objects.flat])
    if len(missing) + sum(texts) == len(texts):
        row = int(missing[0]) // (objects.size // len(objects))
        raise DataError(
            f"{path} has {len(missing):,} missing texts (the first in row {row}, counted from 0); expected texts "
            'alone: fill them, for instance with .fillna("")'
        )
    kinds = {type(value).__name__ for value in objects.flat if not _is_missing(value)}
    raise DataError(
        f"{path} holds {' and '.join(sorted(kinds))}; expected numbers or texts alone: give columns of different kinds "
        "as inputs by name, such as {'age': ages, 'title': titles}"
    )


def _is_missing(value: object) -> bool:
    """Whether a value is None, NaN or pandas' NA, which is not loaded for that."""
    return value is None or type(value).__name__ == "NAType" or (isinstance(value, float) and value != value)


def hashed(array: NDArray[Any]) -> Iterator[bytes]:
    """What tells two arrays of texts apart."""
    return (repr(value).encode("utf-8", "surrogatepass") for value in array.flat)
