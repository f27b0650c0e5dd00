"""The figure of what one would have got: the endpoint of each tuner at a quarter, at half and at all of its budget."""

from __future__ import annotations

import altair as alt
import pandas as pd

from tuning.analysis.interval_coverage import students
from tuning.analysis.problem_summary import ProblemSummary
from tuning.formatting import count, decimals_for, number
from tuning.journal.plan import SEARCH
from tuning.report.figures.base import (
    DOTS,
    LINES,
    PALETTE,
    Figure,
    finished,
    score_axis,
    tuner_colour,
    tuner_shape,
    values,
)


def what_one_gets(problem: ProblemSummary, slug: str = "") -> Figure | None:
    """A dot for each tuner's mean with its interval, side by side at each share of the budget.

    None where the endpoint is the best score seen, which other figures show over the whole budget.
    """
    parts = [part for part in problem.by_budget if part.means]
    if problem.endpoint.kind == SEARCH or len(parts) < 2:
        return None
    places = decimals_for(mean for part in parts for mean in part.means.values())
    rows = pd.DataFrame(
        [
            (f"{part.share:.0%}", part.epochs, tuner, mean, *part.intervals[tuner])
            for part in parts
            for tuner, mean in part.means.items()
        ],
        columns=["budget", "epochs", "tuner", "mean", "low", "high"],
    )
    low, high = _range(rows)
    cut = rows[(rows["low"] < low) | (rows["high"] > high)]
    ends = "; ".join(
        f"{budget}: " + ", ".join(f"{row['tuner']} {number(row['mean'], places)}" for row in part.to_dict("records"))
        for budget, part in rows.groupby("budget", sort=False)
    )
    description = f"Dots of the mean {problem.endpoint.metric} that one would have got, by tuner. {ends}."
    return Figure(
        f"what_one_gets{slug}",
        "What one would have got",
        f"The {problem.endpoint.name}: means over replicates of the winner that each search would have returned "
        f"when that share of its budget was spent, with {students(n for part in parts for n in part.scored.values())}. "
        "Only the full budget is judged."
        + (" Intervals that reach beyond the axis are cut there." if len(cut) else ""),
        description,
        finished(_dots(rows, problem, places, (low, high)), description, 260),
    )


def _range(rows: pd.DataFrame) -> tuple[float, float]:
    """The axis: all means, and the intervals at the full budget; those of early winners may be much wider."""
    last = rows[rows["budget"] == rows["budget"].iloc[-1]]
    ends = [*rows["mean"], *last["low"].dropna(), *last["high"].dropna()]
    margin = 0.05 * (max(ends) - min(ends)) or 0.05 * abs(ends[0]) or 1.0
    return min(ends) - margin, max(ends) + margin


def _dots(rows: pd.DataFrame, problem: ProblemSummary, places: int, domain: tuple[float, float]) -> alt.LayerChart:
    tuners = problem.contest.tuners
    many = len(tuners) > len(PALETTE)
    base = alt.Chart(values(rows.astype(object).where(rows.notna(), None))).encode(
        x=alt.X(
            field="budget",
            type="ordinal",
            title=f"spent of {count(rows['epochs'].max())} epochs",
            sort=None,
            axis=alt.Axis(labelAngle=0),
        ),
        xOffset=alt.XOffset(
            field="tuner", type="nominal", sort=[tuner for tuner in tuners if tuner in set(rows["tuner"])]
        ),
        color=tuner_colour(tuners, legend=DOTS if many else LINES),
    )
    intervals = (
        base.transform_filter("isValid(datum.low)")
        .mark_rule(strokeWidth=2, clip=True, aria=False)
        .encode(y=score_axis(alt.Y, "low", problem.endpoint.metric, domain), y2=alt.Y2(field="high"))
    )
    if many:  # each shape once in every colour
        marked = base.mark_point(filled=True, size=90, opacity=1, clip=True).encode(shape=tuner_shape(tuners))
    else:
        marked = base.mark_circle(size=90, opacity=1, clip=True)
    dots = marked.encode(
        y=score_axis(alt.Y, "mean", problem.endpoint.metric, domain),
        tooltip=[
            alt.Tooltip(field="tuner", type="nominal", title="tuner"),
            alt.Tooltip(field="epochs", type="quantitative", title="epochs spent"),
            *(
                alt.Tooltip(field=field, type="quantitative", title=title, format=f".{places}f")
                for field, title in (
                    ("mean", "mean"),
                    *((("low", "interval from"), ("high", "to")) if rows["low"].notna().all() else ()),
                )
            ),
        ],
    )
    return alt.layer(intervals, dots)  # type: ignore[return-value]  # no facets among these
