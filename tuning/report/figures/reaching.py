"""The figures of what it takes to reach a score: fixed-target curves, and speed-ups against random search."""

from __future__ import annotations

import math

import altair as alt
import numpy as np
import pandas as pd

from tuning.analysis.problem_summary import ProblemSummary
from tuning.analysis.speed import level
from tuning.analysis.targets import LADDER, NEAREST
from tuning.formatting import decimals_for, plural
from tuning.report.figures.base import INK, PALETTE, Figure, finished, tuner_colour, tuner_dash, values
from tuning.report.tables.base import Row
from tuning.statistics.bootstrap import CONFIDENCE

TICKS = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16, 32, 64)  # of a speed-up
LEAST = "at least"


def fixed_targets(problem: ProblemSummary, slug: str = "") -> Figure | None:
    """The share of (replicate, target) pairs reached against epochs spent, a step curve for each tuner."""
    rows = problem.fixed_targets
    if rows.empty or rows["share"].max() == 0:
        return None
    ends = "; ".join(
        f"{row['tuner']} {row['share']:.0%} ({row['low']:.0%} to {row['high']:.0%})"
        for row in rows.groupby("tuner", sort=False).tail(1).to_dict("records")
    )
    description = f"Step curves of the share of targets reached against training epochs spent. At the end: {ends}."
    start = f"{problem.contest.random_search}'s first trials" if problem.contest.random_search else "the first trials"
    return Figure(
        f"fixed_targets{slug}",
        "Targets reached over the budget",
        f"How many of {LADDER} target scores a tuner's replicates have reached by then, all targets and replicates "
        "together (a fixed-target ECDF, as in COCO and IOHprofiler). Targets go from the median of "
        f"{start} towards the best known score; each is closer to it than the one before by the same factor, the last "
        f"{NEAREST:.0%} as far away as the first. A curve further left and higher is faster. Under the pointer: "
        f"{CONFIDENCE:.0%} intervals over replicates.",
        description,
        finished(_steps(_turning(rows), problem), description, 240),
    )


def _steps(rows: pd.DataFrame, problem: ProblemSummary) -> alt.LayerChart:
    base = alt.Chart(values(rows.round({"share": 4, "low": 4, "high": 4}))).encode(
        x=_epochs(problem),
        y=alt.Y(
            field="share",
            type="quantitative",
            title="share of targets reached",
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(format="%"),
        ),
        color=tuner_colour(problem.contest.tuners),
    )
    picked = alt.selection_point(name="tuners", fields=["tuner"], bind="legend")
    line = _dashed(base.mark_line(interpolate="step-after", strokeWidth=2.6), problem)
    points = base.mark_point(size=60, filled=True, opacity=0, aria=False).encode(
        tooltip=[
            alt.Tooltip(field="tuner", type="nominal", title="tuner"),
            alt.Tooltip(field="spent_epochs", type="quantitative", title="epochs spent"),
            *(
                alt.Tooltip(field=field, type="quantitative", title=title, format=".0%")
                for field, title in (("share", "share"), ("low", "interval from"), ("high", "to"))
            ),
        ],
    )
    shown = line.encode(opacity=alt.condition(picked, alt.value(1), alt.value(0.1)))
    return alt.layer(shown, points).add_params(picked)  # type: ignore[return-value]  # no facets among these


def speed_up(problem: ProblemSummary, slug: str = "") -> Figure | None:
    """How many times as many epochs random search needs for a tuner's score, against the epochs spent."""
    rows, random = problem.speed_ups, problem.contest.longest_random
    if rows.empty or random is None:
        return None
    ends = "; ".join(
        f"{row['tuner']} {speed_words(row)}" for row in rows.groupby("tuner", sort=False).tail(1).to_dict("records")
    )
    description = (
        f"Lines of how many times as many epochs {random} needs for the median score that a tuner has, against "
        f"training epochs spent. At the end: {ends}."
    )
    scored = problem.tuners.set_index("tuner")["scored"]
    known = level(int(scored[rows["tuner"].unique()].min()), int(scored[random]))
    told = (
        "A click on a tuner in the legend shows its interval, which allows for both medians and holds the truth at "
        f"least {known:.0%} of the time; there are {plural(int(scored[random]), 'replicate')} of {random}."
        if known > 0
        else "So few replicates give no interval."
    )
    return Figure(
        f"speed_up{slug}",
        "Speed-up against random search",
        f"How many epochs {random} needs for the median score that a tuner has by then, for each epoch that the tuner "
        f'spent: above 1 the tuner is faster, below 1 random search. A triangle says "{LEAST}": {random} did not '
        f"reach that score with all its epochs. {told}",
        description,
        finished(_speeds(rows, problem), description, 260),
    )


