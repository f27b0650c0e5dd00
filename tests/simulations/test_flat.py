"""The real five tuners on a flat objective: nothing is declared more often than is said."""

import pandas as pd
import pytest

from tests.simulations.flat import BASELINES, POOL, TUNERS, declared, pool, replicate_of
from tuning.statistics.signed_rank import LEVEL


def test_real_tuners_are_not_told_apart_where_nothing_is_better() -> None:
    seen, retrained = pool("seen"), pool("retrained")
    for size in (10, 50):
        assert max(declared(retrained, size, 400)) <= LEVEL + 0.015
    assert declared(seen, 50, 100)[0] > 0.2  # Hyperband has more draws, so a luckier best score


def test_the_pool_is_what_these_tuners_do() -> None:
    known = pd.read_csv(POOL).groupby("replicate")
    some = [tuner for tuner in (*TUNERS, *BASELINES) if tuner.label != "kt-bayesian"]  # whose last bits may differ
    for number in (1, 2):
        made, kept = replicate_of(number, some), known.get_group(number)
        kept = kept[kept["tuner"] != "kt-bayesian"].reset_index(drop=True)
        assert list(made["tuner"]) == list(kept["tuner"])
        for column in ("configurations", "seen", "retrained"):
            assert list(made[column]) == pytest.approx(list(kept[column]), abs=1e-6)
