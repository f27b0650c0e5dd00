"""The tables of a report that compare tuners on one problem; long ones are shortened, and say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd

from tuning.analysis.choices import percent
from tuning.analysis.interval_coverage import short_of, students
from tuning.analysis.problem_summary import Comparison, ProblemSummary
from tuning.formatting import MISSING, count, decimals_for, interval, names, number, p_value, plural, seconds
from tuning.journal.incumbents import SHARES
from tuning.report.figures.curve_chart import CLOCK
from tuning.report.figures.curves import budget_grid, clock_grid, curve_of, timed
from tuning.report.tables.base import (
    Entry,
    Row,
    Table,
    count_entry,
    estimate_entry,
    rows_of,
    score_entry,
    table,
    value_of,
)
from tuning.statistics.bootstrap import CONFIDENCE
from tuning.statistics.choice import credible_coverage
from tuning.statistics.intervals import median_level, together_coverage
from tuning.statistics.power import MOST

Rows = list[list[str | Entry]]
MAX_REPLICATE_COLUMNS = 12  # above, the final scores are shown by their quartiles


def tuners_table(problem: ProblemSummary) -> Table:
    part = problem.tuners
    places = decimals_for([*part["smallest"], *part["largest"]])
    metric = problem.objective.metric
    columns = (
        "Tuner", f"Median best {metric}", f"Exact {median_level(part['scored']):.0%} interval", "Replicates",
        "Epochs", "Trials", "Complete", "Pruned", "Cut", "Failed", "Training", "Thinking",
    )  # fmt: skip
    rows: Rows = [
        [
            str(row["tuner"]),
            score_entry(row["median"], places),
            interval(row["low"], row["high"], places),
            Entry(f"{row['scored']} of {row['replicates_planned']}", row["scored"]),
            Entry(_epochs(row), row["charged_epochs"]),
            *(count_entry(row[name]) for name in ("trials", "trials_complete", "trials_pruned", "trials_cut")),
            count_entry(row["trials_failed"]),
            Entry(seconds(row["train_seconds"]), row["train_seconds"]),
            Entry(seconds(row["suggest_seconds"]), row["suggest_seconds"]),
        ]
        for row in rows_of(part)
    ]
    return table("Medians and sums over all replicates", columns, rows)


def _epochs(row: Row) -> str:
    """Epochs charged, and those planned if they differ."""
    charged, planned = count(row["charged_epochs"]), count(row["planned_epochs"])
    return charged if charged == planned else f"{charged} of {planned}"


def choice_table(problem: ProblemSummary) -> Table:
    """How good each tuner may be, for choosing one."""
    part = problem.choice.table
    places = decimals_for([*part["low"], *part["high"]])
    columns = (
        "Tuner",
        "Probability of being best",
        "Expected loss",
        "Mean",
        f"{CONFIDENCE:.0%} credible interval",
        "As good",
    )
    rows: Rows = [
        [
            str(row["tuner"]),
            MISSING if pd.isna(row["best"]) else Entry(percent(row["best"]), row["best"]),
            score_entry(row["loss"], places),
            score_entry(row["mean"], places),
            interval(row["low"], row["high"], places),
            "yes" if row["equal"] else "",
        ]
        for row in rows_of(part)
    ]
    scored = problem.endpoint.table(problem.contest.tuners)["scored"]
    short = short_of(scored, credible_coverage, "means in the least favourable of their simulations")
    kind = f"{CONFIDENCE:.0%} credible interval"
    # Worths without noise have no seeds; tuners with the same scores, or of one algorithm, are as good without a rope.
    unknown = problem.choice.rope is None and not problem.endpoint.noise_free and len(problem.choice.any_of) == 1
    how = "; none is called as good, which takes a rope, or two fresh seeds to derive one from" if unknown else ""
    return table(f"To choose by: mean of the {problem.choice.endpoint}, with {kind}s{short}{how}", columns, rows)


def by_budget_table(problem: ProblemSummary) -> Table:
    """Mean endpoint of each tuner at each share of the budget, with its interval."""
    places = decimals_for(mean for part in problem.by_budget for mean in part.means.values())
    tuners = [tuner for tuner in problem.contest.tuners if any(tuner in part.means for part in problem.by_budget)]
    rows: Rows = []
    for part in problem.by_budget:
        means = {}
        for tuner, mean in part.means.items():
            low, high = part.intervals[tuner]
            means[tuner] = estimate_entry({"mean": mean, "mean_low": low, "mean_high": high}, "mean", places)
        rows.append(
            [
                Entry(f"{part.share:.0%}", part.share),
                count_entry(part.epochs),
                *(means.get(of, MISSING) for of in tuners),
            ]
        )
    scored = [n for part in problem.by_budget for n in part.scored.values()]
    caption = f"Mean {problem.endpoint.metric} if the budget had been so large, with {students(scored)}"
    return table(caption, ["Share", "Epochs", *tuners], rows)


def finals_table(problem: ProblemSummary) -> Table:
    """A column per replicate, or quartiles if there are many."""
    wide = problem.finals.pivot(index="tuner", columns="replicate", values="score")
    wide = wide.reindex(problem.contest.labels)
    places = decimals_for(wide.to_numpy().ravel())
    caption = f"Best {problem.objective.metric} of each replicate when its budget was spent"
    if wide.shape[1] <= MAX_REPLICATE_COLUMNS:
        columns = ["Tuner", *(f"Replicate {replicate}" for replicate in wide.columns)]
        rows: Rows = [
            [str(tuner), *(score_entry(value, places) for value in values)]
            for tuner, values in zip(wide.index, wide.to_numpy(), strict=True)
        ]
        return table(caption, columns, rows)
    columns = ["Tuner", "Replicates", "Smallest", "Lower quartile", "Median", "Upper quartile", "Largest"]
    rows = []
    for tuner in wide.index:
        values = wide.loc[tuner].dropna()
        quartiles = (score_entry(float(values.quantile(share)), places) for share in (0, 0.25, 0.5, 0.75, 1))
        rows.append([str(tuner), count_entry(len(values)), *quartiles])
    return table(caption, columns, rows)


def curves_table(problem: ProblemSummary) -> Table:
    """The numbers of the curves, on a grid of budgets."""
    grid = budget_grid(problem.contest.budget_epochs)
    curves = {tuner: curve_of(problem, tuner, grid) for tuner in problem.contest.labels}
    rows = _curve_rows([Entry(count(budget), budget) for budget in grid], grid, "spent_epochs", curves)
    caption = f"Median best {problem.objective.metric} over finished replicates, by epochs spent, {_kind_of(curves)}"
    return table(caption, ["Epochs spent", *curves], rows)


def clock_table(problem: ProblemSummary) -> Table:
    """The numbers of the curves by the clock."""
    grid = clock_grid(problem)
    steps = timed(problem)
    curves = {tuner: curve_of(problem, tuner, grid, axis=CLOCK, steps=steps) for tuner in problem.contest.labels}
    rows = _curve_rows([Entry(seconds(spent), spent) for spent in grid], grid, "seconds", curves)
    caption = f"Median best {problem.objective.metric} over finished replicates, by time spent, {_kind_of(curves)}"
    return table(caption, ["Time spent", *curves], rows)


def _kind_of(curves: Mapping[str, pd.DataFrame]) -> str:
    """The intervals of these medians, in words."""
    return f"with exact {median_level(int(n) for curve in curves.values() for n in curve['replicates']):.0%} intervals"


def _curve_rows(
    titles: Sequence[Entry], grid: Sequence[float], column: str, curves: Mapping[str, pd.DataFrame]
) -> Rows:
    """A row for each budget: medians with their intervals."""
    places = decimals_for([float(value) for curve in curves.values() for value in curve["median"]])
    rows: Rows = [[title] for title in titles]
    for curve in curves.values():
        known = {row[column]: row for row in rows_of(curve)}
        for row, budget in zip(rows, grid, strict=True):
            at_budget = known.get(budget)
            row.append(MISSING if at_budget is None else _with_interval(at_budget, places))
    return rows


def _with_interval(row: Row, places: int) -> Entry:
    band: str = "" if pd.isna(row["low"]) else f" ({interval(row['low'], row['high'], places)})"
    return Entry(f"{number(row['median'], places)}{band}", value_of(row["median"]))


def states_table(problem: ProblemSummary) -> Table:
    names = ("complete", "pruned", "cut", "failed")
    rows: Rows = [
        [str(row["tuner"]), *(count_entry(row[f"trials_{name}"]) for name in names)] for row in rows_of(problem.tuners)
    ]
    return table("Trials by state", ["Tuner", *(name.upper() for name in names)], rows)


def pairs_table(problem: ProblemSummary, baselines: bool = False) -> Table:
    part = problem.baseline_pairs if baselines else problem.pairs
    places = decimals_for([*part["difference"], 0.0])
    a, b = ("Tuner", "Baseline") if baselines else ("A", "B")
    columns = (
        a, b, "Replicates", f"{a} beats {b.lower() if baselines else b}",
        "Difference" if baselines else "Difference A − B", f"{CONFIDENCE:.0%} interval of the test", "p", "Holm p",
        "Smallest p", "Replicates needed", "Shown better",
    )  # fmt: skip
    rows: Rows = [
        [
            str(row["a"]),
            str(row["b"]),
            count_entry(row["n"]),
            Entry(_chance(row), row["a_better"]) if row["n"] else MISSING,
            Entry(number(row["difference"], places, signed=True), value_of(row["difference"])),
            interval(row["low"], row["high"], places),
            *(Entry(p_value(row[name]), value_of(row[name])) for name in ("p", "p_holm", "smallest_p")),
            MISSING if pd.isna(row["needed_low"]) else _needed(row["needed_low"], row["needed_high"]),
            str(row["decided"]) or ("practically equal" if row["equal"] else "undecided"),
        ]
        for row in rows_of(part)
    ]
    caption = "Each tuner and each baseline" if baselines else "Pairs of tuners"
    how = "matched by replicate" if problem.endpoint.paired else "as independent samples"
    if problem.contest.extended:
        how += f"; replicates were added after {names(list(map(str, problem.contest.extended[:-1])))}"
    return table(f"{caption} by {problem.endpoint.metric}, {how}", columns, rows)


def searching_table(problem: ProblemSummary) -> Table:
    """All tuners together against each baseline."""
    part = problem.searching
    kind = f"{'Student' if problem.endpoint.paired else 'Welch'}'s {CONFIDENCE:.0%}"
    places = decimals_for([*part["difference"], *part["low"], *part["high"], 0.0])
    columns = (
        "Baseline", "Searches", "Replicates", "Searches better", "Mean difference",
        f"{kind} interval", "p", "Holm p",
        "Shown better",
    )  # fmt: skip
    rows: Rows = [
        [
            str(row["baseline"]),
            count_entry(row["searches"]),
            count_entry(row["replicates"]),
            Entry(f"{row['better']:.0%}", row["better"]) if row["replicates"] else MISSING,
            Entry(number(row["difference"], places, signed=True), value_of(row["difference"])),
            interval(row["low"], row["high"], places),
            *(Entry(p_value(row[name]), value_of(row[name])) for name in ("p", "p_holm")),
            str(row["decided"]) or "undecided",
        ]
        for row in rows_of(part)
    ]
    covered = partial(together_coverage, paired=problem.endpoint.paired)
    short = short_of(part["replicates"], covered, "differences of skewed scores")
    caption = f"All tuners together and each baseline by {problem.endpoint.metric}, with {kind} intervals{short}"
    return table(caption, columns, rows)


def standing_table(compared: Comparison) -> Table:
    """Tuners at each of `SHARES`: the measures of `standings.standings` with their intervals."""
    part = compared.standings
    located, relative = part["median"].notna().any(), part["normalised"].notna().any()
    places = decimals_for([*part["median"], *part["median_low"], *part["median_high"]])
    over_replicates = compared.block == "replicate"
    kinds = _kinds(part) if over_replicates else _kinds_over_problems(part)
    titles = {"median": "Median", "iqm": "Interquartile mean", "rank": "Mean rank", "normalised": "Normalised"}
    measures = [*(("median", "iqm") if located else ()), "rank", *(("normalised",) if relative else ())]
    spent = "Epochs" if compared.contest.trainings is None else "Budget, %"
    columns = [spent, "Tuner", *(f"{titles[name]}{kinds.get(name, '')}" for name in measures)]
    grid = sorted(part["spent_epochs"].unique())
    budgets = [share * compared.contest.budget_epochs for share in SHARES]
    wanted = [max((step for step in grid if step <= budget), default=None) for budget in budgets]
    rows: Rows = []
    for epochs in dict.fromkeys(step for step in wanted if step is not None):
        for row in rows_of(part[part["spent_epochs"] == epochs]):
            digits = {"median": places, "iqm": places}
            rows.append(
                [
                    Entry(count(epochs), epochs),
                    str(row["tuner"]),
                    *(estimate_entry(row, name, digits.get(name, 2)) for name in measures),
                ]
            )
    kind = f"; those of the interquartile mean are {students(part['replicates'])}" if over_replicates else ""
    return table(f"Over {compared.block}s, with intervals{kind}", columns, rows)


def _kinds(standings: pd.DataFrame) -> dict[str, str]:
    """By measure over replicates, which interval it has."""
    return {
        "median": f" (exact, {median_level(standings['replicates']):.0%})",
        "iqm": " (Student's t)",
        "rank": " (Clopper and Pearson's)",
        "normalised": " (Fieller's)",
    }


def _kinds_over_problems(standings: pd.DataFrame) -> dict[str, str]:
    """By measure over problems, which interval it has."""
    level = f"{median_level(standings['blocks']):.0%}"
    return {"rank": f" (Student's {CONFIDENCE:.0%})", "normalised": f", median (exact, {level})"}


def ranks_table(compared: Comparison) -> Table:
    """Mean ranks, and the groups that Nemenyi's test cannot tell apart."""
    test = compared.rank_test
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


def _needed(fewest: float, most: float) -> Entry:
    ends = [f"> {MOST}" if end > MOST else count(end) for end in (fewest, most)]
    return Entry(ends[0] if ends[0] == ends[1] else " to ".join(ends), float(fewest))


def _chance(row: Row) -> str:
    return f"{row['a_better']:.0%} ({row['a_better_low']:.0%} to {row['a_better_high']:.0%})"
