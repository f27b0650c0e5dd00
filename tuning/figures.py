"""The figures of a report, as altair charts over a `Summary`, each with what a reader who cannot see it needs."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from tuning.analysis import DONE, incumbents_at, median_curve
from tuning.comparison_figures import critical_difference, pair_matrix, performance_profile, rank_over_budget
from tuning.drawing import (
    INK,
    PALETTE,
    ROW,
    Figure,
    finished,
    score_axis,
    slugs,
    tuner_axis,
    tuner_colour,
    tuner_dash,
    values,
)
from tuning.records import COMPLETE, CUT, FAILED, PRUNED
from tuning.standing import ALL
from tuning.summary import Summary
from tuning.wording import decimals_for, names, plural

STATE_COLOURS = {COMPLETE: "#8A9BA8", PRUNED: "#B9C4CC", CUT: "#DDE3E7", FAILED: "#D55E00"}
MAX_THIN_LINES = 10  # replicates drawn one by one; above, their range is a band
EARLY = 0.1  # share of the budget whose medians may lie outside of the axis of scores
GRID_STEPS = 10  # budgets in the table of numbers behind the curves


def figures(summary: Summary) -> dict[str, list[Figure]]:
    """By problem, and for `standing.ALL` of several: each figure only where there is something to draw."""
    safe = slugs(list(summary.objectives))
    drawn = {
        problem: [
            draw(summary, problem, safe[problem])
            for draw in (
                best_so_far,
                final_strip,
                rank_over_budget,
                pair_matrix,
                critical_difference,
                performance_profile,
                trial_states,
            )
        ]
        for problem in summary.objectives
    }
    if len(safe) > 1:
        drawn[ALL] = [draw(summary, ALL, "_all") for draw in (rank_over_budget, critical_difference)]
    return {name: [figure for figure in part if figure is not None] for name, part in drawn.items()}


def curve_of(summary: Summary, problem: str, tuner: str, budgets: Sequence[float] | None = None) -> pd.DataFrame:
    """`analysis.median_curve` over a tuner's finished cells, at `budgets` or at every step."""
    own = summary.cells[(summary.cells["problem"] == problem) & (summary.cells["tuner"] == tuner)]
    replicates = [int(replicate) for replicate in own.loc[own["state"] == DONE, "replicate"]]
    steps = summary.incumbents
    if budgets is None:
        mine = (steps["problem"] == problem) & (steps["tuner"] == tuner) & steps["replicate"].isin(replicates)
        budgets = sorted({*(float(spent) for spent in steps.loc[mine, "spent_epochs"]), float(summary.budget_epochs)})
        budgets = [budget for budget in budgets if budget <= summary.budget_epochs]
    return median_curve(incumbents_at(steps, summary.cells, problem, tuner, replicates, budgets), budgets)


def budget_grid(budget_epochs: int) -> list[float]:
    """Up to `GRID_STEPS` whole budgets, evenly spread, the full budget last."""
    steps = np.unique(np.ceil(np.linspace(0, budget_epochs, GRID_STEPS + 1)[1:]))
    return [float(step) for step in steps if step >= 1]


