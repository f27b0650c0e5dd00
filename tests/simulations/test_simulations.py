"""Where there is no difference, one is declared as seldom as is said; where there is one, it is found as often."""

import numpy as np
import pandas as pd
import pytest

from tests.simulations.studies import (
    PROBLEM,
    REPLICATES,
    Scores,
    differences,
    judged,
    planted,
    pool,
    same_tuner,
    simulated,
)
from tuning.analysis.pairs import pairwise
from tuning.statistics.power import like, power
from tuning.statistics.signed_rank import LEVEL

STUDIES = 1000
POINTS = 0.05  # what a stated power may be off
LABELS = [tuner.label for tuner in same_tuner(5)]


@pytest.fixture(scope="module")
def scores() -> Scores:
    return pool(same_tuner(5), 2 * REPLICATES)


def test_a_study_deals_the_scores_of_each_replicate(scores: Scores) -> None:
    study = simulated(scores, LABELS, REPLICATES, np.random.default_rng(1))
    assert study.shape == (REPLICATES, len(LABELS))
    real = {frozenset(row) for row in scores.tolist()}
    dealt = {frozenset(row) for row in study.tolist()}
    assert len(dealt) == REPLICATES
    assert real >= dealt


def test_a_study_is_judged_as_the_comparison_judges_it(scores: Scores) -> None:
    better_by = {LABELS[2]: planted(scores, REPLICATES, 0.8), LABELS[3]: -differences(scores).std()}
    found = judged(scores, LABELS, REPLICATES, 10, better_by)
    generator = np.random.default_rng(1)
    for p, better in zip(found.p, found.better, strict=True):
        study = simulated(scores, LABELS, REPLICATES, generator, better_by)
        wide = pd.DataFrame(study, columns=pd.Index(LABELS), index=pd.RangeIndex(1, REPLICATES + 1, name="replicate"))
        finals = wide.melt(ignore_index=False, var_name="tuner", value_name="score").reset_index()
        rows = pairwise(finals, LABELS, PROBLEM.objective, plan_ahead=False)
        assert list(rows[["a", "b"]].itertuples(index=False, name=None)) == found.pairs
        assert rows["p"].tolist() == p.tolist()
        assert rows["decided"].tolist() == better.tolist()
    assert len(set(found.better.ravel())) > 3


@pytest.mark.parametrize("names", [3, 5])
def test_one_tuner_under_several_names_differs_as_often_as_the_level_says(scores: Scores, names: int) -> None:
    found = judged(scores, LABELS[:names], REPLICATES, STUDIES)
    pairs = found.share_by_pair()
    assert len(pairs) == names * (names - 1) / 2
    # 1,000 studies know a share of 5 % to 0.7 points: one pair of ten may stray, their mean may not.
    assert abs(pairs.mean() - LEVEL) <= 0.015
    assert (abs(pairs - LEVEL) <= 0.02).all()
    assert abs(found.share_by_family() - LEVEL) <= 0.015


@pytest.mark.parametrize("replicates", [10, 20])
@pytest.mark.parametrize("wanted", [0.5, 0.8])
def test_a_tuner_planted_to_be_better_is_found_as_often_as_the_power_says(
    scores: Scores, replicates: int, wanted: float
) -> None:
    shift, seen = planted(scores, replicates, wanted), differences(scores)
    stated = power(like(seen + shift), replicates, LEVEL)
    assert stated == pytest.approx(wanted, abs=0.01)
    found = judged(scores, LABELS[:2], replicates, STUDIES, better_by={LABELS[1]: shift})
    (share,) = found.found(LABELS[1])
    assert share == pytest.approx(stated, abs=POINTS)


def test_in_a_family_power_lies_between_the_levels_of_holms_steps(scores: Scores) -> None:
    # One tuner of three is better than both others, which are equal: its pairs are tested at a third of the level
    # where neither is decided yet, at half of it where the other is. A report states the first of these.
    shift, seen = planted(scores, REPLICATES, 0.8), differences(scores)
    found = judged(scores, LABELS[:3], REPLICATES, STUDIES, better_by={LABELS[0]: shift})
    shares = found.found(LABELS[0])
    first, second = (power(like(seen + shift), REPLICATES, LEVEL / pairs) for pairs in (3, 2))
    assert len(shares) == 2
    assert ((first - POINTS <= shares) & (shares <= second + POINTS)).all()
