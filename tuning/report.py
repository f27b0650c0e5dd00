"""The report of a study: `report.html` (one file that needs no network), `report.md`, figures, tables, summary.

Everything is made from the journal, so it can be deleted and rebuilt; the same journal gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shlex
from dataclasses import dataclass
from importlib import resources
from pathlib import Path, PurePath
from typing import Any

import jinja2
import pandas as pd
import vl_convert
from markupsafe import Markup

from tuning import drawing, figures, journal, report_tables, sequential, summary
from tuning.analysis import BOOTSTRAP_RESAMPLES, CONFIDENCE, MIN_REPLICATES_FOR_INTERVAL
from tuning.comparison import LEVEL
from tuning.figures import Figure
from tuning.journal import Journal
from tuning.markup import Table, escape_markdown, markdown_code, markdown_table
from tuning.sequential import Rule
from tuning.summary import Summary
from tuning.verdict import Verdict
from tuning.wording import count, names, plural


@dataclass(frozen=True)
class Report:
    """What `write_report` wrote, and what the command line prints of it.

    Attributes:
        tuners: `summary.tuner_table`.
    """

    directory: Path
    html: Path
    markdown: Path
    summary: Path
    figures: tuple[Path, ...]
    verdict: Verdict
    tuners: pd.DataFrame


def write_report(directory: Path, read: Journal | None = None) -> Report:
    """Rebuilds tables, figures and reports in a study folder from its journal.

    Args:
        directory: The study folder; also where everything is written.
        read: The journal where the caller has it already.

    Raises:
        JournalError: The folder holds no readable journal.
    """
    directory = Path(directory)
    read = journal.read(directory) if read is None else read
    found = summary.summarise(read)
    drawn = figures.figures(found)
    svgs = {figure.name: drawing.svg(figure.chart, figure.description) for part in drawn.values() for figure in part}
    shown = _context(read, found, drawn)
    texts = {
        "summary.json": summary.to_json(found),
        "report.md": _markdown(shown),
        "report.html": _html(shown, svgs),
        **{f"figures/{name}.svg": text for name, text in svgs.items()},
    }
    (directory / "figures").mkdir(parents=True, exist_ok=True)
    # `tables.write_tables` would make both frames again, which is the dear part of a large study.
    found.trials.to_csv(directory / "trials.csv", index=False)
    found.epochs.to_csv(directory / "epochs.csv", index=False)
    for name, text in texts.items():
        # A lone surrogate in a message would otherwise end the report; "?" stands for it.
        (directory / name).write_bytes(text.encode("utf-8", errors="replace"))
    return Report(
        directory,
        directory / "report.html",
        directory / "report.md",
        directory / "summary.json",
        tuple(directory / "figures" / f"{name}.svg" for name in svgs),
        found.verdict,
        found.tuners,
    )


@dataclass(frozen=True)
class _Problem:
    """One problem's part of the report; each figure with the table of the numbers behind it."""

    name: str
    objective: str
    verdict: Verdict
    figures: list[tuple[Figure, Table]]
    tuners: Table
    finals: Table
    pairs: Table
    best: Table
    space: Table


def _context(read: Journal, found: Summary, drawn: dict[str, list[Figure]]) -> dict[str, Any]:
    """What both templates show."""
    plan = read.plan
    audit, audit_note = report_tables.audit_table(found)
    failures, failures_note = report_tables.failures_table(found)
    planned = set(read.planned_cells())
    excluded = [str(cell) for cell in sorted(set(read.trials) - planned)]
    replicates = plural(int(plan["replicates"]), "replicate")
    problems = [_problem(read, found, name, drawn[name]) for name in found.objectives]
    return {
        "study": found.study,
        "verdict": found.verdict,
        "scope": f"{plural(len(problems), 'problem')}, {plural(len(plan['tuners']), 'tuner')}, {replicates}, "
        f"{plural(found.budget_epochs, 'training epoch')} a cell",
        "problems": problems,
        "audit": audit,
        "audit_line": _audit_line(found),
        "audit_note": audit_note,
        "failures": failures,
        "failures_note": failures_note,
        "gaps": found.verdict.gaps,
        "excluded": f"In the journal but not in the plan, and left out: {names(excluded, most=20)}."
        if excluded
        else "",
        "healed": read.healed,
        "method": [*_method(), *([sequential.method(rule)] if (rule := Rule.of(plan)) else [])],
        "manifest": report_tables.manifest_table(read),
        "command": _command(read),
    }