def best_so_far(summary: Summary, problem: str, slug: str = "") -> Figure | None:
    """The incumbent against epochs spent: a step line for each tuner's median, thin lines or a band for replicates.

    The axis ends at the tuners' budget: a baseline that had more is judged there by what it had found by then.
    """
    steps = summary.incumbents[summary.incumbents["problem"] == problem]
    steps = steps[steps["spent_epochs"] <= summary.budget_epochs]
    if steps.empty:
        return None
    metric = summary.objectives[problem].metric
    medians = pd.concat(
        [_turns(curve_of(summary, problem, tuner)).assign(tuner=tuner) for tuner in summary.tuner_names],
        ignore_index=True,
    )
    replicates = int(steps["replicate"].nunique())
    thin = replicates <= MAX_THIN_LINES
    picked = alt.selection_point(name="tuners", fields=["tuner"], bind="legend")
    x = alt.X(
        field="spent_epochs",
        type="quantitative",
        title="training epochs spent",
        scale=alt.Scale(domain=[0, max(summary.budget_epochs, 1)], nice=False),
        axis=alt.Axis(tickMinStep=1, grid=False),
    )
    title = f"best {metric} so far"
    domain, early = _focus(steps, medians, summary, problem)
    layers = []
    if thin and replicates > 1:
        layers.append(
            alt.Chart(values(_drawn_to_the_end(steps, summary)))
            .mark_line(interpolate="step-after", strokeWidth=0.8, clip=True, aria=False)
            .encode(
                x=x,
                y=score_axis("score", title, domain=domain),
                color=tuner_colour(summary.tuner_names),
                detail=alt.Detail(field="replicate", type="ordinal"),
                opacity=alt.condition(picked, alt.value(0.35), alt.value(0.04)),
            )
        )
    elif not thin:
        layers.append(
            alt.Chart(values(medians))
            .mark_area(interpolate="step-after", clip=True)
            .encode(
                x=x,
                y=score_axis("low", title, domain=domain),
                y2=alt.Y2(field="high"),
                color=tuner_colour(summary.tuner_names),
                opacity=alt.condition(picked, alt.value(0.12), alt.value(0.02)),
            )
        )
    shown = alt.condition(picked, alt.value(1), alt.value(0.1))
    bold = alt.Chart(values(medians)).encode(
        x=x, y=score_axis("median", title, domain=domain), color=tuner_colour(summary.tuner_names), opacity=shown
    )
    line = bold.mark_line(interpolate="step-after", strokeWidth=2.6, clip=True)
    if len(summary.tuner_names) > len(PALETTE) or summary.baselines:
        line = line.encode(strokeDash=tuner_dash(summary.tuner_names, summary.baselines))
    places = decimals_for(medians["median"].astype(float))
    points = bold.mark_point(size=60, filled=True, clip=True, aria=False).encode(
        opacity=alt.value(0),
        tooltip=[
            alt.Tooltip(field="tuner", type="nominal", title="tuner"),
            alt.Tooltip(field="spent_epochs", type="quantitative", title="epochs spent"),
            alt.Tooltip(field="median", type="quantitative", title="median", format=f".{places}f"),
            alt.Tooltip(field="low", type="quantitative", title="smallest", format=f".{places}f"),
            alt.Tooltip(field="high", type="quantitative", title="largest", format=f".{places}f"),
            alt.Tooltip(field="replicates", type="quantitative", title="replicates"),
        ],
    )
    spread = (
        "the only replicate"
        if replicates == 1
        else "thin lines are single replicates"
        if thin
        else "bands reach from the worst to the best replicate"
    )
    description = (
        f"Step curves of the best {metric} so far against training epochs spent, 0 to {summary.budget_epochs}, one "
        f"colour for each of {plural(len(summary.tuner_names), 'tuner')}. "
        f"Medians there: {_last(medians, summary.tuner_names)}."
    )
    return Figure(
        f"best_so_far{slug}",
        "Best so far against epochs spent",
        f"Bold lines are medians over finished replicates, from the epoch at which each of them has a result"
        f"{', baselines dashed' if summary.baselines else ''}; {spread}."
        f"{early} A result counts at the epoch that paid for it; nothing is interpolated."
        + _longer(summary, "Drawn up to the tuners' budget, though it had more"),
        description,
        finished(alt.layer(*layers, line, points).add_params(picked), description, 320),
    )


def final_strip(summary: Summary, problem: str, slug: str = "") -> Figure | None:
    """The final score of every replicate as a dot, with a tick at each tuner's median."""
    finals = summary.finals[(summary.finals["problem"] == problem) & summary.finals["score"].notna()]
    if finals.empty:
        return None
    metric = summary.objectives[problem].metric
    title = f"best {metric} at the end of the budget"
    places = decimals_for(finals["score"])
    domain, off = _tuners_range(summary, problem)
    y = tuner_axis(summary.tuner_names)
    dots = (
        alt.Chart(values(finals[["tuner", "replicate", "score"]]))
        .mark_circle(size=70, opacity=0.65, clip=True)
        .encode(
            x=score_axis("score", title, channel=alt.X, domain=domain),
            y=y,
            color=tuner_colour(summary.tuner_names, legend=False),
            tooltip=[
                alt.Tooltip(field="tuner", type="nominal", title="tuner"),
                alt.Tooltip(field="replicate", type="ordinal", title="replicate"),
                alt.Tooltip(field="score", type="quantitative", title=metric, format=f".{places}f"),
            ],
        )
    )
    table = summary.tuners[(summary.tuners["problem"] == problem) & (summary.tuners["scored"] > 0)]
    ticks = (
        alt.Chart(values(table[["tuner", "median"]]))
        .mark_tick(thickness=2.5, size=22, color=INK, clip=True)
        .encode(x=score_axis("median", title, channel=alt.X, domain=domain), y=y)
    )
    description = (
        f"Dots of the final best {metric} of every finished replicate, a row for each tuner, a tick at the median. "
        f"Medians: {_endings(summary, problem)}."
    )
    return Figure(
        f"final_scores{slug}",
        "Final scores",
        f"Each dot is the best score of one replicate when its budget was spent; the tick is the median.{off}"
        + _longer(summary, "At the end of a larger budget"),
        description,
        finished(alt.layer(dots, ticks), description, ROW * len(summary.tuner_names)),
    )


def trial_states(summary: Summary, problem: str, slug: str = "") -> Figure | None:
    """How many trials of each tuner were COMPLETE, PRUNED, CUT or FAILED."""
    table = summary.tuners[summary.tuners["problem"] == problem]
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
            y=tuner_axis(summary.tuner_names),
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
        finished(alt.layer(bars), description, ROW * len(summary.tuner_names)),
    )


