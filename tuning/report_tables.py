"""The tables of a report, from a `Summary` and its journal; long ones are shortened, and say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tuning.analysis import DONE
from tuning.bootstrap import CONFIDENCE
from tuning.curve_figures import CLOCK, budget_grid, clock_grid, curve_of, timed
from tuning.journal import Journal
from tuning.markup import Entry, Table, table
from tuning.power import MOST
from tuning.provenance import IMPORTED, SURROGATE
from tuning.standing import ALL
from tuning.summary import SHARES, Summary
from tuning.wording import MISSING, count, decimals_for, interval, number, p_value, plural, seconds, setting

Rows = list[list[str | Entry]]

MAX_REPLICATE_COLUMNS = 12  # above, the final scores are shown by their quartiles
MAX_AUDIT_ROWS = 60  # cells; above, only those that deviate are listed one by one
MAX_PROFILE_ROWS = 10
MAX_FAILURE_ROWS = 30  # different messages


def tuners_table(summary: Summary, problem: str) -> Table:
    part = _of(summary.tuners, problem)
    places = decimals_for([*part["smallest"], *part["largest"]])
    metric = summary.objectives[problem].metric
    columns = (
        "Tuner", f"Median best {metric}", f"{CONFIDENCE:.0%} interval", "Replicates", "Epochs", "Trials", "Complete",
        "Pruned", "Cut", "Failed", "Training", "Thinking",
    )  # fmt: skip
    rows: Rows = [
        [
            str(row["tuner"]),
            _score(row["median"], places),
            interval(row["low"], row["high"], places),
            Entry(f"{row['scored']} of {row['replicates_planned']}", row["scored"]),
            Entry(_epochs(row), row["charged_epochs"]),
            *(_count(row[name]) for name in ("trials", "trials_complete", "trials_pruned", "trials_cut")),
            _count(row["trials_failed"]),
            Entry(seconds(row["train_seconds"]), row["train_seconds"]),
            Entry(seconds(row["suggest_seconds"]), row["suggest_seconds"]),
        ]
        for row in _rows(part)
    ]
    return table("Medians and sums over all replicates", columns, rows)


def _epochs(row: dict[Any, Any]) -> str:
    """Epochs charged, and those planned where they differ."""
    charged, planned = count(row["charged_epochs"]), count(row["planned_epochs"])
    return charged if charged == planned else f"{charged} of {planned}"


def finals_table(summary: Summary, problem: str) -> Table:
    """A column for each replicate, or quartiles when there are many."""
    wide = _of(summary.finals, problem).pivot(index="tuner", columns="replicate", values="score")
    wide = wide.reindex(summary.tuner_names)
    places = decimals_for(wide.to_numpy().ravel())
    caption = f"Best {summary.objectives[problem].metric} of each replicate when its budget was spent"
    if wide.shape[1] <= MAX_REPLICATE_COLUMNS:
        columns = ["Tuner", *(f"Replicate {replicate}" for replicate in wide.columns)]
        rows: Rows = [
            [str(tuner), *(_score(value, places) for value in values)]
            for tuner, values in zip(wide.index, wide.to_numpy(), strict=True)
        ]
        return table(caption, columns, rows)
    columns = ["Tuner", "Replicates", "Smallest", "Lower quartile", "Median", "Upper quartile", "Largest"]
    rows = []
    for tuner in wide.index:
        values = wide.loc[tuner].dropna()
        quartiles = (_score(float(values.quantile(share)), places) for share in (0, 0.25, 0.5, 0.75, 1))
        rows.append([str(tuner), _count(len(values)), *quartiles])
    return table(caption, columns, rows)


def curves_table(summary: Summary, problem: str) -> Table:
    """The numbers behind the curves, on a grid of budgets."""
    grid = budget_grid(summary.budget_epochs)
    curves = {tuner: curve_of(summary, problem, tuner, grid) for tuner in summary.tuner_names}
    rows = _curve_rows([Entry(count(budget), budget) for budget in grid], grid, "spent_epochs", curves)
    caption = (
        f"Median best {summary.objectives[problem].metric} over finished replicates, by epochs spent, with intervals"
    )
    return table(caption, ["Epochs spent", *curves], rows)


def clock_table(summary: Summary, problem: str) -> Table:
    """The numbers behind the curves by the clock."""
    grid = clock_grid(summary, problem)
    steps = timed(summary)
    curves = {tuner: curve_of(summary, problem, tuner, grid, axis=CLOCK, steps=steps) for tuner in summary.tuner_names}
    rows = _curve_rows([Entry(seconds(spent), spent) for spent in grid], grid, "seconds", curves)
    caption = (
        f"Median best {summary.objectives[problem].metric} over finished replicates, by time spent, with intervals"
    )
    return table(caption, ["Time spent", *curves], rows)


def _curve_rows(
    titles: Sequence[Entry], grid: Sequence[float], column: str, curves: Mapping[str, pd.DataFrame]
) -> Rows:
    """A row for each budget: medians with their intervals."""
    places = decimals_for([float(value) for curve in curves.values() for value in curve["median"]])
    rows: Rows = [[title] for title in titles]
    for curve in curves.values():
        known = {row[column]: row for row in _rows(curve)}
        for row, budget in zip(rows, grid, strict=True):
            found = known.get(budget)
            row.append(MISSING if found is None else _with_interval(found, places))
    return rows


def _with_interval(row: Mapping[Any, Any], places: int) -> Entry:
    band = "" if pd.isna(row["low"]) else f" ({interval(row['low'], row['high'], places)})"
    return Entry(f"{number(row['median'], places)}{band}", _value(row["median"]))


def states_table(summary: Summary, problem: str) -> Table:
    names = ("complete", "pruned", "cut", "failed")
    rows: Rows = [
        [str(row["tuner"]), *(_count(row[f"trials_{name}"]) for name in names)]
        for row in _rows(_of(summary.tuners, problem))
    ]
    return table("Trials by state", ["Tuner", *(name.upper() for name in names)], rows)


def pairs_table(summary: Summary, problem: str, baselines: bool = False) -> Table:
    part = _of(summary.baseline_pairs if baselines else summary.pairs, problem)
    places = decimals_for([*part["difference"], 0.0])
    a, b = ("Tuner", "Baseline") if baselines else ("A", "B")
    columns = (
        a, b, "Replicates in both", f"{a} beats {b.lower() if baselines else b}",
        "Difference" if baselines else "Difference A − B", f"{CONFIDENCE:.0%} interval", "p", "Holm p",
        "Smallest p", "Power", "Replicates needed", "Shown better",
    )  # fmt: skip
    rows: Rows = [
        [
            str(row["a"]),
            str(row["b"]),
            _count(row["n"]),
            Entry(f"{row['a_better']:.0%}", row["a_better"]) if row["n"] else MISSING,
            Entry(number(row["difference"], places, signed=True), _value(row["difference"])),
            interval(row["low"], row["high"], places),
            *(Entry(p_value(row[name]), _value(row[name])) for name in ("p", "p_holm", "smallest_p")),
            MISSING if pd.isna(row["power"]) else Entry(f"{row['power']:.0%}", row["power"]),
            MISSING if pd.isna(row["needed"]) else _needed(row["needed"]),
            str(row["decided"]) or ("practically equal" if row["equal"] else "undecided"),
        ]
        for row in _rows(part)
    ]
    caption = "Each tuner and each baseline" if baselines else "Pairs of tuners"
    return table(f"{caption}, matched by replicate", columns, rows)


def standing_table(summary: Summary, problem: str) -> Table:
    """Where tuners stand at each of `summary.SHARES`: the measures of `standing.standings` with their intervals."""
    part = _of(summary.standings, problem)
    located, relative = part["median"].notna().any(), part["normalised"].notna().any()
    places = decimals_for([*part["median"], *part["median_low"], *part["median_high"]])
    columns = [
        "Epochs",
        "Tuner",
        *(["Median", "Interquartile mean"] if located else []),
        "Mean rank",
        *(["Normalised"] if relative else []),
    ]
    grid = sorted(part["spent_epochs"].unique())
    wanted = [max((step for step in grid if step <= share * summary.budget_epochs), default=None) for share in SHARES]
    rows: Rows = []
    for epochs in dict.fromkeys(step for step in wanted if step is not None):
        for row in _rows(part[part["spent_epochs"] == epochs]):
            measures = [*(("median", "iqm") if located else ()), "rank", *(("normalised",) if relative else ())]
            digits = {"median": places, "iqm": places}
            rows.append(
                [
                    Entry(count(epochs), epochs),
                    str(row["tuner"]),
                    *(_estimate(row, name, digits.get(name, 2)) for name in measures),
                ]
            )
    over = "problems" if problem == ALL else "replicates"
    return table(f"Over {over}, with {CONFIDENCE:.0%} bootstrap intervals", columns, rows)


def _estimate(row: dict[Any, Any], name: str, places: int, signed: bool = False) -> Entry:
    """A value with its interval in brackets."""
    value, low, high = (float(row[column]) for column in (name, f"{name}_low", f"{name}_high"))
    band = "" if pd.isna(low) else f" ({interval(low, high, places)})"
    return Entry(f"{number(value, places, signed=signed)}{band}", _value(value))


def ranks_table(summary: Summary, problem: str) -> Table:
    """Mean ranks, and the groups that Nemenyi's test cannot tell apart."""
    test = summary.rank_tests[problem]
    if test is None:
        return table("Mean ranks", ("Tuner", "Mean rank"), ())
    rows: Rows = [
        [
            name,
            Entry(f"{mean:.2f}", mean),
            ", ".join(str(place) for place, group in enumerate(test.groups, start=1) if name in group) or MISSING,
        ]
        for name, mean in zip(test.tuners, test.ranks, strict=True)
    ]
    caption = f"Mean ranks over {plural(test.blocks, test.block)}; critical difference {test.critical_difference:.2f}"
    return table(caption, ("Tuner", "Mean rank", "Not told apart, group"), rows)


