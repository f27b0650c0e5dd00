"""A mean difference is called smaller than what matters only if what is rare could have shown itself."""

import math

import numpy as np
import pytest
from scipy import stats

from tuning.statistics.equality import RARE, fewest, mean_within, unseen
from tuning.statistics.signed_rank import LEVEL


@pytest.mark.parametrize(("pairs", "replicates"), [(1, 29), (3, 39), (10, 51)])
def test_equality_takes_so_many_replicates_that_a_rare_failure_would_have_shown(pairs: int, replicates: int) -> None:
    assert fewest(pairs) == replicates
    assert pairs * unseen(replicates) <= LEVEL < pairs * unseen(replicates - 1)
    drawn = np.random.default_rng(1).random((20_000, replicates)) < RARE
    assert unseen(replicates) == pytest.approx((~drawn).all(axis=1).mean(), abs=0.005)


def test_the_test_of_a_mean_is_halls_with_a_value_half_as_far_again_as_the_worst() -> None:
    differences = np.random.default_rng(2).lognormal(sigma=0.8, size=40) - 1.4
    sides = []
    for values in (differences, -differences):
        values = np.append(values, values.max() + (values.max() - np.median(values)) / 2)
        t, freedom = stats.ttest_1samp(values, 0.5).statistic, len(values) - 1
        a = stats.skew(values, bias=False) / math.sqrt(len(values))
        sides.append(stats.t(freedom).cdf(t + a * t**2 / 3 + a**2 * t**3 / 27 + a / 6))
    assert mean_within(differences, 0.5) == pytest.approx(max(sides))


def test_of_two_samples_the_worse_of_both_further_values_is_added_to_welchs_t() -> None:
    first, second = np.tile([-1.0, 0.0, 1.0], 13), np.tile([-2.0, 0.0, 2.0], 9)
    more = [(np.append(first, 1.5), second), (first, np.append(second, -3.0))]
    welch = [stats.ttest_ind(a, b + 0.6, equal_var=False, alternative="less").pvalue for a, b in more]
    assert mean_within(first, 0.6, second) == pytest.approx(max(welch), rel=0.1)  # there is next to no skewness
    assert max(welch) > 1.2 * min(welch)


def test_direction_and_order_of_samples_do_not_matter() -> None:
    generator = np.random.default_rng(3)
    a, b = generator.lognormal(size=35), generator.normal(size=30)
    assert mean_within(a, 2.0) == mean_within(-a, 2.0)
    assert mean_within(a, 2.0, b) == pytest.approx(mean_within(b, 2.0, a)) == pytest.approx(mean_within(-a, 2.0, -b))


def test_p_falls_with_the_rope_and_rises_with_a_failure_that_was_seen() -> None:
    differences = 0.1 * np.random.default_rng(4).normal(size=40)
    p = [mean_within(differences, rope) for rope in (0.01, 0.03, 0.1, 0.3)]
    assert p == sorted(p, reverse=True)
    assert p[0] > 0.3
    assert p[-1] < 1e-9
    failed = differences.copy()
    failed[7] = -3.0
    assert mean_within(failed, 0.3) > 0.05 > mean_within(differences, 0.3)
    assert mean_within(failed, 0.3, differences) > 0.05


def test_differences_that_do_not_vary_are_within_the_rope_or_not() -> None:
    assert mean_within([0.25] * 30, 0.5) == 0
    assert mean_within([0.5] * 30, 0.5) == 1
    assert mean_within([0.75] * 30, 0.5, [0.5] * 30) == 0
    assert mean_within([0.0, 0.0], 0.5) == 1
