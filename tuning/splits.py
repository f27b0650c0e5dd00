"""Train, validation and test splits: what a problem's `data()` returns, checked before anything trains on it.

A loader returns `Splits(train, validation, test)`, or the plain tuple of two or three parts. A part is

    (x, y)                  x and y: an array, or a tuple, list or dict of arrays (several inputs or outputs)
    (x, y, sample_weight)   also with a weight for each sample
    a tf.data.Dataset       batched, of (x, y) or (x, y, sample_weight)

The first axis of every array is the sample. Texts may be numpy's, a tensor's or pandas' (`tuning.text_arrays`). This
module imports neither Keras nor TensorFlow: it knows a Dataset by its `element_spec`.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np

from tuning.arrays import Array, Arrays, by_path, check_finite, checked, describe, mapped, pieces, read
from tuning.batches import first, in_batches, is_dataset, number
from tuning.errors import DataError, TuningError
from tuning.text import error_line
from tuning.text_arrays import hashed, is_text

Part: TypeAlias = Any
"""``(x, y)``, ``(x, y, sample_weight)``, ``(x,)``, or batches of these (`tuning.batches`)."""

FIELDS = ("x", "y", "sample_weight")
EXPECTED = "(train, validation) or (train, validation, test), each (x, y), (x, y, sample_weight) or a tf.data.Dataset"
_Checked = TypeVar("_Checked")


@dataclass(frozen=True, eq=False)
class Splits:
    """The data of a problem.

    Attributes:
        train: What every trial trains on.
        validation: What the tuners' scores are measured on; None if a metric of training is the objective.
        test: What no tuner sees; only a retrained winner is scored on it. May be missing.
        class_names: Of a classification, by class number from 0, for people; if several outputs are classes, by the
            output's name. May be missing: then numbers are shown.
    """

    train: Part
    validation: Part | None
    test: Part | None = None
    class_names: Sequence[str] | Mapping[str, Sequence[str]] | None = None

    def read(self) -> Splits:
        """The same with arrays in place of `RowsOf` arrays."""
        return replace(self, **{name: read(part) for name, part in self.parts().items()})

    def parts(self) -> dict[str, Part]:
        """The parts that exist, by name, in the order train, validation, test."""
        named = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: part for name, part in named.items() if part is not None}


def load_splits(loader: Callable[[], object], validation_split: float | None = None) -> Splits:
    """Calls a problem's `data` and checks the result.

    Whatever converts to an array (a pandas frame, a tensor) becomes one, texts of any kind an object array; a large
    one is copied if a tensor could not share its memory, so that later only one copy is kept. Of a Dataset only the
    structure is checked: reading all of it could take hours.

    Args:
        loader: The problem's `data`: a callable without arguments.
        validation_split: With it, `loader` returns one ``(x, y)`` or ``(x, y, sample_weight)``, whose last share of
            samples, as they lie, is validation data: as Keras has it.

    Returns:
        Splits whose leaves are all numpy arrays (Datasets as they came).

    Raises:
        DataError: `loader` is not callable, raises or returns anything but splits; a split is empty; x and y
            differ in length; an array holds Python objects, NaN or infinity; or the splits do not have the same
            structure and sample shape.
    """
    if validation_split is None:
        return load(loader, EXPECTED, _checked)
    return load(loader, "one (x, y)", lambda loaded: _checked(_cut(loaded, validation_split)))


def load(loader: Callable[[], object], expected: str, check: Callable[[object], _Checked]) -> _Checked:
    """What `loader` returns, checked; an error names the loader.

    Raises:
        DataError: `loader` is not callable or raises, or `check` raises.
    """
    if not callable(loader):
        raise DataError(
            f"data={describe(loader)}: expected a function that returns {expected}; wrap it: `def data(): return ...`"
        )
    label = f"data={_name(loader)}"
    try:
        loaded = loader()
    except TuningError:
        raise
    except Exception as error:
        raise DataError(f"{label} raised {error_line(error)}") from error
    try:
        return check(loaded)
    except DataError as error:
        raise DataError(f"{label}: {error}") from None


class Data(Protocol):
    """What a problem's `data` returned: `Splits`, or one whole data set (`tuning.Samples`)."""

    def parts(self) -> dict[str, Part]: ...


