"""The report of a study: `report.html` (one file that needs no network), `report.md`, figures, tables, summary.

Everything is made from the journal, so it can be deleted and rebuilt; the same journal gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path, PurePath
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from tuning import drawing, figures, hparams_summary, journal, report_tables, sequential, summary, tables
from tuning.bootstrap import BOOTSTRAP_RESAMPLES, CONFIDENCE, MIN_REPLICATES_FOR_INTERVAL
from tuning.comparison import LEVEL
from tuning.drawing import Figure
from tuning.drawing_beside import DrawnBeside
from tuning.garbage import no_search_for_cycles
from tuning.journal import Journal
from tuning.latex import latex_table
from tuning.markup import Table, escape_markdown, markdown_code, markdown_table
from tuning.power import ENOUGH
from tuning.search import Search, search_json, searches
from tuning.search_section import SearchSection, section
from tuning.sequential import Rule
from tuning.standing import ALL
from tuning.summary import Summary
from tuning.trial_figures import FILTERED
from tuning.vega_bundle import vega_bundle
from tuning.verdict import Verdict
from tuning.winner_sections import NOTE as WINNERS_NOTE
from tuning.winner_sections import winner_sections
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


@no_search_for_cycles()
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
    bundle = vega_bundle()
    with DrawnBeside() as beside:
        found = summary.summarise(read)
        drawn = figures.figures(found)
        beside.begin(figure for part in drawn.values() for figure in part)
        searched = searches(read, found)
        won = winner_sections(read)
        shown = {**_context(read, found, drawn, searched), "won": won, "winners_note": WINNERS_NOTE}
        every = [figure for part in _parts(shown) for figure, _ in part.values()]
        beside.begin(every)
        for folder in ("figures", "tables"):
            (directory / folder).mkdir(parents=True, exist_ok=True)
        # `tables.write_tables` would make both frames again, which is the dear part of a large study.
        tables.write_csv(found.trials, directory / "trials.csv")
        tables.write_csv(found.epochs, directory / "epochs.csv")
        tables.write_csv(found.retrainings, directory / "retrainings.csv")
        tables.write_csv(summary.results(found), directory / "tuners.csv")
        svgs = {figure.name: beside.svg(figure) for figure in every}
    pictures = [picture for part in won.values() for section in part.sections for picture in section.pictures]
    texts = {
        "summary.json": summary.to_json(found, {name: search_json(one) for name, one in searched.items()}),
        **_latex(shown["problems"]),
        "report.md": _markdown(shown),
        "report.html": _html(shown, svgs, bundle.result()),
        **{f"figures/{name}.svg": text for name, text in svgs.items()},
        **{f"figures/{picture.name}.svg": picture.svg for picture in pictures},
    }
    for name, text in texts.items():
        # A lone surrogate in a message would otherwise end the report; "?" stands for it.
        (directory / name).write_bytes(text.encode("utf-8", errors="replace"))
    hparams_summary.write_hparams_summary(read, found, directory)
    return Report(
        directory,
        directory / "report.html",
        directory / "report.md",
        directory / "summary.json",
        tuple(directory / name for name in texts if name.startswith("figures/")),
        found.verdict,
        found.tuners,
    )


@dataclass(frozen=True)
class _Problem:
    """One problem's part of the report; each figure, by its kind, with the table of the numbers behind it."""

    name: str
    objective: str
    verdict: Verdict
    by_budget: list[tuple[str, str]]
    figures: dict[str, tuple[Figure, Table]]
    tuners: Table
    finals: Table
    pairs: Table
    baseline_pairs: Table
    unranked: str
    targets: Table
    winners: Table
    test_metrics: Table
    best: Table
    space: Table
    search: SearchSection


def _context(
    read: Journal, found: Summary, drawn: dict[str, list[Figure]], searched: Mapping[str, Search]
) -> dict[str, Any]:
    """What both templates show."""
    plan = read.plan
    audit, audit_note = report_tables.audit_table(found)
    failures, failures_note = report_tables.failures_table(found)
    planned = set(read.planned_cells())
    excluded = [str(cell) for cell in sorted(set(read.trials) - planned)]
    slugs = drawing.slugs(list(found.objectives))
    problems = [
        _problem(read, found, name, drawn[name], section(searched[name], found, name, slugs[name]))
        for name in found.objectives
    ]
    return {
        "study": found.study,
        "verdict": found.verdict,
        "scope": _scope(read, found),
        "problems": problems,
        "over_problems": _over_problems(found, drawn),
        "normalised": _normalised(found),
        "audit": audit,
        "audit_line": _audit_line(found),
        "pairs_note": "Differences are in the unit of the objective. Smallest p: what these replicates could give at "
        "best, before Holm's adjustment. Power and replicates needed: if differences are as seen.",
        "baselines": _baselines(read, found),
        "audit_note": audit_note,
        "failures": failures,
        "failures_note": failures_note,
        "gaps": found.verdict.gaps,
        "excluded": f"In the journal but not in the plan, and left out: {names(excluded, most=20)}."
        if excluded
        else "",
        "healed": read.healed,
        "retraining": _retraining(plan),
        "method": [
            *_method(found),
            *_batches(read),
            *([sequential.method(rule)] if (rule := Rule.of(plan)) else []),
        ],
        "manifest": report_tables.manifest_table(read),
        "command": _command(read),
    }


