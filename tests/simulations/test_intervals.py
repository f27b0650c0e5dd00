"""Intervals hold what is true as often as is said; the table of `docs/method.md` with small numbers."""

import pytest

from tests.simulations.choice import KINDS as CHOSEN_FROM
from tests.simulations.claims import KINDS
from tests.simulations.intervals import (
    INTERVALS,
    PAIRS,
    of_baseline,
    of_choice,
    of_normalised,
    of_rank,
    of_scores,
    of_share,
    of_shift,
)
from tuning.statistics.choice import credible_coverage
from tuning.statistics.intervals import SKEWED_COVERAGE, median_coverage, together_coverage

ERROR = 0.03  # two to three standard errors of a share of 93 %, of 400 studies


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [3, 10])
def test_medians_are_covered_as_often_as_is_said(kind: str, n: int) -> None:
    before, now = of_scores("median", kind, n, 400)
    assert now >= min(0.95, median_coverage(n)) - ERROR
    assert now >= before - ERROR


@pytest.mark.parametrize("what", ["mean", "interquartile mean"])
@pytest.mark.parametrize("kind", KINDS)
def test_means_are_covered_or_said_not_to_be(what: str, kind: str) -> None:
    for n, said in SKEWED_COVERAGE.items():
        if 3 <= n <= 30:
            before, now = of_scores(what, kind, n, 400)
            assert now >= (said if kind == "skewed" else 0.93) - ERROR
            assert n > 5 or now > before - ERROR
    assert set(INTERVALS) == {"median", "mean", "interquartile mean"}


def test_shares_ranks_and_normalised_scores_are_covered() -> None:
    for n in (3, 5, 20):
        before, now = of_share(0.95, n, 400)
        assert before < 0.8 < 0.95 - ERROR <= now
        before, now = of_rank(3.0, n, 400)
        assert before < 0.8 < 0.95 - ERROR <= now
    for kind in KINDS:
        before, now, none = of_normalised(kind, 20, 400)
        assert before < 0.9 < 0.95 - ERROR <= now
        assert none < 0.05


@pytest.mark.parametrize("paired", [False, True])
def test_differences_from_a_baseline_are_covered_or_said_not_to_be(paired: bool) -> None:
    for kind in KINDS:
        for n in (3, 10, 30):
            for width in (1.0, 0.2):
                said = together_coverage(n, paired=paired) if kind == "skewed" else 0.93
                assert of_baseline(kind, n, 1000, paired=paired, width=width) >= said - 0.02
    assert paired or of_baseline("skewed", 3, 1000, paired=False) < 0.93  # so there is something to say


@pytest.mark.parametrize("pair", PAIRS)
def test_typical_differences_are_covered_where_tuners_differ_in_more_than_a_shift(pair: str) -> None:
    for n in (6, 20):
        assert min(of_shift(pair, n, 400)) >= 0.93 - ERROR


@pytest.mark.parametrize("kind", CHOSEN_FROM)
def test_the_mean_of_a_tuner_to_choose_is_covered_or_said_not_to_be(kind: str) -> None:
    for n in (2, 5, 10):
        assert of_choice(kind, n, 120) >= credible_coverage(n) - 0.04
    if kind == "normal":
        assert of_choice(kind, 5, 120) >= 0.93 - 0.03


def test_a_credible_interval_holds_fewer_means_of_skewed_scores_and_says_so() -> None:
    assert credible_coverage(5) - 0.04 <= of_choice("skewed", 5, 300) < 0.93