def profiles_table(summary: Summary, problem: str) -> Table:
    """The share of replicates at least as good as up to `MAX_PROFILE_ROWS` of the scores in the profile."""
    wide = _of(summary.profiles, problem).pivot(index="score", columns="tuner", values="share")
    direction = summary.objectives[problem].direction
    wide = wide.sort_index(ascending=direction == "max")[[name for name in summary.contestants if name in wide]]
    shown = np.unique(np.linspace(0, len(wide) - 1, MAX_PROFILE_ROWS).round().astype(int))
    places = decimals_for(wide.index)
    rows: Rows = [
        [_score(float(score), places), *(Entry(f"{share:.0%}", share) for share in shares)]
        for score, shares in zip(wide.index[shown], wide.to_numpy()[shown], strict=True)
    ]
    better = "at least" if direction == "max" else "at most"
    metric = summary.objectives[problem].metric
    return table(f"Share of replicates whose final {metric} is {better} this", [metric, *map(str, wide.columns)], rows)


def targets_table(summary: Summary, problem: str) -> Table:
    """Epochs to reach each target; the unreached shown as such."""
    part = _of(summary.targets, problem)
    places = decimals_for([*_of(summary.finals, problem)["score"]])
    metric = summary.objectives[problem].metric
    rows: Rows = [
        [
            f"{row['target']}, {number(row['score'], places)}",
            str(row["tuner"]),
            Entry(f"{row['reached']} of {row['replicates']}", row["reached"]),
            *(_reached(row[name], summary.budget_epochs) for name in ("median", "earliest", "latest")),
        ]
        for row in _rows(part)
    ]
    columns = (f"Target {metric}", "Tuner", "Reached in", "Median epochs", "Earliest", "Latest")
    return table("Epochs until a replicate has a score as good as the target", columns, rows)


