"""More draws have more luck; a retrained winner has none of it."""

import pytest

from tests.simulations.endpoint import declared
from tuning.statistics.signed_rank import LEVEL


@pytest.mark.parametrize("replicates", [20, 50, 100])
def test_more_draws_of_equal_configurations_are_not_called_better(replicates: int) -> None:
    assert declared("search", replicates, 1000) > 0.25
    assert declared("retrained", replicates, 1000) <= LEVEL + 0.015
