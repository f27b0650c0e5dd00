"""Differences in spreads, and the meta-analysis of several problems, against closed forms and known numbers."""

import numpy as np
import pytest
from scipy import stats

from tuning.statistics.effects import effects
from tuning.statistics.hierarchy import worth
from tuning.statistics.meta import Together, together

NAN = float("nan")


def drawn(*shape: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def test_a_difference_is_hedges_g() -> None:
    scores = drawn(7, 2)
    of = effects(scores, paired=False)
    pooled = np.sqrt(scores.var(axis=0, ddof=1).mean())
    assert of.spread == pytest.approx(pooled)
    g = (scores[:, 0].mean() - scores[:, 1].mean()) / pooled * (1 - 3 / (4 * 12 - 1))  # his approximation of J
    assert of.difference[0, 1] == pytest.approx(g, rel=1e-3)
    assert of.difference[1, 0] == -of.difference[0, 1]
    assert of.means[0] - of.means[1] == pytest.approx(of.difference[0, 1])


def test_units_and_what_is_added_to_all_scores_do_not_matter() -> None:
    scores = drawn(5, 3)
    for paired in (False, True):
        one, other = effects(scores, paired=paired), effects(7 + 0.01 * scores, paired=paired)
        assert other.spread == pytest.approx(0.01 * one.spread)
        for part in ("means", "noise", "difference", "variance"):
            assert getattr(other, part) == pytest.approx(getattr(one, part))


def test_a_shared_split_is_no_spread() -> None:
    scores = drawn(6, 4)
    split = 10 * drawn(6, 1, seed=2)
    apart, shared = effects(scores, paired=True), effects(scores + split, paired=True)
    assert shared.spread == pytest.approx(apart.spread)
    assert shared.difference == pytest.approx(apart.difference)
    assert effects(scores + split, paired=False).spread > 5 * apart.spread
    # The residual of a table of two ways, as the analysis of variance has it.
    residual = scores - scores.mean(axis=0) - scores.mean(axis=1, keepdims=True) + scores.mean()
    assert apart.spread**2 == pytest.approx((residual**2).sum() / (5 * 3))


def test_what_is_missing_is_not_imputed() -> None:
    scores = drawn(5, 3)
    scores[0, 1] = NAN
    scores[1:, 2] = NAN  # a single score has no spread
    for paired, shrunk in ((False, 0.888), (True, 0.724)):  # Hedges' J with 7 and 3 degrees of freedom
        of = effects(scores, paired=paired)
        assert np.isnan(of.difference[2]).all()
        assert np.isnan([of.means[2], of.noise[2]]).all()
        rows = slice(1, None) if paired else slice(None)
        expected = np.nanmean(scores[rows, 0]) - np.nanmean(scores[rows, 1])
        assert of.difference[0, 1] * of.spread / expected == pytest.approx(shrunk, abs=0.001)


@pytest.mark.parametrize("paired", [True, False])
def test_the_spread_of_outlying_scores_is_known_worse_by_millers_jackknife(paired: bool) -> None:
    scores = drawn(6, 3) + np.array([3.0, 0.0, 0.0])
    scores[2, 0] += 12
    of = effects(scores, paired=paired)
    free, left_out = (10 if paired else 15), []
    for at in np.ndindex(scores.shape):
        # The least-squares fit without this score, of which nothing but the sum of squares counts.
        rows, columns = (part.ravel() for part in np.indices(scores.shape))
        design = np.concatenate([np.eye(3)[columns], np.eye(6)[rows][:, 1:]], axis=1)[:, : 8 if paired else 3]
        kept = (rows != at[0]) | (columns != at[1])
        squares = np.linalg.lstsq(design[kept], scores.ravel()[kept], rcond=None)[1].item()
        left_out.append(np.log(squares / (free - 1)) / 2)
    error = free / 18 * ((np.array(left_out) - np.mean(left_out)) ** 2).sum()
    assert error > 4 / (2 * free)  # of normal scores about 1 / (2 free)
    means = (scores[:, 0] - scores[:, 1]).var(ddof=1) / 6 if paired else scores[:, :2].var(axis=0, ddof=1).sum() / 6
    assert of.variance[0, 1] == pytest.approx(means / of.spread**2 + of.difference[0, 1] ** 2 * error)


def test_a_spread_that_one_score_makes_has_a_finite_error() -> None:
    scores = np.ones((5, 2))
    scores[0, 0] = 0.5
    of = effects(scores, paired=False)
    assert 0 < of.difference[1, 0] < np.sqrt(of.variance[1, 0]) < np.inf


@pytest.mark.parametrize("scores", [np.ones((6, 2)), drawn(2, 2), np.empty((0, 2)), np.full((3, 2), NAN)])
@pytest.mark.parametrize("paired", [True, False])
def test_no_spread_without_scores_that_differ(scores: np.ndarray, paired: bool) -> None:
    of = effects(scores, paired=paired)
    assert np.isnan(of.spread)
    assert np.isnan(of.difference).all()


def three(difference: list[float], variance: float = 0.01, draws: list[int] | None = None) -> Together:
    """Two tuners on so many problems."""
    d = np.array(difference)
    matrix = np.stack([np.array([[0, of], [-of, 0]]) for of in d])
    return together(matrix, np.full_like(matrix, variance), np.full_like(matrix, np.inf), draws)


def test_these_problems_and_problems_like_these_are_two_questions() -> None:
    d = [0.2, 0.9, -0.1, 1.4]
    said = three(d)
    half = stats.norm.ppf(0.975) * np.sqrt(0.01 / 4)
    assert said.mean[0, 1] == pytest.approx(np.mean(d))
    assert (said.these_low[0, 1], said.these_high[0, 1]) == pytest.approx((np.mean(d) - half, np.mean(d) + half))
    wide = stats.t(3).ppf(0.975) * np.std(d, ddof=1) / 2
    assert said.general_high[0, 1] - said.mean[0, 1] == pytest.approx(wide)
    assert said.general_p[0, 1] == pytest.approx(stats.ttest_1samp(d, 0).pvalue)
    assert said.new_high[0, 1] - said.mean[0, 1] == pytest.approx(wide * np.sqrt(5))
    assert said.these_p[0, 1] < 0.001 < 0.05 < said.general_p[0, 1]
    assert said.varies[0, 1] == pytest.approx(np.sqrt(np.var(d, ddof=1) - 0.01))
    assert said.varies_p[0, 1] < 0.001


def test_problems_like_these_are_never_said_to_be_known_better_than_these() -> None:
    said = three([0.3, 0.3, 0.3], 0.5)
    assert said.general_high[0, 1] == said.these_high[0, 1]
    assert said.general_p[0, 1] == said.these_p[0, 1]
    assert said.varies[0, 1] == 0


def test_problems_that_share_data_count_as_one_draw() -> None:
    said, once = three([0.2, 0.4, 0.9], draws=[0, 0, 1]), three([0.3, 0.9])
    assert (said.problems[0, 1], said.draws[0, 1]) == (3, 2)
    assert said.mean[0, 1] == pytest.approx(once.mean[0, 1])
    assert said.general_high[0, 1] == pytest.approx(once.general_high[0, 1])
    assert np.isnan(three([0.2, 0.4], draws=[0, 0]).general_p[0, 1])


def test_a_problem_without_a_pair_is_left_out_of_that_pair() -> None:
    said = three([0.2, NAN, 0.9])
    assert said.problems[0, 1] == said.draws[0, 1] == 2
    assert said.mean[0, 1] == pytest.approx(0.55)
    assert np.isnan(three([NAN]).mean[0, 1])


def test_what_tuners_may_be_worth_lies_between_what_one_problem_and_what_all_say() -> None:
    generator = np.random.default_rng(1)
    means = np.array([[0.5, -0.5], [0.6, -0.6], [0.4, -0.4], [-0.5, 0.5]])
    drawn = worth(means, np.full((4, 2), 0.1), range(4), generator)
    general = drawn.general.mean(axis=0)
    assert general[0] - general[1] == pytest.approx(drawn.expected[0] - drawn.expected[1], abs=0.03)
    last = drawn.by_draw[:, 3].mean(axis=0)
    assert -1 < last[0] - last[1] < general[0] - general[1]
    shifted = worth(means + np.arange(4)[:, None], np.full((4, 2), 0.1), range(4), np.random.default_rng(1))
    assert shifted.general == pytest.approx(drawn.general)  # how easy a problem is says nothing


def test_a_tuner_that_was_not_run_is_drawn_from_the_others() -> None:
    means = np.array([[0.5, -0.5, NAN], [0.6, -0.6, NAN]])
    drawn = worth(means, np.where(np.isnan(means), NAN, 0.01), [0, 0], np.random.default_rng(1))
    assert np.isfinite(drawn.general).all()
    assert drawn.by_draw.shape[1] == 1
    assert drawn.general[:, 2].std() > drawn.general[:, 0].std()
