"""Some rows at random: by class, each class in its share, or by group, each group whole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tuning.errors import DataError
from tuning.formatting import plural
from tuning.resampling.labels import Labels
from tuning.resampling.partition import Rows

GROUP_DRAWS = 20
"""Of so many draws of whole groups, the nearest in size and class counts is taken, with all classes on both sides."""


def drawn_rows(
    part: str, rows: Rows, count: int, labels: Labels | None, groups: Labels | None, seed: int, *, leave: int = 1
) -> Rows:
    """`count` of `rows`, in ascending order.

    With labels each class is drawn in its share, to within one sample, but at least one (so a count that has to hold
    many rare classes may take a sample or two from the others). With groups the number is met as nearly as whole groups
    allow, and the classes' shares as well as `GROUP_DRAWS` draws achieve.

    Args:
        part: What they are drawn for, for an error: ``"validation=0.2"``.
        rows: (num_rows,), of the data set.
        count: Below num_rows.
        labels: Of the whole data set.
        groups: Likewise.
        seed: Of this draw.
        leave: So many samples of each class are left over at least, for the other parts.

    Raises:
        DataError: Too few rows, members of a class, or groups.
    """
    if not 0 < count < len(rows):
        raise DataError(
            f"{part} is {count:,} of the {len(rows):,} samples that are left; expected at least one, and at least one "
            "left over"
        )
    generator = np.random.Generator(np.random.PCG64(seed))
    if groups is not None:
        classes = np.zeros_like(rows) if labels is None else labels.codes[rows]
        chosen = _whole_groups(part, groups.codes[rows], classes, count, generator)
    elif labels is not None:
        _check_members(part, labels, rows, count, leave)
        chosen = _by_class(labels.codes[rows], _quota(labels.counts(rows), count, leave, generator), generator)
    else:
        chosen = generator.permutation(len(rows))[:count]
    return rows[np.sort(chosen)]


def _check_members(part: str, labels: Labels, rows: Rows, count: int, leave: int) -> None:
    members = labels.counts(rows)
    rare = np.flatnonzero((members <= leave) & (labels.counts() > 0))
    if len(rare):
        raise DataError(
            f"{part}: class {labels.classes[rare[0]]} has {plural(int(members[rare[0]]), 'sample')}; expected at least "
            f"{leave + 1:,}, for every part needs one: merge or leave out that class, or give stratify=False if y "
            "holds no classes"
        )
    classes = np.count_nonzero(members)
    if count < classes or len(rows) - count < leave * classes:
        raise DataError(
            f"{part} is {count:,} of {len(rows):,} samples; expected room for all {classes:,} classes in every part: "
            "give other amounts, or stratify=False if y holds no classes"
        )


def _quota(members: NDArray[np.intp], count: int, leave: int, generator: np.random.Generator) -> NDArray[np.intp]:
    """(num_classes,): how many samples of each class are drawn, `count` together, by the largest remainder."""
    ideal = members * (count / members.sum()) + generator.uniform(0, 1e-9, len(members))  # breaks ties at random
    most = np.maximum(0, members - leave)
    drawn: NDArray[np.intp] = np.minimum(np.maximum(np.floor(ideal), 1), most).astype(np.intp)
    while drawn.sum() < count:
        drawn[np.argmax(np.where(drawn < most, ideal - drawn, -np.inf))] += 1
    while drawn.sum() > count:
        drawn[np.argmin(np.where(drawn > 1, ideal - drawn, np.inf))] -= 1
    return drawn


def _by_class(codes: NDArray[np.intp], drawn: NDArray[np.intp], generator: np.random.Generator) -> Rows:
    """Positions in `codes`: of each class as many as `drawn` says."""
    order = generator.permutation(len(codes))
    order = order[np.argsort(codes[order], kind="stable")]
    members = np.bincount(codes, minlength=len(drawn))
    place = np.arange(len(codes)) - np.repeat(np.cumsum(members) - members, members)  # within its class
    return order[place < np.repeat(drawn, members)]


def _whole_groups(
    part: str, groups: NDArray[np.intp], classes: NDArray[np.intp], count: int, generator: np.random.Generator
) -> Rows:
    """Positions of all samples of some groups, about `count`."""
    found, numbers = np.unique(groups, return_inverse=True)
    if len(found) < 2:
        raise DataError(f"{part}: all {len(groups):,} samples are of one group; expected two groups or more")
    table = np.zeros((len(found), classes.max() + 1))
    np.add.at(table, (numbers, classes), 1)
    total = table.sum(axis=0)
    best, nearest = np.zeros(0, np.intp), np.inf
    for _ in range(GROUP_DRAWS):
        order = generator.permutation(len(found))
        filled = table[order].cumsum(axis=0)[:-1]
        cut = int(np.argmin(np.abs(filled.sum(axis=1) - count)))
        missing = np.count_nonzero((total > 0) & ((filled[cut] == 0) | (filled[cut] == total)))  # on either side
        distance = float(np.abs(filled[cut] - total * (count / len(groups))).sum()) + missing * len(groups)
        if distance < nearest:
            best, nearest = order[: cut + 1], distance
    return np.flatnonzero(np.isin(numbers, best))
