"""Intervals of speed-ups and of targets reached hold what is true at least as often as is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tuning.analysis.speed import level, speed_ups
from tuning.analysis.targets import fixed_targets
from tuning.objective import Objective

MAX = Objective("score", "max")
BUDGET = 10
STUDIES = 150


def study(generator: np.random.Generator, replicates: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Random search draws a uniform score an epoch; "fast" draws two, and so needs half the epochs for anything.

    Returns:
        `curves.incumbents` and what is needed of `curves.cells_frame`.
    """
    steps, cells = [], []
    for tuner, draws, budget in (("random", 1, 4 * BUDGET), ("fast", 2, BUDGET)):
        for replicate in range(1, replicates + 1):
            best = np.maximum.accumulate(generator.random((budget, draws)).max(axis=1))
            turns = np.flatnonzero(np.diff(best, prepend=-1.0))
            steps += [("p", tuner, replicate, turn + 1, turn, best[turn]) for turn in turns]
            cells.append(("p", tuner, replicate, "DONE", budget, budget))
    columns = ["problem", "tuner", "replicate"]
    return (
        pd.DataFrame(steps, columns=[*columns, "spent_epochs", "trial", "score"]),
        pd.DataFrame(cells, columns=[*columns, "state", "planned_epochs", "charged_epochs"]),
    )


@pytest.mark.parametrize("replicates", [5, 20])
def test_a_search_that_is_twice_as_fast_is_seen_to_be_so(replicates: int) -> None:
    generator = np.random.default_rng(replicates)
    held, speeds = [], []
    for _ in range(STUDIES):
        (row,) = speed_ups(*study(generator, replicates), MAX, ["fast"], "random", [BUDGET]).to_dict("records")
        held.append(row["low"] <= 2 <= row["high"])
        speeds.append(row["speed"])
    assert np.mean(held) >= level(replicates, replicates)
    assert 1.5 < np.median(speeds) < 2.5


@pytest.mark.parametrize("replicates", [5, 20])
def test_shares_of_targets_are_covered(replicates: int) -> None:
    generator = np.random.default_rng(replicates)
    targets = np.linspace(0.5, 0.99, 20)
    true = np.mean(1 - targets ** (2 * BUDGET))  # the chance that one of so many uniform scores is as good
    held = []
    for _ in range(STUDIES):
        (row,) = fixed_targets(*study(generator, replicates), MAX, targets, ["fast"], [BUDGET]).to_dict("records")
        held.append(row["low"] <= true <= row["high"])
    assert np.mean(held) >= 0.95
