"""Calls a splitter, scikit-learn's or one's own, on some rows of a data set."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuning.arrays import Arrays, by_path, mapped
from tuning.errors import DataError
from tuning.formatting import plural
from tuning.resampling.labels import Labels, found_labels
from tuning.resampling.partition import Fold, Rows
from tuning.resampling.plans import Splitter, describe
from tuning.resampling.samples import Samples, taken
from tuning.text import error_line


def split(splitter: Splitter, samples: Samples, labels: Labels | None, rows: Rows, seed: int) -> list[Fold]:
    """The folds that a splitter makes of these rows, in row numbers of the whole data set.

    scikit-learn's splitters get class numbers, so that one-hot rows can be stratified, and only the number of rows of
    x; a splitter of one's own gets x, y and groups as `data` returned them.

    Args:
        splitter: A copy of it splits, with `random_state` from the seed if it draws at random.
        samples: The whole data set.
        labels: Its class labels.
        rows: (num_rows,), to be split.
        seed: 1 .. 2**32 - 1.

    Raises:
        DataError: The splitter does not fit the data, or what it gives are no row numbers.
    """
    seeded = _seeded(splitter, len(samples), rows, seed)
    whole = len(rows) == len(samples)
    groups = None if samples.groups is None else samples.groups[rows]
    try:
        if _is_scikit_learns(splitter):
            pairs = list(_split_by_number(seeded, samples.y, labels, groups, rows))
        else:
            x, y = (side if whole else mapped(lambda leaf: taken(leaf, rows), side) for side in (samples.x, samples.y))
            pairs = list(seeded.split(x, y, groups))
        return [Fold(_numbers(train, rows), _numbers(validation, rows)) for train, validation in pairs]
    except DataError:
        raise
    except Exception as error:
        raise DataError(
            f"{describe(splitter)} cannot split these {len(rows):,} samples ({error_line(error)}); expected a splitter "
            "that fits the data: take fewer folds, or another splitter"
        ) from error


def is_random(splitter: object) -> bool:
    """Whether a splitter draws its folds at random."""
    return hasattr(splitter, "random_state") and bool(getattr(splitter, "shuffle", True))


def default_splitter(folds: int, labels: Labels | None, groups: NDArray[Any] | None) -> Splitter:
    """A number of folds as the splitter that suits the data, with shuffling."""
    from sklearn import model_selection

    kind = f"{'' if labels is None else 'Stratified'}{'' if groups is None else 'Group'}KFold"
    made: Splitter = getattr(model_selection, kind)(folds, shuffle=True)
    return made


def number_of_folds(splitter: int | Splitter) -> int | None:
    """How many folds a splitter makes; None if that depends on the data."""
    if isinstance(splitter, int):
        return splitter
    try:
        return int(splitter.get_n_splits())  # type: ignore[attr-defined]
    except Exception:  # one of its own has none, or it needs the data to know
        return None


def members_needed(splitter: int | Splitter) -> int:
    """How many samples of each class a splitter needs so that every fold has one: at least 2."""
    if isinstance(splitter, int):
        return splitter
    if not type(splitter).__name__.endswith(("StratifiedKFold", "StratifiedGroupKFold")):
        return 2
    return int(getattr(splitter, "n_splits", None) or getattr(splitter, "cvargs", {}).get("n_splits", 2))


def _seeded(splitter: Splitter, size: int, rows: Rows, seed: int) -> Any:
    """A copy that draws from the seed; the given splitter stays as it is."""
    seeded: Any = copy.deepcopy(splitter)
    if _is_scikit_learns(splitter) and hasattr(splitter, "test_fold"):  # PredefinedSplit names all rows by itself
        if len(seeded.test_fold) != size:
            raise DataError(
                f"PredefinedSplit(test_fold) has {len(seeded.test_fold):,} entries; expected one for each of {size:,} "
                "samples"
            )
        return type(seeded)(np.asarray(seeded.test_fold)[rows])
    if is_random(seeded):
        seeded.random_state = seed
    return seeded


def _split_by_number(splitter: Any, y: Arrays, labels: Labels | None, groups: Any, rows: Rows) -> Any:
    """The pairs of one of scikit-learn's splitters."""
    kind = type(splitter).__name__
    if "Group" not in kind:
        groups = None  # it would warn that it ignores them
    elif groups is None:
        raise DataError(
            f"{describe(splitter)} needs groups; expected data that name them: return tuning.Samples(x, y, groups=...)"
        )
    if "Stratified" in kind:
        labels = labels or found_labels(y, many=True)
    if labels is not None:
        target = labels.codes[rows]
        _check_members(splitter, labels, rows)
    else:
        target = np.asarray(next(by_path("y", y))[1])[rows]
    return splitter.split(np.zeros((len(rows), 1)), target, groups)


def _check_members(splitter: Any, labels: Labels, rows: Rows) -> None:
    """Refuses a class that cannot be in every fold, of which scikit-learn only warns."""
    folds = members_needed(splitter)
    members = labels.counts(rows)
    rarest = int(np.argmin(np.where(labels.counts() > 0, members, len(rows))))
    if members[rarest] < folds:
        count = plural(int(members[rarest]), "sample")
        raise DataError(
            f"class {labels.classes[rarest]} has {count} besides the test part; expected at least {folds:,} for "
            f"{describe(splitter)}: take fewer folds, or merge or leave out that class"
        )


def _is_scikit_learns(splitter: object) -> bool:
    return type(splitter).__module__.startswith("sklearn.")


def _numbers(found: Any, rows: Rows) -> Rows:
    """Row numbers of the data set, from a splitter's positions in `rows`; it may also give True and False."""
    positions: Rows = np.asarray(found)
    if positions.dtype.kind == "b" and positions.shape == rows.shape:
        positions = np.flatnonzero(positions)
    if positions.ndim != 1 or (positions.size and positions.dtype.kind not in "iu"):
        raise DataError(
            f"the splitter gave rows of type {positions.dtype} and shape {positions.shape}; expected row numbers, "
            "shape (num_rows,)"
        )
    outside = positions[(positions < 0) | (positions >= len(rows))]
    if len(outside):
        raise DataError(
            f"the splitter gave row {outside[0]:,}; expected 0 to {len(rows) - 1:,}, the samples that are not test"
        )
    return rows[positions.astype(np.intp)]