def _scope(read: Journal, found: Summary) -> str:
    """What was compared, in a line."""
    several = (
        (len(found.objectives), "problem"),
        (len(found.contestants), "tuner"),
        (read.plan["replicates"], "replicate"),
    )
    parts = [
        *(plural(number, one) for number, one in several),
        f"{plural(found.budget_epochs, 'training epoch')} a cell",
    ]
    if not found.baselines:
        return ", ".join(parts)
    budgets, plain = read.budgets(), read.no_search()
    more = [
        f"{label} (no search)"
        if label in plain
        else label
        if budgets[label] == found.budget_epochs
        else f"{label} (of {plural(budgets[label], 'epoch')} a cell)"
        for label in found.baselines
    ]
    return f"{', '.join(parts)}; beside them the {'baseline' if len(more) == 1 else 'baselines'} {names(more)}"


def _baselines(read: Journal, found: Summary) -> str:
    """How tuners are compared with baselines."""
    budgets, plain = read.budgets(), read.no_search()
    more = [
        f"{label} had {plural(budgets[label], 'epoch')} a cell where a tuner had {count(found.budget_epochs)}"
        for label in found.baselines
        if label not in plain and budgets[label] != found.budget_epochs
    ]
    end = f" Compared at the end of each budget: {names(more)}." if more else ""
    end += f" No search: {'; '.join(f'{label} is {what}' for label, what in plain.items())}." if plain else ""
    return (
        "Each tuner against each baseline, a family of its own: baselines do not enlarge that of the tuners. The "
        f"difference is tuner − baseline.{end}"
    )


def _problem(read: Journal, found: Summary, name: str, drawn: list[Figure], searched: SearchSection) -> _Problem:
    rule = found.objectives[name]
    better = "highest is best" if rule.direction == "max" else "lowest is best"
    epoch = "the best epoch of a trial counts" if rule.epoch == "best" else "the last epoch of a trial counts"
    space = read.problems[name]["space"]
    return _Problem(
        name=name,
        objective=f"{rule.metric}, {better}, {epoch}",
        verdict=found.verdicts[name],
        by_budget=[
            (f"{part.share:.0%} of the budget ({plural(part.epochs, 'epoch')})", part.line)
            for part in found.by_budget[name]
        ],
        figures=_with_numbers(found, name, drawn),
        tuners=report_tables.tuners_table(found, name),
        finals=report_tables.finals_table(found, name),
        pairs=report_tables.pairs_table(found, name),
        baseline_pairs=report_tables.pairs_table(found, name, baselines=True),
        unranked=_unranked(found, name),
        targets=report_tables.targets_table(found, name),
        winners=report_tables.winners_table(found, name),
        test_metrics=report_tables.test_metrics_table(found, name),
        best=report_tables.best_table(found, name, space),
        space=report_tables.space_table(read.problems[name]),
        search=searched,
    )


NUMBERS = {
    "best_so_far": report_tables.curves_table,
    "wall_clock": report_tables.clock_table,
    "final_scores": report_tables.finals_table,
    "rank_over_budget": report_tables.standing_table,
    "pairwise": report_tables.pairs_table,
    "critical_difference": report_tables.ranks_table,
    "performance_profile": report_tables.profiles_table,
    "trials_by_state": report_tables.states_table,
}


def _with_numbers(found: Summary, problem: str, drawn: list[Figure]) -> dict[str, tuple[Figure, Table]]:
    """The figures by kind, each with the table of its numbers."""
    return {
        kind: (figure, make(found, problem))
        for figure in drawn
        for kind, make in NUMBERS.items()
        if figure.name.startswith(kind)
    }


def _unranked(found: Summary, problem: str) -> str:
    """Why there is no critical difference, where there is none."""
    if len(found.contestants) < 3:
        return "Ranks of two tuners say no more than their pair does." if len(found.contestants) == 2 else ""
    test = found.rank_tests.get(problem)
    if test is None:
        return "No critical difference: fewer than two replicates were finished by all tuners that have a score."
    return "No critical difference: fewer than three tuners have a score." if len(test.tuners) < 3 else ""


