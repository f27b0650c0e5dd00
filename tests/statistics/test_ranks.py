"""Ranks, Friedman's test and the critical difference, against scipy, scikit-posthocs and Demsar's tables."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from tuning.statistics.ranks import critical_difference, rank, rank_test

TABLES = hnp.arrays(
    float, st.tuples(st.integers(2, 9), st.integers(3, 6)), elements=st.integers(0, 12).map(lambda n: n / 4)
)


@settings(max_examples=50, deadline=None)
@given(TABLES)
def test_ranks_equal_scipys_and_know_the_direction(scores: np.ndarray) -> None:
    np.testing.assert_array_equal(rank(scores, "min"), stats.rankdata(scores, axis=1))
    np.testing.assert_array_equal(rank(scores, "max"), stats.rankdata(-scores, axis=1))


def test_a_block_with_a_missing_score_is_not_ranked() -> None:
    assert np.isnan(rank([[0.5, math.nan], [0.1, 0.2]], "max")).tolist() == [[True, True], [False, False]]


@pytest.mark.parametrize(
    ("tuners", "q"),
    [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (6, 2.850), (7, 2.949), (8, 3.031), (9, 3.102), (10, 3.164)],
)
def test_critical_values_are_those_of_demsars_table_5(tuners: int, q: float) -> None:
    blocks = 14
    expected = q * math.sqrt(tuners * (tuners + 1) / (6 * blocks))
    assert critical_difference(tuners, blocks, 0.05) == pytest.approx(expected, rel=1e-3)


@settings(max_examples=40, deadline=None)
@given(TABLES, st.randoms(use_true_random=False))
def test_friedman_and_nemenyi_equal_scipys_and_scikit_posthocs_whatever_the_order_of_rows(
    scores: np.ndarray, random: object
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports plotting libraries
        import scikit_posthocs
    if (scores == scores[:, :1]).all():
        return
    tuners = [f"t{place}" for place in range(scores.shape[1])]
    found = rank_test(scores, tuners, "min", "replicate", 0.05)
    assert found is not None
    order = list(range(len(scores)))
    random.shuffle(order)  # type: ignore[attr-defined]
    assert rank_test(scores[order], tuners, "min", "replicate", 0.05) == found
    assert found.p == pytest.approx(stats.friedmanchisquare(*scores.T).pvalue)
    means = dict(zip(found.tuners, found.ranks, strict=True))
    assert [means[name] for name in tuners] == pytest.approx(stats.rankdata(scores, axis=1).mean(axis=0))
    p = scikit_posthocs.posthoc_nemenyi_friedman(pd.DataFrame(scores, columns=tuners))
    for a in tuners:
        for b in tuners:
            apart = abs(means[a] - means[b])
            if a < b and abs(apart - found.critical_difference) > 1e-3:
                assert (apart > found.critical_difference) == (p.loc[a, b] < 0.05)
                assert any({a, b} <= set(group) for group in found.groups) == (p.loc[a, b] >= 0.05)


def test_a_tuner_without_scores_is_left_out_and_named_and_too_little_gives_no_test() -> None:
    nan = math.nan
    found = rank_test([[1, 2, nan, 3], [1, 2, nan, 3], [nan, 2, nan, 3]], list("abcd"), "min", "replicate", 0.05)
    assert found is not None
    assert (found.tuners, found.ranks, found.blocks, found.left_out) == (("a", "b", "d"), (1, 2, 3), 2, ("c",))
    assert rank_test([[1, 2]], ["a", "b"], "min", "replicate", 0.05) is None
    assert rank_test([[1], [2]], ["a"], "min", "replicate", 0.05) is None
    assert rank_test(np.empty((0, 3)), list("abc"), "min", "replicate", 0.05) is None


def test_all_alike_are_one_group() -> None:
    found = rank_test(np.ones((4, 3)), list("abc"), "max", "replicate", 0.05)
    assert found is not None
    assert (found.p, found.groups) == (1.0, (("a", "b", "c"),))
