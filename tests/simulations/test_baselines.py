"""Where no search is better than a baseline, none is shown to be; where all are, few replicates show it."""

import pytest

from tests.simulations.baselines import shown
from tuning.statistics.signed_rank import LEVEL


@pytest.mark.parametrize("paired", [True, False])
def test_the_tuners_together_are_told_from_a_baseline_only_if_they_differ(paired: bool) -> None:
    for replicates in (3, 5):
        assert max(shown(replicates, 0.0, 300, paired=paired)) <= LEVEL + 0.03
    before, now = shown(5, 3.0, 100, paired=paired)
    assert before == 0  # whatever the scores
    assert now > 0.9
