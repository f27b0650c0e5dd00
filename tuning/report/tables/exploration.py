"""The tables of a search: the numbers of its figures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from tuning.analysis.interval_coverage import students
from tuning.analysis.problem_summary import ProblemSummary
from tuning.exploration.boundary import MIN_BEST
from tuning.exploration.exploration import Search
from tuning.exploration.importance import POOLED
from tuning.exploration.rungs import typical_replicate
from tuning.formatting import MISSING, count, decimals_for, number, setting
from tuning.report.tables.base import Entry, Table, table

Rows = list[list[str | Entry]]
MAX_BEST = 10
MAX_PARTS = 5  # of a number's range
MAX_PATHS = 12  # of promoted configurations


def best_trials_table(search: Search) -> Table:
    """The best trials of all tuners, a column for each hyperparameter."""
    scored = search.trials[search.trials["score"].notna()]
    best = scored.sort_values("score", ascending=search.objective.sign < 0, kind="stable").head(MAX_BEST)
    places = decimals_for(best["score"])
    rows: Rows = [
        [
            str(row["tuner"]),
            Entry(number(row["score"], places), _value(row["score"])),
            *(Entry(count(row[name]), row[name]) for name in ("replicate", "trial", "reached")),
            *(setting(row[f"hp.{dimension.key}"]) for dimension in search.space),
        ]
        for row in best.to_dict("records")
    ]
    columns = [
        "Tuner",
        search.objective.metric,
        "Replicate",
        "Trial",
        "Epochs",
        *(dimension.key for dimension in search.space),
    ]
    return table(f"The best {len(best)} of {count(len(scored))} trials, all tuners together", columns, rows)


def slices_table(search: Search) -> Table:
    """By hyperparameter and part of its range: how many trials, and their best and median score."""
    scored = search.trials[search.trials["score"].notna()]
    places = decimals_for(scored["score"])
    rows: Rows = []
    for dimension in search.space:
        at = scored[f"at.{dimension.key}"]
        parts = dimension.count if 0 < dimension.count <= MAX_PARTS or not dimension.numeric else MAX_PARTS
        part = (at * parts + 1e-9).clip(upper=parts - 1).floordiv(1)
        known = scored[["score", f"hp.{dimension.key}"]]
        for place in range(parts):
            there = known[part == place]
            if there.empty:
                continue
            scores, values = there["score"], there[f"hp.{dimension.key}"]
            alone = values.nunique() == 1
            text = setting(values.iloc[0]) if alone else f"{setting(values.min())} to {setting(values.max())}"
            numbers = (
                Entry(number(score, places), float(score)) for score in (search.objective.best(scores), scores.median())
            )
            rows.append([dimension.key, text, Entry(count(len(there)), len(there)), *numbers])
    columns = ("Hyperparameter", "Values", "Trials", f"Best {search.objective.metric}", "Median")
    return table("Scores by part of each range, all tuners and epochs together", columns, rows)


def coverage_table(search: Search) -> Table:
    columns = (
        "Tuner", "Searches", "Configurations", "Bins seen", "Random draws", "Pairs seen", "Student's 95% interval",
        "Random draws, pairs",
    )  # fmt: skip
    rows: Rows = [
        [
            str(row["tuner"]),
            Entry(count(row["searches"]), row["searches"]),
            Entry(number(row["configurations"], 1), row["configurations"]),
            *(_share(row[name]) for name in ("seen_1", "random_1", "seen_2")),
            MISSING if pd.isna(row["seen_low_2"]) else f"{row['seen_low_2']:.1%} to {row['seen_high_2']:.1%}",
            _share(row["random_2"]),
        ]
        for row in search.coverage.to_dict("records")
    ]
    caption = "Share of bins of single hyperparameters and of pairs, mean over searches, with "
    return table(f"{caption}{students(search.coverage['searches'])}", columns, rows)


def importance_table(search: Search) -> Table:
    frame = search.importance.frame
    wide = frame.pivot(index="hyperparameter", columns="tuner", values="importance")
    tuners = [tuner for tuner in (POOLED, *search.tuners) if tuner in wide]
    trials = frame.drop_duplicates("tuner").set_index("tuner")["trials"].to_dict()
    order: list[Any] = wide.sort_values(POOLED, ascending=False, kind="stable").index.tolist() if POOLED in wide else []
    rows: Rows = [[str(key), *(_share(wide.loc[key, tuner]) for tuner in tuners)] for key in order]
    titles = [f"{tuner or 'All tuners'} ({count(trials[tuner])} trials)" for tuner in tuners]
    return table("Importance, as a share of the sum over hyperparameters", ["Hyperparameter", *titles], rows)


def boundary_table(search: Search) -> Table:
    columns = (
        "Hyperparameter", "Best configurations", "Lower bound", "At or near it", "By chance", "Upper bound",
        "At or near it", "By chance", "Best value", "Verdict",
    )  # fmt: skip
    rows: Rows = [
        [
            str(row["hyperparameter"]),
            Entry(count(row["best"]), row["best"]),
            _bound(row["low"]),
            _share(row["near_low"]),
            _share(row["chance_low"]),
            _bound(row["high"]),
            _share(row["near_high"]),
            _share(row["chance_high"]),
            setting(row["best_value"]),
            "not judged" if row["best"] < MIN_BEST else f"at the {row['flag']} bound" if row["flag"] else "inside",
        ]
        for row in search.boundary.to_dict("records")
    ]
    return table("Where the best configurations lie, all tuners together", columns, rows)


def rungs_table(search: Search) -> Table:
    places = decimals_for([*search.rungs["best"], *search.rungs["best_stopped"], *search.rungs["median"]])
    metric = search.objective.metric
    columns = (
        "Tuner", "Bracket", "Epochs", "Trials", "Went on", f"Best {metric}", "Median", "Best that stopped",
    )  # fmt: skip
    rows: Rows = [
        [
            str(row["tuner"]),
            f"from {count(row['bracket'])}" if row["bracket"] else MISSING,
            *(Entry(count(row[name]), row[name]) for name in ("epochs", "trials", "promoted")),
            *(Entry(number(row[name], places), _value(row[name])) for name in ("best", "median", "best_stopped")),
        ]
        for row in search.rungs.to_dict("records")
    ]
    return table("Trials at each rung, all replicates together; a bracket is named by its first rung", columns, rows)


def promotions_table(search: Search, problem: ProblemSummary) -> Table:
    """The promoted configurations, in each tuner's replicate in the figure."""
    rows: Rows = []
    for tuner in search.tuners:
        replicate = typical_replicate(problem.finals, search.paths, tuner)
        if replicate is None:
            continue
        paths = search.paths[(search.paths["tuner"] == tuner) & (search.paths["replicate"] == replicate)]
        ways = [part for _, part in paths.groupby("path", sort=False) if part["promoted"].any()]
        ways.sort(key=lambda part: (-len(part), -search.objective.sign * float(part["score"].iloc[-1])))
        rows += [_way(str(tuner), replicate, part, search) for part in ways[:MAX_PATHS]]
    columns = ("Tuner", "Replicate", "Trials", "Epochs", search.objective.metric, "Configuration")
    return table(f"Who went on: in the replicates shown, the {MAX_PATHS} that came furthest at most", columns, rows)


