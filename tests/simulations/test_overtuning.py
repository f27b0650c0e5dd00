"""Overtuning is estimated close to what is true, and to 0 where all configurations are alike."""

import numpy as np
import pytest

from tests.simulations.overtuning import LANDSCAPES, found


@pytest.mark.parametrize("name", LANDSCAPES)
def test_the_estimate_is_close_to_the_truth(name: str) -> None:
    studies = [found(name, 50, 2, seed) for seed in range(1, 7)]  # as by default
    counted, estimated, true, held = np.mean(studies, axis=0)
    assert estimated == pytest.approx(true, abs=0.08)
    assert held >= 0.6  # of six studies, two may stray
    if name.startswith("all equal"):
        assert estimated <= 0.1
        assert true == 0
        assert counted > 0.5
