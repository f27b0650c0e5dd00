"""Tables of winners, best trials, budgets, failures, the space and the manifest."""

from __future__ import annotations

import math
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec
import numpy as np
import pandas as pd

from tuning.analysis.interval_coverage import students
from tuning.analysis.problem_summary import ProblemSummary
from tuning.analysis.summary import Summary
from tuning.budget import exact_seconds
from tuning.formatting import MISSING, count, decimals_for, interval, number, plural, setting
from tuning.journal.journal import Journal
from tuning.journal.plan import start_said
from tuning.journal.provenance import IMPORTED, SURROGATE, different_versions
from tuning.journal.records import BUDGET_SPENT, CellState
from tuning.journal.study_record import Declaration, ProblemRecord
from tuning.report.tables.base import (
    Entry,
    Row,
    Table,
    count_entry,
    estimate_entry,
    rows_of,
    score_entry,
    table,
    test_part,
)
from tuning.report.tables.comparison import Rows
from tuning.statistics.intervals import share_ends

MAX_AUDIT_ROWS = 60  # cells; above, only deviating ones are listed one by one
MAX_FAILURE_ROWS = 30  # different messages


def winners_table(problem: ProblemSummary) -> Table:
    """What each tuner's winners are worth on fresh seeds."""
    part = problem.winners
    places = decimals_for([*part["retrained"], *part["test"].dropna(), *part["seen"]])
    apart = decimals_for([*part["optimism"], 0.0])
    rule = problem.objective
    alone = bool(test_part(problem)) and problem.test_rows is not None and "accuracy" in rule.test_metric
    overtuned = {
        row["tuner"]: Entry(
            f"{row['overtuned']:.0%} ({row['low']:.0%} to {row['high']:.0%}) of {row['judged']}", row["overtuned"]
        )
        for row in rows_of(problem.overtuning.table)
    }
    if problem.endpoint.noise_free and "regret" in part:
        return _worth_table(problem, places, apart)
    columns = (
        "Tuner", f"Test {rule.test_metric}",
        *([f"Test {rule.test_metric} by {count(problem.test_rows or 0)} samples"] if alone else []),
        f"Retrained {rule.metric}", f"Mean best {rule.metric} seen", "Optimism", "Overtuned, of searches", "Cells",
    )  # fmt: skip
    rows: Rows = [
        [
            str(row["tuner"]),
            estimate_entry(row, "test", places),
            *([interval(*_of_sample(row["test"], problem), places)] if alone else []),
            estimate_entry(row, "retrained", places),
            score_entry(row["seen"], places),
            estimate_entry(row, "optimism", apart, signed=True),
            overtuned.get(row["tuner"], MISSING),
            count_entry(row["cells"]),
        ]
        for row in rows_of(part)
    ]
    caption = f"The searches' winners on fresh seeds: means over cells, with {students(part['cells'])}"
    caption += test_part(problem)
    return table(caption, columns, rows)


def _worth_table(problem: ProblemSummary, places: int, apart: int) -> Table:
    """The same on a surrogate, where nothing is trained and a configuration's worth is known without noise."""
    part, metric = problem.winners, problem.objective.metric
    rows: Rows = [
        [
            str(row["tuner"]),
            estimate_entry(row, "retrained", places),
            score_entry(row["seen"], places),
            estimate_entry(row, "optimism", apart, signed=True),
            estimate_entry(row, "regret", apart),
            count_entry(row["cells"]),
        ]
        for row in rows_of(part)
    ]
    columns = ("Tuner", f"{metric} without noise", f"Mean best {metric} seen", "Optimism", "Regret", "Cells")
    caption = f"The searches' winners without noise: means over cells, with {students(part['cells'])}"
    return table(caption, columns, rows)


def _of_sample(accuracy: float, problem: ProblemSummary) -> tuple[float, float]:
    """What so many test samples leave open of an accuracy, by Clopper and Pearson's interval; NaN without any."""
    rows = problem.test_rows or 0
    low, high = share_ends(accuracy * rows, rows) if not pd.isna(accuracy) else (np.nan, np.nan)
    return float(low), float(high)


