"""Whether targets are class labels, whose shares every part of a split keeps, and which class each sample has.

Class labels are one array of whole numbers, booleans or texts, of shape (num_samples,) or (num_samples, 1), with few
different values: at most `FEW`, or the square root of the number of samples if that is more, and each twice on average;
or one-hot rows, (num_samples, num_classes). Floats that are all whole numbers count as whole numbers, as in
scikit-learn: Keras' users often cast labels for a binary cross-entropy. Everything else is a target of a regression.
Of several outputs, the one that holds class labels counts, if there is only one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tuning.arrays import Array, Arrays, by_path, describe
from tuning.errors import DataError

FEW = 20


@dataclass(frozen=True, eq=False)
class Labels:
    """The class of each sample; or its group.

    Attributes:
        codes: (num_samples,), from 0.
        classes: (num_classes,): their labels, in order; of one-hot rows, the columns' numbers.
    """

    codes: NDArray[np.intp]
    classes: Array

    def counts(self, rows: NDArray[np.intp] | slice = slice(None)) -> NDArray[np.intp]:
        """(num_classes,): how many of the samples in these rows have each class."""
        return np.bincount(self.codes[rows], minlength=len(self.classes))


def class_labels(y: Arrays, stratify: bool | None = None) -> Labels | None:
    """The class labels in `y`; None if there are none, or with ``stratify=False``.

    Args:
        y: Targets, as Keras takes them.
        stratify: True: they are class labels even if they have many different values.

    Raises:
        DataError: With ``stratify=True``: no class labels, or several outputs with some.
    """
    if stratify is False:
        return None
    found = found_labels(y, many=stratify is True)
    if stratify and found is None:
        outputs = ", ".join(f"{path}: {describe(leaf)}" for path, leaf in by_path("y", y))
        raise DataError(
            f"stratify=True, and the targets ({outputs}) have no class labels, or more than one array of them; "
            "expected one: leave stratify out, or give a splitter of your own"
        )
    return found


def found_labels(y: Arrays, *, many: bool) -> Labels | None:
    """The only class labels in `y`; with `many`, however many different values they have."""
    outputs = [_of_array(np.asarray(leaf), many) for _, leaf in by_path("y", y)]
    found = [labels for labels in outputs if labels is not None]
    return found[0] if len(found) == 1 else None


def group_labels(groups: Array | None) -> Labels | None:
    """The group of each sample; None if there are none."""
    if groups is None:
        return None
    codes, found = pd.factorize(groups)  # unlike numpy.unique, it also takes texts and numbers together
    return Labels(codes.astype(np.intp), np.asarray(found))


def _of_array(y: Array, many: bool) -> Labels | None:
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim == 2:
        return _of_one_hot(y)
    if y.ndim != 1 or y.dtype.kind not in "biufUS":
        return None
    if y.dtype.kind == "f" and not (y == np.rint(y)).all():
        return None
    classes, codes = np.unique(y, return_inverse=True)
    few = len(classes) <= max(FEW, math.isqrt(len(y))) and 2 * len(classes) <= len(y)
    return Labels(codes.astype(np.intp), classes) if many or few else None


def _of_one_hot(y: Array) -> Labels | None:
    if y.dtype.kind not in "biuf" or not (np.count_nonzero(y, axis=1) == 1).all() or not (y.max(axis=1) == 1).all():
        return None
    return Labels(y.argmax(axis=1), np.arange(y.shape[1]))
