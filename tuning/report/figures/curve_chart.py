"""The chart of the best score so far: one for all tuners, or a panel for each where lines would hide one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import pandas as pd

from tuning.analysis.problem_summary import ProblemSummary
from tuning.formatting import decimals_for
from tuning.report.figures.base import (
    FAINT,
    Chart,
    Panel,
    colours,
    finished,
    finished_grid,
    score_axis,
    tuner_colour,
    tuner_dash,
    values,
)

MAX_TOGETHER = 6  # tuners in one chart
HEIGHT = 320  # pixels
LINE = 15  # pixels of height for a label
MAX_LABEL = 150  # pixels
SHOWN = "indexof(off, datum.tuner) < 0"
SPREAD = "spread || (isDefined(hovered.tuner) && hovered.tuner[0] === datum.tuner)"
TICKS = {"spread": "intervals and single replicates", "late": "second half of the budget only"}


@dataclass(frozen=True)
class Spent:
    """What is spent: the column of `ProblemSummary.incumbents` or of `curves.timed`, and its words."""

    column: str
    kind: str
    title: str


EPOCHS = Spent("spent_epochs", "best_so_far", "training epochs spent")
CLOCK = Spent("seconds", "wall_clock", "seconds of training and thinking")
TRAINING = Spent("seconds", "wall_clock", "seconds of training spent")  # what a budget in seconds is charged


@dataclass(frozen=True)
class Curves:
    """What is drawn.

    Attributes:
        problem: Whose.
        spent: The horizontal axis.
        end: Where it ends.
        medians: (num_steps, 6): tuner, what is spent, median, low, high, replicates.
        thin: (num_steps, 4): tuner, replicate, what is spent, score; None for no single replicates.
        domain: Of the scores.
        description: The text alternative.
    """

    problem: ProblemSummary
    spent: Spent
    end: float
    medians: pd.DataFrame
    thin: pd.DataFrame | None
    domain: tuple[float, float]
    description: str

    @property
    def late(self) -> tuple[float, float]:
        """The domain of scores that the tuners' medians need in the second half."""
        searched = self.medians[self.medians["tuner"].isin(self.problem.contest.tuners)]
        before = searched[searched[self.spent.column] <= self.end / 2].groupby("tuner").tail(1)
        after = searched[searched[self.spent.column] > self.end / 2]
        needed = pd.concat([before["median"], after["median"]]).astype(float)
        return with_margin(float(needed.min()), float(needed.max())) if len(needed) else self.domain

    @property
    def columns(self) -> list[str]:
        return ["tuner", self.spent.column, "median", "low", "high", "replicates"]


def with_margin(low: float, high: float) -> tuple[float, float]:
    """A domain in which no line lies on the edge."""
    margin = 0.04 * (high - low) or 0.04 * abs(high) or 1.0
    return low - margin, high + margin


def chart(curves: Curves) -> Chart:
    """All tuners together, or in panels if there are more than `MAX_TOGETHER`."""
    return _panels(curves) if len(curves.problem.contest.tuners) > MAX_TOGETHER else _together(curves)


def _together(curves: Curves) -> Chart:
    """Lines with their names at the end; the page ticks on and off tuners, what is beside the lines, and the half."""
    contest = curves.problem.contest
    params = [alt.param(name="off", value=[]), *(alt.param(name=name, value=False) for name in TICKS)]
    hovered = alt.selection_point(
        name="hovered",
        on="pointerover",
        clear="pointerout",
        nearest=True,
        empty=False,
        fields=["tuner", curves.spent.column],
    )
    colour = tuner_colour(contest.labels, contest.baselines, legend=None)
    bold = _lines(curves, colour).transform_filter(SHOWN)
    line = bold.mark_line(interpolate="step-after", strokeWidth=2.6, clip=True).encode(
        strokeDash=tuner_dash(contest.labels, contest.baselines, legend=None)
    )
    points = (
        bold.mark_point(size=60, filled=True, clip=True, aria=False)
        .encode(opacity=alt.condition(hovered, alt.value(1), alt.value(0)), tooltip=_tooltip(curves))
        .add_params(hovered)
    )
    return finished(
        alt.layer(*_spread(curves, colour), line, points, _names(curves, colour)).add_params(*params),
        curves.description,
        HEIGHT,
        usermeta={"ticks": TICKS},
    )


