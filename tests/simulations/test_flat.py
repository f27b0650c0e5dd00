"""The real five tuners on a flat objective: nothing is declared more often than is said."""

from tests.simulations.flat import declared, pool
from tuning.statistics.signed_rank import LEVEL


def test_real_tuners_are_not_told_apart_where_nothing_is_better() -> None:
    made = pool(40)
    tried = made.configurations.mean(axis=0)
    assert tried[1] > 1.3 * tried[0]  # Hyperband has more draws, so a luckier best score
    assert declared(made.seen, 20, 200)[0] > 0.2
    assert max(declared(made.retrained, 20, 200)) <= LEVEL + 0.015
