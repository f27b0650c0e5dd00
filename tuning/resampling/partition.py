"""The row numbers of each part of a split, their fingerprint, and a table of their sizes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tuning.resampling.labels import class_labels
from tuning.resampling.samples import Samples

Rows: TypeAlias = NDArray[np.intp]
"""Row numbers, from 0, shape (num_rows,)."""


@dataclass(frozen=True, eq=False)
class Fold:
    """One training part and the validation part it is scored on.

    Attributes:
        train: A splitter of your own may repeat rows, as a bootstrap does.
        validation: No row twice, and none of `train`, but for `Partition.whole`.
    """

    train: Rows
    validation: Rows


@dataclass(frozen=True, eq=False)
class Partition:
    """All parts of one replicate, as row numbers of one data set.

    Attributes:
        folds: One for a hold-out.
        test: None if there is no test part, or if the data bring their own.
    """

    folds: tuple[Fold, ...]
    test: Rows | None = None

    @property
    def development(self) -> Rows:
        """The rows of all folds, each once, in order: what a winner of cross-validation is retrained on."""
        return np.unique(np.concatenate([rows for fold in self.folds for rows in (fold.train, fold.validation)]))

    @property
    def whole(self) -> Fold:
        """All folds together. The validation part, the first fold's, is only for a `fit` that cannot do without."""
        return Fold(self.development, self.folds[0].validation)

    def parts(self) -> Iterator[tuple[int | None, str, Rows]]:
        """Fold (from 1; None for test), ``train``, ``validation`` or ``test``, and rows."""
        for number, fold in enumerate(self.folds, 1):
            yield number, "train", fold.train
            yield number, "validation", fold.validation
        if self.test is not None:
            yield None, "test", self.test


def fingerprint(partition: Partition) -> str:
    """16 hexadecimal digits that change with any row of any part, the same on every machine."""
    digest = hashlib.sha256()
    for fold, part, rows in partition.parts():
        digest.update(f"{fold} {part} {len(rows)}\n".encode())
        digest.update(rows.astype("<i8").tobytes())
    return digest.hexdigest()[:16]


def sizes(partition: Partition, samples: Samples, stratify: bool | None = None) -> pd.DataFrame:
    """A row for each part: how many samples, groups, and samples of each class it has.

    Args:
        partition: Of these samples.
        samples: With their official test part, if they have one; it is the last row.
        stratify: As in the plan: False counts no classes.

    Returns:
        Columns ``fold`` (<NA> for test), ``part``, ``samples``; ``groups`` if there are any; a column for each class.
    """
    labels = class_labels(samples.y, stratify)
    table = []
    for fold, part, rows in partition.parts():
        row: dict[str, object] = {"fold": fold, "part": part, "samples": len(rows)}
        if samples.groups is not None:
            row["groups"] = len(pd.unique(samples.groups[rows]))
        if labels is not None:
            row |= _by_class(labels.classes, labels.counts(rows))
        table.append(row)
    if samples.test is not None:
        official = Samples(*samples.test)
        row = {"fold": None, "part": "test", "samples": len(official)}
        if labels is not None and (found := class_labels(official.y, True)) is not None:
            row |= {str(name): 0 for name in labels.classes} | _by_class(found.classes, found.counts())
        table.append(row)
    frame = pd.DataFrame(table)
    return frame.astype({name: "Int64" for name in frame.columns if name != "part"})


def _by_class(classes: NDArray[np.generic], counts: NDArray[np.intp]) -> dict[str, object]:
    return {str(name): int(count) for name, count in zip(classes, counts, strict=True)}