def test_metrics_table(problem: ProblemSummary) -> Table:
    """What the retrained winners score on test by the model's other metrics, such as a confusion matrix."""
    part = problem.retrainings
    part = part[part["final"].astype(bool)]
    named = [str(name) for name in part if str(name).startswith("test.") and name != "test.loss"]
    metrics = [name for name in named if part[name].notna().any()]
    means = part.groupby(["tuner", "replicate"], sort=False)[metrics].mean().groupby("tuner", sort=False).mean()
    places = {name: decimals_for(means[name].dropna()) for name in metrics}
    rows: Rows = [
        [str(name), *(score_entry(row[metric], places[metric]) for metric in metrics)] for name, row in means.iterrows()
    ]
    columns = ("Tuner", *(name.removeprefix("test.") for name in metrics))
    return table("The same winners on test by other metrics: means over cells", columns, rows if metrics else ())


def best_table(problem: ProblemSummary, space: Iterable[Declaration]) -> Table:
    """A row per hyperparameter and a column per tuner, to read configurations side by side."""
    best = rows_of(problem.best)
    places = decimals_for([row["score"] for row in best])
    rows: Rows = [
        [problem.objective.metric, *(number(row["score"], places) for row in best)],
        ["replicate", *(str(row["replicate"]) for row in best)],
        ["trial", *(str(row["trial"]) for row in best)],
        [
            "trained to epoch",
            *(setting(row["epoch"]) if pd.isna(row["epoch"]) else str(int(row["epoch"])) for row in best),
        ],
    ]
    rows += [
        [name, *(setting(row["configuration"].get(name)) for row in best)]
        for name in dict.fromkeys(str(entry["name"]) for entry in space)
    ]
    return table("The best trial of each tuner over all replicates", ["", *(str(row["tuner"]) for row in best)], rows)


def audit_table(summary: Summary) -> tuple[Table, str]:
    """The budget of each cell, and a note about what is not listed."""
    cells = summary.cells
    timed = "planned_seconds" in cells
    note = ""
    shown = cells
    if len(cells) > MAX_AUDIT_ROWS:
        spent = cells["reason"] == BUDGET_SPENT if timed else cells["charged_epochs"] == cells["planned_epochs"]
        wanted = spent | cells["tuner"].isin(summary.contest.baselines)
        regular = (cells["state"] == CellState.DONE) & wanted & cells["adds_up"]
        shown = cells[~regular]
        less = " (a baseline may spend less)" if summary.contest.baselines else ""
        note = (
            f"{count(int(regular.sum()))} of {count(len(cells))} cells went as planned{less}; summary.json lists them"
        )
        note += ", and the table those that did not." if len(shown) else "."
    columns = [
        *("Tuner", "Replicate", "State", "Planned"),
        *(["Trained"] if timed else []),
        *("Charged", "Trials", "Adds up", "Ended because"),
    ]
    several = len(summary.problems) > 1
    rows: Rows = [
        [
            *([str(row["problem"])] if several else []),
            str(row["tuner"]),
            Entry(str(row["replicate"]), row["replicate"]),
            str(row["state"]),
            *(_seconds_planned(row) if timed else [count_entry(row["planned_epochs"])]),
            count_entry(row["charged_epochs"]),
            count_entry(row["trials"]),
            "yes" if row["adds_up"] else "NO",
            str(row["error"] or row["reason"] or MISSING),
        ]
        for row in rows_of(shown)
    ]
    caption = "Seconds of training and epochs of each cell" if timed else "Epochs of each cell"
    return table(caption, ["Problem", *columns] if several else columns, rows), note


def _seconds_planned(row: Row) -> list[Entry]:
    """What a cell might train, and trained, in seconds."""
    planned, trained = row["planned_seconds"], row["train_seconds"]
    words = MISSING if math.isinf(planned) else exact_seconds(planned)
    return [Entry(words, planned), Entry(f"{trained:.1f} s", trained)]


