"""Medians, interquartile means, ranks and normalised scores at every budget."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tuning.analysis.standings import Floats, measured, standing_grid, standings, standings_over
from tuning.objective import Objective

NAN = float("nan")
MAX, MIN = Objective("val_accuracy", "max"), Objective("val_loss", "min")


def block(replicates: int, tuners: int, steps: int, seed: int = 0) -> np.ndarray:
    return np.maximum.accumulate(np.random.default_rng(seed).normal(size=(replicates, tuners, steps)), axis=2)


def described(
    scores: Floats,
    tuners: list[str],
    budgets: list[float],
    objective: Objective = MAX,
    best: float = 9.0,
    random_search: str | None = None,
) -> pd.DataFrame:
    """The standings on one problem."""
    return standings(scores, measured(scores, objective, best, tuners, random_search=random_search), budgets)


@settings(max_examples=10, deadline=None)
@given(st.permutations(range(5)))
def test_the_order_of_replicates_does_not_matter_to_what_stands(order: list[int]) -> None:
    scores = block(5, 3, 4)
    a, b = (described(rows, list("abc"), [1, 2, 3, 4], random_search="a") for rows in (scores, scores[order]))
    pd.testing.assert_frame_equal(a, b)


def test_random_search_is_one_and_the_best_known_is_nought() -> None:
    scores = block(5, 2, 3)
    scores[:, 1] = 9.0
    found = described(scores, ["random", "b"], [1, 2, 3], random_search="random")
    random = found[found["tuner"] == "random"]
    assert random["normalised"].tolist() == [1, 1, 1]
    assert random["normalised_low"].isna().all()  # it is the unit
    assert found.loc[found["tuner"] == "b", "normalised"].tolist() == [0, 0, 0]
    same = described(scores, ["a", "b"], [1, 2, 3])
    assert same["normalised"].isna().all()
    nothing = described(scores[:, ::-1], ["r", "b"], [1, 2, 3], random_search="r")
    assert nothing["normalised"].isna().all()  # random search found the best known


def test_min_and_max_mirror_each_other() -> None:
    scores = block(4, 3, 2)
    up = described(scores, list("abc"), [1, 2], random_search="a")
    down = described(-scores, list("abc"), [1, 2], MIN, -9.0, random_search="a")
    pd.testing.assert_series_equal(up["rank"], down["rank"])
    pd.testing.assert_series_equal(up["normalised"], down["normalised"])
    pd.testing.assert_series_equal(up["median_low"], -down["median_high"], check_names=False)


def test_what_is_missing_is_not_imputed() -> None:
    scores = block(4, 3, 2)
    scores[1, 0] = NAN  # a cell that is not done
    scores[2, 1, 0] = NAN  # no result yet at the first budget
    scores[:, 2] = NAN  # a tuner without any score
    found = described(scores, list("abc"), [1, 2])
    found = found.set_index(["tuner", "spent_epochs"])
    assert found.loc[("a", 1), "replicates"] == 3
    assert found.loc[("a", 1), "median"] == pytest.approx(np.median(scores[[0, 2, 3], 0, 0]))
    assert np.isnan(found.loc[("b", 1), "median"])
    assert found["rank"].isna().tolist() == [True, False, True, False, True, True]
    assert set(found["blocks"]) == {3}
    assert found.loc["c", "median"].isna().all()


def test_over_problems_each_problem_counts_once_whatever_its_replicates() -> None:
    scores = [block(3, 2, 1), -block(7, 2, 1, seed=5)]
    measures = [
        measured(rows, objective, best, ["a", "b"], random_search="a")
        for rows, objective, best in zip(scores, (MAX, MIN), (9.0, -9.0), strict=True)
    ]
    frames = [standings(*given, [4]).set_index("tuner") for given in zip(scores, measures, strict=True)]
    over = standings_over(measures, [4]).set_index("tuner")
    for name in ("rank", "normalised"):
        assert over.loc["b", name] == pytest.approx(np.mean([frame.loc["b", name] for frame in frames]))
        assert over.loc["b", f"{name}_low"] <= over.loc["b", name]
    assert over.loc["a", "normalised"] == 1
    assert np.isnan(over.loc["b", "median"])
    assert over.loc["b", "blocks"] == 2
    assert standings_over(measures[:1], [4]).empty


def test_over_problems_intervals_are_over_draws_of_a_problem() -> None:
    """Student's of mean ranks; median normalised scores lie between two of the draws, here the least and the most."""
    measures = [measured(block(5, 3, 1, seed=seed), MAX, 9.0, list("abc"), random_search="a") for seed in range(5)]
    for draws in (None, [0, 0, 1, 2, 3]):
        over = standings_over(measures, [4], draws).set_index("tuner")

        def by_draw(measure: str) -> Floats:
            values = np.array([of["b"][measure].value[0] for of in measures])
            return values if draws is None else np.array([values[:2].mean(), *values[2:]])  # noqa: B023

        values = by_draw("rank")
        half = stats.t(len(values) - 1).ppf(0.975) * values.std(ddof=1) / np.sqrt(len(values))
        assert over.loc["b", "rank"] == pytest.approx(values.mean())
        assert over.loc["b", "rank_low"] == pytest.approx(max(1, values.mean() - half))
        assert over.loc["b", "rank_high"] == pytest.approx(min(3, values.mean() + half))
        scores = by_draw("normalised")
        assert over.loc["b", "normalised"] == pytest.approx(np.median(scores))
        ends = over.loc["b", ["normalised_low", "normalised_high"]].astype(float)
        assert ends.tolist() == pytest.approx([scores.min(), scores.max()])
        assert over.loc["b", "blocks"] == len(scores)


def test_the_grid_holds_the_budgets_of_the_verdict() -> None:
    assert {30.0, 60.0, 120.0} <= set(standing_grid(120))
    assert standing_grid(3) == [1.0, 2.0, 3.0]
    assert standing_grid(0) == []
