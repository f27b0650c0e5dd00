"""The folder that an import creates."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tuning.journal.journal import file_of


@contextmanager
def nothing_left_of_a_failure(directory: Path) -> Iterator[None]:
    """If an error occurs within, removes what was created in a folder, so that the command can be tried again.

    A folder that already holds a journal is somebody's study, and is not touched.
    """
    if file_of(directory):
        yield
        return
    before = set(directory.iterdir()) if directory.is_dir() else None
    try:
        yield
    except BaseException:
        for path in set(directory.iterdir()) - (before or set()) if directory.is_dir() else ():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if before is None and directory.is_dir():
            directory.rmdir()
        raise