def _over_problems(found: Summary, drawn: dict[str, list[Figure]]) -> dict[str, Any]:
    """What is said of all problems together, and which comparison that is."""
    if len(found.objectives) < 2:
        return {}
    return {
        "figures": _with_numbers(found, ALL, drawn[ALL]),
        "note": "Replicates are nested in problems. Mean ranks and normalised scores are means over these problems, "
        "each resampled within itself: their intervals speak of these problems. The critical difference takes each "
        "problem as one block, a tuner's score in it being its median over replicates: it speaks of problems like "
        "these, and needs many of them. No test pools replicates of different problems.",
    }


def _audit_line(found: Summary) -> str:
    """What the tuners were charged of what was planned, and, apart, the baselines, which may want less."""
    cells = found.cells
    beside = cells["tuner"].isin(found.baselines)
    wrong = int((~cells["adds_up"].astype(bool)).sum())
    parts = [
        _charged(cells[~beside]),
        *([f"Baselines, which may want less than they are given: {_charged(cells[beside])}"] if beside.any() else []),
        *([f"In {plural(wrong, 'cell')} the trials' epochs do not add up to the recorded charge."] if wrong else []),
    ]
    return " ".join(parts)


def _charged(cells: pd.DataFrame) -> str:
    exact = int(((cells["charged_epochs"] == cells["planned_epochs"]) & cells["adds_up"]).sum())
    charged, planned = int(cells["charged_epochs"].sum()), int(cells["planned_epochs"].sum())
    return (
        f"{count(charged)} of {plural(planned, 'planned epoch')} were charged; {count(exact)} of "
        f"{plural(len(cells), 'cell')} spent exactly the budget."
    )


def _normalised(found: Summary) -> str:
    """What the normalised score is, or why there is none."""
    if found.random_search is None:
        return "No normalised score: no random search is among the tuners."
    return (
        f"Normalised: 1 is the interquartile mean of {found.random_search} at the same budget, 0 the best score known "
        "of the problem; both are held fixed in its interval. Where random search found the best known, there is none."
    )


def _method(found: Summary) -> list[str]:
    return [
        "The unit is the cell: one tuner's search on one problem in one replicate. Budgets are training epochs, "
        "charged as they are trained; failed and cut trials are charged, a promoted trial is charged its increment. "
        "A score counts at the epoch that paid for it, and the best so far is a step function, never interpolated. "
        "Nothing is imputed: a comparison uses the replicates that both tuners finished, and says how many.",
        f"Intervals of medians, interquartile means and ranks are {CONFIDENCE:.0%} bootstrap percentile intervals over "
        f"replicates ({count(BOOTSTRAP_RESAMPLES)} resamples, fixed seed, the same draws for all tuners, stratified by "
        f"problem, from {MIN_REPLICATES_FOR_INTERVAL} replicates on; with few replicates they are too narrow). "
        "Sources: Efron and Tibshirani, An Introduction to the Bootstrap, 1993; Agarwal et al., NeurIPS 2021.",
        "Pairs of tuners are matched by replicate and tested with Wilcoxon's signed-rank test (exact, two-sided, "
        "zeros dropped; Wilcoxon, Biometrics Bulletin 1, 1945), adjusted by Holm's method over all pairs of a problem "
        "(Holm, Scandinavian Journal of Statistics 6, 1979). A difference is declared at an adjusted p of at most "
        f"{LEVEL:g}. Each share of the budget is a family of its own. Problems are judged one by one and never pooled. "
        "The difference of a pair is Hodges and Lehmann's estimate with the exact interval that belongs to the test, "
        "from 6 replicates on; it is not adjusted for the number of pairs. " + _equivalence(found),
        "Power is the chance that as many replicates as these show a difference like the one seen, at the level that "
        f"Holm's method leaves for the next pair; replicates needed are those for {ENOUGH:.0%}. Both are simulated "
        "from a smoothed bootstrap of the differences seen (Silverman and Young, Biometrika 74, 1987), so they are as "
        "uncertain as those: a guide for the next study, no evidence about this one.",
        "Ranks are compared by Friedman's test and Nemenyi's critical difference (Demsar, Journal of Machine Learning "
        "Research 7, 2006), over replicates within a problem and over problems where there are several.",
        "Scores are validation scores, and comparisons are of those: the best of many trials is optimistic. What an "
        "incumbent is worth is told by retraining it on fresh seeds, and by the test split, which no search sees.",
    ]


def _retraining(plan: Mapping[str, Any]) -> str:
    """What was done with the incumbents after the search."""
    if not plan["retrain"]:
        return ""
    return (
        f"When a search is over, its final incumbent and every earlier one are trained again in full on "
        f"{plural(plan['retrain'], 'fresh seed')} each, uncharged, and the weights that count are scored on "
        "the test split, where there is one. A cell's value is the mean over its seeds. Optimism is how much better "
        "the search saw its final incumbent than it is on fresh seeds. Overtuned is a search whose final incumbent is "
        "worse on test than an earlier one, or than the baseline that trains the default configuration (Schneider, "
        "Bischl and Feurer, arXiv:2506.19540, 2025). No test compares these values: they describe."
    )


