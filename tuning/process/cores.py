"""How many processor cores this process may use."""

from __future__ import annotations

import os


def cores() -> int:
    """Number of cores: of the CPU affinity, else of the machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
