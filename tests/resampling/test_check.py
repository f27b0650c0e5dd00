"""Data and splitters that do not fit: one line each that says what came, what was expected and the mend."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn import model_selection as ms

from tuning import Holdout, Samples
from tuning.errors import DataError
from tuning.resampling.draw import draw
from tuning.resampling.partition import Fold, Partition, fingerprint, sizes
from tuning.resampling.plans import CrossValidation

SIZE = 30
X = np.random.default_rng(1).normal(size=(SIZE, 2))
Y = np.arange(SIZE) % 3
GROUPS = np.repeat(np.arange(6), 5)
LABELLED = Samples(X, Y)
REGRESSION = Samples(X, X[:, 0])


class Pairs:
    """A splitter that gives what it was made with."""

    def __init__(self, *pairs):
        self.pairs = pairs

    def split(self, X, y=None, groups=None):
        yield from self.pairs


def message(plan, samples):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DataError) as caught:
            draw(plan, samples, 3)
    line = str(caught.value)
    assert "\n" not in line
    assert "expected" in line
    return line


def pair(train, validation):
    return CrossValidation(Pairs((np.asarray(train), np.asarray(validation))))


BAD = {
    "test of the plan and of the data": (
        Holdout(0.2, 0.2),
        Samples(X, Y, test=(X, Y)),
        "the data have a test part of their own, and the resampling asks for test=0.2; expected one of them",
    ),
    "more validation than samples": (Holdout(31), REGRESSION, "validation=31 is 31 of the 30 samples that are left"),
    "no training left": (Holdout(15, 15), REGRESSION, "validation=15 is 15 of the 15 samples that are left"),
    "no room for classes": (Holdout(2), LABELLED, "validation=2 is 2 of 30 samples; expected room for all 3 classes"),
    "a class of one": (
        Holdout(0.2),
        Samples(X, np.r_[0, Y[1:] + 1]),
        "validation=0.2: class 0 has 1 sample; expected at least 2, for every part needs one: merge or leave out",
    ),
    "a class too small for three parts": (
        Holdout(0.2, 0.2),
        Samples(X, np.r_[0, 0, Y[2:] + 1]),
        "test=0.2: class 0 has 2 samples; expected at least 3",
    ),
    "a class too small for the folds": (
        CrossValidation(ms.StratifiedKFold(5)),
        Samples(X, np.r_[np.zeros(4, int), Y[4:] + 1]),
        "class 0 has 4 samples besides the test part; expected at least 5 for StratifiedKFold(n_splits=5",
    ),
    "the same for repeats": (
        CrossValidation(ms.RepeatedStratifiedKFold(n_splits=6, n_repeats=2)),
        Samples(X, np.r_[np.zeros(4, int), Y[4:] + 1]),
        "class 0 has 4 samples besides the test part; expected at least 6 for RepeatedStratifiedKFold",
    ),
    "the same beside a test part": (
        CrossValidation(5, test=0.2),
        Samples(X, np.r_[np.zeros(5, int), Y[5:] + 1]),
        "test=0.2: class 0 has 5 samples; expected at least 6",
    ),
    "one group": (Holdout(0.2), Samples(X, X[:, 0], groups=np.zeros(SIZE)), "all 30 samples are of one group"),
    "groups that a splitter does not know": (
        CrossValidation(ms.KFold(5, shuffle=True)),
        Samples(X, X[:, 0], groups=GROUPS),
        "have 4 groups in common (1, 2 and 2 others); expected none: take a splitter that knows groups",
    ),
    "no groups for a splitter that needs them": (
        CrossValidation(ms.LeaveOneGroupOut()),
        REGRESSION,
        "LeaveOneGroupOut() needs groups; expected data that name them: return tuning.Samples(x, y, groups=...)",
    ),
    "more folds than groups": (
        CrossValidation(ms.GroupKFold(7)),
        Samples(X, X[:, 0], groups=GROUPS),
        "GroupKFold(n_splits=7, random_state=None, shuffle=False) cannot split these 30 samples (ValueError: Cannot",
    ),
    "more folds than samples": (
        CrossValidation(31),
        REGRESSION,
        "cannot split these 30 samples (ValueError: Cannot have number of splits n_splits=31 greater than",
    ),
    "a series too short": (
        CrossValidation(ms.TimeSeriesSplit(5, test_size=10)),
        REGRESSION,
        "cannot split these 30 samples (ValueError: Too many splits=5",
    ),
    "a series that is all test": (
        CrossValidation(ms.TimeSeriesSplit(2), test=30),
        REGRESSION,
        "cannot split these 0 samples",
    ),
    "classes for a regression": (
        CrossValidation(ms.StratifiedKFold(3)),
        REGRESSION,
        "Supported target types are: ('binary', 'multiclass'). Got 'continuous' instead",
    ),
    "a predefined split of other data": (
        CrossValidation(ms.PredefinedSplit([0, 1, 0])),
        REGRESSION,
        "PredefinedSplit(test_fold) has 3 entries; expected one for each of 30 samples",
    ),
    "a fold without a class": (
        CrossValidation(ms.KFold(3)),
        Samples(X, np.sort(Y)),
        "the training part of fold 1 (20 samples) has no sample of class 0; expected all classes in every part: take",
    ),
    "a validation part without a class": (
        pair(range(20), range(21, 30, 3)),
        LABELLED,
        "the validation part (3 samples) has no sample of class 1 and 2",
    ),
    "a test part without a class": (
        CrossValidation(3, test=ms.TimeSeriesSplit(2, test_size=2)),
        LABELLED,
        "the test part (2 samples) has no sample of class 0",
    ),
    "no fold": (CrossValidation(Pairs()), REGRESSION, "the splitter made no fold; expected at least one pair"),
    "no test split": (CrossValidation(5, test=Pairs()), REGRESSION, "test=Pairs() made no split; expected at least"),
    "an empty training part": (pair([], range(5)), REGRESSION, "the training part is empty; expected at least one"),
    "an empty validation part": (pair(range(5), []), REGRESSION, "the validation part is empty; expected"),
    "parts that overlap": (
        pair(range(20), range(18, 30)),
        REGRESSION,
        "the training part and the validation part have 2 rows in common (the first is 18); expected none: scores",
    ),
    "a test part that overlaps": (
        CrossValidation(ms.KFold(3), test=Pairs((np.arange(20), np.arange(18, 30)))),
        REGRESSION,
        "of fold 1 and the test part have 2 rows in common (the first is 18); expected none",
    ),
    "rows twice": (pair(range(20), [25, 25, 26]), REGRESSION, "the validation part has 1 row twice; expected each"),
    "rows that do not exist": (pair(range(20), [29, 30]), REGRESSION, "the splitter gave row 30; expected 0 to 29"),
    "negative rows": (pair(range(20), [-1]), REGRESSION, "the splitter gave row -1; expected 0 to 29"),
    "rows that are no numbers": (pair([0.5], [1]), REGRESSION, "the splitter gave rows of type float64 and shape (1,)"),
    "no pairs": (
        CrossValidation(Pairs(np.arange(3))),
        REGRESSION,
        "Pairs() cannot split these 30 samples (ValueError: too many values to unpack",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_does_not_fit_is_refused(case):
    plan, samples, expected = BAD[case]
    assert expected in message(plan, samples)


def test_folds_may_miss_classes_where_one_says_so():
    ordered = Samples(X, np.sort(Y))
    assert len(draw(CrossValidation(ms.KFold(3), stratify=False), ordered, 3).folds) == 3


def test_the_fingerprint_changes_with_any_row_and_with_its_part():
    a, b, c = np.arange(10), np.arange(10, 15), np.arange(15, 20)
    partitions = [
        Partition((Fold(a, b),)),
        Partition((Fold(b, a),)),
        Partition((Fold(a, b),), c),
        Partition((Fold(a, b), Fold(a, c))),
        Partition((Fold(a, np.arange(10, 16)),)),
    ]
    assert len({fingerprint(partition) for partition in partitions}) == len(partitions)
    assert fingerprint(partitions[0]) == fingerprint(Partition((Fold(a.astype(np.int32), b),)))


class TestSizes:
    def test_samples_and_classes_of_each_part(self):
        table = sizes(draw(Holdout(0.2, 0.2), LABELLED, 3), LABELLED)
        assert table["part"].tolist() == ["train", "validation", "test"]
        assert table["samples"].tolist() == [18, 6, 6]
        assert table[["0", "1", "2"]].to_numpy().tolist() == [[6, 6, 6], [2, 2, 2], [2, 2, 2]]
        assert table["fold"].isna().tolist() == [False, False, True]

    def test_groups(self):
        samples = Samples(X, X[:, 0], groups=GROUPS)
        table = sizes(draw(CrossValidation(3), samples, 3), samples)
        assert table.columns.tolist() == ["fold", "part", "samples", "groups"]
        assert table["groups"].tolist() == [4, 2, 4, 2, 4, 2]

    def test_official_test_data(self):
        samples = Samples(X, np.array(["no", "yes"])[Y % 2], test=(X[:4], np.array(["no", "no", "yes", "no"])))
        table = sizes(draw(Holdout(0.2), samples, 3), samples)
        assert table.iloc[-1][["samples", "no", "yes"]].tolist() == [4, 3, 1]

    def test_without_classes(self):
        table = sizes(draw(Holdout(0.2), REGRESSION, 3), REGRESSION)
        assert table.columns.tolist() == ["fold", "part", "samples"]
        assert isinstance(table, pd.DataFrame)
