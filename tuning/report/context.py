"""What the templates of a report show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from tuning.analysis.choices import ProblemChoice
from tuning.analysis.problem_summary import Comparison, ProblemSummary
from tuning.analysis.summary import Summary
from tuning.analysis.verdict.verdict import Verdict
from tuning.exploration.exploration import Search
from tuning.formatting import names, plural
from tuning.journal.journal import Journal
from tuning.report import prose
from tuning.report.command import command
from tuning.report.figures import base
from tuning.report.figures.base import Figure
from tuning.report.prose import (
    audit_line,
    baselines_note,
    batches,
    finished,
    holds_for,
    method,
    normalised,
    retraining_note,
    scope,
    unranked,
    untested,
)
from tuning.report.sections.answer import Answer, answers
from tuning.report.sections.exploration import SearchSection, section
from tuning.report.tables import comparison, reaching, study
from tuning.report.tables.answer import problems_table
from tuning.report.tables.base import Table
from tuning.report.tables.checklist import checklist_table
from tuning.report.tables.over_problems import over_tables, pairs_over_table

Shown: TypeAlias = dict[str, Any]
"""What the templates show, by their names for it."""
_Compared = TypeVar("_Compared", bound=Comparison)


@dataclass(frozen=True)
class ProblemPart:
    """One problem's part of the report; figures by kind, each with the table of its numbers.

    Attributes:
        anchor: What the ids of its headings begin with.
        answer: Its first screen.
        axes: The kinds of the curves and what they are over, the budget's first.
        says_nothing: Of figures that say nothing here, by kind, why; they are folded.
    """

    name: str
    anchor: str
    answer: Answer
    objective: str
    verdict: Verdict
    choice: ProblemChoice
    by_budget: list[tuple[str, str]]
    figures: dict[str, tuple[Figure, Table]]
    axes: list[tuple[str, str]]
    choices: Table
    tuners: Table
    finals: Table
    pairs: Table
    baseline_pairs: Table
    searching: Table
    unranked: str
    says_nothing: Mapping[str, str]
    targets: Table
    winners: Table
    test_metrics: Table
    best: Table
    space: Table
    search: SearchSection


def context(
    journal: Journal,
    summary: Summary,
    figures: Mapping[str, list[Figure]],
    over_problems: list[Figure],
    searches: Mapping[str, Search],
) -> Shown:
    """What both templates show.

    Args:
        journal: The study's.
        summary: Its numbers.
        figures: Of the comparison, by problem.
        over_problems: Figures over all problems.
        searches: By problem.
    """
    audit, audit_note = study.audit_table(summary)
    failures, failures_note = study.failures_table(summary)
    planned = set(journal.planned_cells())
    excluded = [str(cell) for cell in sorted(set(journal.trials) - planned)]
    slugs = base.slugs(list(summary.problems))
    answered = answers(journal, summary.problems)
    problems = [
        _problem(
            journal, problem, figures[name], section(searches[name], problem, slugs[name]), answered[name], slugs[name]
        )
        for name, problem in summary.problems.items()
    ]
    return {
        "study": summary.study,
        "verdict": summary.verdict,
        "scope": scope(journal, summary),
        "finished": finished(summary),
        "spent": summary.spent.words,
        "problems": problems,
        "by_problem": problems_table(summary.problems),
        "chosen": summary.over_problems.choice.lines if summary.over_problems else (),
        "over_problems": _over_problems(summary, over_problems),
        "normalised": normalised(summary.contest),
        "audit": audit,
        "audit_line": audit_line(summary),
        "pairs_note": prose.PAIRS_NOTE,
        "choice_note": prose.CHOICE_NOTE,
        "targets_note": prose.TARGETS_NOTE,
        "baselines": baselines_note(journal, summary.contest),
        "audit_note": audit_note,
        "failures": failures,
        "failures_note": failures_note,
        "gaps": summary.verdict.gaps,
        "excluded": f"In the journal but not in the plan, and left out: {names(excluded, most=20)}."
        if excluded
        else "",
        "healed": journal.healed,
        "retraining": " ".join(
            [
                retraining_note(summary.contest),
                *prose.variance_sentences(summary),
                *prose.new_data_sentences(summary),
                *untested(journal),
            ]
        ),
        "method": [
            *holds_for(journal),
            *method(summary.contest),
            *batches(journal),
            *([prose.looks_method(summary.contest.rule)] if summary.contest.rule else []),
        ],
        "checklist": checklist_table(journal, summary.spent),
        "manifest": study.manifest_table(journal),
        "command": command(journal),
    }


def _problem(
    journal: Journal, problem: ProblemSummary, figures: list[Figure], search: SearchSection, answer: Answer, slug: str
) -> ProblemPart:
    rule = problem.objective
    better = "highest is best" if rule.sign > 0 else "lowest is best"
    epoch = "the best epoch of a trial counts" if rule.epoch == "best" else "the last epoch of a trial counts"
    recorded = journal.problems[problem.name]
    return ProblemPart(
        name=problem.name,
        anchor=f"{slug.strip('_')}-" if slug else "",
        answer=answer,
        objective=f"{rule.metric}, {better}, {epoch}",
        verdict=problem.verdict,
        choice=problem.choice,
        by_budget=[
            (f"{part.share:.0%} of the budget ({plural(part.epochs, 'epoch')})", part.line)
            for part in problem.by_budget
        ],
        figures=_with_numbers(problem, figures, NUMBERS),
        axes=list(AXES.items() if problem.contest.budget.seconds is None else reversed(AXES.items())),
        choices=comparison.choice_table(problem),
        tuners=comparison.tuners_table(problem),
        finals=comparison.finals_table(problem),
        pairs=comparison.pairs_table(problem),
        baseline_pairs=comparison.pairs_table(problem, baselines=True),
        searching=comparison.searching_table(problem),
        unranked=unranked(problem),
        says_nothing=prose.says_nothing(problem),
        targets=reaching.targets_table(problem),
        winners=study.winners_table(problem),
        test_metrics=study.test_metrics_table(problem),
        best=study.best_table(problem, recorded.space),
        space=study.space_table(recorded),
        search=search,
    )


AXES = {"best_so_far": "training epochs", "wall_clock": "wall-clock time"}
NUMBERS: dict[str, Callable[[ProblemSummary], Table]] = {
    "best_so_far": comparison.curves_table,
    "wall_clock": comparison.clock_table,
    "what_one_gets": comparison.by_budget_table,
    "final_scores": comparison.finals_table,
    "rank_over_budget": comparison.standing_table,
    "improvement": comparison.pairs_table,
    "pairwise": comparison.pairs_table,
    "critical_difference": comparison.ranks_table,
    "performance_profile": reaching.profiles_table,
    "fixed_targets": reaching.fixed_targets_table,
    "speed_up": reaching.speed_table,
    "trials_by_state": comparison.states_table,
}
OVER_PROBLEMS: dict[str, Callable[[Summary], Table]] = {
    "differences": pairs_over_table,
    "rank_over_budget": comparison.standing_table,
    "critical_difference": comparison.ranks_table,
}


def _with_numbers(
    compared: _Compared, figures: list[Figure], numbers: Mapping[str, Callable[[_Compared], Table]]
) -> dict[str, tuple[Figure, Table]]:
    """The figures by kind, each with the table of its numbers."""
    return {
        kind: (figure, make(compared))
        for figure in figures
        for kind, make in numbers.items()
        if figure.name.startswith(kind)
    }


def _over_problems(summary: Summary, figures: list[Figure]) -> dict[str, object]:
    """What is shown of all problems together, and from which comparison."""
    if summary.over_problems is None:
        return {}
    over = summary.over_problems
    return {
        "details": [*over.choice.lines[1:], *over.verdict.details],
        "tables": [shown for shown in over_tables(over, summary.contest.tuners) if shown.rows],
        "figures": _with_numbers(summary, figures, OVER_PROBLEMS),
        "note": prose.OVER_PROBLEMS,
    }
