"""What no split may do: leave a part empty, overlap, tear a group apart, or miss a class."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from tuning.errors import DataError
from tuning.formatting import names, plural
from tuning.resampling.labels import Labels
from tuning.resampling.partition import Partition, Rows


def check(partition: Partition, size: int, labels: Labels | None, groups: Labels | None) -> None:
    """Refuses a partition that cannot be compared on.

    Args:
        partition: As drawn, or as a splitter of the user's made it.
        size: Samples of the data set.
        labels: Each class must be in every part.
        groups: Each must be on one side.

    Raises:
        DataError: A part is empty, repeats rows or has rows that do not exist; two parts overlap; a group is on both
            sides; or a class is missing.
    """
    if not partition.folds:
        raise DataError("the splitter made no fold; expected at least one pair (train, validation)")
    several = len(partition.folds) > 1
    for fold, part, rows in partition.parts():
        _check_rows(_title(fold, part, several), rows, size, repeats=part == "train")
    for one, other in _opposite(partition, several):
        _check_apart(*one, *other, groups)
    if labels is not None:
        for fold, part, rows in partition.parts():
            _check_classes(_title(fold, part, several), labels, rows)


def _title(fold: int | None, part: str, several: bool) -> str:
    name = {"train": "the training part", "validation": "the validation part", "test": "the test part"}[part]
    return f"{name} of fold {fold}" if several and fold is not None else name


def _opposite(partition: Partition, several: bool) -> Iterator[tuple[tuple[str, Rows], tuple[str, Rows]]]:
    """Pairs of parts that may have nothing in common."""
    for number, fold in enumerate(partition.folds, 1):
        parts = [
            (_title(number, "train", several), fold.train),
            (_title(number, "validation", several), fold.validation),
        ]
        if partition.test is not None:
            parts.append(("the test part", partition.test))
        yield from itertools.combinations(parts, 2)


def _check_rows(title: str, rows: Rows, size: int, *, repeats: bool) -> None:
    if not len(rows):
        raise DataError(f"{title} is empty; expected at least one sample")
    outside = rows[(rows < 0) | (rows >= size)]
    if len(outside):
        raise DataError(f"{title} has row {outside[0]:,}; expected rows 0 to {size - 1:,}, one for each sample")
    if not repeats and len(np.unique(rows)) < len(rows):
        raise DataError(f"{title} has {plural(len(rows) - len(np.unique(rows)), 'row')} twice; expected each once")


def _check_apart(one: str, rows: Rows, other: str, others: Rows, groups: Labels | None) -> None:
    if len(both := np.intersect1d(rows, others)):
        raise DataError(
            f"{one} and {other} have {plural(len(both), 'row')} in common (the first is {both[0]:,}); expected none: "
            "scores would be measured on what was trained on"
        )
    if groups is None:
        return
    shared = groups.classes[(groups.counts(rows) > 0) & (groups.counts(others) > 0)]
    if len(shared):
        listed = names([str(group) for group in shared], 3)
        raise DataError(
            f"{one} and {other} have {plural(len(shared), 'group')} in common ({listed}); "
            "expected none: take a splitter that knows groups, such as GroupKFold, or leave groups out of the data"
        )


def _check_classes(title: str, labels: Labels, rows: Rows) -> None:
    missing = labels.classes[(labels.counts() > 0) & (labels.counts(rows) == 0)]
    if len(missing):
        raise DataError(
            f"{title} ({len(rows):,} samples) has no sample of class {names([str(label) for label in missing], 3)}; "
            "expected all classes in every part: take fewer or stratified folds, or larger parts, or stratify=False "
            "if y holds no classes or that is meant"
        )