def failures_table(summary: Summary) -> tuple[Table, str]:
    """Messages of FAILED trials, counted, and a note about those not listed."""
    several = len(summary.problems) > 1
    groups = summary.failures
    rest = groups.iloc[MAX_FAILURE_ROWS:]
    note = (
        f"{count(int(rest['count'].sum()))} more with {count(len(rest))} other messages: see trials.csv."
        if len(rest)
        else ""
    )
    rows: Rows = [
        [
            *([str(row["problem"])] if several else []),
            str(row["tuner"]),
            count_entry(row["count"]),
            str(row["error"]) or MISSING,
            f"replicate {row['replicate']}, trial {row['trial']}",
        ]
        for row in rows_of(groups.iloc[:MAX_FAILURE_ROWS])
    ]
    columns = ["Tuner", "Trials", "Message", "First in"]
    return table("FAILED trials by message", ["Problem", *columns] if several else columns, rows), note


def space_table(problem: ProblemRecord) -> Table:
    rows = []
    for entry in problem.space:
        conditions = [
            f"{condition['name']} is {' or '.join(map(str, condition['values']))}"
            for condition in entry.get("conditions") or ()
        ]
        rows.append(
            [str(entry["name"]), str(entry.get("type", "")), _domain(entry), " and ".join(conditions) or "always"]
        )
    return table("Search space", ["Hyperparameter", "Type", "Values", "Active"], rows)


def manifest_table(journal: Journal) -> Table:
    """Versions, seeds, threads and data, as the last session recorded them."""
    problems: dict[str, dict[str, object]] = msgspec.to_builtins(journal.problems)
    entries = {
        **journal.manifest,
        **({"earlier runs": different} if (different := different_versions(journal.sessions)) else {}),
        **_training(journal),
        **{f"data of {name}": problem["data"] for name, problem in problems.items()},
        **{f"surrogate of {name}": problem.get(SURROGATE, {}) for name, problem in problems.items()},
        **({"seconds a trial may take": limit} if (limit := journal.plan.trial_seconds) else {}),
        **({"GB a trial may need": limit} if (limit := journal.plan.trial_memory) else {}),
        **({"start": said} if (said := start_said(journal.plan.start, journal.plan.own_start)) else {}),
        **{f"import of {name}": problem.get(IMPORTED, {}) for name, problem in problems.items()},
        **{f"max_epochs of {name}": problem["max_epochs"] for name, problem in problems.items()},
        **{
            f"settings of {label}": ", ".join(f"{name}={value}" for name, value in settings.items())
            for label, settings in journal.plan.settings.items()
        },
    }
    rows = [
        [name, shlex.join(value) if name.endswith("command") and isinstance(value, list) else str(value)]
        for name, value in _flat(entries)
    ]
    return table("Manifest", ["Entry", "Value"], rows)


def _training(journal: Journal) -> dict[str, object]:
    """The ways trials were trained, with their counts, and what was trained again without charge."""
    trials = list(journal.all_trials())
    ways = Counter(trial.fit for trial in trials if trial.fit)
    rebuilt = sum(trial.rebuilt_epochs for trial in trials)
    facts: dict[str, object] = {"trained by": {way: plural(times, "trial") for way, times in sorted(ways.items())}}
    if rebuilt:
        facts["trained again, uncharged"] = f"{plural(rebuilt, 'epoch')} of parents whose state was gone"
    return facts if ways or rebuilt else {}


def _domain(entry: Declaration) -> str:
    if entry.get("values") is not None:
        return ", ".join(map(str, entry["values"]))
    if "min_value" not in entry:
        return str(entry.get("value", entry.get("default", ""))) if entry.get("type") == "Fixed" else "False, True"
    parts = [f"{setting(entry['min_value'])} to {setting(entry.get('max_value'))}"]
    if entry.get("step") is not None:
        parts.append(f"step {setting(entry['step'])}")
    if entry.get("sampling") not in (None, "linear"):
        parts.append(str(entry["sampling"]))
    return ", ".join(parts)


def _flat(entries: Mapping[str, object], before: str = "") -> Iterable[tuple[str, object]]:
    for name, value in entries.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}: ")
        else:
            yield f"{before}{name}", value
