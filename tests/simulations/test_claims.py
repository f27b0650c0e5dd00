"""What a verdict claims holds as often as is said; the tables of `docs/method.md` with small numbers."""

import pytest

from tests.simulations.claims import (
    KINDS,
    MERITS,
    against_a_reference,
    any_line,
    any_line_looked_at,
    chance_covered,
    followed,
    found,
    looked_at_against_a_reference,
    promised,
    shared,
)
from tuning.statistics.signed_rank import LEVEL

ERROR = 0.03  # two to four standard errors of a share of 5 %, of 200 to 1,000 studies


@pytest.mark.parametrize("kind", KINDS)
def test_tests_keep_their_level_and_two_samples_find_more_where_replicates_share_nothing(kind: str) -> None:
    for n in (10, 20):
        assert max(found(kind, n, 0.0, LEVEL, 1000)) <= LEVEL + ERROR
    paired, apart = found(kind, 6, 1.5, LEVEL / 10, 1000)
    assert paired == 0 < apart  # of ten pairs, six replicates decide none by signed ranks
    paired, apart = found(kind, 20, 1.0, LEVEL, 1000)
    assert apart >= paired - ERROR


def test_where_replicates_share_a_split_the_differences_within_them_find_more() -> None:
    paired, apart = shared(10, 0.8, 0.5, 1000)
    assert paired > apart + 0.2
    assert max(shared(10, 0.0, 0.5, 1000)) <= LEVEL + ERROR


@pytest.mark.parametrize("paired", [True, False])
def test_asked_only_whether_a_tuner_is_better_one_is_shown_more_often_if_it_is_and_seldom_if_not(paired: bool) -> None:
    equal, worse, better = (against_a_reference(10, merits, 300, paired) for merits in MERITS.values())
    assert equal[1] <= LEVEL + ERROR
    assert worse[1] == 0
    assert better[1] > better[0] + 0.05


def test_the_looks_keep_the_level_of_a_direction_alone() -> None:
    equal, better = (looked_at_against_a_reference(merits, 60, cap=12) for merits in ((0.0, 0.0), (1.5, 0.0)))
    assert equal[1] <= LEVEL + 2 * ERROR
    assert better[1] > better[0]


def test_one_line_is_wrong_in_5_percent_three_are_more_often() -> None:
    some, full = any_line(2, 10, 300)
    assert full <= LEVEL + ERROR
    assert some > full


@pytest.mark.parametrize("studies", [150, pytest.param(1000, marks=pytest.mark.nightly)])
def test_nor_are_three_lines_right_where_replicates_are_looked_at_one_by_one(studies: int) -> None:
    some, full = any_line_looked_at(2, 20, studies)
    assert full <= LEVEL + 3 * (LEVEL / studies) ** 0.5
    assert some > full + 0.02


@pytest.mark.parametrize("paired", [True, False])
def test_the_chance_that_one_beats_the_other_is_in_its_interval(paired: bool) -> None:
    for n, shift in ((5, 0.0), (10, 1.0), (10, 2.0)):
        assert chance_covered("normal", n, shift, 500, paired) >= 0.93


def test_where_nothing_differs_seldom_is_a_decision_foreseen() -> None:
    before, some, soon = promised(5, 5, 0.0, 300)
    assert before > 0.9
    assert some <= 0.25
    assert soon <= 0.05


def test_to_follow_what_is_foreseen_and_test_again_finds_more_that_is_not_there() -> None:
    at_once, before, now, looked_at = followed(400)
    assert before > at_once
    assert at_once <= now <= before
    assert looked_at <= LEVEL + ERROR
