"""Where an export is written: somewhere new, and nothing is left of a failed one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from tuning.errors import StudyError


@contextmanager
def new_place(path: Path) -> Iterator[Path]:
    """A file or folder that is not there yet; its parent is created, and an error within removes what was written.

    Raises:
        StudyError: It is there already.
    """
    if path.exists() or path.is_symlink():
        raise StudyError(f"{path} is there already; remove it, or name another place: --to FORMAT:PLACE")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield path
    except BaseException:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        raise


def database(url: str, export_format: str) -> AbstractContextManager[Path | None]:
    """A database that is written to: if it is an SQLite file that is not there yet, it is a `new_place`.

    Raises:
        StudyError: It is no URL.
    """
    if "://" not in url:
        raise StudyError(f"{url} is no database; expected its URL, as in --to {export_format}:sqlite:///mine.db")
    prefix = "sqlite:///"
    file = Path(url.removeprefix(prefix))
    return new_place(file) if url.startswith(prefix) and not file.exists() else nullcontext()
