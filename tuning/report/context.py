"""What the templates of a report show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tuning.analysis.standings import ALL
from tuning.analysis.summary import Summary
from tuning.analysis.verdict import Verdict
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
    method,
    normalised,
    retraining_note,
    scope,
    unranked,
)
from tuning.report.sections.exploration import SearchSection, section
from tuning.report.tables import comparison, study
from tuning.report.tables.base import Table
from tuning.statistics.sequential import Rule


@dataclass(frozen=True)
class ProblemPart:
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


def context(
    read: Journal, found: Summary, drawn: dict[str, list[Figure]], searched: Mapping[str, Search]
) -> dict[str, Any]:
    """What both templates show."""
    plan = read.plan
    audit, audit_note = study.audit_table(found)
    failures, failures_note = study.failures_table(found)
    planned = set(read.planned_cells())
    excluded = [str(cell) for cell in sorted(set(read.trials) - planned)]
    slugs = base.slugs(list(found.objectives))
    problems = [
        _problem(read, found, name, drawn[name], section(searched[name], found, name, slugs[name]))
        for name in found.objectives
    ]
    return {
        "study": found.study,
        "verdict": found.verdict,
        "scope": scope(read, found),
        "problems": problems,
        "over_problems": _over_problems(found, drawn),
        "normalised": normalised(found),
        "audit": audit,
        "audit_line": audit_line(found),
        "pairs_note": "Differences are in the unit of the objective. Smallest p: what these replicates could give at "
        "best, before Holm's adjustment. Power and replicates needed: if differences are as seen.",
        "baselines": baselines_note(read, found),
        "audit_note": audit_note,
        "failures": failures,
        "failures_note": failures_note,
        "gaps": found.verdict.gaps,
        "excluded": f"In the journal but not in the plan, and left out: {names(excluded, most=20)}."
        if excluded
        else "",
        "healed": read.healed,
        "retraining": retraining_note(plan),
        "method": [
            *method(found),
            *batches(read),
            *([prose.looks_method(rule)] if (rule := Rule.of(plan)) else []),
        ],
        "manifest": study.manifest_table(read),
        "command": command(read),
    }


def _problem(read: Journal, found: Summary, name: str, drawn: list[Figure], searched: SearchSection) -> ProblemPart:
    rule = found.objectives[name]
    better = "highest is best" if rule.direction == "max" else "lowest is best"
    epoch = "the best epoch of a trial counts" if rule.epoch == "best" else "the last epoch of a trial counts"
    space = read.problems[name]["space"]
    return ProblemPart(
        name=name,
        objective=f"{rule.metric}, {better}, {epoch}",
        verdict=found.verdicts[name],
        by_budget=[
            (f"{part.share:.0%} of the budget ({plural(part.epochs, 'epoch')})", part.line)
            for part in found.by_budget[name]
        ],
        figures=_with_numbers(found, name, drawn),
        tuners=comparison.tuners_table(found, name),
        finals=comparison.finals_table(found, name),
        pairs=comparison.pairs_table(found, name),
        baseline_pairs=comparison.pairs_table(found, name, baselines=True),
        unranked=unranked(found, name),
        targets=comparison.targets_table(found, name),
        winners=study.winners_table(found, name),
        test_metrics=study.test_metrics_table(found, name),
        best=study.best_table(found, name, space),
        space=study.space_table(read.problems[name]),
        search=searched,
    )


NUMBERS = {
    "best_so_far": comparison.curves_table,
    "wall_clock": comparison.clock_table,
    "final_scores": comparison.finals_table,
    "rank_over_budget": comparison.standing_table,
    "pairwise": comparison.pairs_table,
    "critical_difference": comparison.ranks_table,
    "performance_profile": comparison.profiles_table,
    "trials_by_state": comparison.states_table,
}


def _with_numbers(found: Summary, problem: str, drawn: list[Figure]) -> dict[str, tuple[Figure, Table]]:
    """The figures by kind, each with the table of its numbers."""
    return {
        kind: (figure, make(found, problem))
        for figure in drawn
        for kind, make in NUMBERS.items()
        if figure.name.startswith(kind)
    }


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
