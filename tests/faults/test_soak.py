"""A small soak: cells through Dask whose workers are killed at random, and nothing is lost or there twice."""

from pathlib import Path

import pytest

from tests.simulations.soak import soak


@pytest.mark.slow
def test_sixty_cells_survive_their_workers(tmp_path: Path) -> None:
    found = soak(60, 2, 1.0, tmp_path)
    assert found.kills >= 2
    assert (found.cells, found.lost, found.twice, found.failed) == (60, 0, 0, 0)
    assert found.same
    assert found.megabytes[-1] - found.megabytes[0] < 50