def _lines(curves: Curves, colour: alt.Color) -> alt.Chart:
    rows = curves.medians[curves.columns]
    drawn: alt.Chart = alt.Chart(values(rows.astype(object).where(rows.notna(), None))).encode(
        x=_x(curves), y=_y(curves, "median"), color=colour
    )
    return drawn


def _x(curves: Curves) -> alt.X:
    start = alt.ExprRef(f"late ? {curves.end / 2!r} : 0")
    return alt.X(
        field=curves.spent.column,
        type="quantitative",
        title=curves.spent.title,
        scale=alt.Scale(domainMin=start, domainMax=curves.end, nice=False, zero=False),
        axis=alt.Axis(tickMinStep=1, grid=False) if curves.spent is EPOCHS else alt.Axis(grid=False),
    )


def _y(curves: Curves, field: str) -> alt.Y:
    (low, high), (late_low, late_high) = curves.domain, curves.late
    scale = alt.Scale(
        domainMin=alt.ExprRef(f"late ? {late_low!r} : {low!r}"),
        domainMax=alt.ExprRef(f"late ? {late_high!r} : {high!r}"),
        nice=False,
        zero=False,
    )
    return alt.Y(field=field, type="quantitative", title=_title(curves), scale=scale)


def _title(curves: Curves) -> str:
    return f"best {curves.problem.objective.metric} so far"


def _spread(curves: Curves, colour: alt.Color) -> list[alt.Chart]:
    """Intervals and single replicates: those of the tuner under the pointer, or all if ticked."""
    layers = []
    known = curves.medians.loc[curves.medians["low"].notna(), curves.columns]
    if len(known):
        layers.append(
            alt.Chart(values(known))
            .transform_filter(SHOWN)
            .mark_area(interpolate="step-after", clip=True, aria=False)
            .encode(
                x=_x(curves),
                y=_y(curves, "low"),
                y2=alt.Y2(field="high"),
                color=colour,
                opacity=alt.condition(SPREAD, alt.value(0.18), alt.value(0)),
            )
        )
    if curves.thin is not None:
        layers.append(
            alt.Chart(values(curves.thin))
            .transform_filter(SHOWN)
            .mark_line(interpolate="step-after", strokeWidth=0.8, clip=True, aria=False)
            .encode(
                x=_x(curves),
                y=_y(curves, "score"),
                color=colour,
                detail=alt.Detail(field="replicate", type="ordinal"),
                opacity=alt.condition(SPREAD, alt.value(0.5), alt.value(0)),
            )
        )
    return layers


def _tooltip(curves: Curves) -> list[alt.Tooltip]:
    """What a point says."""
    places = decimals_for(curves.medians["median"].astype(float))
    known = curves.medians["low"].notna().any()
    return [
        alt.Tooltip(field="tuner", type="nominal", title="tuner"),
        alt.Tooltip(field=curves.spent.column, type="quantitative", title=curves.spent.title, format=",.4~g"),
        alt.Tooltip(field="median", type="quantitative", title="median", format=f".{places}f"),
        *(
            alt.Tooltip(field=field, type="quantitative", title=words, format=f".{places}f")
            for field, words in (("low", "interval from"), ("high", "to"))
            if known
        ),
        alt.Tooltip(field="replicates", type="quantitative", title="replicates"),
    ]


