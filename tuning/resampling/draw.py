"""Draws the rows of each part from a seed: the same rows in every process, other rows for another seed."""

from __future__ import annotations

import numpy as np

from tuning import seeds
from tuning.errors import DataError
from tuning.resampling.check import check
from tuning.resampling.holdout import drawn_rows
from tuning.resampling.labels import class_labels, group_labels
from tuning.resampling.partition import Fold, Partition, Rows
from tuning.resampling.plans import CrossValidation, Holdout, Resampling, Splitter, describe, is_splitter, rows_of
from tuning.resampling.samples import Samples
from tuning.resampling.splitters import default_splitter, is_random, members_needed, split


def draw(plan: Resampling, samples: Samples, seed: int) -> Partition:
    """The rows of each part in one replicate.

    Args:
        plan: How to split.
        samples: The data set.
        seed: The replicate's, of `tuning.seeds.of_splits`: all its tuners share the split.

    Raises:
        DataError: The plan does not fit the data; `tuning.resampling.check` lists what no split may do.
    """
    return draw_for(plan, samples, seed, seed)


def draw_for(plan: Resampling, samples: Samples, seed: int, configuration_seed: int) -> Partition:
    """The rows for one configuration: with ``reshuffle=True`` a hold-out of its own, else the same for all.

    Args:
        plan: How to split.
        samples: The data set.
        seed: The replicate's. The test part depends on it alone.
        configuration_seed: Its own, of `tuning.seeds.of_splits`.

    Raises:
        DataError: As in `draw`.
    """
    if plan.test is not None and samples.test is not None:
        raise DataError(
            f"the data have a test part of their own, and the resampling asks for test={describe(plan.test)}; expected "
            "one of them: leave test out"
        )
    labels = class_labels(samples.y, plan.stratify)
    development, test = _without_test(plan, samples, seeds.derive("test part", seed))
    if isinstance(plan, Holdout):
        own = seeds.derive("validation part", configuration_seed if plan.reshuffle else seed)
        count = rows_of(plan.validation, len(samples))
        folds = [_holdout(f"validation={plan.validation!r}", plan, samples, development, count, own)]
    else:
        given = plan.splitter
        splitter = default_splitter(given, labels, samples.groups) if isinstance(given, int) else given
        folds = split(splitter, samples, labels, development, seeds.derive("folds", seed))
    partition = Partition(tuple(folds), test)
    check(partition, len(samples), labels, group_labels(samples.groups))
    return partition


def is_drawn(plan: Resampling) -> bool:
    """Whether replicates differ in their rows; False if the plan makes the same parts for every seed."""
    if isinstance(plan, Holdout) or isinstance(plan.splitter, int) or is_random(plan.splitter):
        return True
    return is_random(plan.test) if is_splitter(plan.test) else plan.test is not None and not _is_in_order(plan)


def _without_test(plan: Resampling, samples: Samples, seed: int) -> tuple[Rows, Rows | None]:
    """The rows that are developed on, and those of the test part."""
    rows = np.arange(len(samples))
    if plan.test is None:
        return rows, None
    if isinstance(plan.test, Splitter):
        folds = split(plan.test, samples, class_labels(samples.y, plan.stratify), rows, seed)
        if not folds:
            raise DataError(f"test={describe(plan.test)} made no split; expected at least one")
        return np.unique(folds[-1].train), folds[-1].validation
    count = rows_of(plan.test, len(samples))
    if isinstance(plan, CrossValidation) and _is_in_order(plan):
        gap = int(getattr(plan.splitter, "gap", 0))
        return rows[: max(0, len(rows) - count - gap)], rows[max(0, len(rows) - count) :]
    leave = 2 if isinstance(plan, Holdout) else members_needed(plan.splitter)
    fold = _holdout(f"test={plan.test!r}", plan, samples, rows, count, seed, leave)
    return fold.train, fold.validation


def _holdout(part: str, plan: Resampling, samples: Samples, rows: Rows, count: int, seed: int, leave: int = 1) -> Fold:
    labels, groups = class_labels(samples.y, plan.stratify), group_labels(samples.groups)
    chosen = drawn_rows(part, rows, count, labels, groups, seed, leave=leave)
    return Fold(np.setdiff1d(rows, chosen, assume_unique=True), chosen)


def _is_in_order(plan: CrossValidation) -> bool:
    """Whether the samples are a series, so that what is tested on comes after what is developed on."""
    from sklearn.model_selection import TimeSeriesSplit

    return isinstance(plan.splitter, TimeSeriesSplit)
