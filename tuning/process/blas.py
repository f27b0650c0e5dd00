"""One thread for the linear algebra of numpy and scipy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import threadpoolctl


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limits BLAS to one thread: with more, Gaussian processes on small matrices are slower, and compete for cores.

    The last bits of a product depend on the number of threads, so that a report would differ between machines.
    """
    with threadpoolctl.threadpool_limits(limits=1, user_api="blas"):
        yield
