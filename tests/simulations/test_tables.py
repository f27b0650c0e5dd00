"""Whether another half of the table would decide otherwise: how that is counted."""

import numpy as np

from tests.simulations.tables import at_the_best, decided, differently, halves, now, share_of_table


def test_pairs_that_one_table_alone_decides_are_counted() -> None:
    assert differently([1, 0, -1, 0, 1], [1, 0, 1, 1, 0]) == (3, 1)


def test_a_pair_is_decided_where_its_scores_differ() -> None:
    noise = np.random.default_rng(1).normal(size=(30, 3))
    for paired in (True, False):
        assert decided(np.add(noise, [0, 0, 5]), paired=paired) == [0, -1, -1]


def test_clipped_searches_ended_at_the_best_of_the_table_and_do_no_longer() -> None:
    clipped, now_seen = at_the_best(10)
    assert clipped.mean() > 0.1
    assert now_seen.mean() < 0.02


def test_halves_share_no_configuration() -> None:
    one, other = ({repr(row.configuration) for row in half._rows} for half in halves(1))
    assert (len(one), len(other)) == (60, 60)
    assert not one & other


def test_a_replicate_on_half_a_table_is_worth_no_more_than_its_best() -> None:
    half, _ = halves(1)
    worths = [now(half, replicate) for replicate in (1, 2)]
    assert {len(each) for each in worths} == {4}
    assert now(half, 1) == worths[0] != worths[1]
    assert max(map(max, worths)) <= max(half.objective.score(row.curve) for row in half._rows)


def test_the_share_of_the_table_is_that_which_was_planted() -> None:
    generator = np.random.default_rng(1)
    for share in (0.0, 0.3):
        shape = (400, 10)
        table, search = generator.normal(size=(400, 1)), generator.normal(size=shape)
        assert abs(share_of_table(share**0.5 * table + (1 - share) ** 0.5 * search) - share) < 0.05
