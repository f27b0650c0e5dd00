"""Critical values, and the replicates that a difference would need."""

import math

import numpy as np
import pytest
from scipy import stats

from tests.simulations.power import rank_sum_share, signed_rank_share
from tuning.statistics.power import ENOUGH, critical_value, null_distribution, replicates_range
from tuning.statistics.rank_sum import rank_sum_p
from tuning.statistics.signed_rank import signed_rank_p, smallest_p


@pytest.mark.parametrize("pairs", [1, 5, 6, 12, 25])
def test_critical_values_are_the_largest_that_scipys_exact_test_rejects(pairs: int) -> None:
    assert null_distribution(pairs).sum() == pytest.approx(1)
    for level in (0.05, 0.005):
        critical = critical_value(pairs, level)
        assert (critical < 0) == (smallest_p(pairs) > level)
        for value, rejected in ((critical, True), (critical + 1, False)):
            if value >= 0:
                # differences 1..n whose positive ranks sum to `value`
                signs, rest = -np.ones(pairs), value
                for rank in range(pairs, 0, -1):
                    if rank <= rest:
                        signs[rank - 1], rest = 1, rest - rank
                p = stats.wilcoxon(signs * np.arange(1, pairs + 1), method="exact").pvalue
                assert (p <= level) == rejected


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize(("shift", "level"), [(0.6, 0.05), (1.0, 0.05), (1.0, 0.005)])
def test_so_many_replicates_find_a_difference_of_that_size_with_the_power(
    paired: bool, shift: float, level: float
) -> None:
    chance = float(stats.norm.cdf(shift if paired else shift / math.sqrt(2)))
    needed, same = replicates_range(chance, chance, level, paired=paired)
    assert needed == same
    generator = np.random.default_rng(1)
    a, b = generator.normal(shift, 1, (2000, int(needed))), generator.normal(size=(2000, int(needed)))
    found = signed_rank_share(a, level) if paired else rank_sum_share(a, b, level)
    most = 0.96 if paired and shift == 1.0 else ENOUGH + 0.07  # an approximation, careful where differences are large
    assert ENOUGH - 0.07 <= found <= most


def test_a_range_is_open_where_there_may_be_no_difference() -> None:
    assert replicates_range(0.4, 0.9, 0.05, paired=False)[1] == math.inf
    fewest, most = replicates_range(0.6, 0.9, 0.05, paired=False)
    assert fewest == replicates_range(0.9, 0.9, 0.05, paired=False)[0] < most == 131
    assert replicates_range(0.1, 0.4, 0.05, paired=False) == (fewest, most)
    assert all(math.isnan(end) for end in replicates_range(math.nan, math.nan, 0.05, paired=True))


def test_shares_of_many_studies_are_those_of_the_tests_one_by_one() -> None:
    generator = np.random.default_rng(2)
    a, b = generator.normal(0.8, 1, (200, 7)), generator.normal(size=(200, 6))
    one_by_one = np.mean([rank_sum_p(first, second) <= 0.05 for first, second in zip(a, b, strict=True)])
    assert rank_sum_share(a, b, 0.05) == pytest.approx(one_by_one)
    assert signed_rank_share(a, 0.05) == pytest.approx(np.mean([signed_rank_p(study) <= 0.05 for study in a]))
