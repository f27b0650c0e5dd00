"""One whole data set, as a problem's `data` returns it where a resampling splits it.

Whether `data` returns a whole data set or fixed splits is told by the problem, never guessed: with a resampling, `data`
returns one of

    (x, y)                                  also with a third entry, sample_weight
    ((x, y), (x_test, y_test))              development data, which are split, and the official test data, which are not
    Samples(x, y, groups=..., test=...)     the same with names, and with groups

and without a resampling fixed splits (`tuning.splits`). A pair of tuples or lists is development and test data. Several
inputs and outputs that are both tuples would look alike, so these are written `Samples((a, b), (c, d))`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tuning.arrays import Array, Arrays, by_path, describe, mapped
from tuning.batches import is_dataset
from tuning.errors import DataError
from tuning.splits import FIELDS, Part, Splits, check_alike, checked_names, checked_part, load

EXPECTED = (
    "with a resampling: (x, y), (x, y, sample_weight), ((x, y), (x_test, y_test)) or tuning.Samples(x, y, groups=...)"
)


@dataclass(frozen=True, eq=False)
class Samples:
    """One whole data set; the first axis of every array is the sample.

    Attributes:
        x: An array, or a tuple, list or dict of arrays (several inputs); a pandas frame.
        y: Likewise.
        sample_weight: A weight for each sample.
        groups: Shape (num_samples,), numbers or texts: samples of one group (a patient, a device, a day) are never on
            two sides of a split.
        test: The official test data, if there are any: ``(x, y)`` or ``(x, y, sample_weight)``. They are never split.
        class_names: As in `tuning.Splits`.
    """

    x: Arrays
    y: Arrays
    sample_weight: Arrays | None = None
    groups: Any = None
    test: Part | None = None
    class_names: Sequence[str] | Mapping[str, Sequence[str]] | None = None

    @property
    def part(self) -> Part:
        """``(x, y)`` or ``(x, y, sample_weight)``."""
        return (self.x, self.y) if self.sample_weight is None else (self.x, self.y, self.sample_weight)

    def parts(self) -> dict[str, Part]:
        """The data set and the official test data as fields by name, for `tuning.splits.fingerprint` and `shapes`."""
        fields = {"x": self.x, "y": self.y, "sample_weight": self.sample_weight, "groups": self.groups}
        parts = {"data": {name: _columns(entry) for name, entry in fields.items() if entry is not None}}
        if self.test is not None:
            parts["test"] = {name: _columns(entry) for name, entry in zip(FIELDS, self.test, strict=False)}
        return parts

    def __len__(self) -> int:
        return len(next(by_path("y", self.y))[1])


def taken(array: Any, rows: NDArray[np.intp]) -> Any:
    """These rows of an array or a frame."""
    return array.iloc[rows] if hasattr(array, "iloc") else array[rows]


def load_samples(loader: Callable[[], object], *, raw: bool = False) -> Samples:
    """Calls a problem's `data` and checks that it is one whole data set.

    Args:
        loader: The problem's `data`: a callable without arguments.
        raw: x is for a transformer of scikit-learn: it stays as it is, for that may select a frame's columns by name,
            encode texts and fill missing values.

    Returns:
        Samples whose leaves are numpy arrays; with `raw`, all but x.

    Raises:
        DataError: `loader` is not callable or raises, or what it returns is no whole data set; arrays differ in length,
            are empty or hold NaN; groups are missing for some samples; or test data are structured otherwise.
    """
    return load(loader, EXPECTED, lambda loaded: _checked(read(loaded), raw))


def read(loaded: object) -> Samples:
    """What `data` returned, as `Samples`; not yet checked.

    Raises:
        DataError: It is something else, or could be read in two ways.
    """
    if isinstance(loaded, Samples):
        return loaded
    if isinstance(loaded, Splits):
        raise DataError(f"returned Splits, which are split already; expected {EXPECTED}; or leave the resampling out")
    if not isinstance(loaded, tuple | list):
        raise DataError(f"returned {_kind(loaded)}; expected {EXPECTED}")
    entries = tuple(loaded)
    parts = [isinstance(entry, tuple | list | Samples) for entry in entries]
    if any(is_dataset(entry) for entry in entries):
        raise DataError(f"returned {_kind(next(filter(is_dataset, entries)))}; expected {EXPECTED}")
    if len(entries) == 2 and all(parts):
        return _with_test(*entries)
    if len(entries) == 3 and all(parts):
        raise DataError(f"returned three parts, as fixed splits are; expected {EXPECTED}; or leave the resampling out")
    if len(entries) not in (2, 3) or any(isinstance(entry, Samples) for entry in entries):
        raise DataError(f"returned {len(entries)} entries; expected {EXPECTED}")
    return Samples(*entries)


def _with_test(development: Any, test: Any) -> Samples:
    """Development and test data: `Samples`, tuples or lists each."""
    if isinstance(test, Samples):
        test = test.part
    if isinstance(development, Samples):
        return replace(development, test=test)
    sizes = {np.shape(leaf)[:1] for _, leaf in by_path("", (development, test)) if not is_dataset(leaf)}
    if len(sizes) == 1:
        (rows,) = sizes.pop() or (1,)
        raise DataError(
            f"returned two tuples of arrays that all have {rows:,} samples: test data, or several inputs and outputs? "
            "Write tuning.Samples(x, y, test=(x_test, y_test)), or tuning.Samples((a, b), (c, d))"
        )
    if len(development) not in (2, 3):
        raise DataError(f"returned development data of {len(development)} entries; expected {EXPECTED}")
    return _of(development, tuple(test))


def _checked(samples: Samples, raw: bool) -> Samples:
    part = _checked_part("data", samples.part, raw)
    test = samples.test
    if test is not None:
        test = _checked_part("test", test, raw)
        # Of a raw x, the transformer says itself what it expects.
        alike = [(np.zeros(1), side[1]) if raw else side[:2] for side in (test, part)]
        check_alike("test", *alike, of="data")
    checked = replace(_of(part, test), class_names=checked_names(samples.class_names))
    return replace(checked, groups=_checked_groups(samples.groups, len(checked)))


def _of(part: Part, test: Part | None = None) -> Samples:
    return Samples(part[0], part[1], part[2] if len(part) == 3 else None, test=test)


def _checked_part(name: str, part: Part, raw: bool) -> Part:
    for entry in part if isinstance(part, tuple | list) else (part,):
        if is_dataset(entry):
            raise DataError(f"{name} is {_kind(entry)}; expected {EXPECTED}")
    if not raw or not isinstance(part, tuple | list) or not hasattr(part[0], "shape"):
        return checked_part(name, part)
    x, *rest = part
    _, *rest = checked_part(name, (np.arange(x.shape[0]), *rest))  # y and weights as ever, and as many as rows of x
    return (x, *rest)


def _checked_groups(groups: Any, size: int) -> Array | None:
    """Shape (size,)."""
    if groups is None:
        return None
    named: Array = np.asarray(groups)
    if named.ndim == 2 and named.shape[1] == 1:
        named = named[:, 0]
    if named.shape != (size,):
        raise DataError(f"groups is {describe(named)}; expected one for each of {size:,} samples, shape ({size},)")
    if missing := int(np.count_nonzero(pd.isna(named))):
        raise DataError(f"groups has {missing:,} missing values; expected a group for every sample")
    return named


def _columns(entry: Arrays) -> Arrays:
    """A frame as a dict of its columns; texts that numpy holds as Python objects as texts of numpy."""
    if hasattr(entry, "columns"):
        return {str(name): _columns(np.asarray(column)) for name, column in entry.items()}
    return mapped(lambda leaf: leaf.astype(str) if leaf.dtype.kind == "O" else leaf, entry)


def _kind(value: object) -> str:
    if is_dataset(value):
        return "a tf.data.Dataset, whose samples have no row numbers to draw (give the arrays it was made of)"
    return describe(value)
