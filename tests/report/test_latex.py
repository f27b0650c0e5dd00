"""Tables as LaTeX."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuning.report.latex import escape_latex, latex_table
from tuning.report.tables.base import Entry, table
from tuning.text import one_line


def test_a_table_has_booktabs_rules_and_numbers_flush_right() -> None:
    shown = table("Pairs, 95%", ["A_B", "Difference"], [["kt-random", Entry("−0.5", -0.5)], ["[x]", Entry("–")]])
    assert latex_table(shown) == (
        "% Pairs, 95%. In the preamble: \\usepackage{booktabs,textcomp}\n"
        "\\begin{tabular}{@{}lr@{}}\n"
        "\\toprule\n"
        "A\\_B & Difference \\\\\n"
        "\\midrule\n"
        "kt-random & $-$0.5 \\\\\n"
        "{[}x{]} & \\textendash{} \\\\\n"
        "\\bottomrule\n"
        "\\end{tabular}\n"
    )


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        (r"\input{/etc/passwd}", r"\textbackslash{}input\{/etc/passwd\}"),
        ("a & b % c # d $ e", r"a \& b \% c \# d \$ e"),
        ("---", "-{}-{}-"),
        ("x\n\\\\y", r"x \textbackslash{}\textbackslash{}y"),
        ("^^41", r"\textasciicircum{}\textasciicircum{}41"),
    ],
)
def test_escape_latex(text: str, escaped: str) -> None:
    assert escape_latex(text) == escaped


OURS = re.compile(r"\\[{}$&#_%,]|\\text[a-z]+\{\}|\\ldots\{\}|\$(?:-|\\pm|\\leq|\\geq)\$|-\{\}(?=-)|\{[\[\]*]\}")


@given(st.text(st.characters(exclude_categories=())))
def test_no_text_says_anything_to_tex(text: str) -> None:
    escaped = escape_latex(text)
    left = OURS.sub("", escaped)
    assert not set(left) & set("\\{}$&#_%^~\n\r")
    assert len(OURS.findall(escaped)) + len(left) == len(one_line(text))  # a sign for a sign, none is lost
