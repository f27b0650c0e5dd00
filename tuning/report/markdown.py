"""Tables as Markdown, and text from a journal made safe for Markdown and for a terminal.

Everything that comes from a journal (labels, error messages, hyperparameter names and values) may hold any
characters. HTML is escaped by jinja2; Markdown by `escape_markdown`, which also leaves no line break, so that text
cannot leave its table cell or list item. What would act on a terminal, or change the direction of later text, is made
`visible`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from markupsafe import Markup

from tuning.report.tables.base import Table
from tuning.text import one_line

# What Markdown, or GitHub's dialect of it, could take for markup within a line. An underscore inside a word stays: it
# is no markup there, and is frequent in names. HTML's own characters become entities.
_INLINE = re.compile(r"[\\`*\[\]|~$]|(?<!\w)_|_(?!\w)")
_LINE_START = re.compile(r"^(?:[#+=-]|\d+(?=[.)](?:\s|$)))")  # headings, rules, list items


def escape_markdown(text: object) -> str:
    """`text` as one line of Markdown that shows it letter by letter; `Markup` is left as it is."""
    if isinstance(text, Markup):
        return str(text)
    line = _INLINE.sub(lambda match: "\\" + match.group(), one_line(str(text)))
    line = html.escape(line, quote=False).replace("://", ":&#47;/").replace("www.", "www&#46;").replace("@", "&#64;")
    return _LINE_START.sub(lambda match: f"{match[0]}\\" if match[0].isdigit() else f"\\{match[0]}", line)


def markdown_table(shown: Table) -> Markup:
    """A table in GitHub's Markdown; numbers flush right."""
    rules = ["---:" if numeric else "---" for numeric in shown.numeric]
    lines = [[escape_markdown(title) for title in shown.columns], rules]
    lines += [[escape_markdown(entry.text) for entry in row] for row in shown.rows]
    return Markup("\n".join(f"| {' | '.join(line)} |" for line in lines))


def markdown_code(text: str | Sequence[str], language: str = "sh") -> Markup:
    """Lines of code, or one, as a fenced block; the fence is longer than any run of backticks in it."""
    lines = [one_line(line) for line in ([text] if isinstance(text, str) else text)]
    fence = "`" * max(3, 1 + max((len(run) for line in lines for run in re.findall("`+", line)), default=0))
    return Markup("\n".join([f"{fence}{language}", *lines, fence]))