def _equivalence(found: Summary) -> str:
    if found.rope is None:
        return "No region of practical equivalence was set, so no pair is called practically equal."
    return (
        f"Practically equal are two tuners whose {CONFIDENCE:.0%} interval lies within ±{found.rope:g}, the region of "
        "practical equivalence that the study set."
    )


def _batches(read: Journal) -> list[str]:
    """What must be said of tuners that ask for several trials before they know the results of any."""
    return [
        f"{label} asked for {settings['parallel_trials']} trials at a time, each chosen without the results of the "
        "others of its batch; a tuner that learns from every result knows more after as many trials."
        for label, settings in read.plan["tuners"].items()
        if settings.get("parallel_trials", 1) != 1
    ]


_SCRIPT = re.compile(r".*\.py(:[^:]*)?")
"""A study's script, or ``FILE.py:NAME`` of a model without one."""


def _command(read: Journal) -> str:
    """One command that runs the plan: the script of the last run, the plan's own numbers spelled out.

    What a plan cannot unsay is left to the script: which baselines there are, and tuners' settings.
    """
    plan, called = read.plan, str(read.manifest.get("command", "")).split()
    named = [
        word
        for option in ("--data", "--objective", "--max-epochs")  # of a model that stood in no study script
        if option in called[:-1]
        for word in (option, called[called.index(option) + 1])
    ]
    script = next((word for word in called if _SCRIPT.fullmatch(word) and word not in named), "STUDY.py")
    script = PurePath(script).as_posix() if not PurePath(script).is_absolute() else PurePath(script).name
    if called[:2] in (["tuning", "compare"], ["tuning", "import"]):
        return str(read.manifest["command"])
    if called[:2] == ["tuning", "table"]:
        return shlex.join(["tuning", "table", script, "--configurations", str(plan["replicates"])])
    rule = Rule.of(plan)
    rope = plan["rope"] if rule is None else rule.rope
    words = [
        *("tuning", "run", script, *named, "--budget", str(plan["budget_epochs"])),
        *(["--replicates", str(plan["replicates"])] if rule is None else ["--until-decided", "--cap", str(rule.cap)]),
        *([] if rope is None else ["--rope", f"{rope!r}"]),
        *(["--trial-seconds", f"{plan['trial_seconds']:g}"] if "trial_seconds" in plan else []),
        *("--tuners", ",".join(map(str, plan["tuners"]))),
        *([] if plan["baselines"] else ["--no-baselines"]),
        *("--retrain", str(plan["retrain"])),
    ]
    return shlex.join(words)


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


def _html(shown: dict[str, Any], svgs: dict[str, str], bundle: str) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tuning"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    bundle = bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--")
    page = _template("report.js") + _template("search.js")
    return environment.get_template("report.html.j2").render(
        shown,
        style=Markup(_template("report.css")),
        bundle=Markup(bundle),
        page=Markup(page),
        script_hashes=Markup(" ".join(f"'sha256-{_digest(text)}'" for text in (bundle, page))),
        images={name: base64.b64encode(text.encode("utf-8", errors="replace")).decode() for name, text in svgs.items()},
        specs={figure.name: _spec(figure) for part in _parts(shown) for figure, _ in part.values()},
    )


def _latex(problems: list[_Problem]) -> dict[str, str]:
    """The tables that go into a paper, by file."""
    safe = drawing.slugs([problem.name for problem in problems])
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


def _parts(shown: dict[str, Any]) -> list[dict[str, tuple[Figure, Table]]]:
    """The figures of each problem, and of all together."""
    own = [part for problem in shown["problems"] for part in (problem.figures, problem.search.figures)]
    return [*own, shown["over_problems"].get("figures", {})]


def _spec(figure: Figure) -> Markup:
    """A chart as JSON that cannot end the script element it stands in."""
    text = json.dumps(_filled_by_page(figure.spec), allow_nan=False, ensure_ascii=True)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def _filled_by_page(value: Any) -> Any:
    """A chart without the rows that the page puts in from what its filters leave."""
    if isinstance(value, list):
        return [_filled_by_page(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if value.get("name") in FILTERED and "values" in value:
        # A row for each field stays: without any, scales would have no extent.
        first = {field: row for row in reversed(value["values"]) for field in row}
        return {**value, "values": list({id(row): row for row in first.values()}.values())}
    return {name: _filled_by_page(entry) for name, entry in value.items()}


def _template(name: str) -> str:
    return resources.files("tuning").joinpath("templates", name).read_text(encoding="utf-8").replace("\r\n", "\n")


def _digest(text: str) -> str:
    """As a Content-Security-Policy names the script it lets run."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
