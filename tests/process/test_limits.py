"""Cores and memory of a container are its own, not the machine's: in trees of both versions of control groups."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from tuning.process import limits


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine of 64 cores with 100 GB free; returns the folder of its control groups."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: range(64), raising=False)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=100 * 10**9))
    monkeypatch.setattr(limits, "MEMBERSHIP", tmp_path / "membership")
    monkeypatch.setattr(limits, "GROUPS", tmp_path)
    return tmp_path


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(f"{text}\n")


def test_without_groups_they_are_the_machines() -> None:
    assert (limits.cores(), limits.free_memory()) == (64, 100 * 10**9)


def test_a_container_of_version_2(machine: Path) -> None:
    (machine / "membership").write_text("0::/\n")
    write(machine, cpu__max="250000 100000", memory__max="8000000000", memory__current="3000000000")
    (machine / "memory.stat").write_text("anon 1\ninactive_file 1000000000\n")
    assert (limits.cores(), limits.free_memory()) == (3, 6 * 10**9)


def test_limits_of_the_groups_around_hold_too(machine: Path) -> None:
    (machine / "membership").write_text("0::/slurm/job_7/step_0\n")
    write(machine / "slurm" / "job_7", cpu__max="400000 100000", memory__max="max", memory__current="5")
    write(machine / "slurm" / "job_7" / "step_0", cpu__max="max 100000", memory__max="70", memory__current="60")
    assert (limits.cores(), limits.free_memory()) == (4, 10)


def test_a_container_of_version_1_whose_group_is_named_from_outside(machine: Path) -> None:
    (machine / "membership").write_text("5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/\n0::/\n")
    write(machine / "cpu,cpuacct", cpu__cfs_quota_us="50000", cpu__cfs_period_us="100000")
    write(machine / "memory", memory__limit_in_bytes="9000", memory__usage_in_bytes="10000")
    assert (limits.cores(), limits.free_memory()) == (1, 0)


def test_no_quota_is_no_limit(machine: Path) -> None:
    (machine / "membership").write_text("4:cpu:/\n")
    write(machine / "cpu", cpu__cfs_quota_us="-1", cpu__cfs_period_us="100000")
    assert limits.cores() == 64
