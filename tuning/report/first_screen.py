"""The report's first screen by itself, for a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tuning.analysis.choices import ProblemChoice
from tuning.analysis.problem_summary import ProblemSummary
from tuning.analysis.summary import Summary
from tuning.analysis.verdict.verdict import Verdict
from tuning.journal.journal import Journal
from tuning.report.figures.base import slugs
from tuning.report.prose import finished, scope
from tuning.report.render import notebook
from tuning.report.sections.answer import Answer, answers
from tuning.report.tables.answer import problems_table


@dataclass(frozen=True)
class _Part:
    """What the first screen shows of a problem; attributes are those of `context.ProblemPart`."""

    choice: ProblemChoice
    verdict: Verdict
    answer: Answer
    anchor: str


def first_screen(journal: Journal, summary: Summary, shown: Mapping[str, ProblemSummary]) -> str:
    """The answer on each problem that is shown, as HTML without scripts; no part of it depends on the network."""
    answered, anchors = answers(journal, shown), slugs(list(summary.problems))
    parts = [
        _Part(problem.choice, problem.verdict, answered[name], f"{journal.name}{anchors[name]}-")
        for name, problem in shown.items()
    ]
    return notebook(
        {
            "study": journal.name,
            "scope": scope(journal, summary),
            "finished": finished(summary),
            "problems": parts,
            "verdict": summary.verdict,
            "by_problem": problems_table(shown),
            "chosen": summary.over_problems.choice.lines if summary.over_problems else (),
            "report": journal.directory / "report.html",
        }
    )
