"""Plans: what is refused when one is written, and how amounts become rows."""

import pickle
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import GroupShuffleSplit, KFold

from tuning import Holdout
from tuning.errors import StudyError
from tuning.resampling.plans import CrossValidation, describe, rows_of


class Own:
    def split(self, X, y=None, groups=None):
        yield from ()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Holdout(0), "Holdout(validation=0): expected a share between 0 and 1, such as 0.2, or a number"),
        (lambda: Holdout(1.0), "Holdout(validation=1.0): expected a share"),
        (lambda: Holdout(-3), "Holdout(validation=-3): expected a share"),
        (lambda: Holdout(True), "Holdout(validation=True): expected a share"),
        (lambda: Holdout("0.2"), "Holdout(validation='0.2'): expected a share"),
        (lambda: Holdout(float("nan")), "Holdout(validation=nan): expected a share"),
        (lambda: Holdout(test=KFold()), "Holdout(test=KFold("),
        (lambda: Holdout(0.5, 0.5), "Holdout(validation=0.5, test=0.5) leaves nothing to train on; expected shares"),
        (lambda: Holdout(stratify="y"), "Holdout(stratify='y'): expected None (class labels are found), True or False"),
        (lambda: Holdout(reshuffle="test"), "Holdout(reshuffle='test'): expected True or False"),
        (lambda: CrossValidation(1), "CrossValidation(1): expected at least 2 folds, or a hold-out: Holdout()"),
        (lambda: CrossValidation(True), "CrossValidation(True): expected a number of folds or a splitter"),
        (lambda: CrossValidation(KFold), "CrossValidation(<class "),
        (lambda: CrossValidation("5"), "CrossValidation('5'): expected a number of folds or a splitter"),
        (lambda: CrossValidation([(0, 1)]), "CrossValidation([(0, 1)]): expected a number of folds or a splitter"),
        (lambda: CrossValidation(5, test=0), "CrossValidation(test=0): expected a share between 0 and 1, such as 0.2"),
        (lambda: CrossValidation(5, test="last"), "or a number of samples or a splitter"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(make, message):
    with pytest.raises(StudyError) as caught:
        make()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_any_object_that_splits_is_a_splitter():
    assert CrossValidation(Own(), test=Own()).splitter is not None


def test_a_splitter_is_named_on_one_line_and_without_its_address():
    assert describe(Own()) == "Own()"
    assert describe(KFold(3)) == "KFold(n_splits=3, random_state=None, shuffle=False)"
    assert "\n" not in describe(GroupShuffleSplit(n_splits=1, test_size=0.2, random_state=12345))


def test_a_plan_is_shown_as_it_was_written():
    assert repr(Holdout()) == "Holdout(validation=0.2)"
    assert repr(Holdout(50, 0.1, reshuffle=True)) == "Holdout(validation=50, test=0.1, reshuffle=True)"
    assert repr(CrossValidation(5, stratify=False)) == "CrossValidation(splitter=5, stratify=False)"
    assert repr(CrossValidation(Own(), test=Own())) == "CrossValidation(splitter=Own(), test=Own())"
    assert pickle.loads(pickle.dumps(Holdout(50, 0.1))) == Holdout(50, 0.1)


@given(st.floats(0.001, 0.999), st.integers(1, 10**7))
def test_a_share_is_rounded_up_and_never_to_nothing(share, size):
    assert 1 <= rows_of(share, size) <= size
    assert abs(rows_of(share, size) - share * size) < 1


def test_amounts():
    assert rows_of(0.1, 30) == 3  # 0.1 * 30 is 3.0000000000000004
    assert rows_of(0.15, 10) == 2
    assert rows_of(7, 10) == 7


def test_plans_and_samples_load_neither_tensorflow_nor_scikit_learn():
    script = (
        "import sys, tuning; tuning.Holdout, tuning.Samples; "
        "import tuning.resampling.draw, tuning.resampling.preprocess; "
        "sys.exit(bool({'tensorflow', 'keras', 'sklearn'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
