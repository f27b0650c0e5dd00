"""The exact test of one value of each block against the others."""

from itertools import product

import numpy as np
import pytest

from tuning.statistics.block_ranks import block_rank_p
from tuning.statistics.signed_rank import smallest_p


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_p_is_the_share_of_all_places_that_are_as_far_out(seed: int) -> None:
    generator = np.random.default_rng(seed)
    blocks = generator.integers(0, 4, size=(3, 4)).astype(float)  # with ties
    ranks = np.array([[(row < value).sum() + ((row == value).sum() + 1) / 2 for value in row] for row in blocks])
    sums = np.array(
        [sum(ranks[block, place] for block, place in enumerate(places)) for places in product(range(4), repeat=3)]
    )
    seen = ranks[:, 0].sum()
    expected = min(1.0, 2 * min((sums <= seen).mean(), (sums >= seen).mean()))
    assert block_rank_p(blocks[:, 0], blocks[:, 1:]) == pytest.approx(expected)


def test_it_shows_something_with_few_blocks() -> None:
    low, others = np.zeros(3), np.arange(1.0, 16).reshape(3, 5)
    assert block_rank_p(low, others) == pytest.approx(2 / 6**3)
    assert block_rank_p(low, others) == block_rank_p(-low, -others)
    assert block_rank_p(np.zeros(5), np.ones((5, 1))) == smallest_p(5)  # one other: the sign test


def test_what_is_missing_is_left_out() -> None:
    assert np.isnan(block_rank_p([np.nan], [[1.0]]))
    assert np.isnan(block_rank_p([], np.empty((0, 2))))
    both = block_rank_p([0.0, np.nan, 0.0], [[1.0, np.nan], [1.0, 2.0], [1.0, 2.0]])
    assert both == pytest.approx(2 / 6)
