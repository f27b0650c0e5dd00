"""Winners are saved by a worker, as they are where cells train on GPUs; here the worker has none."""

from pathlib import Path

import keras
import pytest

from tests.runner.test_winner_models import study
from tuning.errors import StudyError
from tuning.journal.journal import read
from tuning.process.gpus import Gpu
from tuning.runner.dask.winners import save_winners_on
from tuning.runner.devices import Devices
from tuning.runner.runner import run


@pytest.mark.slow
@pytest.mark.usefixtures("fork_server")
def test_a_worker_saves_what_the_driver_then_reads(tmp_path: Path) -> None:
    one = study()
    directory = run(one, tmp_path).directory
    said: list[str] = []
    with pytest.raises(StudyError, match="TensorFlow cannot use the GPU that its worker was given"):
        save_winners_on(Devices((Gpu("GPU-none", "H200", 1),)), directory, one.problems, 0, full=False, say=said.append)
    assert not read(directory).winners
    save_winners_on(Devices(), directory, one.problems, 0, full=False, say=said.append)
    assert said == []  # it scored as in the journal
    assert list(read(directory).winners) == [("p", "kt-random")]
    assert isinstance(one.best_model(out=tmp_path), keras.Model)
