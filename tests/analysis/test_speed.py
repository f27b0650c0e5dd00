from __future__ import annotations

import math

import pandas as pd
import pytest

from tests.analysis.test_targets import CELLS, MAX, MIN, STEPS
from tuning.analysis.contest import Contest
from tuning.analysis.speed import level, speed_ups
from tuning.analysis.summary import summarise
from tuning.budget import Budget
from tuning.journal.journal import Journal


def test_the_speed_up_is_the_epochs_that_random_search_needs_for_each_spent() -> None:
    # By epoch 4, a has 0.9 and nothing; by 5, 0.9 and 0.8: 0.85, which r never has. It spent 10 and 6 epochs.
    found = speed_ups(STEPS, CELLS, MAX, ["r", "a"], "r", [4.0, 5.0, 10.0])
    assert found["tuner"].tolist() == ["a", "a"]
    assert found["spent_epochs"].tolist() == [5, 10]
    assert found["score"].tolist() == pytest.approx([0.85, 0.85])
    assert found["needed"].tolist() == [8, 8]
    assert found["speed"].tolist() == [1.6, 0.8]
    assert found["at_least"].all()
    assert found["high"].tolist() == [math.inf, math.inf]
    assert found["low"].tolist() == pytest.approx([6 / 5, 6 / 10])  # 0.8 was not reached within 6


def test_what_random_search_reaches_is_the_median_over_its_replicates() -> None:
    easier = STEPS.assign(score=STEPS["score"].where(STEPS["tuner"] == "r", STEPS["score"] / 2))
    # a has 0.45 and 0.4: 0.425, which r has after 9 and 4 epochs; 0.4 after 4 and 4, 0.45 after 9 and 4.
    for steps, objective in ((easier, MAX), (easier.assign(score=-easier["score"]), MIN)):
        (row,) = speed_ups(steps, CELLS, objective, ["a"], "r", [5.0]).to_dict("records")
        assert (row["needed"], row["at_least"]) == (6.5, False)
        assert (row["low"], row["high"]) == (4 / 5, 9 / 5)


def test_there_is_none_without_random_search_and_no_interval_of_one_replicate() -> None:
    assert speed_ups(STEPS, CELLS, MAX, ["a"], None, [5.0]).empty
    assert speed_ups(STEPS, CELLS[CELLS["tuner"] == "a"], MAX, ["a"], "r", [5.0]).empty
    alone = speed_ups(STEPS, CELLS[CELLS["replicate"] == 1], MAX, ["a"], "r", [5.0])
    assert alone[["low", "high"]].isna().all(axis=None)
    assert alone["speed"].tolist() == [2.0]


def test_the_interval_covers_at_least_what_two_medians_leave() -> None:
    assert level(10, 10) == pytest.approx(0.9)
    assert level(3, 3) == pytest.approx(0.5)
    assert level(2, 2) == 0


def test_the_random_search_with_most_epochs_is_taken(golden_read: Journal) -> None:
    found = summarise(golden_read)
    assert (found.contest.random_search, found.contest.longest_random) == ("kt-random", "random-2x")
    assert set(found.problems["digits"].speed_ups["tuner"]) == {"kt-random", "kt-hyperband", "optuna-tpe"}
    assert Contest((), (), Budget(1), 1).longest_random is None
    assert isinstance(found.problems["digits"].speed_ups, pd.DataFrame)