def _speeds(rows: pd.DataFrame, problem: ProblemSummary) -> alt.LayerChart:
    bottom, top = _range(rows)
    title = "epochs of random search / epochs spent"
    scale = alt.Scale(type="log", base=2, domain=[bottom, top], nice=False)
    axis = alt.Axis(values=[tick for tick in TICKS if bottom <= tick <= top], format=".3~g")
    picked = alt.selection_point(name="tuners", fields=["tuner"], bind="legend")
    only = alt.selection_point(name="only", fields=["tuner"], bind="legend", empty=False)
    legend = alt.Legend(symbolType="stroke", symbolSize=300, values=list(rows["tuner"].unique()))
    shown = alt.condition(picked, alt.value(1), alt.value(0.1))
    base = alt.Chart(values(_told(rows, bottom, top))).encode(
        x=_epochs(problem),
        y=alt.Y(field="speed", type="quantitative", title=title, scale=scale, axis=axis),
        color=tuner_colour(problem.contest.tuners, legend=legend),
    )
    even = (
        alt.Chart(values(pd.DataFrame({"speed": [1.0]})))
        .mark_rule(color=INK, strokeWidth=1, aria=False)
        .encode(y=alt.Y(field="speed", type="quantitative", scale=scale))
    )
    band = (
        base.transform_filter("isValid(datum.low)")
        .mark_area(clip=True, aria=False)
        .encode(
            y=alt.Y(field="low", type="quantitative", title=title, scale=scale, axis=axis),
            y2=alt.Y2(field="high"),
            opacity=alt.condition(only, alt.value(0.15), alt.value(0)),
        )
    )
    line = _dashed(base.mark_line(strokeWidth=1.6), problem).encode(opacity=shown)
    kinds = alt.Scale(domain=["about", LEAST], range=["circle", "triangle-up"])
    points = base.mark_point(size=55, filled=True).encode(
        opacity=shown,
        shape=alt.Shape(field="needs", type="nominal", title=None, scale=kinds, legend=None),
        tooltip=_tooltip(problem),
    )
    layers = [even, *([band] if rows["low"].notna().any() else []), line, points]
    return alt.layer(*layers).add_params(picked, only)  # type: ignore[return-value]  # no facets among these


def _tooltip(problem: ProblemSummary) -> list[alt.Tooltip]:
    return [
        alt.Tooltip(field="tuner", type="nominal", title="tuner"),
        alt.Tooltip(field="spent_epochs", type="quantitative", title="epochs spent"),
        alt.Tooltip(field="score", type="quantitative", title=f"median {problem.objective.metric}", format=".4~g"),
        alt.Tooltip(field="needs", type="nominal", title="random search needs"),
        alt.Tooltip(field="needed", type="quantitative", title="epochs", format=",.4~g"),
        alt.Tooltip(field="speed", type="quantitative", title="times as many", format=".2f"),
        alt.Tooltip(field="interval", type="nominal", title="interval"),
    ]


def _told(rows: pd.DataFrame, bottom: float, top: float) -> pd.DataFrame:
    """The rows with what a tooltip says, their intervals cut off where the axis ends."""
    told = rows.assign(
        needs=[LEAST if least else "about" for least in rows["at_least"]],
        interval=[_interval(row) or "none" for row in rows.to_dict("records")],
        score=rows["score"].round(decimals_for(rows["score"])),
        speed=rows["speed"].round(4),
        low=rows["low"].clip(lower=bottom).round(4),
        high=rows["high"].clip(upper=top).round(4),
    ).drop(columns="at_least")
    cleaned: pd.DataFrame = told.astype(object).where(told.notna(), None)
    return cleaned


def speed_words(row: Row) -> str:
    """A speed-up with its interval, in words."""
    band = _interval(row)
    return f"{LEAST + ' ' if row['at_least'] else ''}{row['speed']:.2f}{f' ({band})' if band else ''}"


def _interval(row: Row) -> str:
    """The interval of a speed-up; empty without one."""
    if math.isnan(row["low"]):
        return ""
    return f"{row['low']:.2f} or more" if math.isinf(row["high"]) else f"{row['low']:.2f} to {row['high']:.2f}"


def _range(rows: pd.DataFrame) -> tuple[float, float]:
    """The range of speed-ups to draw: powers of 2 around all, and around 1."""
    low, high = float(rows["speed"].min()), float(rows["speed"].max())
    return 2.0 ** min(-1, math.floor(math.log2(low) - 0.1)), 2.0 ** max(1, math.ceil(math.log2(high) + 0.1))


def _epochs(problem: ProblemSummary) -> alt.X:
    return alt.X(
        field="spent_epochs",
        type="quantitative",
        title="training epochs spent",
        scale=alt.Scale(domain=[0, problem.contest.budget_epochs], nice=False),
        axis=alt.Axis(tickMinStep=1, grid=False),
    )


def _dashed(line: alt.Chart, problem: ProblemSummary) -> alt.Chart:
    """Many tuners differ by dashes too."""
    tuners = problem.contest.tuners
    return line.encode(strokeDash=tuner_dash(tuners, legend=None)) if len(tuners) > len(PALETTE) else line


def _turning(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows at which a tuner's step curve changes, and its last."""
    before = rows.groupby("tuner", sort=False)["share"].shift()
    kept: pd.DataFrame = rows[
        np.asarray((before != rows["share"]) | (rows["spent_epochs"] == rows["spent_epochs"].max()))
    ]
    return kept
