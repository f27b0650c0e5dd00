r"""A report's tables as LaTeX, for a paper to `\input`.

Each is a bare `tabular` with booktabs' rules; the author adds caption, label and size. Every character that means
something to TeX is escaped, so that no name or message can be a command. Our own signs (minus, dash, thin space)
become TeX's. Letters outside ASCII stay as they are: every engine reads UTF-8, as far as its font has them.
"""

from __future__ import annotations

import re

from tuning.report.tables.base import Table
from tuning.text import one_line

_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
        "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
        "|": r"\textbar{}", '"': r"\textquotedbl{}", "'": r"\textquotesingle{}", "`": r"\textasciigrave{}",
        "[": "{[}", "]": "{]}", "*": "{*}",  # at the start of a row, TeX would read them as part of the row before
        "−": r"$-$", "–": r"\textendash{}", "±": r"$\pm$", "≤": r"$\leq$", "≥": r"$\geq$",
        "…": r"\ldots{}", "\u202f": r"\,",
    }
)  # fmt: skip


def escape_latex(text: str) -> str:
    """`text` as one line of LaTeX that shows it letter by letter."""
    # Adjacent dashes would join into a longer one.
    return re.sub("-(?=-)", "-{}", one_line(text).translate(_LATEX))


def latex_table(shown: Table) -> str:
    """A table as a booktabs `tabular`; numbers flush right, caption as a comment."""
    lines = [
        f"% {one_line(shown.caption)}. In the preamble: \\usepackage{{booktabs,textcomp}}",
        f"\\begin{{tabular}}{{@{{}}{''.join('r' if numeric else 'l' for numeric in shown.numeric)}@{{}}}}",
        r"\toprule",
        _row(shown.columns),
        r"\midrule",
        *(_row([entry.text for entry in row]) for row in shown.rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _row(texts: tuple[str, ...] | list[str]) -> str:
    return f"{' & '.join(map(escape_latex, texts))} \\\\"
