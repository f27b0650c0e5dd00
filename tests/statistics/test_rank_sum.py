"""The rank-sum test is exact, with ties too; its shift and the chance of winning have intervals that go with it."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tuning.statistics.rank_sum import (
    beats,
    rank_sum_p,
    rank_sum_sides,
    replicates_needed,
    shift_between,
    smallest_rank_sum_p,
)

few = st.lists(st.integers(0, 4), min_size=1, max_size=5)


@given(few, few)
@settings(max_examples=60, deadline=None)
def test_with_ties_p_equals_all_choices_counted(a: list[int], b: list[int]) -> None:
    ranks = stats.rankdata([*a, *b])
    sums = np.array([ranks[list(chosen)].sum() for chosen in combinations(range(len(ranks)), len(a))])
    seen = ranks[: len(a)].sum()
    above, below = rank_sum_sides(a, b)
    assert above == pytest.approx(np.mean(sums >= seen - 1e-9))
    assert below == pytest.approx(np.mean(sums <= seen + 1e-9))


@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 7), (20, 20), (60, 50)])
def test_without_ties_p_is_scipys(n: int, m: int) -> None:
    generator = np.random.default_rng(n)
    a, b = generator.normal(0.4, 1, n), generator.normal(size=m)
    assert rank_sum_p(a, b) == pytest.approx(stats.mannwhitneyu(a, b, method="exact").pvalue, abs=1e-6)


def test_many_tied_values_are_approximated() -> None:
    generator = np.random.default_rng(1)
    a, b = np.round(generator.normal(0.5, 2, 60)), np.round(generator.normal(0, 2, 60))
    assert rank_sum_p(a, b) == pytest.approx(stats.mannwhitneyu(a, b).pvalue)
    exact = rank_sum_p(a[:40], b[:40])
    assert exact == pytest.approx(stats.mannwhitneyu(a[:40], b[:40]).pvalue, abs=0.002)


def test_the_smallest_p_and_what_it_takes() -> None:
    for n in range(1, 8):
        assert smallest_rank_sum_p(n, n) == pytest.approx(rank_sum_p(np.arange(n) + 10.0, np.arange(n)))
    assert [replicates_needed(pairs, 0.05) for pairs in (1, 3, 10)] == [4, 5, 6]
    assert math.isnan(rank_sum_p([], [1.0]))


def test_the_interval_holds_the_shifts_that_the_test_does_not_reject() -> None:
    generator = np.random.default_rng(3)
    a, b = generator.normal(1, 1, 8), generator.normal(size=7)
    middle, low, high = shift_between(a, b)
    assert low < middle < high
    for shift, rejected in ((low + 1e-9, False), (high - 1e-9, False), (low - 1e-9, True), (high + 1e-9, True)):
        assert (rank_sum_p(a - shift, b) <= 0.05) == rejected
    assert math.isnan(shift_between(a[:3], b[:3])[1])


def test_the_chance_of_winning_is_never_a_point() -> None:
    share, low, high = beats([2.0, 3.0, 4.0], [0.0, 0.5, 1.0])
    assert (share, high) == (1.0, 1.0)
    assert low < 0.7
    mirrored = beats([0.0, 0.5, 1.0], [2.0, 3.0, 4.0])
    assert mirrored == pytest.approx((0.0, 0.0, 1 - low))
    assert beats([1.0, 1.0], [1.0, 1.0])[0] == 0.5
