"""`summary.json`: the report for machines."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import TypeAlias

import pandas as pd

from tuning.analysis.choices import ProblemChoice
from tuning.analysis.over_problems.choice import ChoiceOverProblems
from tuning.analysis.over_problems.over_problems import OverProblems
from tuning.analysis.problem_summary import ProblemSummary
from tuning.analysis.summary import Summary
from tuning.analysis.variance import VarianceParts
from tuning.analysis.verdict.verdict import Verdict
from tuning.statistics.bootstrap import CONFIDENCE
from tuning.statistics.ranks import RankTest
from tuning.statistics.signed_rank import LEVEL

SUMMARY_FORMAT = 3
Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None


def to_json(summary: Summary, more: Mapping[str, Mapping[str, pd.DataFrame]] | None = None) -> str:
    """`summary.json`: strict JSON; a number that does not exist is null.

    Args:
        summary: From `summarise`.
        more: By problem, more frames by name.
    """
    budget = summary.contest.budget
    document: dict[str, Json] = {
        "format": SUMMARY_FORMAT,
        "study": summary.study,
        "choice": _taken_json(summary),
        "verdict": _verdict_json(summary.verdict),
        "endpoint": {"kind": summary.contest.endpoint, "declared": summary.contest.declared},
        "reference": summary.contest.reference or None,
        "alternative": summary.contest.alternative,
        "budget_epochs": budget.epochs if summary.contest.trainings is None else None,
        **({} if summary.contest.trainings is None else {"budget_trainings": summary.contest.trainings}),
        **({} if budget.seconds is None else {"budget_seconds": budget.seconds}),
        "level": LEVEL,
        "confidence": CONFIDENCE,
        "rope": summary.contest.rope,
        "random_search": summary.contest.random_search,
        "baselines": list(summary.contest.baselines),
        "spent": _plain(asdict(summary.spent)),
        "over_problems": {
            "standings": _records(summary.standings),
            "ranks": _rank_test_json(summary.rank_test),
            **({} if summary.over_problems is None else _over_problems_json(summary.over_problems)),
        },
        "problems": {
            name: _problem_json(problem) | {key: _records(frame) for key, frame in (more or {}).get(name, {}).items()}
            for name, problem in summary.problems.items()
        },
    }
    return json.dumps(document, allow_nan=False, ensure_ascii=False, indent=1) + "\n"


def _over_problems_json(over: OverProblems) -> dict[str, Json]:
    """What problems say together, as docs/json.md describes it."""
    return {
        "draws": {name: draw + 1 for name, draw in zip(over.measured.problems, over.measured.draws, strict=True)},
        "pairs": _records(over.pairs),
        "tuners": _records(over.tuners),
        "by_problem": _with_problem(over.by_problem),
        "single_problems": _with_problem(over.single),
        "without": _records(over.left_out),
    }


def _with_problem(frame: pd.DataFrame) -> list[Json]:
    return [_plain(row) for row in frame.to_dict("records")]


def _problem_json(problem: ProblemSummary) -> dict[str, Json]:
    frames = {
        "tuners": problem.tuners,
        "conduct": problem.conduct,
        "final_scores": problem.finals,
        "endpoint_scores": problem.endpoint.scores,
        "pairs": problem.pairs,
        "baseline_pairs": problem.baseline_pairs,
        "searching": problem.searching,
        "new_data": problem.new_data,
        "standings": problem.standings,
        "targets": problem.targets,
        "epochs_to_reach": problem.reached,
        "profiles": problem.profiles,
        "fixed_targets": problem.fixed_targets,
        "speed_ups": problem.speed_ups,
        "winners": problem.winners,
        "overtuning": problem.overtuning.table,
        "retrained": problem.retrained,
        "best_configurations": problem.best,
        "cells": problem.cells,
        "failures": problem.failures,
    }
    return {
        "objective": dict(problem.objective.to_json()),
        "verdict": _verdict_json(problem.verdict),
        "endpoint": {"kind": problem.endpoint.kind, "metric": problem.endpoint.metric, "name": problem.endpoint.name},
        "choice": _choice_json(problem.choice),
        "variance": _variance_json(problem.variance),
        "by_budget": [_plain(asdict(at_share)) for at_share in problem.by_budget],
        "ranks": _rank_test_json(problem.rank_test),
        **{name: _records(frame) for name, frame in frames.items()},
    }


def _verdict_json(verdict: Verdict) -> dict[str, Json]:
    return {
        "kind": verdict.kind,
        "judged": verdict.judged,
        "line": verdict.line,
        "details": list(verdict.details),
    }


def _taken_json(summary: Summary) -> dict[str, Json]:
    """Which tuner to take: on the study's problem, or for problems like its several ones."""
    choice: ProblemChoice | ChoiceOverProblems
    if summary.over_problems is not None:
        choice = summary.over_problems.choice
        unit, lines = "spreads", choice.lines
    else:
        (problem,) = summary.problems.values()
        choice = problem.choice
        unit, lines = problem.endpoint.metric, (choice.line, *choice.details)
    return {
        "kind": choice.kind,
        "tuner": choice.tuner,
        "any_of": list(choice.any_of),
        "probability": _plain(choice.probability),
        "expected_loss": _plain(choice.expected_loss),
        "unit": unit,
        "lines": list(lines),
    }


def _choice_json(choice: ProblemChoice) -> dict[str, Json]:
    """The choice as docs/json.md describes it."""
    return {
        "kind": choice.kind,
        "line": choice.line,
        "details": list(choice.details),
        "endpoint": choice.endpoint,
        "tuner": choice.tuner,
        "any_of": list(choice.any_of),
        "probability": _plain(choice.probability),
        "expected_loss": _plain(choice.expected_loss),
        "rope": choice.rope,
        "rope_given": choice.rope_given,
        "gains": [{"replicates": more, "gain": gain} for more, gain in choice.gains.items()],
        "saturated": choice.saturated,
        "tuners": _records(choice.table),
    }


def _variance_json(variance: VarianceParts | None) -> Json:
    if variance is None:
        return None
    parts = {name: _plain(value) for name, value in variance.parts._asdict().items()}
    return {"of": variance.of, "searches": variance.searches, **parts}


def _rank_test_json(test: RankTest | None) -> Json:
    return None if test is None else _plain(asdict(test))


def _records(frame: pd.DataFrame) -> list[Json]:
    """The rows, without the name of the problem, which all share."""
    return [_plain(row) for row in frame.drop(columns="problem", errors="ignore").to_dict("records")]


def _plain(value: object) -> Json:
    """`value` as a strict JSON type."""
    if isinstance(value, Mapping):
        return {str(name): _plain(entry) for name, entry in value.items()}
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)
