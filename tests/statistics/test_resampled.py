"""The corrected t-test keeps its level where splits share their rows; tests that take them for independent do not."""

import math

import numpy as np
import pytest
from scipy import stats

from tests.simulations.resampled import declared, differences
from tests.simulations.splits import declared as declared_on
from tuning.statistics.resampled import corrected_variance, resampled_t
from tuning.statistics.signed_rank import LEVEL

DIFFERENCES = np.array([0.02, 0.01, -0.01, 0.03, 0.015])


def test_the_variance_is_nadeau_and_bengios() -> None:
    expected = (1 / 5 + 20 / 80) * DIFFERENCES.var(ddof=1)
    assert corrected_variance(DIFFERENCES, 80, 20) == pytest.approx(expected)
    many = np.tile(DIFFERENCES, 10_000)
    assert corrected_variance(many, 80, 20) == pytest.approx(0.25 * many.var(), rel=1e-3)  # more splits, no more data


def test_with_next_to_no_test_rows_it_is_the_t_test() -> None:
    ours, plain = resampled_t(DIFFERENCES, 10**12, 1), stats.ttest_1samp(DIFFERENCES, 0)
    assert ours.p == pytest.approx(plain.pvalue)
    interval = plain.confidence_interval(0.95)
    assert (ours.low, ours.high) == pytest.approx((interval.low, interval.high))
    assert ours.mean == pytest.approx(DIFFERENCES.mean())


def test_p_and_interval_agree_and_mirror() -> None:
    for shift in np.linspace(-0.05, 0.05, 21):
        found, mirrored = resampled_t(DIFFERENCES + shift, 80, 20), resampled_t(-DIFFERENCES - shift, 80, 20)
        assert (found.p <= 0.05) == (not found.low <= 0 <= found.high)
        assert found.p == pytest.approx(mirrored.p)
        assert found.low == pytest.approx(-mirrored.high)


def test_too_little_to_say_anything() -> None:
    assert math.isnan(resampled_t([], 80, 20).mean)
    one = resampled_t([0.1], 80, 20)
    assert one.mean == 0.1
    assert math.isnan(one.p)
    assert math.isnan(one.low)
    assert resampled_t(np.zeros(4), 80, 20).p == 1
    assert resampled_t(np.full(4, 0.5), 80, 20).p == 0
    with pytest.raises(ValueError, match="num_train=0, num_test=20: expected at least one row in each"):
        corrected_variance(DIFFERENCES, 0, 20)


# By simulation of two equal methods; the standard error of 2,000 shares of 5 % is 0.5 points.


@pytest.mark.parametrize("studies", [300, pytest.param(2000, marks=pytest.mark.nightly)])
@pytest.mark.parametrize(("splits", "num_test"), [(10, 20), (20, 40)])
def test_two_equal_methods_are_told_apart_as_often_as_the_level_says(splits: int, num_test: int, studies: int) -> None:
    found = declared(differences(np.random.default_rng(5), studies, splits, num_test), num_test)
    off = 0.015 * math.sqrt(2000 / studies)
    assert abs(found.corrected - LEVEL) <= off
    assert found.covered == pytest.approx(1 - found.corrected)
    assert found.plain > 4 * LEVEL
    assert found.ranks > 4 * LEVEL


def test_splits_of_new_data_need_no_correction() -> None:
    found = declared(differences(np.random.default_rng(6), 300, 10, 20, one_data_set=False), 20)
    assert abs(found.plain - LEVEL) <= 0.038
    assert found.corrected < LEVEL


def test_a_real_difference_is_found() -> None:
    drawn = differences(np.random.default_rng(7), 300, 10, 20)
    assert declared(drawn + 4 * drawn.std(), 20).corrected > 0.8


@pytest.mark.parametrize("studies", [300, pytest.param(5000, marks=pytest.mark.nightly)])
def test_a_lucky_split_is_repeated_by_every_replicate_and_new_splits_are_not(studies: int) -> None:
    fixed, drawn = (
        declared_on(np.random.default_rng([20_261_130, 2]), studies, 10, fixed=fixed) for fixed in (True, False)
    )
    error = np.sqrt(LEVEL * (1 - LEVEL) / studies)
    assert drawn <= LEVEL + 2 * error
    assert fixed > 0.8  # the figure in docs/method.md
