"""What `tuning check` prints."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from tuning.cli.check import _show_splits


@pytest.mark.parametrize(
    ("classes", "shown", "more"), [(3, 3, ""), (10, 10, ""), (11, 10, "1 more class"), (100, 10, "90 more classes")]
)
def test_classes_that_are_not_shown_are_counted(classes: int, shown: int, more: str) -> None:
    console = Console(file=io.StringIO(), width=200)
    parts = [{"part": name, "samples": classes, **{str(label): 1 for label in range(classes)}} for name in ("train",)]
    _show_splits({"resampling": "Holdout(0.2)", "folds": 1, "repeats": 1, "parts": parts}, console)
    text = console.file.getvalue()
    assert [f" {label}: 1" in text for label in range(classes)] == [label < shown for label in range(classes)]
    assert (f"{more}; --json lists all." in text) if more else ("more" not in text)
