"""A small soak: cells through Dask whose workers are killed at random, and nothing is lost or there twice."""

from pathlib import Path

import pytest

from tests.simulations.soak import soak


@pytest.mark.slow
@pytest.mark.waits
@pytest.mark.usefixtures("fork_server")
@pytest.mark.parametrize("cells", [30, pytest.param(200, marks=pytest.mark.nightly)])
def test_cells_survive_their_workers(tmp_path: Path, cells: int) -> None:
    found = soak(cells, 2, 0.7, tmp_path)
    assert found.kills >= 2
    assert (found.cells, found.lost, found.twice, found.failed) == (cells, 0, 0, 0)
    assert found.same
    assert found.megabytes[-1] - found.megabytes[0] < 50
