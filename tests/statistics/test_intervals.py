"""Intervals against their definitions and scipy's."""

import itertools

import numpy as np
import pytest
from scipy import stats

from tuning.statistics.intervals import (
    median_coverage,
    median_ends,
    median_level,
    ratio_ends,
    share_ends,
    student,
    student_coverage,
    trimmed,
    trimmed_ends,
    welch,
)


def test_students_interval_is_scipys() -> None:
    values = np.random.default_rng(1).normal(size=(7, 3))
    expected = stats.ttest_1samp(values, 0).confidence_interval()
    assert np.allclose(student(values), expected)
    assert np.isnan(student([0.3])).all()


def test_welchs_interval_is_scipys() -> None:
    generator = np.random.default_rng(1)
    first, second = generator.normal(size=(7, 3)), 3 * generator.normal(size=(4, 3))
    expected = stats.ttest_ind(first, second, equal_var=False).confidence_interval()
    assert np.allclose(welch(first, second), expected)
    assert np.isnan(welch(first, second[:1])).all()
    assert np.allclose(welch([0.5, 0.5], [0.25, 0.25]), 0.25)


@pytest.mark.parametrize("n", [2, 3, 5, 6, 9, 30])
def test_a_medians_interval_covers_what_counting_says(n: int) -> None:
    low, high = median_ends(np.arange(n))
    # The median is between the two if neither end's side holds too few of n fair coins' heads.
    within = sum(stats.binom.pmf(heads, n, 0.5) for heads in range(n + 1) if low < heads <= high)
    assert median_coverage(n) == pytest.approx(within)
    assert (low, high) == (0, n - 1) if n < 6 else median_coverage(n) >= 0.95
    narrower = sum(stats.binom.pmf(heads, n, 0.5) for heads in range(n + 1) if low + 1 < heads <= high - 1)
    assert narrower < 0.95


def test_the_level_of_several_medians_is_that_of_the_fewest_values() -> None:
    assert median_level([3, 10]) == 0.75
    assert median_level([10, 20]) == median_level([]) == median_level([1]) == 0.95
    assert np.isnan(median_ends([[1.0, 2.0], [np.nan, 3.0]])[0]).tolist() == [True, False]
    assert np.isnan(median_ends([1.0])).all()


@pytest.mark.parametrize(("successes", "n"), [(0, 5), (3, 7), (20, 20)])
def test_a_shares_interval_is_scipys(successes: int, n: int) -> None:
    expected = stats.binomtest(successes, n).proportion_ci()
    assert tuple(map(float, share_ends(successes, n))) == pytest.approx(tuple(expected))
    assert np.isnan(share_ends(0, 0)).all()


@pytest.mark.parametrize("n", [2, 4, 7, 12])
def test_interquartile_means_vary_as_in_yuens_test(n: int) -> None:
    a, b = np.random.default_rng(n).normal(size=(2, n))
    first, second = trimmed(a), trimmed(b)
    found = (first.mean - second.mean) / np.sqrt(first.variance + second.variance)
    assert found == pytest.approx(stats.ttest_ind(a, b, equal_var=False, trim=0.25).statistic)
    low, high = trimmed_ends(a)
    assert low < first.mean < high
    assert first.mean == pytest.approx(stats.trim_mean(a, 0.25))


def test_a_ratio_has_the_ends_at_which_it_is_told_apart() -> None:
    a, b = np.random.default_rng(1).normal(size=(2, 12)) + 5
    first, second = trimmed(a), trimmed(b)
    low, high = ratio_ends(first, second, 9.0)
    ratio = (9 - first.mean) / (9 - second.mean)
    scaled = ratio**2 * second.variance
    freedom = (first.variance + scaled) ** 2 / (first.variance**2 / first.freedom + scaled**2 / second.freedom)
    for end in (low, high):
        away = abs((9 - first.mean) - end * (9 - second.mean))
        assert away / np.sqrt(first.variance + end**2 * second.variance) == pytest.approx(stats.t(freedom).ppf(0.975))
    assert low < ratio < high
    assert np.isnan(ratio_ends(first, second, float(second.mean))).all()  # the denominator may be 0


def test_what_students_interval_covers_of_skewed_scores_grows_with_their_number() -> None:
    shares = [student_coverage(n) for n in (3, 10, 20, 40, 70, 200)]
    assert all(a <= b for a, b in itertools.pairwise(shares))
    assert np.isnan(student_coverage(1))
