"""How many cores and how much memory this process may use: of the machine, and of a container or a cluster's job.

A container or a job is a control group with limits of its own, which Python's and psutil's counts do not know: of 64
cores it may have 2. Linux has two versions of them: https://docs.kernel.org/admin-guide/cgroup-v2.html, and
https://docs.kernel.org/admin-guide/cgroup-v1/.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

MEMBERSHIP = Path("/proc/self/cgroup")  # on Linux only
GROUPS = Path("/sys/fs/cgroup")


def cores() -> int:
    """Number of cores: of the CPU affinity, else of the machine; at most the quota of control groups, rounded up."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([usable, *(max(1, math.ceil(quota)) for quota in map(_quota, _groups("cpu")) if quota)])


def free_memory() -> int:
    """Bytes that this process and those it starts can still use: of the machine, and below limits of control groups."""
    import psutil

    rooms = (room for room in map(_room, _groups("memory")) if room is not None)
    return max(0, min([int(psutil.virtual_memory().available), *rooms]))


def _groups(controller: str) -> Iterator[Path]:
    """The folders of this process' control groups and of those around them, whose limits hold too."""
    try:
        lines = MEMBERSHIP.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:  # number:controllers:group; version 2 names no controllers, and has one tree for all
        _, controllers, name = line.split(":", 2)
        if not controllers or controller in controllers.split(","):
            group = PurePosixPath(name)
            for one in (group, *group.parents):
                yield GROUPS / controllers / str(one).lstrip("/")


def _quota(group: Path) -> float | None:
    """Cores that a control group may use."""
    numbers = _numbers(group / "cpu.max") or [
        number for name in ("cpu.cfs_quota_us", "cpu.cfs_period_us") for number in _numbers(group / name)
    ]
    return numbers[0] / numbers[1] if len(numbers) == 2 and min(numbers) > 0 else None


def _room(group: Path) -> int | None:
    """Bytes up to a control group's limit; files that are only cached do not count as used."""
    limit = _numbers(group / "memory.max") or _numbers(group / "memory.limit_in_bytes")
    used = _numbers(group / "memory.current") or _numbers(group / "memory.usage_in_bytes")
    if not limit or not used:
        return None
    return limit[0] - used[0] + _cached(group / "memory.stat")


def _cached(statistics: Path) -> int:
    try:
        lines = statistics.read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    found = dict(line.split() for line in lines)
    return int(found.get("total_inactive_file", found.get("inactive_file", "0")))


def _numbers(file: Path) -> list[int]:
    """The whole numbers in a file; none if there is no file, or no limit (``max``)."""
    try:
        return [int(word) for word in file.read_text(encoding="utf-8").split()]
    except (OSError, ValueError):
        return []
