"""What we use of Dask's inner parts, in one place: none of it is promised to stay from release to release.

Checked with distributed 2026.8; `tests/runner/test_dask_internals.py` says what a later one has changed.
"""

from __future__ import annotations

import random
import sys
import time
from typing import Any, TypeAlias

Inner: TypeAlias = Any  # of Dask's and Tornado's objects, with what their types do not promise


def leave_random_alone() -> None:
    """Gives Dask's threads a generator of their own: they draw from Python's global one while a user's code does."""
    generator = random.Random()
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("dask", "distributed", "tornado") and getattr(module, "random", None) is random:
            module.random = generator  # type: ignore[attr-defined]


def steady_clock(loop: Inner) -> None:
    """Has Dask's messages of this process timed by a clock that nobody sets.

    `distributed.batched.BatchedSend` waits for moments of the wall clock (distributed 2026.8): where that is set back
    by an hour while it waits, its messages come an hour later.

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
    """Names of the workers that a `LocalCluster` is to have, and that have no process now."""
    nannies = cluster.workers
    return {name for name in cluster.worker_spec if name not in nannies or not nannies[name].is_alive()}
