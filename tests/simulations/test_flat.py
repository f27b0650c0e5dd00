"""The real five tuners on a flat objective: nothing is declared more often than is said."""

import pandas as pd
import pytest

from tests.simulations.flat import (
    BASELINES,
    ONE_ALGORITHM,
    POOL,
    TUNERS,
    declared,
    family,
    p_values,
    pool,
    replicate_of,
)
from tuning.analysis.endpoints import Endpoint
from tuning.analysis.pairs import pairwise
from tuning.analysis.searching import searching
from tuning.objective import Objective
from tuning.statistics.signed_rank import LEVEL


def test_real_tuners_are_not_told_apart_where_nothing_is_better() -> None:
    seen, retrained = pool("seen"), pool("retrained")
    for size in (10, 20, 50, 100):
        assert max(declared(retrained, size, 400)) <= LEVEL + 0.015
    assert declared(seen, 50, 100)[0] > 0.2  # Hyperband has more draws, so a luckier best score


def test_studies_are_judged_as_the_comparison_judges_them() -> None:
    names = [tuner.label for tuner in (*TUNERS, *BASELINES)]
    drawn = pool("seen")[:30]
    wide = pd.DataFrame(drawn, columns=pd.Index(names), index=pd.RangeIndex(1, 31, name="replicate"))
    rows = wide.melt(ignore_index=False, var_name="tuner", value_name="score").reset_index()
    scored = Endpoint("search", "x", "x", rows, Objective("x", "max"), paired=False)
    pairs = pairwise(scored, family())
    beside = searching(scored, names[: len(TUNERS)], names[len(TUNERS) :])
    of_tuners, of_baselines = p_values(drawn)
    assert pairs["p_holm"].tolist() == of_tuners.tolist()
    assert beside["p_holm"].tolist() == of_baselines.tolist()
    assert min(of_tuners) < 0.5
    assert min(of_baselines) < LEVEL
    assert not any(set(pair) == set(ONE_ALGORITHM) for pair in family())


def test_the_pool_is_what_these_tuners_do() -> None:
    known = pd.read_csv(POOL).groupby("replicate")
    some = [tuner for tuner in (*TUNERS, *BASELINES) if tuner.label != "kt-bayesian"]  # whose last bits may differ
    for number in (1, 2):
        made, kept = replicate_of(number, some), known.get_group(number)
        kept = kept[kept["tuner"] != "kt-bayesian"].reset_index(drop=True)
        assert list(made["tuner"]) == list(kept["tuner"])
        for column in ("configurations", "seen", "retrained"):
            assert list(made[column]) == pytest.approx(list(kept[column]), abs=1e-6)
