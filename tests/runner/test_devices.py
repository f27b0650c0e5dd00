"""Which worker gets which GPU, shown by the environments that workers would have; there is no GPU here."""

import os
from collections.abc import Callable

import pytest

from tuning.errors import StudyError
from tuning.process import gpus
from tuning.process.gpus import Gpu
from tuning.runner.devices import Devices, choose

TWO = (Gpu("GPU-a", "H200", 143771, "9.0", "570.86"), Gpu("GPU-b", "H200", 143771, "9.0", "570.86"))
GROWS = {gpus.LIMIT: "0", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes this a machine with these GPUs, with or without cuDNN."""
    monkeypatch.setenv(gpus.VISIBLE, "")  # monkeypatch restores what `hide` sets
    monkeypatch.delenv(gpus.VISIBLE)

    def has(*found: Gpu, cudnn: bool = True) -> None:
        monkeypatch.setattr(gpus, "visible", lambda: found)
        monkeypatch.setattr(gpus, "usable", lambda: cudnn)

    return has


def test_each_worker_sees_a_gpu_of_its_own_and_the_driver_none(machine: Callable[..., None]) -> None:
    machine(*TWO)
    devices = choose("auto", None, None, "")
    assert devices.workers == 2
    assert devices.environment(0) == {gpus.VISIBLE: "GPU-a", **GROWS}
    assert devices.environment(1) == {gpus.VISIBLE: "GPU-b", **GROWS}
    assert os.environ[gpus.VISIBLE] == "-1"
    assert devices.deterministic
    assert devices.words() == " on 2 GPUs (H200)"


def test_workers_that_share_a_gpu_have_a_limit_each(machine: Callable[..., None]) -> None:
    machine(*TWO)
    devices = choose("gpu", 4, False, "")
    assert devices.workers == 8
    assert [devices.environment(worker)[gpus.VISIBLE] for worker in range(8)] == ["GPU-a", "GPU-b"] * 4
    limits = {int(devices.environment(worker)[gpus.LIMIT]) for worker in range(8)}
    assert limits == {143771 // 4 - 800}
    assert devices.described()["workers a GPU"] == 4
    assert not devices.deterministic


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_without_a_gpu_workers_are_as_before(machine: Callable[..., None], device: str) -> None:
    machine()
    devices = choose(device, None, None, "")
    assert devices == Devices()
    assert (devices.environment(0), devices.described(), devices.words()) == ({}, {}, "")
    assert (gpus.VISIBLE in os.environ) == (device == "cpu")


def test_cpus_are_taken_where_cudnn_is_missing(machine: Callable[..., None]) -> None:
    machine(*TWO, cudnn=False)
    devices = choose("auto", None, None, "")
    assert devices.gpus == ()
    assert "2 GPUs found, but no cuDNN" in devices.note
    assert gpus.VISIBLE not in os.environ
    assert choose("gpu", None, None, "").gpus == TWO  # who asks for it knows better


def test_a_clusters_workers_keep_their_device(machine: Callable[..., None]) -> None:
    machine(*TWO)
    assert choose("auto", None, None, "tcp://10.0.0.1:8786") == Devices()
    assert os.environ[gpus.VISIBLE] == "-1"  # those on this machine need it


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("tpu", None, None, ""), "--device tpu: expected auto, cpu or gpu"),
        (("gpu", None, None, "tcp://a:1"), "--device gpu: a cluster's workers keep the device"),
        (("auto", 2, None, "tcp://a:1"), "--per-gpu 2: a cluster's workers keep the device"),
        (("cpu", 2, None, ""), "--per-gpu 2: the cells of this run train on CPUs"),
        (("gpu", 200, None, ""), "--per-gpu 200: H200 has 143771 MiB, and each worker needs 1312 MiB"),
    ],
)
def test_what_cannot_be_had_is_said(machine: Callable[..., None], arguments: tuple, said: str) -> None:
    machine(*TWO)
    with pytest.raises(StudyError, match=f"^{said}"):
        choose(*arguments)


def test_a_gpu_that_is_not_there_is_said(machine: Callable[..., None]) -> None:
    machine()
    with pytest.raises(StudyError, match=r"^--device gpu: no GPU was found"):
        choose("gpu", None, None, "")