def _focus(
    steps: pd.DataFrame, medians: pd.DataFrame, summary: Summary, problem: str
) -> tuple[list[float] | None, str]:
    """The range of scores to draw, and what to say about results outside it.

    The first results of a search, and baselines that do not search, are often so bad that they press all that matters
    into a corner. Where the tuners' final scores, and their medians from `EARLY` of the budget on, need at most half of
    the height, the axis shows their range alone.
    """
    scores = steps["score"].astype(float)
    own = steps[steps["tuner"].isin(summary.contestants)]
    final = own["score"].astype(float)[own.groupby(["tuner", "replicate"]).tail(1).index]
    searched = medians[medians["tuner"].isin(summary.contestants)]
    early = searched["spent_epochs"] <= EARLY * summary.budget_epochs
    opening = searched["median"][searched[early].groupby("tuner").tail(1).index]
    needed = pd.concat([final, opening.astype(float), searched["median"][~early].astype(float)])
    low, high = float(needed.min()), float(needed.max())
    if not high > low or high - low > (float(scores.max()) - float(scores.min())) / 2:
        return None, ""
    margin = 0.04 * (high - low)
    outside = "below" if summary.objectives[problem].direction == "max" else "above"
    note = (
        f" Not drawn are results {outside} the axis: no final score of a tuner, and no median of one past {EARLY:.0%} "
        "of the budget."
    )
    domain = [low - margin, high + margin]
    return domain, note + _off_the_axis(summary, problem, domain)


def _tuners_range(summary: Summary, problem: str) -> tuple[list[float] | None, str]:
    """The range of the tuners' final scores where a baseline's would press them into less than half of the axis."""
    finals = summary.finals[(summary.finals["problem"] == problem) & summary.finals["score"].notna()]
    own = finals.loc[finals["tuner"].isin(summary.contestants), "score"]
    low, high = float(own.min()), float(own.max())
    if not high > low or high - low > (float(finals["score"].max()) - float(finals["score"].min())) / 2:
        return None, ""
    margin = 0.04 * (high - low)
    domain = [low - margin, high + margin]
    return domain, _off_the_axis(summary, problem, domain)


def _off_the_axis(summary: Summary, problem: str, domain: Sequence[float]) -> str:
    """The baselines whose median is not on the axis, by name."""
    rows = summary.tuners[(summary.tuners["problem"] == problem) & summary.tuners["tuner"].isin(summary.baselines)]
    off = rows[(rows["median"] < domain[0]) | (rows["median"] > domain[1])]
    found = [f"{row['tuner']} (median {row['median']:.4g})" for row in off.to_dict("records")]
    return f" Off the axis: {names(found)}." if found else ""


def _turns(curve: pd.DataFrame) -> pd.DataFrame:
    """The rows at which a step curve changes, and its last; the others draw nothing."""
    drawn = curve[["median", "low", "high"]]
    changed = (drawn != drawn.shift()).any(axis=1)
    kept: pd.DataFrame = curve.loc[changed | (curve["spent_epochs"] == curve["spent_epochs"].max())]
    return kept


def _drawn_to_the_end(steps: pd.DataFrame, summary: Summary) -> pd.DataFrame:
    """The steps of each cell and, so that the last one is drawn to where its cell came, that point again."""
    columns = ["problem", "tuner", "replicate"]
    last = steps.sort_values("spent_epochs").groupby(columns, sort=False).tail(1)
    reached = last.drop(columns="spent_epochs").merge(summary.cells, on=columns)
    finished = reached["state"] == DONE
    reached["spent_epochs"] = np.where(
        finished, reached["planned_epochs"].clip(lower=summary.budget_epochs), reached["charged_epochs"]
    )
    both = pd.concat([steps, reached[steps.columns]], ignore_index=True)
    return both.sort_values([*columns, "spent_epochs"])[["tuner", "replicate", "spent_epochs", "score"]]


def _longer(summary: Summary, what: str) -> str:
    """`what` is shown of the baselines that had more epochs than the tuners; nothing where none had."""
    planned = summary.cells.groupby("tuner", sort=False)["planned_epochs"].max()
    longer = [
        f"{tuner} ({plural(int(epochs), 'epoch')} a cell)"
        for tuner, epochs in planned.items()
        if epochs > summary.budget_epochs
    ]
    return f" {what}: {names(longer)}." if longer else ""


def _last(medians: pd.DataFrame, tuners: Sequence[str]) -> str:
    """Where the drawn median of each tuner ends."""
    ends = medians.groupby("tuner")["median"].last().to_dict()
    return "; ".join(f"{tuner} {ends[tuner]:.4g}" if tuner in ends else f"{tuner} none" for tuner in tuners)


def _endings(summary: Summary, problem: str) -> str:
    table = summary.tuners[summary.tuners["problem"] == problem]
    return "; ".join(
        f"{row['tuner']} {row['median']:.4g}" if row["scored"] else f"{row['tuner']} none"
        for row in table.to_dict("records")
    )
