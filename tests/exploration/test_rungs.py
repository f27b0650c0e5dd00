from __future__ import annotations

import math

import pandas as pd

from tests.support.golden_journal import trial
from tuning.exploration.rungs import MAX_RUNGS, paths, rungs, typical_replicate
from tuning.journal.records import Cell, TrialState
from tuning.objective import Objective

HALVING, PRUNING, PLAIN = (Cell("digits", name, 1) for name in ("halving", "pruning", "plain"))
RULE = Objective("val_accuracy", "max")


def bracket() -> list[object]:
    """Three trials of 2 epochs, of which the second is promoted to 4 and then to 8, where the budget ends it."""
    return [
        trial(HALVING, 0, [0.1, 0.2], 2),
        trial(HALVING, 1, [0.3, 0.5], 4),
        trial(HALVING, 2, [0.1], 5, state=TrialState.FAILED),
        trial(HALVING, 3, [0.6, 0.7], 7, initial_epoch=2, parent=1),
        trial(HALVING, 4, [0.8, 0.8, 0.9, 0.9], 11, initial_epoch=4, parent=3),
        trial(HALVING, 5, [0.9], 12, state=TrialState.CUT),
    ]


def test_promotions_are_followed_from_rung_to_rung() -> None:
    ways = paths(bracket(), RULE)
    way = ways[ways["path"] == 1]
    assert way[["trial", "epochs", "score", "promoted"]].to_numpy().tolist() == [
        [1, 2, 0.5, True], [3, 4, 0.7, True], [4, 8, 0.9, False]
    ]  # fmt: skip
    assert set(way["bracket"]) == {2}
    found = rungs(ways, RULE).set_index(["bracket", "epochs"])
    assert found.loc[(2, 2), ["trials", "promoted", "best", "best_stopped"]].tolist() == [2, 1, 0.5, 0.2]
    assert found.loc[(2, 8), ["trials", "promoted"]].tolist() == [1, 0]


def test_a_trial_that_failed_or_was_cut_has_no_score_at_its_rung() -> None:
    ways = paths(bracket(), RULE).set_index("trial")
    assert math.isnan(ways.loc[2, "score"])
    assert math.isnan(ways.loc[5, "score"])


def test_pruned_trials_stand_at_each_rung_they_came_to_with_the_score_they_had_there() -> None:
    curve = [0.2, 0.6, 0.5, 0.8]
    ways = paths(
        [trial(PRUNING, 0, curve[:1], 1, state=TrialState.PRUNED),
         trial(PRUNING, 1, curve[:2], 3, state=TrialState.PRUNED),
         trial(PRUNING, 2, curve, 7, state=TrialState.COMPLETE)],
        RULE,
    )  # fmt: skip
    found = rungs(ways, RULE).set_index("epochs")
    assert found["trials"].to_dict() == {1: 3, 2: 2, 4: 1}
    assert found["promoted"].to_dict() == {1: 2, 2: 1, 4: 0}
    assert found["best"].to_dict() == {1: 0.2, 2: 0.6, 4: 0.8}


def test_a_pruner_that_stops_anywhere_is_shown_at_some_epochs() -> None:
    trials = [trial(PRUNING, at, [0.5] * (at + 1), 99, state=TrialState.PRUNED) for at in range(30)]
    assert len(rungs(paths(trials, RULE), RULE)) == MAX_RUNGS


def test_tuners_that_train_everything_in_full_have_no_rungs() -> None:
    assert rungs(paths([trial(PLAIN, 0, [0.5], 1)], RULE), RULE).empty


def test_the_typical_replicate_is_the_median_ones() -> None:
    finals = pd.DataFrame(
        {"tuner": ["halving"] * 4, "replicate": [1, 2, 3, 4], "score": [0.9, 0.1, 0.5, math.nan]}
    )  # fmt: skip
    cells = [Cell("digits", "halving", replicate) for replicate in (1, 2, 3, 4)]
    ways = paths(
        [one for cell in cells for one in (trial(cell, 0, [0.1], 1), trial(cell, 1, [0.2], 2, parent=0))], RULE
    )
    assert typical_replicate(finals, ways, "halving") == 3
    assert typical_replicate(finals, ways, "plain") is None
