"""A report's context as HTML, Markdown and LaTeX."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from functools import partial
from importlib import resources
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from tuning.report.context import ProblemPart, Shown
from tuning.report.figures import base
from tuning.report.figures.base import Figure
from tuning.report.figures.trials import FILTERED
from tuning.report.latex import latex_table
from tuning.report.markdown import escape_markdown, markdown_code, markdown_table
from tuning.report.tables.base import Table

_PLAIN = ' !"$()*+,/:;<=>?@[]^{|}'  # in the address of a picture, within single quotes


def markdown(shown: Shown) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tuning.report"),
        autoescape=False,
        finalize=escape_markdown,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    python = partial(markdown_code, language="python")
    environment.filters |= {"table": markdown_table, "code": markdown_code, "python": python, "link": Markup}
    return environment.get_template("report.md.j2").render(shown)


def html(shown: Shown, svgs: dict[str, str], bundle: str) -> str:
    page = _template("report.js") + _template("search.js")
    return _page("report.html.j2").render(
        shown,
        style=Markup(_template("report.css") + _colour_rules()),
        packed=Markup(_packed({"library": bundle, "charts": _charts(shown)})),
        page=Markup(page),
        script_hashes=Markup(" ".join(f"'sha256-{_digest(text)}'" for text in (bundle, page))),
        images={name: Markup(quote(text, safe=_PLAIN, errors="replace")) for name, text in svgs.items()},
    )


def notebook(shown: Shown) -> str:
    """The first screen alone, as HTML for a notebook."""
    return _page("notebook.html.j2").render(shown)


def _page(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tuning.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)


def latex(problems: list[ProblemPart]) -> dict[str, str]:
    """The tables that go into a paper, by file."""
    safe = base.slugs([problem.name for problem in problems])
    made = {
        f"tables/{name}{safe[problem.name]}.tex": shown
        for problem in problems
        for name, shown in (
            ("tuners", problem.tuners),
            ("winners", problem.winners),
            ("pairs", problem.pairs),
            ("baselines", problem.baseline_pairs),
        )
    }
    return {path: latex_table(shown) for path, shown in made.items() if shown.rows}


def parts(shown: Shown) -> list[dict[str, tuple[Figure, Table]]]:
    """The figures of each problem, and over all."""
    by_problem = [part for problem in shown["problems"] for part in (problem.figures, problem.search.figures)]
    return [*by_problem, shown["over_problems"].get("figures", {})]


def _charts(shown: Shown) -> dict[str, object]:
    """The charts by name, as Vega-Lite."""
    return {figure.name: _filled_by_page(figure.spec) for part in parts(shown) for figure, _ in part.values()}


def _packed(what: dict[str, object]) -> str:
    """Strict JSON, compressed, in letters that mean nothing to HTML."""
    text = json.dumps(what, allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def _filled_by_page(value: object) -> object:
    """A chart without the rows that the page fills in, those that pass its filters."""
    if isinstance(value, list):
        return [_filled_by_page(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if value.get("name") in FILTERED and "values" in value:
        # One row per field stays: without any, scales would have no extent.
        first = {field: row for row in reversed(value["values"]) for field in row}
        return {**value, "values": list({id(row): row for row in first.values()}.values())}
    return {name: _filled_by_page(entry) for name, entry in value.items()}


def _template(name: str) -> str:
    return (
        resources.files("tuning.report").joinpath("templates", name).read_text(encoding="utf-8").replace("\r\n", "\n")
    )


def _colour_rules() -> str:
    """Style rules that show each colour of the figures, on a dark page its partner."""
    rules = [".chart svg .mark-text text[fill='{0}'], .swatch[data-colour='{0}'] {{ fill: {1}; background: {1}; }}"]
    rules += [f"{place} svg [{kind}='{{0}}'] {{{{ {kind}: {{1}}; }}}}" for place in (".chart", ".picture") for kind in
              ("fill", "stroke")]  # fmt: skip
    light = [rules[0].format(colour, colour) for colour in base.DARK]
    dark = [rule.format(colour, partner) for colour, partner in base.DARK.items() for rule in rules]
    return "\n".join([*light, "@media screen and (prefers-color-scheme: dark) {", *dark, "}"])


def _digest(text: str) -> str:
    """The script's hash, as a Content-Security-Policy lists it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
