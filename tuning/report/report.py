"""The report of a study: `report.html` (one file that needs no network), `report.md`, figures, tables, summary.

Everything is made from the journal, so it can be deleted and rebuilt; the same journal gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tuning.analysis import summary, summary_json
from tuning.analysis.verdict import Verdict
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
from tuning.report.sections.winners import NOTE as WINNERS_NOTE
from tuning.report.sections.winners import winner_sections
from tuning.tensorboard import summary as hparams_summary


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
        drawn = scores.figures(found)
        beside.begin(figure for part in drawn.values() for figure in part)
        searched = searches(read, found)
        won = winner_sections(read)
        shown = {**context(read, found, drawn, searched), "won": won, "winners_note": WINNERS_NOTE}
        every = [figure for part in parts(shown) for figure, _ in part.values()]
        beside.begin(every)
        for folder in ("figures", "tables"):
            (directory / folder).mkdir(parents=True, exist_ok=True)
        # `tables.write_tables` would make both frames again, which is the dear part of a large study.
        csv.write_csv(found.trials, directory / "trials.csv")
        csv.write_csv(found.epochs, directory / "epochs.csv")
        csv.write_csv(found.retrainings, directory / "retrainings.csv")
        csv.write_csv(summary.results(found), directory / "tuners.csv")
        svgs = {figure.name: beside.svg(figure) for figure in every}
    pictures = [picture for part in won.values() for section in part.sections for picture in section.pictures]
    texts = {
        "summary.json": summary_json.to_json(found, {name: search_json(one) for name, one in searched.items()}),
        **latex(shown["problems"]),
        "report.md": markdown(shown),
        "report.html": html(shown, svgs, bundle.result()),
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
