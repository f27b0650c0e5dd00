"""Without a GPU: what a fake `nvidia-smi` lists, and what CUDA makes of `CUDA_VISIBLE_DEVICES`."""

from pathlib import Path

import pytest

from tuning.process import gpus
from tuning.process.gpus import described, visible

LISTED = """\
GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-aaaa1111-0000-0000-0000-000000000000)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-bbbb2222-0000-0000-0000-000000000000)
  MIG 3g.20gb     Device  0: (UUID: MIG-cccc3333-0000-0000-0000-000000000000)
  MIG 1g.5gb+me   Device  1: (UUID: MIG-dddd4444-0000-0000-0000-000000000000)
"""
QUERIED = """\
GPU-aaaa1111-0000-0000-0000-000000000000, 570.86.15, 8.0, 40960
GPU-bbbb2222-0000-0000-0000-000000000000, 570.86.15, 8.0, 40960
"""
FIRST = "GPU-aaaa1111-0000-0000-0000-000000000000"
PARTS = ["MIG-cccc3333-0000-0000-0000-000000000000", "MIG-dddd4444-0000-0000-0000-000000000000"]


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `nvidia-smi` that lists two GPUs, one in two parts; the file notes each call of it."""
    calls = tmp_path / "calls"
    (tmp_path / "listed").write_text(LISTED)
    (tmp_path / "queried").write_text(QUERIED)
    script = tmp_path / "nvidia-smi"
    script.write_text(
        f'#!/bin/sh\necho "$1" >> "{calls}"\ncase "$1" in -L) cat "{tmp_path}/listed";; '
        f'--query-gpu=*) cat "{tmp_path}/queried";; esac\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.delenv(gpus.VISIBLE, raising=False)
    return calls


def test_a_partitioned_gpu_counts_as_its_parts(asked: Path) -> None:
    found = visible()
    assert [gpu.name for gpu in found] == [FIRST, *PARTS]
    assert [gpu.mib for gpu in found] == [40960, 20 * 1024, 5 * 1024]
    told = described(found)
    assert told == told | {
        "GPUs": [
            "NVIDIA A100-SXM4-40GB, compute capability 8.0, 40 GiB",
            "NVIDIA A100-SXM4-40GB MIG 3g.20gb, compute capability 8.0, 20 GiB",
            "NVIDIA A100-SXM4-40GB MIG 1g.5gb+me, compute capability 8.0, 5 GiB",
        ],
        "GPU driver": "570.86.15",
    }


@pytest.mark.parametrize(
    ("given", "names", "mib"),
    [
        ("0", ["0"], [40960]),
        (" 0 , 1", ["0", "1"], [40960, 20 * 1024]),  # of the second, CUDA shows the first part
        ("1,-1,0", ["1"], [20 * 1024]),
        ("0,2,1", ["0"], [40960]),
        ("0,0", ["0"], [40960]),
        ("GPU-aaaa", ["GPU-aaaa"], [40960]),
        (f"{PARTS[1]},{FIRST}", [PARTS[1], FIRST], [5 * 1024, 40960]),
        ("GPU-ffff", [], []),
        ("NoDevFiles", [], []),  # Slurm's word for a job without a GPU
    ],
)
def test_what_cuda_is_told_to_show(
    asked: Path, monkeypatch: pytest.MonkeyPatch, given: str, names: list[str], mib: list[int]
) -> None:
    monkeypatch.setenv(gpus.VISIBLE, given)
    found = visible()
    assert ([gpu.name for gpu in found], [gpu.mib for gpu in found]) == (names, mib)


@pytest.mark.parametrize("given", ["", " ", "-1", "-1,0"])
def test_nobody_is_asked_where_all_are_hidden(asked: Path, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv(gpus.VISIBLE, given)
    assert visible() == ()
    assert not asked.exists()


@pytest.mark.parametrize("answer", ["exit 9", "echo 'NVIDIA-SMI has failed'; exit 9", "echo 'No devices were found'"])
def test_a_driver_that_does_not_answer_has_no_gpus(asked: Path, answer: str) -> None:
    (asked.parent / "nvidia-smi").write_text(f"#!/bin/sh\n{answer}\n")
    assert visible() == ()


def test_an_old_driver_tells_no_facts(asked: Path) -> None:
    (asked.parent / "queried").write_text('Field "compute_cap" is not a valid field to query.\n')
    told = described(visible()[:1])
    assert told == told | {"GPUs": ["NVIDIA A100-SXM4-40GB"], "GPU driver": ""}


def test_a_machine_without_the_driver_starts_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(gpus.VISIBLE, raising=False)
    monkeypatch.setattr(gpus.subprocess, "run", None)
    assert visible() == ()


def test_memory_of_a_worker(asked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert gpus.memory() == 40960 * 2**20
    monkeypatch.setenv(gpus.LIMIT, "1024")
    assert gpus.memory() == 2**30
    monkeypatch.setenv(gpus.LIMIT, "0")
    assert (gpus.memory(), gpus.promised()) == (40960 * 2**20, True)
