"""Tables once, as HTML or Markdown; and text from a journal made safe for either, and for a terminal.

Everything that comes from a journal (labels, error messages, hyperparameter names and values) may hold any
characters. HTML is escaped by jinja2; Markdown by `escape_markdown`, which also leaves no line break, so that text
cannot leave its table cell or list item. What would act on a terminal, or turn the direction of what follows, is made
`visible`.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

# What Markdown, or GitHub's dialect of it, could take for markup in the middle of a line; an underscore within a
# word is left alone because it is none there and is frequent in names. HTML's own characters become entities.
_INLINE = re.compile(r"[\\`*\[\]|~$]|(?<!\w)_|_(?!\w)")
_LINE_START = re.compile(r"^(?:[#+=-]|\d+(?=[.)](?:\s|$)))")  # headings, rules, list items


@dataclass(frozen=True)
class Entry:
    """A table's entry: its text, and the number to sort it by where it is one."""

    text: str
    value: float | None = None


@dataclass(frozen=True)
class Table:
    """A table: caption, column titles, and rows of as many entries."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]

    @property
    def numeric(self) -> list[bool]:
        """(num_columns,): whether a column holds numbers, which are set flush right."""
        return [
            bool(self.rows) and any(row[at].value is not None for row in self.rows) for at in range(len(self.columns))
        ]


def table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[str | Entry]]) -> Table:
    """A `Table`, whose plain strings are entries without a number."""
    entries = tuple(tuple(cell if isinstance(cell, Entry) else Entry(str(cell)) for cell in row) for row in rows)
    return Table(caption, tuple(columns), entries)


def one_line(text: str) -> str:
    """`text` with single spaces for all white space, without control, direction-changing or impossible characters.

    None of them shows, some are not allowed in XML, and vl-convert ends the process when it meets such a one.
    """
    words = " ".join(str(text).split())
    return "".join(
        letter
        for letter in words
        if unicodedata.category(letter) not in ("Cc", "Cf", "Cs") and letter not in "\ufffe\uffff"
    )


_UNSEEN = {
    code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    for code in (
        *(code for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in (0x09, 0x0A)),  # tab and new line are seen
        *(0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)),  # they turn the direction of text
        *range(0xD800, 0xE000),  # halves of a character, which no encoding takes
    )
}


def visible(text: str) -> str:
    """`text` with its control characters as Python writes them: an escape sequence is shown, and does nothing."""
    return text if text.isascii() and text.isprintable() else text.translate(_UNSEEN)


def escape_markdown(text: Any) -> str:
    """`text` as one line of Markdown that shows it letter by letter; `Markup` is left as it is."""
    if isinstance(text, Markup):
        return str(text)
    line = _INLINE.sub(lambda found: "\\" + found.group(), one_line(text))
    line = html.escape(line, quote=False).replace("://", ":&#47;/").replace("www.", "www&#46;").replace("@", "&#64;")
    return _LINE_START.sub(lambda found: f"{found[0]}\\" if found[0].isdigit() else f"\\{found[0]}", line)


def markdown_table(shown: Table) -> Markup:
    """A table of GitHub's Markdown; numbers flush right."""
    rules = ["---:" if numeric else "---" for numeric in shown.numeric]
    lines = [[escape_markdown(title) for title in shown.columns], rules]
    lines += [[escape_markdown(entry.text) for entry in row] for row in shown.rows]
    return Markup("\n".join(f"| {' | '.join(line)} |" for line in lines))


def markdown_code(text: Any) -> Markup:
    """`text` as a fenced block of one line, with a fence longer than any run of backticks in it."""
    line = one_line(str(text))
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", line)), default=0))
    return Markup(f"{fence}sh\n{line}\n{fence}")
