"""The figures of a report that compare tuners: a list of all; final scores and states of trials."""

from __future__ import annotations

from collections.abc import Iterable

import altair as alt
import pandas as pd

from tuning.analysis.problem_summary import ProblemSummary
from tuning.analysis.summary import Summary
from tuning.formatting import decimals_for
from tuning.journal.records import TrialState
from tuning.report.figures.base import INK, ROW, Figure, finished, score_axis, slugs, tuner_axis, tuner_colour, values
from tuning.report.figures.comparison import critical_difference, pair_matrix, performance_profile, rank_over_budget
from tuning.report.figures.curves import best_so_far, longer, off_the_axis, wall_clock
from tuning.report.figures.endpoint import what_one_gets
from tuning.report.figures.improvement import MAX_PAIRS, improvement
from tuning.report.figures.over_problems import differences_over_problems
from tuning.report.figures.reaching import fixed_targets, speed_up

STATE_COLOURS = {
    TrialState.COMPLETE: "#8A9BA8",
    TrialState.PRUNED: "#B9C4CC",
    TrialState.CUT: "#DDE3E7",
    TrialState.FAILED: "#D55E00",
}


def figures(summary: Summary) -> dict[str, list[Figure]]:
    """By problem: each figure for which there is something to draw."""
    safe = slugs(list(summary.problems))
    return {
        name: _drawn(
            draw(problem, safe[name])
            for draw in (
                best_so_far,
                wall_clock,
                what_one_gets,
                final_strip,
                rank_over_budget,
                improvement,
                _matrix,
                critical_difference,
                performance_profile,
                fixed_targets,
                speed_up,
                trial_states,
            )
        )
        for name, problem in summary.problems.items()
    }


def figures_over_problems(summary: Summary) -> list[Figure]:
    """Over all problems; none if there is only one."""
    if len(summary.problems) < 2:
        return []
    return _drawn(draw(summary, "_all") for draw in (differences_over_problems, rank_over_budget, critical_difference))


def _drawn(figures: Iterable[Figure | None]) -> list[Figure]:
    return [figure for figure in figures if figure is not None]


def _matrix(problem: ProblemSummary, slug: str) -> Figure | None:
    """Of few pairs, the figure of improvements says all that the matrix says."""
    return pair_matrix(problem, slug) if len(problem.pairs) > MAX_PAIRS else None


def final_strip(problem: ProblemSummary, slug: str = "") -> Figure | None:
    """The final score of every replicate as a dot, with a tick at each tuner's median."""
    finals = problem.finals[problem.finals["score"].notna()]
    if finals.empty:
        return None
    metric = problem.objective.metric
    title = f"best {metric} at the end of the budget"
    places = decimals_for(finals["score"])
    domain, off = _tuners_range(problem)
    y = tuner_axis(problem.contest.labels)
    dots = (
        alt.Chart(values(finals[["tuner", "replicate", "score"]]))
        .mark_circle(size=70, opacity=0.65, clip=True)
        .encode(
            x=score_axis(alt.X, "score", title, domain=domain),
            y=y,
            color=tuner_colour(problem.contest.labels, problem.contest.baselines, legend=None),
            tooltip=[
                alt.Tooltip(field="tuner", type="nominal", title="tuner"),
                alt.Tooltip(field="replicate", type="ordinal", title="replicate"),
                alt.Tooltip(field="score", type="quantitative", title=metric, format=f".{places}f"),
            ],
        )
    )
    table = problem.tuners[problem.tuners["scored"] > 0]
    ticks = (
        alt.Chart(values(table[["tuner", "median"]]))
        .mark_tick(thickness=2.5, size=22, color=INK, clip=True)
        .encode(x=score_axis(alt.X, "median", title, domain=domain), y=y)
    )
    description = (
        f"Dots of the final best {metric} of every finished replicate, a row for each tuner, a tick at the median. "
        f"Medians: {_endings(problem)}."
    )
    return Figure(
        f"final_scores{slug}",
        "Final scores",
        f"Each dot is the best score of one replicate when its budget was spent; the tick is the median.{off}"
        + longer(problem, "At the end of a larger budget"),
        description,
        finished(alt.layer(dots, ticks), description, ROW * len(problem.contest.labels)),
    )


def trial_states(problem: ProblemSummary, slug: str = "") -> Figure | None:
    """How many trials of each tuner were COMPLETE, PRUNED, CUT or FAILED."""
    table = problem.tuners
    rows = [
        {"tuner": row["tuner"], "state": state, "order": order, "trials": row[f"trials_{state.lower()}"]}
        for row in table.to_dict("records")
        for order, state in enumerate(STATE_COLOURS)
        if row[f"trials_{state.lower()}"]
    ]
    if not rows:
        return None
    bars = (
        alt.Chart(values(pd.DataFrame(rows)))
        .mark_bar(height=ROW // 2)
        .encode(
            x=alt.X(field="trials", type="quantitative", title="trials", stack="zero", axis=alt.Axis(tickMinStep=1)),
            y=tuner_axis(problem.contest.labels),
            color=alt.Color(
                field="state",
                type="nominal",
                title=None,
                sort=list(STATE_COLOURS),
                scale=alt.Scale(domain=list(STATE_COLOURS), range=list(STATE_COLOURS.values())),
            ),
            order=alt.Order(field="order", type="quantitative"),
            tooltip=[
                alt.Tooltip(field="tuner", type="nominal", title="tuner"),
                alt.Tooltip(field="state", type="nominal", title="state"),
                alt.Tooltip(field="trials", type="quantitative", title="trials"),
            ],
        )
    )
    counts = "; ".join(
        f"{row['tuner']} " + ", ".join(f"{row[f'trials_{state.lower()}']} {state}" for state in STATE_COLOURS)
        for row in table.to_dict("records")
    )
    description = f"Bars of the number of trials by state, a row for each tuner, all replicates together: {counts}."
    return Figure(
        f"trials_by_state{slug}",
        "Trials by state",
        "All replicates together. PRUNED: stopped by its tuner; CUT: stopped by the budget; FAILED: raised, or its "
        "loss or objective was not finite.",
        description,
        finished(alt.layer(bars), description, ROW * len(problem.contest.labels)),
    )


def _tuners_range(problem: ProblemSummary) -> tuple[list[float] | None, str]:
    """The range of the tuners' final scores, if a baseline's would squeeze them into less than half of the axis."""
    finals = problem.finals[problem.finals["score"].notna()]
    searched = finals.loc[finals["tuner"].isin(problem.contest.tuners), "score"]
    low, high = float(searched.min()), float(searched.max())
    if not high > low or high - low > (float(finals["score"].max()) - float(finals["score"].min())) / 2:
        return None, ""
    margin = 0.04 * (high - low)
    domain = [low - margin, high + margin]
    return domain, off_the_axis(problem, domain)


def _endings(problem: ProblemSummary) -> str:
    table = problem.tuners
    return "; ".join(
        f"{row['tuner']} {row['median']:.4g}" if row["scored"] else f"{row['tuner']} none"
        for row in table.to_dict("records")
    )
