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
    kinds = [type(value) for value in objects.flat]
    texts = [issubclass(kind, str | bytes) for kind in kinds]
    if all(texts):
        return objects
    others = {kind.__name__ for kind, text in zip(kinds, texts, strict=True) if not text}
    if any(texts) and others <= {"float", "NoneType", "NAType"}:
        missing = np.flatnonzero(~np.array(texts))
        row = int(missing[0]) // (objects.size // len(objects))
        raise DataError(
            f"{path} has {len(missing):,} missing texts (the first in row {row}, counted from 0); expected texts "
            'alone: fill them, for instance with .fillna("")'
        )
    if any(texts):
        raise DataError(
            f"{path} holds {' and '.join(sorted({'str', *others}))}; expected numbers or texts alone: give columns of "
            "different kinds as inputs by name, such as {'age': ages, 'title': titles}"
        )
    return array


def hashed(array: NDArray[Any]) -> Iterator[bytes]:
    """What tells two arrays of texts apart."""
    return (repr(value).encode("utf-8", "surrogatepass") for value in array.flat)
