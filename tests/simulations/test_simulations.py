"""Where there is no difference, one is declared as seldom as is said."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from tests.simulations.studies import (
    PROBLEM,
    REPLICATES,
    Scores,
    judged,
    pool,
    same_tuner,
    simulated,
)
from tuning.analysis.endpoints import Endpoint
from tuning.analysis.pairs import pairwise
from tuning.statistics.signed_rank import LEVEL

STUDIES = 1000
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
    spread = float(scores.std())
    better_by = {LABELS[2]: 0.7 * spread, LABELS[3]: -spread}
    found = judged(scores, LABELS, REPLICATES, 10, better_by)
    generator = np.random.default_rng(1)
    for p, better in zip(found.p, found.better, strict=True):
        study = simulated(scores, LABELS, REPLICATES, generator, better_by)
        wide = pd.DataFrame(study, columns=pd.Index(LABELS), index=pd.RangeIndex(1, REPLICATES + 1, name="replicate"))
        finals = wide.melt(ignore_index=False, var_name="tuner", value_name="score").reset_index()
        scored = Endpoint("search", "metric", "metric", finals, PROBLEM.objective, paired=True)
        rows = pairwise(scored, list(combinations(LABELS, 2)))
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
