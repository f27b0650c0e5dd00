"""The private parts of Dask that we use, in one place: any release may change them.

Checked with distributed 2026.8; `tests/runner/dask/test_internals.py` shows what a later release has changed.
"""

from __future__ import annotations

import random
import sys
import time
from typing import Any, TypeAlias

Inner: TypeAlias = Any  # Dask's and Tornado's objects, with members that their types do not promise


def leave_random_alone() -> None:
    """Gives Dask's threads their own generator: else they draw from Python's global one while a user's code does."""
    generator = random.Random()
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("dask", "distributed", "tornado") and getattr(module, "random", None) is random:
            module.random = generator  # type: ignore[attr-defined]


def steady_clock(loop: Inner) -> None:
    """Times Dask's messages of this process by a clock that nobody can set.

    `distributed.batched.BatchedSend` waits for times of the wall clock (distributed 2026.8): if the clock is set back
    by an hour meanwhile, its messages come an hour late.

    Args:
        loop: Tornado's loop that sends them.
    """
    import distributed.batched

    wall, begun = time.time(), time.monotonic()

    def steady() -> float:
        return wall + time.monotonic() - begun

    loop.time = steady
    distributed.batched.time = steady  # type: ignore[attr-defined]


def workers_without_process(cluster: Inner) -> set[object]:
    """Names of the workers that a `LocalCluster` should have but that have no process now."""
    nannies = cluster.workers
    return {name for name in cluster.worker_spec if name not in nannies or not nannies[name].is_alive()}
