"""Medians, interquartile means, ranks and normalised scores at every budget."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tuning.analysis.standings import ALL, standing_grid, standings
from tuning.objective import Objective
from tuning.statistics import bootstrap

NAN = float("nan")
MAX, MIN = Objective("val_accuracy", "max"), Objective("val_loss", "min")


def block(replicates: int, tuners: int, steps: int, seed: int = 0) -> np.ndarray:
    return np.maximum.accumulate(np.random.default_rng(seed).normal(size=(replicates, tuners, steps)), axis=2)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 8, 11])
def test_weights_give_numpys_median_and_scipys_interquartile_mean(n: int) -> None:
    values = np.sort(np.random.default_rng(n).normal(size=n))
    assert bootstrap.median_weights(n) @ values == pytest.approx(np.median(values))
    assert bootstrap.iqm_weights(n) @ values == pytest.approx(stats.trim_mean(values, 0.25))


@pytest.mark.parametrize(
    ("weights", "statistic"),
    [
        (bootstrap.median_weights, np.median),
        (bootstrap.iqm_weights, lambda x, axis: stats.trim_mean(x, 0.25, axis=axis)),
        (bootstrap.mean_weights, np.mean),
    ],
)
def test_intervals_equal_scipys_bootstrap(weights, statistic) -> None:  # type: ignore[no-untyped-def]
    values = np.random.default_rng(4).normal(size=(9, 1))
    low, high = bootstrap.interval(values, weights(9))
    theirs = stats.bootstrap((values[:, 0],), statistic, method="percentile", n_resamples=10_000, rng=3)
    assert low[0] == pytest.approx(theirs.confidence_interval.low, abs=0.06)
    assert high[0] == pytest.approx(theirs.confidence_interval.high, abs=0.06)


def test_what_is_compared_shares_draws_and_problems_have_their_own() -> None:
    scores = np.random.default_rng(4).normal(size=(6, 1))
    both = bootstrap.replicated(np.hstack([scores, scores + 1]), bootstrap.mean_weights(6))
    np.testing.assert_allclose(both[:, 1] - both[:, 0], 1)
    other = bootstrap.replicated(scores, bootstrap.mean_weights(6), stratum=1)
    assert not np.allclose(other[:, 0], both[:, 0])


def test_too_few_replicates_have_no_interval() -> None:
    low, high = bootstrap.interval([[0.1], [0.2]], bootstrap.median_weights(2))
    assert np.isnan([low[0], high[0]]).all()


@settings(max_examples=10, deadline=None)
@given(st.permutations(range(5)))
def test_the_order_of_replicates_does_not_matter_to_what_stands(order: list[int]) -> None:
    scores = block(5, 3, 4)
    a, b = (
        standings({"p": one}, {"p": MAX}, {"p": 9.0}, list("abc"), [1, 2, 3, 4], random_search="a")
        for one in (scores, scores[order])
    )
    values = ["median", "median_low", "iqm", "iqm_high", "rank", "normalised", "normalised_low"]
    pd.testing.assert_frame_equal(a[values], b[values])
    # The draws are of replicates in order, so an interval of ranks may move by the bootstrap's own chance.
    assert np.abs(a[["rank_low", "rank_high"]] - b[["rank_low", "rank_high"]]).to_numpy().max() <= 0.4


def test_random_search_is_one_and_the_best_known_is_nought() -> None:
    scores = block(5, 2, 3)
    scores[:, 1] = 9.0
    found = standings({"p": scores}, {"p": MAX}, {"p": 9.0}, ["random", "b"], [1, 2, 3], random_search="random")
    assert found.loc[found["tuner"] == "random", "normalised"].tolist() == [1, 1, 1]
    assert found.loc[found["tuner"] == "b", "normalised"].tolist() == [0, 0, 0]
    same = standings({"p": scores}, {"p": MAX}, {"p": 9.0}, ["a", "b"], [1, 2, 3], random_search=None)
    assert same["normalised"].isna().all()
    nothing = standings({"p": scores[:, ::-1]}, {"p": MAX}, {"p": 9.0}, ["r", "b"], [1, 2, 3], random_search="r")
    assert nothing["normalised"].isna().all()  # random search found the best known


def test_min_and_max_mirror_each_other() -> None:
    scores = block(4, 3, 2)
    up = standings({"p": scores}, {"p": MAX}, {"p": 9.0}, list("abc"), [1, 2], random_search="a")
    down = standings({"p": -scores}, {"p": MIN}, {"p": -9.0}, list("abc"), [1, 2], random_search="a")
    pd.testing.assert_series_equal(up["rank"], down["rank"])
    pd.testing.assert_series_equal(up["normalised"], down["normalised"])
    pd.testing.assert_series_equal(up["median_low"], -down["median_high"], check_names=False)


def test_what_is_missing_is_not_imputed() -> None:
    scores = block(4, 3, 2)
    scores[1, 0] = NAN  # a cell that is not done
    scores[2, 1, 0] = NAN  # no result yet at the first budget
    scores[:, 2] = NAN  # a tuner without any score
    found = standings({"p": scores}, {"p": MAX}, {"p": 9.0}, list("abc"), [1, 2], random_search=None)
    found = found.set_index(["tuner", "spent_epochs"])
    assert found.loc[("a", 1), "replicates"] == 3
    assert found.loc[("a", 1), "median"] == pytest.approx(np.median(scores[[0, 2, 3], 0, 0]))
    assert np.isnan(found.loc[("b", 1), "median"])
    assert found["rank"].isna().tolist() == [True, False, True, False, True, True]
    assert set(found["blocks"]) == {3}
    assert found.loc["c", "median"].isna().all()


def test_over_problems_means_are_of_problems_whatever_their_replicates() -> None:
    scores = {"p": block(3, 2, 1), "q": -block(7, 2, 1, seed=5)}
    found = standings(scores, {"p": MAX, "q": MIN}, {"p": 9.0, "q": -9.0}, ["a", "b"], [4], random_search="a")
    rows = found.set_index(["problem", "tuner"])
    for name in ("rank", "normalised"):
        every = [rows.loc[(problem, "b"), name] for problem in scores]
        assert rows.loc[(ALL, "b"), name] == pytest.approx(np.mean(every))
        assert rows.loc[(ALL, "b"), f"{name}_low"] <= rows.loc[(ALL, "b"), name]
    assert rows.loc[(ALL, "a"), "normalised"] == 1
    assert np.isnan(rows.loc[(ALL, "b"), "median"])
    assert rows.loc[(ALL, "b"), "blocks"] == 2


def test_the_grid_holds_the_budgets_of_the_verdict() -> None:
    assert {30.0, 60.0, 120.0} <= set(standing_grid(120))
    assert standing_grid(3) == [1.0, 2.0, 3.0]
    assert standing_grid(0) == []
