"""Worker processes of this machine begin in the environment of their device."""

import os

import pytest

from tuning.process import gpus, system
from tuning.process.gpus import Gpu
from tuning.runner.dask.cluster import client_of, default_jobs
from tuning.runner.devices import Devices

TWO = Devices((Gpu("GPU-a", "H200", 143771), Gpu("GPU-b", "H200", 143771)))


def seen() -> tuple[str | None, str | None]:
    return os.environ.get("CUDA_VISIBLE_DEVICES"), os.environ.get("TUNING_GPU_LIMIT_MIB")


@pytest.mark.slow
def test_each_worker_begins_with_its_gpu_also_when_it_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "FORKS", False)  # such workers import no TensorFlow before they are asked to
    monkeypatch.setenv(gpus.VISIBLE, "-1")  # as in the driver
    with client_of(2, "", TWO) as client:
        assert sorted(client.run(seen).values()) == [("GPU-a", "0"), ("GPU-b", "0")]
        client.restart(timeout="120s")
        assert sorted(client.run(seen).values()) == [("GPU-a", "0"), ("GPU-b", "0")]


def test_there_are_no_more_workers_than_places() -> None:
    assert default_jobs(100, TWO) <= 2
    assert default_jobs(1, TWO) == 1