def _reached(epochs: float, budget: int) -> Entry:
    return Entry(f"not by {count(budget)}" if np.isinf(epochs) else number(epochs, 0 if epochs % 1 == 0 else 1), epochs)


def _needed(replicates: float) -> Entry:
    return Entry(f"> {MOST}" if np.isinf(replicates) else count(replicates), float(replicates))


def winners_table(summary: Summary, problem: str) -> Table:
    """What each tuner's incumbents are worth on fresh seeds."""
    part = _of(summary.winners, problem)
    places = decimals_for([*part["retrained"], *part["test"].dropna(), *part["seen"]])
    apart = decimals_for([*part["optimism"], 0.0])
    rule = summary.objectives[problem]
    columns = (
        "Tuner", "Cells", f"Best {rule.metric} seen", f"Retrained {rule.metric}", f"Test {rule.test_metric}",
        "Optimism", "Overtuned",
    )  # fmt: skip
    rows: Rows = [
        [
            str(row["tuner"]),
            _count(row["cells"]),
            _score(row["seen"], places),
            _estimate(row, "retrained", places),
            _estimate(row, "test", places),
            _estimate(row, "optimism", apart, signed=True),
            Entry(f"{row['overtuned']} of {row['judged']}", row["overtuned"]) if row["judged"] else MISSING,
        ]
        for row in _rows(part)
    ]
    caption = f"Final incumbents retrained on fresh seeds: means over cells, with {CONFIDENCE:.0%} bootstrap intervals"
    return table(caption, columns, rows)


def test_metrics_table(summary: Summary, problem: str) -> Table:
    """What the retrained final incumbents score on test by the model's other metrics, such as a confusion matrix."""
    part = _of(summary.retrainings, problem)
    part = part[part["final"].astype(bool)]
    named = [str(name) for name in part if str(name).startswith("test.") and name != "test.loss"]
    own = [name for name in named if part[name].notna().any()]
    means = part.groupby(["tuner", "replicate"], sort=False)[own].mean().groupby("tuner", sort=False).mean()
    places = {name: decimals_for(means[name].dropna()) for name in own}
    rows: Rows = [[str(name), *(_score(row[one], places[one]) for one in own)] for name, row in means.iterrows()]
    columns = ("Tuner", *(name.removeprefix("test.") for name in own))
    return table("The same incumbents on test by other metrics: means over cells", columns, rows if own else ())