def fingerprint(data: Data) -> str:
    """16 hexadecimal digits that change with any value, shape, dtype or name in any part.

    Of batches not all values are read: the element specification of a Dataset, or the first batch of others, and their
    number are hashed instead, and the fingerprint begins with ``dataset:``.
    """
    digest = hashlib.sha256()
    label = ""
    for name, part in data.parts().items():
        if in_batches(part):
            label = "dataset:"
            described = repr(part.element_spec) if is_dataset(part) else ""
            digest.update(f"{name} {described} {number(part)}\n".encode())
        if is_dataset(part):
            continue
        for path, array in _leaves_of(first(part) if in_batches(part) else part):
            digest.update(f"{name} {path} {array.dtype.name} {array.dtype.str} {array.shape}\n".encode())
            for piece in hashed(array) if is_text(array) else map(_bytes, pieces(array)):
                digest.update(piece)
    return label + digest.hexdigest()[:16]


def target_hashes(data: Data) -> list[str]:
    """16 hexadecimal digits for each array of targets, sorted; none for batches, and where x is all there is.

    They change with values and their order alone: not with a type, a shape, a name, nor with what x holds. So data in
    two forms, with one output or two, are seen to be the same samples.
    """
    digests: dict[str, Any] = {}
    for part in data.parts().values():
        if in_batches(part):
            return []
        targets = part["y"] if isinstance(part, Mapping) else dict(zip(FIELDS, part, strict=False)).get("y")
        for path, array in by_path("y", targets) if targets is not None else ():
            digest = digests.setdefault(path, hashlib.sha256())
            numbers = array.dtype.kind in "biuf"
            same = (piece.astype(np.float32) if numbers else piece for piece in pieces(array))
            for piece in hashed(array) if is_text(array) else map(_bytes, same):
                digest.update(piece)
    return sorted(digest.hexdigest()[:16] for digest in digests.values())


def shapes(data: Data) -> dict[str, object]:
    """What the parts look like, for the journal and for people; strict JSON.

    For each part: ``size`` (samples; None for batches), ``batches`` (None if unknown or for arrays, -1 if endless),
    and ``arrays``: by path, such as ``"x"`` or ``"x['deep']"``, ``shape`` (without the sample axis) and ``dtype``.
    """
    described: dict[str, object] = {}
    for name, part in data.parts().items():
        leaves = _leaves_of(described_by(part))
        described[name] = {
            "size": size(part),
            "batches": number(part) if in_batches(part) else None,
            "arrays": {path: {"shape": _sample_shape(leaf), "dtype": _dtype_name(leaf)} for path, leaf in leaves},
        }
    return described


def head(part: Part, count: int) -> Part:
    """The first `count` samples of a part, in the same structure; of a Dataset, its first batch."""
    if is_dataset(part):
        return part.take(1)
    return mapped(lambda array: array[:count], first(part) if in_batches(part) else part)


def size(part: Part) -> int | None:
    """Number of samples; None for batches, whose samples are not counted."""
    if in_batches(part):
        return None
    _, array = next(_leaves_of(part))
    return len(array)


def described_by(part: Part) -> Arrays:
    """What a part is made of: its arrays, a Dataset's element specification, or the first of other batches."""
    if not is_dataset(part):
        return first(part) if in_batches(part) else part
    spec = part.element_spec
    return spec if isinstance(spec, tuple) else (spec,)


def _cut(loaded: object, share: float) -> Splits:
    """One part, cut where `keras.Model.fit` cuts it."""
    parts = isinstance(loaded, tuple | list) and all(isinstance(entry, tuple | list) for entry in loaded)
    if isinstance(loaded, Splits) or is_dataset(loaded) or parts:
        raise DataError(
            f"returned {'a Dataset' if is_dataset(loaded) else 'several splits'}; validation_split takes the last "
            "share of one (x, y) of arrays: return that alone, or leave validation_split out"
        )
    part = checked_part("data", loaded)
    samples = size(part) or 0
    cut = int(samples * (1.0 - share))
    if cut in (0, samples):
        raise DataError(f"validation_split={share:g} leaves no training or no validation data of {samples} samples")
    return Splits(head(part, cut), mapped(lambda array: array[cut:], part))


def _checked(loaded: object) -> Splits:
    if not isinstance(loaded, Splits):
        if not isinstance(loaded, tuple | list):
            raise DataError(f"returned {describe(loaded)}; expected {EXPECTED}")
        if len(loaded) not in (2, 3):
            raise DataError(f"returned {len(loaded)} parts; expected {EXPECTED}")
        if not any(entry is None or in_batches(entry) or isinstance(entry, tuple | list) for entry in loaded):
            raise DataError(
                f"returned one (x, y); expected {EXPECTED}; or split one data set by "
                "Problem(resampling=Holdout(validation=0.2)), or by a validation_split in the fit_arguments; without "
                "targets, (x,) is a part"
            )
        loaded = Splits(*loaded)
    parts = {name: checked_part(name, part) for name, part in loaded.parts().items()}
    if "train" not in parts:
        raise DataError(f"train is None; expected {EXPECTED}")
    for name in list(parts)[1:]:
        check_alike(name, parts[name], parts["train"])
    return Splits(**{"validation": None, **parts}, class_names=checked_names(loaded.class_names))


