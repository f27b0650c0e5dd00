"""The small data sets on one fixed split: for tests and benchmarks that are not about splitting."""

from __future__ import annotations

from sklearn.model_selection import train_test_split

from tuning import Samples, Splits, datasets


def digits() -> Splits:
    """1,297, 250 and 250 digits."""
    return _fixed(datasets.digits(), 250)


def iris() -> Splits:
    """90, 30 and 30 flowers."""
    return _fixed(datasets.iris(), 30)


def _fixed(samples: Samples, part: int) -> Splits:
    """Validation and test data of `part` samples each; every class keeps its share."""
    x, x_test, y, y_test = train_test_split(samples.x, samples.y, test_size=part, stratify=samples.y, random_state=42)
    x, x_validation, y, y_validation = train_test_split(x, y, test_size=part, stratify=y, random_state=42)
    return Splits((x, y), (x_validation, y_validation), (x_test, y_test), class_names=samples.class_names)
