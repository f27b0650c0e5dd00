"""What is printed shows control characters and never obeys them."""

from __future__ import annotations

import io

from rich.table import Table

from tuning.cli.console import SafeConsole

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
