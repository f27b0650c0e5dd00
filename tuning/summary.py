"""All numbers of a report in one place: what figures draw, tables show and `summary.json` holds."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from tuning import sequential, tables
from tuning.analysis import (
    BOOTSTRAP_RESAMPLES,
    CELL,
    CONFIDENCE,
    DONE,
    MISSING,
    UNFINISHED,
    cells_frame,
    final_scores,
    incumbents,
    median_interval,
)
from tuning.comparison import LEVEL, PAIR_COLUMNS, pairwise, replicates_needed
from tuning.journal import Journal
from tuning.objective import Objective
from tuning.provenance import words
from tuning.records import FAILED, STATES
from tuning.verdict import Verdict, overall, verdict

SUMMARY_FORMAT = 1
TUNER_COLUMNS = [
    "problem", "tuner", "scored", "median", "low", "high", "smallest", "largest",
    "replicates_planned", "replicates_done", "replicates_unfinished", "replicates_failed", "replicates_missing",
    "trials", *(f"trials_{state.lower()}" for state in STATES),
    "charged_epochs", "planned_epochs", "train_seconds", "suggest_seconds",
]  # fmt: skip


@dataclass(frozen=True)
class Summary:
    """What a journal's trials say.

    Attributes:
        objectives: By problem.
        trials: `tables.trials_frame`.
        epochs: `tables.epochs_frame`.
        cells: `analysis.cells_frame`, the budget audit.
        incumbents: `analysis.incumbents`, the steps of every cell.
        finals: `analysis.final_scores`.
        tuners: `tuner_table`.
        pairs: `comparison.pairwise` of every problem.
        best: `best_configurations`.
        failures: `failure_groups`.
        verdicts: By problem.
        verdict: Over all problems.
    """

    study: str
    budget_epochs: int
    objectives: Mapping[str, Objective]
    trials: pd.DataFrame
    epochs: pd.DataFrame
    cells: pd.DataFrame
    incumbents: pd.DataFrame
    finals: pd.DataFrame
    tuners: pd.DataFrame
    pairs: pd.DataFrame
    best: pd.DataFrame
    failures: pd.DataFrame
    verdicts: Mapping[str, Verdict]
    verdict: Verdict

    @property
    def tuner_names(self) -> list[str]:
        """In the order of the plan."""
        return list(dict.fromkeys(self.tuners["tuner"]))


def summarise(journal: Journal) -> Summary:
    """Everything a report shows, computed once from the journal."""
    plan = journal.plan
    budget = int(plan["budget_epochs"])
    labels = list(plan["tuners"])
    objectives = {problem: journal.objective(problem) for problem in journal.problems}
    trials, epochs = tables.trials_frame(journal), tables.epochs_frame(journal)
    cells = cells_frame(journal.planned_cells(), journal.ends, trials, budget)
    steps = incumbents(trials, epochs, objectives)
    finals = final_scores(steps, cells)
    tuners = tuner_table(trials, cells, finals)
    families = [pairwise(finals, labels, problem, objective) for problem, objective in objectives.items()]
    rule = sequential.Rule.of(plan)
    if rule is not None:
        families = [
            sequential.judged(family, finals, cells, objective, rule)
            for family, objective in zip(families, objectives.values(), strict=True)
        ]
    filled = [family for family in families if len(family)]
    pairs = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=PAIR_COLUMNS)
    needed = replicates_needed if rule is None else rule.first_look
    verdicts = {
        problem: verdict(problem, objective, tuners, pairs, cells, needed) for problem, objective in objectives.items()
    }
    if rule is not None:
        verdicts = {
            problem: sequential.said(found, pairs[pairs["problem"] == problem], rule)
            for problem, found in verdicts.items()
        }
    for problem, found in verdicts.items():
        if label := words(problem, journal.problems[problem]):
            line = f"On a surrogate: {found.line}"
            verdicts[problem] = replace(found, line=line, details=(label, *found.details))
    return Summary(
        study=journal.name,
        budget_epochs=budget,
        objectives=objectives,
        trials=trials,
        epochs=epochs,
        cells=cells,
        incumbents=steps,
        finals=finals,
        tuners=tuners,
        pairs=pairs,
        best=_in_order_of(tuners, best_configurations(trials, epochs, objectives)),
        failures=failure_groups(trials),
        verdicts=verdicts,
        verdict=overall(verdicts),
    )


def tuner_table(trials: pd.DataFrame, cells: pd.DataFrame, finals: pd.DataFrame) -> pd.DataFrame:
    """A row for each problem and tuner, in the plan's order.

    Returns:
        (num_problems * num_tuners, 22), `TUNER_COLUMNS`: ``scored`` counts replicates with a final score, ``median``
        is theirs, ``low`` and ``high`` its `analysis.median_interval`, ``smallest`` and ``largest`` their range;
        trials, epochs and seconds are sums over all replicates.
    """
    by_state: Mapping[Any, int] = trials.groupby(["problem", "tuner", "state"]).size().to_dict() if len(trials) else {}
    rows = []
    for (problem, tuner), part in cells.groupby(["problem", "tuner"], sort=False):
        scores = finals.loc[(finals["problem"] == problem) & (finals["tuner"] == tuner), "score"].dropna()
        low, high = median_interval(scores)
        states = part["state"].value_counts()
        rows.append(
            {
                "problem": problem,
                "tuner": tuner,
                "scored": len(scores),
                "median": float(scores.median()),
                "low": low,
                "high": high,
                "smallest": float(scores.min()),
                "largest": float(scores.max()),
                "replicates_planned": len(part),
                **{
                    f"replicates_{state.lower()}": int(states.get(state, 0))
                    for state in (DONE, UNFINISHED, FAILED, MISSING)
                },
                "trials": int(part["trials"].sum()),
                **{f"trials_{state.lower()}": int(by_state.get((problem, tuner, state), 0)) for state in STATES},
                "charged_epochs": int(part["charged_epochs"].sum()),
                "planned_epochs": int(part["planned_epochs"].sum()),
                "train_seconds": float(part["train_seconds"].sum()),
                "suggest_seconds": float(part["suggest_seconds"].sum()),
            }
        )
    return pd.DataFrame(rows, columns=TUNER_COLUMNS)


def best_configurations(
    trials: pd.DataFrame, epochs: pd.DataFrame, objectives: Mapping[str, Objective]
) -> pd.DataFrame:
    """The best trial of each problem and tuner over all replicates, unfinished cells included.

    Of equal scores the earliest replicate's earliest trial is taken.

    Returns:
        (num_problems * num_tuners at most, 7): problem, tuner, replicate, trial, score, epoch (trained up to, its
        parent's epochs included), configuration (mapping of the active hyperparameters).
    """
    columns = ["problem", "tuner", "replicate", "trial", "score", "epoch", "configuration"]
    counted = trials[(trials["state"] != FAILED) & trials["score"].notna()]
    if counted.empty:
        return pd.DataFrame(columns=columns)
    sign = counted["problem"].map({name: 1 if rule.direction == "min" else -1 for name, rule in objectives.items()})
    ranked = counted.assign(badness=sign * counted["score"].astype(float))
    best = ranked.sort_values(["badness", "replicate", "trial"]).drop_duplicates(["problem", "tuner"])
    reached = best[[*CELL, "trial"]].merge(epochs[[*CELL, "trial", "epoch"]], on=[*CELL, "trial"], how="left")
    last = reached.groupby([*CELL, "trial"])["epoch"].max().to_dict()
    names = [name for name in trials.columns if str(name).startswith("hp.")]
    rows = [
        {
            **{name: row[name] for name in columns[:5]},
            "epoch": last.get((row["problem"], row["tuner"], row["replicate"], row["trial"])),
            "configuration": {str(name)[3:]: row[name] for name in names if not pd.isna(row[name])},
        }
        for row in best.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=columns)


def _in_order_of(tuners: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of `frame` in the order of the plan's problems and tuners."""
    return tuners[["problem", "tuner"]].merge(frame, on=["problem", "tuner"], how="inner")


def failure_groups(trials: pd.DataFrame) -> pd.DataFrame:
    """FAILED trials, those of one tuner with one message together.

    Returns:
        (num_groups, 6): problem, tuner, error, count, and the first such trial's replicate and trial; most first.
    """
    failed = trials[trials["state"] == FAILED]
    if failed.empty:
        return pd.DataFrame(columns=["problem", "tuner", "error", "count", "replicate", "trial"])
    groups = failed.groupby(["problem", "tuner", "error"], sort=False).agg(
        count=("trial", "size"), replicate=("replicate", "first"), trial=("trial", "first")
    )
    return groups.reset_index().sort_values("count", ascending=False, kind="stable", ignore_index=True)


def to_json(summary: Summary) -> str:
    """`summary.json`: strict JSON, where a number that does not exist is null."""
    document = {
        "format": SUMMARY_FORMAT,
        "study": summary.study,
        "verdict": _verdict_json(summary.verdict),
        "budget_epochs": summary.budget_epochs,
        "level": LEVEL,
        "confidence": CONFIDENCE,
        "bootstrap_resamples": BOOTSTRAP_RESAMPLES,
        "problems": {
            problem: {
                "objective": objective.to_json(),
                "verdict": _verdict_json(summary.verdicts[problem]),
                **{
                    name: _records(frame[frame["problem"] == problem].drop(columns="problem"))
                    for name, frame in (
                        ("tuners", summary.tuners),
                        ("final_scores", summary.finals),
                        ("pairs", summary.pairs),
                        ("best_configurations", summary.best),
                        ("cells", summary.cells),
                        ("failures", summary.failures),
                    )
                },
            }
            for problem, objective in summary.objectives.items()
        },
    }
    return json.dumps(document, allow_nan=False, ensure_ascii=False, indent=1) + "\n"


def _verdict_json(found: Verdict) -> dict[str, Any]:
    return {"kind": found.kind, "line": found.line, "details": list(found.details)}


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    """`value` as strict JSON knows it."""
    if isinstance(value, Mapping):
        return {str(name): _plain(entry) for name, entry in value.items()}
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)
