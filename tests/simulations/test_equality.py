"""Tuners that differ by what matters are seldom called equal; the tables of `docs/method.md` with small numbers."""

import pytest

from tests.simulations.equality import (
    BEFORE,
    CASES,
    falsely_equal,
    falsely_equal_looked_at,
    found,
    neighbours,
    some_fail,
)
from tuning.statistics.equality import fewest
from tuning.statistics.signed_rank import LEVEL

COUNTS = [60, pytest.param(1000, marks=pytest.mark.nightly)]


def most(studies: int) -> float:
    """What a true share of `LEVEL` may reach in so many studies: three standard errors more."""
    return LEVEL + 3 * (LEVEL * (1 - LEVEL) / studies) ** 0.5


@pytest.mark.parametrize("studies", COUNTS)
@pytest.mark.parametrize("case", CASES)
def test_a_difference_of_one_rope_is_seldom_called_none(case: str, studies: int) -> None:
    for n in (fewest(), 50):
        assert max(falsely_equal(case, n, studies)[2:]) <= most(studies)


def test_students_t_called_tuners_equal_too_often() -> None:
    for case in ("log-normal, sigma 1.2", "fails in 10 %"):
        by_median, by_t, *now = falsely_equal(case, BEFORE, 60)
        assert by_median >= by_t > 0.1 > max(now) == 0
    assert falsely_equal(CASES[-1], 6, 100)[0] > 0.15


@pytest.mark.parametrize("studies", [30, pytest.param(600, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("case", ["log-normal, sigma 1.2", "fails in 10 %"])
def test_nor_is_it_where_replicates_are_looked_at_one_by_one(case: str, studies: int) -> None:
    by_ranks, by_t, now = falsely_equal_looked_at(case, 45, studies)
    assert now <= most(studies)
    assert by_ranks >= by_t > 0.1


def test_nor_in_a_family_of_pairs() -> None:
    assert neighbours(5, fewest(10), 40) <= most(40)
    assert some_fail(5, fewest(10), 40) <= most(40)


def test_tuners_that_do_not_differ_are_called_equal() -> None:
    assert found(2, fewest(), 0.5, 30) == 1
    assert found(2, 50, 1.0, 30) > 0.9
    assert found(5, 60, 1.0, 10) > 0.8
    assert found(2, 40, 0.5, 10, cap=40) == 1
