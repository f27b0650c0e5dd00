"""What a user's code prints while it is only run, not read: a space is recorded, a trial trains."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Inside the block, standard output is dropped: hundreds of builds and epochs would print the same lines.

    Standard error stays, for what a user wants to see of each trial, and for warnings.
    """
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        yield


@contextlib.contextmanager
def aside() -> Iterator[None]:
    """Inside the block, standard output goes to standard error: what is printed once is shown beside our own output."""
    with contextlib.redirect_stdout(sys.stderr):
        yield
