"""What counts as class labels, and what as targets of a regression."""

import numpy as np
import pytest

from tuning.errors import DataError
from tuning.resampling.labels import class_labels, group_labels

GENERATOR = np.random.default_rng(3)
THREE = np.arange(300) % 3


@pytest.mark.parametrize(
    "y",
    [
        THREE,
        THREE.astype("uint8"),
        THREE.astype("float32"),
        THREE[:, None],
        THREE > 1,
        np.array(["low", "mid", "high"])[THREE],
        np.eye(3)[THREE],
        np.eye(3, dtype="float32")[THREE],
        np.arange(300) % 20,
        np.arange(60_000) % 100,
        {"class": THREE, "size": GENERATOR.normal(size=300)},
        (GENERATOR.normal(size=(300, 4)), THREE),
    ],
)
def test_class_labels(y):
    labels = class_labels(y)
    assert labels is not None
    assert len(labels.classes) == len(np.unique(labels.codes))
    assert labels.counts().sum() == len(labels.codes)
    assert labels.counts(slice(0, 60)).sum() == 60


@pytest.mark.parametrize(
    "y",
    [
        GENERATOR.normal(size=300),
        np.arange(300),
        np.arange(300) // 2,
        np.arange(300) % 21,
        np.arange(10),
        THREE + 0.5,
        (GENERATOR.random((300, 5)) < 0.4).astype("float32"),  # several labels a sample
        np.zeros((300, 4)),
        np.eye(3)[THREE] * 2,
        THREE.reshape(100, 3, 1),
        (THREE, THREE),
    ],
)
def test_targets_that_are_none(y):
    assert class_labels(y) is None


def test_classes_are_the_labels_in_order():
    labels = class_labels(np.array(["b", "a", "c", "a"] * 5))
    assert labels.classes.tolist() == ["a", "b", "c"]
    assert labels.codes[:4].tolist() == [1, 0, 2, 0]


def test_one_may_say_so():
    assert class_labels(THREE, False) is None
    assert len(class_labels(np.arange(300), True).classes) == 300
    with pytest.raises(DataError, match=r"stratify=True, and the targets \(y: ndarray of shape \(5,\)\) have no class"):
        class_labels(np.linspace(0.1, 0.9, 5), True)
    with pytest.raises(DataError, match="or more than one array of them"):
        class_labels((THREE, THREE), True)


def test_groups_may_be_texts_and_numbers_together():
    groups = group_labels(np.array(["a", 1, "a", 2], object))
    assert groups.codes.tolist() == [0, 1, 0, 2]
    assert group_labels(None) is None
