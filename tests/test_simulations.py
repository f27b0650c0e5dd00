"""Where there is no difference, one is declared as seldom as is said."""

import numpy as np
import pytest
from simulations import REPLICATES, Scores, judged, per_family, per_pair, pool, same_tuner, simulated

from tuning.comparison import LEVEL

STUDIES = 1000
LABELS = [tuner.label for tuner in same_tuner(5)]


@pytest.fixture(scope="module")
def scores() -> Scores:
    return pool(same_tuner(5), 2 * REPLICATES)


def test_a_study_deals_the_scores_of_each_replicate(scores: Scores) -> None:
    finals = simulated(scores, LABELS, REPLICATES, np.random.default_rng(1))
    assert list(finals.columns) == ["problem", "tuner", "replicate", "score"]
    real = {frozenset(row) for row in scores.tolist()}
    dealt = [frozenset(part["score"]) for _, part in finals.groupby("replicate")]
    assert len(set(dealt)) == REPLICATES
    assert real >= set(dealt)


@pytest.mark.parametrize("names", [3, 5])
def test_one_tuner_under_several_names_differs_as_often_as_the_level_says(scores: Scores, names: int) -> None:
    found = judged(scores, LABELS[:names], REPLICATES, STUDIES)
    pairs = per_pair(found)
    assert len(pairs) == names * (names - 1) / 2
    # 1,000 studies know a share of 5 % to 0.7 points: one pair of ten may stray, their mean may not.
    assert abs(pairs.mean() - LEVEL) <= 0.015
    assert pairs.between(LEVEL - 0.02, LEVEL + 0.02).all()
    assert abs(per_family(found) - LEVEL) <= 0.015


def test_a_planted_tuner_is_found(scores: Scores) -> None:
    much = 2 * float(scores.std())
    found = judged(scores, LABELS[:2], REPLICATES, 50, better_by={LABELS[1]: much})
    assert set(found["decided"]) == {LABELS[1]}
