"""What the shell completes: names of tuners, folders of studies. It runs at each key press, so it is light."""

from __future__ import annotations

from pathlib import Path

from tuning import tuners as registry


def tuner_names(incomplete: str) -> list[str]:
    """The registered names that complete ``A,B,incomplete``, each with the names before it, none twice."""
    before, comma, begun = incomplete.rpartition(",")
    given = before.split(",")
    return [f"{before}{comma}{name}" for name in registry.names() if name.startswith(begun) and name not in given]


def study_folders(incomplete: str) -> list[str]:
    """The folders with a journal that complete a path, at most two levels below it."""
    start = incomplete.rpartition("/")[0] + "/" if "/" in incomplete else ""
    folders = {
        path.parent.parent
        for levels in ("*", "*/*")
        for path in Path(start or ".").glob(f"{levels}/journal/journal.jsonl*")
    }
    names = (start + str(path.relative_to(start or ".")) for path in folders)
    return sorted(name for name in names if name.startswith(incomplete))
