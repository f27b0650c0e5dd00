"""The stated power is how often the test that the verdict uses finds a planted difference."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from tuning.statistics.power import MOST, SIMULATIONS, critical_value, like, null_distribution, power, replicates_for
from tuning.statistics.signed_rank import signed_rank_p, smallest_p

POINTS = 0.05  # what a stated power may be off
STUDIES = 1_500  # simulated; their share is known to within 2.6 points (two standard errors) at worst


def found_in(draw: Callable[[int], np.ndarray], replicates: int, level: float) -> float:
    return float(np.mean([signed_rank_p(draw(replicates)) <= level for _ in range(STUDIES)]))


def normal(shift: float) -> np.ndarray:
    """Samples of differences as many as can be asked for, normal around `shift`, of standard deviation 1."""
    return np.random.default_rng(3).normal(shift, 1.0, (SIMULATIONS, MOST))


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


@pytest.mark.parametrize(("replicates", "level"), [(10, 0.05), (15, 0.0125), (30, 0.005)])
@pytest.mark.parametrize("shift", [0.4, 0.8, 1.2])
def test_power_for_normal_differences(replicates: int, level: float, shift: float) -> None:
    draw = np.random.default_rng(1)
    actual = found_in(lambda n: draw.normal(shift, 1, n), replicates, level)
    assert power(normal(shift), replicates, level) == pytest.approx(actual, abs=POINTS)


SHAPES: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "normal": lambda draw, n: draw.normal(0.8, 1, n),
    "skewed": lambda draw, n: draw.exponential(1, n) - 0.35,
    "skewed the other way": lambda draw, n: 1.35 - draw.exponential(0.9, n),
    "heavy tails": lambda draw, n: draw.standard_t(3, n) + 0.9,
    "ties": lambda draw, n: np.round(draw.normal(0.8, 1, n) * 2) / 2,
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("replicates", "level"), [(10, 0.05), (20, 0.005)])
def test_power_from_a_large_pilot_keeps_the_shape_of_its_differences(shape: str, replicates: int, level: float) -> None:
    draw = np.random.default_rng(2)
    pilot = SHAPES[shape](draw, 20_000)
    actual = found_in(lambda n: SHAPES[shape](draw, n), replicates, level)
    assert power(like(pilot), replicates, level) == pytest.approx(actual, abs=POINTS)


def test_samples_keep_mean_and_spread_and_ignore_the_order_of_rows() -> None:
    seen = np.array([0.0, 0.25, -0.5, 1.0, 3.0, 0.75, 1.5])
    samples = like(seen)
    np.testing.assert_array_equal(samples, like(seen[::-1]))
    blurred = like(seen[1:])
    assert blurred.mean() == pytest.approx(seen[1:].mean(), abs=0.02)
    assert blurred.std() == pytest.approx(seen[1:].std(ddof=1), rel=0.02)
    assert (samples == 0).mean() == pytest.approx(1 / 7, abs=0.01)


def test_replicates_needed_are_the_first_that_reach_the_power() -> None:
    for shift, level in ((1.0, 0.05), (0.6, 0.05), (1.0, 0.005)):
        samples = normal(shift)
        needed = replicates_for(samples, level)
        assert power(samples, int(needed), level) >= 0.8 > power(samples, int(needed) - 1, level)
    assert replicates_for(normal(0.0), 0.05) == math.inf
    assert math.isnan(replicates_for(like([0.1, 0.2]), 0.05))
    assert math.isnan(power(like([0.1, 0.2]), 10, 0.05))


def test_no_power_where_nothing_can_be_shown_and_full_power_where_all_agree() -> None:
    assert power(normal(9.0), 5, 0.05) == 0
    assert power(normal(9.0), 6, 0.05) == 1
    assert replicates_for(like([0.1, 0.1, 0.1]), 0.05) == 6
    assert replicates_for(like([0.0, 0.0, 0.0]), 0.05) == math.inf
    assert like([0.1, 0.2, 0.3]).shape[1] == MOST
