"""The report of a study: `report.html` (one file that needs no network), `report.md`, figures, tables, summary.

Everything is made from the journal, so it can be deleted and rebuilt: the same journal gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tuning.analysis.over_problems.over_problems import OverProblems
from tuning.analysis.spent import Spent
from tuning.analysis.summary import results, summarise
from tuning.analysis.summary_json import to_json
from tuning.analysis.verdict.verdict import Verdict
from tuning.exploration.exploration import search_json, searches
from tuning.journal import journal
from tuning.journal.journal import Journal
from tuning.process.garbage import no_search_for_cycles
from tuning.report import csv
from tuning.report.context import context
from tuning.report.figures import scores
from tuning.report.figures.render import DrawnBeside
from tuning.report.figures.vega_bundle import vega_bundle
from tuning.report.render import html, latex, markdown, parts
from tuning.report.result import Result
from tuning.report.sections.answer import Answer
from tuning.report.sections.winners import NOTE as WINNERS_NOTE
from tuning.report.sections.winners import winner_sections
from tuning.report.tables.base import Table
from tuning.tensorboard.best import write_best
from tuning.tensorboard.summary import write_hparams_summary


@dataclass(frozen=True)
class Report:
    """What `write_report` wrote, and the results behind it.

    Attributes:
        over_problems: What all problems say together; None if there is only one.
        by_problem: Table of problems and tuners, if there are several.
        answers: By problem, what opens the report.
        spent: What the study cost.
    """

    directory: Path
    html: Path
    markdown: Path
    summary: Path
    figures: tuple[Path, ...]
    result: Result
    over_problems: OverProblems | None
    by_problem: Table
    answers: Mapping[str, Answer]
    spent: Spent

    @property
    def verdict(self) -> Verdict:
        return self.result.verdict


@no_search_for_cycles()
def write_report(directory: Path, read: Journal | None = None) -> Report:
    """Rebuilds tables, figures and reports in a study folder from its journal.

    Args:
        directory: The study folder; everything is written there too.
        read: The journal, if the caller already has it.

    Raises:
        JournalError: The folder holds no readable journal.
    """
    directory = Path(directory)
    read = journal.read(directory) if read is None else read
    bundle = vega_bundle()
    with DrawnBeside() as beside:
        summary = summarise(read)
        figures, over_problems = scores.figures(summary), scores.figures_over_problems(summary)
        beside.begin([*(figure for part in figures.values() for figure in part), *over_problems])
        searched = searches(read, summary)
        won = winner_sections(read)
        shown = {
            **context(read, summary, figures, over_problems, searched),
            "won": won,
            "winners_note": WINNERS_NOTE,
        }
        every = [figure for part in parts(shown) for figure, _ in part.values()]
        beside.begin(every)
        for folder in ("figures", "tables"):
            (directory / folder).mkdir(parents=True, exist_ok=True)
        csv.write_csv(summary.trials, directory / "trials.csv")
        csv.write_csv(summary.epochs, directory / "epochs.csv")
        csv.write_csv(summary.retrainings, directory / "retrainings.csv")
        csv.write_csv(results(summary), directory / "tuners.csv")
        svgs = {figure.name: beside.svg(figure) for figure in every}
    pictures = [picture for part in won.values() for section in part.sections for picture in section.pictures]
    texts = {
        "summary.json": to_json(summary, {name: search_json(search) for name, search in searched.items()}),
        **latex(shown["problems"]),
        "report.md": markdown(shown),
        "report.html": html(shown, svgs, bundle.result()),
        **{f"figures/{name}.svg": text for name, text in svgs.items()},
        **{f"figures/{picture.name}.svg": picture.svg for picture in pictures},
    }
    for name, text in texts.items():
        # A lone surrogate in a message would otherwise end the report; it becomes "?".
        (directory / name).write_bytes(text.encode("utf-8", errors="replace"))
    write_best(read, directory, {name: search.importance for name, search in searched.items()})
    write_hparams_summary(read, summary, directory)
    return Report(
        directory,
        directory / "report.html",
        directory / "report.md",
        directory / "summary.json",
        tuple(directory / name for name in texts if name.startswith("figures/")),
        Result(read, summary),
        summary.over_problems,
        shown["by_problem"],
        {part.name: part.answer for part in shown["problems"]},
        summary.spent,
    )