def best_table(summary: Summary, problem: str, space: Iterable[Mapping[str, Any]]) -> Table:
    """A row for each hyperparameter and a column for each tuner, so that configurations are read side by side."""
    best = _rows(_of(summary.best, problem))
    places = decimals_for([row["score"] for row in best])
    rows: Rows = [
        [summary.objectives[problem].metric, *(number(row["score"], places) for row in best)],
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
    note = ""
    shown = cells
    if len(cells) > MAX_AUDIT_ROWS:
        spent = (cells["charged_epochs"] == cells["planned_epochs"]) | cells["tuner"].isin(summary.baselines)
        regular = (cells["state"] == DONE) & spent & cells["adds_up"]
        shown = cells[~regular]
        less = " (a baseline may want less)" if summary.baselines else ""
        note = (
            f"{count(int(regular.sum()))} of {count(len(cells))} cells are done, spent exactly what was planned{less} "
            "and add up; they are listed in summary.json, the others here."
        )
    columns = ["Tuner", "Replicate", "State", "Planned", "Charged", "Trials", "Adds up", "Ended because"]
    several = len(summary.objectives) > 1
    rows: Rows = [
        [
            *([str(row["problem"])] if several else []),
            str(row["tuner"]),
            Entry(str(row["replicate"]), row["replicate"]),
            str(row["state"]),
            _count(row["planned_epochs"]),
            _count(row["charged_epochs"]),
            _count(row["trials"]),
            "yes" if row["adds_up"] else "NO",
            str(row["error"] or row["reason"] or MISSING),
        ]
        for row in _rows(shown)
    ]
    return table("Epochs of each cell", ["Problem", *columns] if several else columns, rows), note


def failures_table(summary: Summary) -> tuple[Table, str]:
    """Messages of FAILED trials, counted, and a note about those not listed."""
    several = len(summary.objectives) > 1
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
            _count(row["count"]),
            str(row["error"]) or MISSING,
            f"replicate {row['replicate']}, trial {row['trial']}",
        ]
        for row in _rows(groups.iloc[:MAX_FAILURE_ROWS])
    ]
    columns = ["Tuner", "Trials", "Message", "First in"]
    return table("FAILED trials by message", ["Problem", *columns] if several else columns, rows), note


def space_table(problem: Mapping[str, Any]) -> Table:
    rows = []
    for entry in problem["space"]:
        conditions = [
            f"{one['name']} is {' or '.join(map(str, one['values']))}" for one in entry.get("conditions") or ()
        ]
        rows.append(
            [str(entry["name"]), str(entry.get("type", "")), _domain(entry), " and ".join(conditions) or "always"]
        )
    return table("Search space", ["Hyperparameter", "Type", "Values", "Active"], rows)


def manifest_table(journal: Journal) -> Table:
    """Versions, seeds, threads and data, whatever the last session wrote down."""
    found = {
        **journal.manifest,
        **_training(journal),
        **{f"data of {name}": problem.get("data", {}) for name, problem in journal.problems.items()},
        **{f"surrogate of {name}": problem.get(SURROGATE, {}) for name, problem in journal.problems.items()},
        **({"seconds a trial may take": limit} if (limit := journal.plan.get("trial_seconds")) else {}),
        **{f"import of {name}": problem.get(IMPORTED, {}) for name, problem in journal.problems.items()},
        **{f"max_epochs of {name}": problem.get("max_epochs", "") for name, problem in journal.problems.items()},
        **{
            f"settings of {label}": ", ".join(f"{name}={value}" for name, value in dict(settings).items())
            for label, settings in {**journal.plan["tuners"], **journal.plan.get("baselines", {})}.items()
        },
    }
    rows = [[name, str(value)] for name, value in _flat(found)]
    return table("Manifest", ["Entry", "Value"], rows)


def _training(journal: Journal) -> dict[str, Any]:
    """How trials were trained, each way with its trials, and what was trained again without charge."""
    trials = list(journal.all_trials())
    ways = Counter(trial.fit for trial in trials if trial.fit)
    rebuilt = sum(trial.rebuilt_epochs for trial in trials)
    facts: dict[str, Any] = {"trained by": {way: plural(times, "trial") for way, times in sorted(ways.items())}}
    if rebuilt:
        facts["trained again, uncharged"] = f"{plural(rebuilt, 'epoch')} of parents whose state was gone"
    return facts if ways or rebuilt else {}


def _domain(entry: Mapping[str, Any]) -> str:
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


def _flat(entries: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in entries.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}: ")
        else:
            yield f"{before}{name}", value


def _of(frame: pd.DataFrame, problem: str) -> pd.DataFrame:
    return frame[frame["problem"] == problem]


def _rows(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    return frame.to_dict("records")


def _value(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


def _score(value: float, places: int) -> Entry:
    return Entry(number(value, places), _value(value))


def _count(value: int) -> Entry:
    return Entry(count(value), float(value))
