"""`tuning init`: a study script to start from, which runs as it is."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

from tuning.errors import StudyError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}")


def write_script(name: Path) -> Path:
    """Writes ``NAME.py``, a study called ``NAME``; returns its path.

    Raises:
        StudyError: The name has other characters than letters, digits, dash, underscore; its folder is missing; or the
            file exists.
    """
    path = name if name.suffix == ".py" else name.with_name(f"{name.name}.py")
    if not _NAME.fullmatch(path.stem):
        raise StudyError(f"a script called {path.name!r}: expected a name of letters, digits, dash and underscore")
    if not path.parent.is_dir():
        raise StudyError(f"there is no folder {path.parent} to write {path.name} into; make it first")
    text = resources.files("tuning.cli").joinpath("study_template.py.txt").read_text(encoding="utf-8")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text.replace("NAME", path.stem))
    except FileExistsError:
        raise StudyError(f"{path} is there already and is left as it is; choose another name") from None
    return path