def _names(curves: Curves, colour: alt.Color) -> alt.Chart:
    """The tuners' names at the ends of their lines, moved apart; a line that ends off the axis has none."""
    last = curves.medians.groupby("tuner", sort=False)["median"].last()
    ends = {str(tuner): float(end) for tuner, end in last.items()}
    whole, late = (apart(ends, domain) for domain in (curves.domain, curves.late))
    rows = pd.DataFrame(
        [{"tuner": tuner, "whole": whole.get(tuner), "late": late.get(tuner)} for tuner in ends], dtype=object
    )
    written: alt.Chart = (
        alt.Chart(values(rows.where(rows.notna(), None)), name="names")
        .transform_filter(SHOWN)
        .transform_calculate(at="late ? datum.late : datum.whole")
        .transform_filter("isValid(datum.at)")
        .mark_text(align="left", dx=6, fontWeight="bold", fontSize=12, limit=MAX_LABEL - 10, aria=False)
        .encode(x=alt.value("width"), y=_y(curves, "at"), text=alt.Text(field="tuner", type="nominal"), color=colour)
    )
    return written


def apart(ends: dict[str, float], domain: Sequence[float], height: float = HEIGHT) -> dict[str, float]:
    """Where to write the names of lines that end at `ends`, so that they do not overlap.

    Args:
        ends: By name.
        domain: Lowest and highest score of the axis; lines that end outside it are left out.
        height: Of the axis, in pixels.

    Returns:
        By name, from the highest to the lowest; within `domain` as far as there is room.
    """
    low, high = domain
    gap = LINE * (high - low) / height
    inside = sorted((name for name, end in ends.items() if low <= end <= high), key=lambda name: -ends[name])
    places: list[float] = []
    for name in inside:
        places.append(min([ends[name], *(place - gap for place in places[-1:])]))
    floor = low
    for at in reversed(range(len(places))):
        places[at] = max(places[at], floor)
        floor = places[at] + gap
    return dict(zip(inside, places, strict=True))


def _panels(curves: Curves) -> Chart:
    """A panel for each tuner, its median with its interval, and grey the lines of all others; none without a line."""
    contest = curves.problem.contest
    rows = curves.medians[curves.columns]
    seen = rows.loc[rows["median"].astype(float).between(*curves.domain), "tuner"]
    own = dict(zip(contest.labels, colours(contest.labels, contest.baselines), strict=True))
    panels = [Panel(tuner, _panel(curves, tuner, own[tuner])) for tuner in contest.labels if tuner in set(seen)]
    shared = values(rows.astype(object).where(rows.notna(), None))
    return finished_grid(panels, curves.description, HEIGHT // 2, data=shared)


def _panel(curves: Curves, tuner: str, colour: str) -> alt.LayerChart:
    x = alt.X(
        field=curves.spent.column,
        type="quantitative",
        title=None,
        scale=alt.Scale(domain=[0, curves.end], nice=False),
        axis=alt.Axis(tickCount=4, grid=False),
    )
    y = score_axis(alt.Y, "median", "", domain=list(curves.domain))
    mine = alt.FieldEqualPredicate(field="tuner", equal=tuner)
    every = alt.Chart().encode(x=x, y=y)
    others = every.mark_line(interpolate="step-after", strokeWidth=1, color=FAINT, clip=True, aria=False).encode(
        detail=alt.Detail(field="tuner", type="nominal")
    )
    single = every.transform_filter(mine)
    band = single.mark_area(interpolate="step-after", opacity=0.18, color=colour, clip=True, aria=False).encode(
        y=score_axis(alt.Y, "low", "", domain=list(curves.domain)), y2=alt.Y2(field="high")
    )
    line = single.mark_line(interpolate="step-after", strokeWidth=2.6, color=colour, clip=True)
    points = single.mark_point(size=60, opacity=0, filled=True, clip=True, aria=False).encode(tooltip=_tooltip(curves))
    layers = [others, *([band] if curves.medians["low"].notna().any() else []), line, points]
    return alt.layer(*layers)  # type: ignore[return-value]  # no facets among these