def _problem(read: Journal, found: Summary, name: str, drawn: list[Figure]) -> _Problem:
    rule = found.objectives[name]
    numbers = {
        "best_so_far": report_tables.curves_table,
        "final_scores": report_tables.finals_table,
        "trials_by_state": report_tables.states_table,
    }
    behind = [next(make for start, make in numbers.items() if figure.name.startswith(start)) for figure in drawn]
    better = "highest is best" if rule.direction == "max" else "lowest is best"
    epoch = "the best epoch of a trial counts" if rule.epoch == "best" else "the last epoch of a trial counts"
    space = read.problems[name]["space"]
    return _Problem(
        name=name,
        objective=f"{rule.metric}, {better}, {epoch}",
        verdict=found.verdicts[name],
        figures=[(figure, make(found, name)) for figure, make in zip(drawn, behind, strict=True)],
        tuners=report_tables.tuners_table(found, name),
        finals=report_tables.finals_table(found, name),
        pairs=report_tables.pairs_table(found, name),
        best=report_tables.best_table(found, name, space),
        space=report_tables.space_table(read.problems[name]),
    )


def _audit_line(found: Summary) -> str:
    cells = found.cells
    exact = int(((cells["charged_epochs"] == cells["planned_epochs"]) & cells["adds_up"]).sum())
    charged, planned = int(cells["charged_epochs"].sum()), int(cells["planned_epochs"].sum())
    wrong = int((~cells["adds_up"].astype(bool)).sum())
    line = (
        f"{count(charged)} of {plural(planned, 'planned epoch')} were charged; {count(exact)} of "
        f"{plural(len(cells), 'cell')} spent exactly the budget."
    )
    return (
        f"{line} In {plural(wrong, 'cell')} the trials' epochs do not add up to the recorded charge." if wrong else line
    )


def _method() -> list[str]:
    return [
        "The unit is the cell: one tuner's search on one problem in one replicate. Budgets are training epochs, "
        "charged as they are trained; failed and cut trials are charged, a promoted trial is charged its increment. "
        "A score counts at the epoch that paid for it, and the best so far is a step function, never interpolated. "
        "Nothing is imputed: a comparison uses the replicates that both tuners finished, and says how many.",
        f"Intervals are {CONFIDENCE:.0%} bootstrap percentile intervals of the median over replicates "
        f"({count(BOOTSTRAP_RESAMPLES)} resamples, fixed seed, from {MIN_REPLICATES_FOR_INTERVAL} replicates on; with "
        "few replicates they are too narrow). Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993.",
        "Pairs of tuners are matched by replicate and tested with Wilcoxon's signed-rank test (exact, two-sided, "
        "zeros dropped; Wilcoxon, Biometrics Bulletin 1, 1945), adjusted by Holm's method over all pairs of a problem "
        "(Holm, Scandinavian Journal of Statistics 6, 1979). A difference is declared at an adjusted p of at most "
        f"{LEVEL:g}. Problems are judged one by one and never pooled.",
        "Scores are validation scores. The best of many trials is optimistic: expect less of its configuration on "
        "new data.",
    ]


def _command(read: Journal) -> str:
    """One command that runs the plan: the script of the last run, the plan's own numbers spelled out."""
    plan = read.plan
    script = next((word for word in str(read.manifest.get("command", "")).split() if word.endswith(".py")), "STUDY.py")
    words = [
        "tuning", "run", PurePath(script).as_posix() if not PurePath(script).is_absolute() else PurePath(script).name,
        "--budget", str(plan["budget_epochs"]), *_replicates(plan), "--tuners", ",".join(map(str, plan["tuners"])),
    ]  # fmt: skip
    return shlex.join(words)


def _replicates(plan: dict[str, Any]) -> list[str]:
    """The options that say how many replicates."""
    rule = Rule.of(plan)
    if rule is None:
        return ["--replicates", str(plan["replicates"])]
    rope = [] if rule.rope is None else ["--rope", f"{rule.rope!r}"]
    return ["--until-decided", "--cap", str(rule.cap), *rope]


def _markdown(shown: dict[str, Any]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tuning"),
        autoescape=False,
        finalize=escape_markdown,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters |= {"table": markdown_table, "code": markdown_code, "link": Markup}
    return environment.get_template("report.md.j2").render(shown)


def _html(shown: dict[str, Any], svgs: dict[str, str]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tuning"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    # Its type stub asks for a snippet; only without one does it answer from memory, in no time.
    bundle = str(vl_convert.javascript_bundle())  # type: ignore[call-arg]
    bundle = bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--")
    page = _template("report.js")
    return environment.get_template("report.html.j2").render(
        shown,
        style=Markup(_template("report.css")),
        bundle=Markup(bundle),
        page=Markup(page),
        script_hashes=Markup(" ".join(f"'sha256-{_digest(text)}'" for text in (bundle, page))),
        images={name: base64.b64encode(text.encode("utf-8", errors="replace")).decode() for name, text in svgs.items()},
        specs={figure.name: _spec(figure) for problem in shown["problems"] for figure, _ in problem.figures},
    )


def _spec(figure: Figure) -> Markup:
    """A chart as JSON that cannot end the script element it stands in."""
    text = json.dumps(drawing.spec(figure.chart), allow_nan=False, ensure_ascii=True)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def _template(name: str) -> str:
    return resources.files("tuning").joinpath("templates", name).read_text(encoding="utf-8").replace("\r\n", "\n")


def _digest(text: str) -> str:
    """As a Content-Security-Policy names the script it lets run."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
