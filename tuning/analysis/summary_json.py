"""`summary.json`: what a report says, for machines."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from tuning.analysis.standings import ALL
from tuning.analysis.summary import Summary
from tuning.analysis.verdict import Verdict
from tuning.statistics.bootstrap import BOOTSTRAP_RESAMPLES, CONFIDENCE
from tuning.statistics.ranks import RankTest
from tuning.statistics.signed_rank import LEVEL

SUMMARY_FORMAT = 2


def to_json(summary: Summary, more: Mapping[str, Mapping[str, pd.DataFrame]] | None = None) -> str:
    """`summary.json`: strict JSON, where a number that does not exist is null.

    Args:
        summary: What `summarise` made.
        more: By problem, further frames by name.
    """
    document = {
        "format": SUMMARY_FORMAT,
        "study": summary.study,
        "verdict": _verdict_json(summary.verdict),
        "budget_epochs": summary.budget_epochs,
        "level": LEVEL,
        "confidence": CONFIDENCE,
        "bootstrap_resamples": BOOTSTRAP_RESAMPLES,
        "rope": summary.rope,
        "random_search": summary.random_search,
        "baselines": list(summary.baselines),
        "over_problems": {
            "standings": _records(summary.standings[summary.standings["problem"] == ALL].drop(columns="problem")),
            "ranks": _rank_test_json(summary.rank_tests.get(ALL)),
        },
        "problems": {
            problem: {
                "objective": objective.to_json(),
                "verdict": _verdict_json(summary.verdicts[problem]),
                "by_budget": [
                    {name: _plain(value) for name, value in asdict(found).items()}
                    for found in summary.by_budget[problem]
                ],
                "ranks": _rank_test_json(summary.rank_tests.get(problem)),
                **{
                    name: _records(frame[frame["problem"] == problem].drop(columns="problem"))
                    for name, frame in (
                        ("tuners", summary.tuners),
                        ("final_scores", summary.finals),
                        ("pairs", summary.pairs),
                        ("baseline_pairs", summary.baseline_pairs),
                        ("standings", summary.standings),
                        ("targets", summary.targets),
                        ("epochs_to_reach", summary.reached),
                        ("profiles", summary.profiles),
                        ("winners", summary.winners),
                        ("retrained", summary.retrained),
                        ("best_configurations", summary.best),
                        ("cells", summary.cells),
                        ("failures", summary.failures),
                    )
                },
                **{name: _records(frame) for name, frame in (more or {}).get(problem, {}).items()},
            }
            for problem, objective in summary.objectives.items()
        },
    }
    return json.dumps(document, allow_nan=False, ensure_ascii=False, indent=1) + "\n"


def _verdict_json(found: Verdict) -> dict[str, Any]:
    return {"kind": found.kind, "line": found.line, "details": list(found.details)}


def _rank_test_json(found: RankTest | None) -> Any:
    return None if found is None else {name: _plain(value) for name, value in asdict(found).items()}


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    """`value` as strict JSON knows it."""
    if isinstance(value, Mapping):
        return {str(name): _plain(entry) for name, entry in value.items()}
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)
