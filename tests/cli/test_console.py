"""What is printed shows control characters and never obeys them."""

from __future__ import annotations

import io
import sys

import pytest
from rich.table import Table

from tuning.cli.console import SafeConsole, output

ATTACK = "\x1b]0;title\x07\x1b[2J\x9b31m a\u202eb\ud800"


def test_escape_sequences_are_shown_in_lines_and_tables() -> None:
    written = io.StringIO()
    console = SafeConsole(file=written, force_terminal=True, width=200, color_system="truecolor")
    table = Table("name")
    table.add_row(ATTACK)
    console.print(ATTACK, markup=False, highlight=False, style="red")
    console.print(table)
    printed = written.getvalue()
    assert printed.count(r"\x1b]0;title\x07\x1b[2J\x9b31m a\u202eb\ud800") == 2
    assert "\x1b[31m" in printed  # rich's own colours are left
    assert not [part for part in ("\x1b]", "\x1b[2J", "\x9b", "\u202e", "\x07") if part in printed]
    printed.encode()


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii", "utf-8"])
def test_what_an_encoding_lacks_stops_nothing(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows gives a pipe the encoding of its region."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    table = Table("tuner", "median")
    table.add_row("kt-random", "0.936–0.984 ▁▇ é")
    console = output()
    console.print(table)
    console.print("Verdict: 5 %", highlight=False)
    sys.stdout.flush()
    printed = written.getvalue().decode(encoding)
    assert "kt-random" in printed
    assert printed.rstrip().endswith("Verdict: 5 %")
