from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tuning.analysis.targets import LADDER, NEAREST, epochs_to_reach, fixed_targets, ladder, reaching, target_table
from tuning.objective import Objective

MAX, MIN = Objective("score", "max"), Objective("score", "min")
STEPS = pd.DataFrame(
    [
        ("p", "r", 1, 2, 0, 0.3), ("p", "r", 1, 4, 0, 0.4), ("p", "r", 1, 9, 1, 0.7),
        ("p", "r", 2, 4, 0, 0.6),
        ("p", "a", 1, 1, 0, 0.5), ("p", "a", 1, 3, 1, 0.9),
        ("p", "a", 2, 5, 2, 0.8),
    ],
    columns=["problem", "tuner", "replicate", "spent_epochs", "trial", "score"],
)  # fmt: skip
CELLS = pd.DataFrame(
    [("p", "r", 1, "DONE", 10, 10), ("p", "r", 2, "DONE", 10, 6), ("p", "a", 1, "DONE", 10, 10),
     ("p", "a", 2, "DONE", 10, 10), ("p", "a", 3, "FAILED", 10, 4)],
    columns=["problem", "tuner", "replicate", "state", "planned_epochs", "charged_epochs"],
)  # fmt: skip


def test_expected_running_time_is_what_all_spent_for_each_success() -> None:
    table = target_table(epochs_to_reach(STEPS, CELLS, MAX, {"good": 0.65, "best": 0.95}))
    found = table.set_index(["target", "tuner"])
    # Of r, the first reached 0.65 after 9 epochs, the second ended its search after 6 without it.
    assert found.loc[("good", "r"), ["spent", "reached", "expected"]].tolist() == [15, 1, 15]
    assert found.loc[("good", "a"), ["spent", "reached", "expected"]].tolist() == [8, 2, 4]
    assert found.loc[("best", "a"), ["spent", "reached", "expected"]].tolist() == [20, 0, math.inf]


def test_expected_running_time_is_that_of_searches_started_afresh_until_one_succeeds() -> None:
    """By simulation: a search succeeds with chance 0.4 after 3 epochs, or ends without after 10."""
    generator = np.random.default_rng(1)
    succeeds = generator.random(40_000) < 0.4
    spent = np.where(succeeds, 3.0, 10.0)
    reached = pd.DataFrame({"tuner": "a", "target": "t", "score": 1.0, "spent": spent})
    table = target_table(reached.assign(epochs=np.where(succeeds, 3.0, np.inf)))
    restarts = [spent[ends + 1 : end + 1].sum() for ends, end in _runs(succeeds)]
    assert table["expected"].iloc[0] == pytest.approx(np.mean(restarts), rel=0.01)
    assert table["expected"].iloc[0] == pytest.approx(3 + 0.6 / 0.4 * 10, rel=0.03)


def _runs(succeeds: np.ndarray) -> list[tuple[int, int]]:
    ends = np.flatnonzero(succeeds).tolist()
    return list(zip([-1, *ends[:-1]], ends, strict=True))


def test_the_ladder_goes_from_random_searchs_first_trials_towards_the_best_known() -> None:
    # The first trials of r end at 0.4 and 0.6; their median is 0.5.
    rungs = ladder(STEPS, 0.9, MAX, "r")
    assert len(rungs) == LADDER
    assert (rungs[0], rungs[-1]) == (pytest.approx(0.5), pytest.approx(0.9 - NEAREST * 0.4))
    factors = (0.9 - rungs[1:]) / (0.9 - rungs[:-1])
    assert factors == pytest.approx(np.full(LADDER - 1, factors[0]))
    mirrored = ladder(STEPS.assign(score=-STEPS["score"]), -0.9, MIN, "r")
    assert mirrored == pytest.approx(-rungs)
    # Without random search: the first trials of all end at 0.4, 0.6, 0.5 and 0.8.
    assert ladder(STEPS, 0.9, MAX, None)[0] == pytest.approx(0.55)
    assert ladder(STEPS, 0.5, MAX, "r").size == 0
    assert ladder(STEPS.iloc[:0], math.nan, MAX, "r").size == 0


@given(st.data(), st.sampled_from(["min", "max"]))
def test_shares_are_those_of_a_plain_count(data: st.DataObject, direction: str) -> None:
    objective = Objective("score", direction)
    draw = np.random.default_rng(data.draw(st.integers(0, 1000)))
    curves = {replicate: np.maximum.accumulate(draw.integers(0, 9, 12).astype(float)) for replicate in (1, 2, 3)}
    wanted, budgets = [2.0, 5.5, 8.0], [1.0, 4.0, 10.0]
    rows = [
        ("p", "a", replicate, epoch, epoch, objective.sign * curve[epoch - 1])
        for replicate, curve in curves.items()
        for epoch in range(1, 13)
        if epoch == 1 or curve[epoch - 1] > curve[epoch - 2]
    ]
    cells = pd.DataFrame([("p", "a", replicate, "DONE", 12, 12) for replicate in curves], columns=CELLS.columns)
    steps = pd.DataFrame(rows, columns=STEPS.columns).sample(frac=1, random_state=1)
    targets = [objective.sign * score for score in wanted]
    found = fixed_targets(steps, cells, objective, targets, ["a"], budgets)
    for share, epochs in zip(found["share"], budgets, strict=True):
        reached = [curve[int(epochs) - 1] >= score for curve in curves.values() for score in wanted]
        assert share == pytest.approx(np.mean(reached))
    first = reaching(steps, cells, objective, targets)
    for row, curve in zip(first, curves.values(), strict=True):
        for epochs, score in zip(row, wanted, strict=True):
            there = np.flatnonzero(curve >= score)
            assert epochs == (there[0] + 1 if len(there) else math.inf)


def test_a_replicate_counts_by_the_share_of_targets_that_it_has_reached() -> None:
    found = fixed_targets(STEPS, CELLS, MAX, [0.45, 0.85], ["r", "a", "b"], [2.0, 10.0])
    assert found["tuner"].tolist() == ["r", "r", "a", "a"]
    assert found["share"].tolist() == [0, 0.5, 0.25, 0.75]  # of a: 0.5 by epoch 2; then 0.9, and 0.8
    last = found.iloc[-1]
    assert last["replicates"] == 2  # the failed cell is left out
    assert last["low"] == pytest.approx(stats.beta.ppf(0.025, 1.5, 1.5))
    assert last["high"] == pytest.approx(stats.beta.ppf(0.975, 2.5, 0.5))
    assert fixed_targets(STEPS, CELLS, MAX, [], ["a"], [2.0]).empty