def checked_names(names: object) -> Any:
    """The class names as plain texts. Raises DataError."""
    if isinstance(names, Mapping):
        return {str(output): checked_names(classes) for output, classes in names.items()}
    if names is None:
        return None
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise DataError(f"class_names is {describe(names)}; expected the classes' names in order, or None")
    return tuple(str(name) for name in names)


def checked_part(name: str, part: Part) -> Part:
    """A part whose leaves are arrays of as many samples, all finite. Raises DataError."""
    if in_batches(part):
        return _checked_batches(name, part)
    if not isinstance(part, tuple | list) or len(part) not in (1, 2, 3):
        raise DataError(f"{name} is {describe(part)}; expected (x, y), (x, y, sample_weight) or a tf.data.Dataset")
    if len(part) == 2 and part[1] is None:
        part = part[:1]
    part = tuple(checked(f"{name} {field}", entry) for field, entry in zip(FIELDS, part, strict=False))
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
        check_finite(f"{name} {path}", array)
    return part


def _checked_batches(name: str, part: Part) -> Part:
    if number(part) == 0:
        raise DataError(f"{name} is an empty Dataset; expected at least one batch")
    try:
        entries = described_by(part)
    except Exception as error:
        raise DataError(
            f"{name} is {describe(part)}, of which no batch could be read ({error_line(error)}); expected arrays, a "
            "tf.data.Dataset, a keras.utils.PyDataset, or a function that returns an iterator of batches"
        ) from error
    if len(entries) not in (1, 2, 3):
        raise DataError(f"{name} is batches of {len(entries)} entries; expected x, (x, y) or (x, y, sample_weight)")
    return part


def check_alike(name: str, part: Part, train: Part, *, of: str = "train") -> None:
    """Raises DataError unless `part` has x and y structured as in training; sample weights may be missing.

    Args:
        name: How the part is called in an error.
        of: How `train` is called.
    """
    if in_batches(part) or in_batches(train):
        if not (is_dataset(part) and is_dataset(train)):
            return  # batched elements and whole arrays may differ harmlessly; Keras reports the rest
        part, train = described_by(part), described_by(train)
    ours, theirs = dict(_leaves_of(part[:2])), dict(_leaves_of(train[:2]))
    if list(ours) != list(theirs):
        raise DataError(
            f"{of} is made of {', '.join(theirs)} and {name} of {', '.join(ours)}; expected the same structure"
        )
    for path, leaf in ours.items():
        shape, expected = _sample_shape(leaf), _sample_shape(theirs[path])
        if shape != expected:
            raise DataError(
                f"a sample of {of} {path} has shape {_tuple(expected)} and one of {name} {path} {_tuple(shape)}; "
                "expected the same shape"
            )


def _leaves_of(part: Part) -> Iterator[tuple[str, Arrays]]:
    """Leaves with their paths, of a part or of fields by name."""
    if isinstance(part, Mapping):
        for field, entry in part.items():
            yield from by_path(field, entry)
        return
    for field, entry in zip(FIELDS, part, strict=False):
        yield from by_path(field, entry)


def _bytes(piece: Array) -> memoryview:
    return np.ascontiguousarray(piece).reshape(-1).view(np.uint8).data


def _sample_shape(leaf: object) -> list[int | None] | None:
    """Shape without the sample axis; None for a Dataset's leaf of unknown rank."""
    shape = getattr(leaf, "shape", None)
    if shape is None or getattr(shape, "rank", 0) is None:
        return None
    return [None if axis is None else int(axis) for axis in tuple(shape)[1:]]


def _dtype_name(leaf: object) -> str:
    if isinstance(leaf, np.ndarray) and is_text(leaf):
        return "string"  # as a tensor's
    dtype = getattr(leaf, "dtype", None)
    return str(getattr(dtype, "name", dtype))


def _tuple(shape: list[int | None] | None) -> str:
    return "unknown" if shape is None else str(tuple(shape))


def _name(loader: Callable[..., object]) -> str:
    while isinstance(loader, functools.partial):
        loader = loader.func
    return str(getattr(loader, "__name__", type(loader).__name__))