def _way(tuner: str, replicate: int, part: pd.DataFrame, search: Search) -> list[str | Entry]:
    trials = search.trials
    first = trials[
        (trials["tuner"] == tuner) & (trials["replicate"] == replicate) & (trials["trial"] == part["path"].iloc[0])
    ].iloc[0]
    places = decimals_for(part["score"])
    return [
        tuner,
        Entry(str(replicate), replicate),
        _chain(dict.fromkeys(str(trial) for trial in part["trial"])),
        _chain(count(epochs) for epochs in part["epochs"]),
        _chain(number(score, places) for score in part["score"]),
        configuration_words(first, search),
    ]


def configuration_words(row: pd.Series, search: Search) -> str:
    """The active hyperparameters of a row of `Search.trials`, in a line."""
    return ", ".join(
        f"{dimension.name} {setting(row[f'hp.{dimension.key}'])}"
        for dimension in search.space
        if row[f"hp.{dimension.key}"] is not None
    )


def _chain(parts: Iterable[str]) -> str:
    return " → ".join(parts)


def _share(value: float) -> Entry | str:
    return MISSING if pd.isna(value) else Entry(f"{value:.1%}", float(value))


def _bound(value: float) -> Entry:
    return Entry(setting(int(value) if float(value).is_integer() else float(value)), float(value))


def _value(value: float) -> float | None:
    return None if pd.isna(value) else float(value)
