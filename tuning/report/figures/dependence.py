"""The figures of how the score depends on one hyperparameter, and on two, averaged over the others."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, TypeVar

import altair as alt
import numpy as np
import pandas as pd

from tuning.configuration import Value
from tuning.exploration.dependence import Dependence, Points
from tuning.exploration.dimensions import Dimension
from tuning.exploration.exploration import Search
from tuning.formatting import count, decimals_for, number, plural, setting
from tuning.report.figures.base import PALETTE, Figure, Panel, finished, finished_grid, values
from tuning.report.figures.trials import FIFTHS, in_order
from tuning.statistics.bootstrap import CONFIDENCE

_Axis = TypeVar("_Axis", alt.X, alt.Y)
MAX_PANELS = 9  # hyperparameters, the most important ones
HELD = "90 to 95%"  # `tests.simulations.dependence`, from 60 trials to 250
MAX_DOTS = 100  # trials over a surface
DOT, RIM = "white", "#1F2328"  # seen on every colour of the surface, on a light page and on a dark one


def partial_dependence(search: Search, slug: str = "") -> Figure | None:
    """The mean score at each value of a hyperparameter, averaged over all others, with its interval."""
    found = search.dependence
    if found.frame.empty or found.points is None:
        return None
    shown = [key for key in found.points if key in set(found.frame["hyperparameter"])][:MAX_PANELS]
    frame = found.frame[found.frame["hyperparameter"].isin(shown)]
    domain = (float(frame["low"].min()), float(frame["high"].max()))
    by_key = {dimension.key: dimension for dimension in search.space}
    panels = [
        Panel(key, _panel(by_key[key], found, frame, domain, search.objective.metric if place == 0 else None))
        for place, key in enumerate(shown)
    ]
    description = (
        f"Lines of the mean {search.objective.metric} against each hyperparameter, all others averaged over. "
        f"Best: {'; '.join(_best(frame[frame['hyperparameter'] == key], search) for key in shown)}."
    )
    left = len(found.points) - len(shown)
    return Figure(
        f"partial_dependence{slug}",
        "Partial dependence",
        f"The mean {search.objective.metric} that is expected at each value of a hyperparameter, over configurations "
        f"drawn uniformly from the space, with its {CONFIDENCE:.0%} interval, which held {HELD} of true means in "
        f"simulations; of a hyperparameter that is not always there, over those that have it. "
        f"{model_words(found, search)} It shows what is good on average: what two hyperparameters do together is "
        "averaged out, and the best configurations may lie elsewhere."
        f"{f' The {MAX_PANELS} most important of {len(found.points)} are drawn.' if left else ''}",
        description,
        finished_grid(panels, description, 150),
    )


def model_words(found: Dependence, search: Search) -> str:
    """What the dependence was computed with, and how far to trust it."""
    some = (
        f"{count(found.fitted)} of {plural(found.among, 'trial')}, evenly spread,"
        if found.fitted < found.among
        else plural(found.fitted, "trial")
    )
    worse = "below" if search.objective.sign > 0 else "above"
    far_off = (
        f" Those {worse} {found.worst:.4g}, {count(found.far_off)} of them, count as {found.worst:.4g}."
        if found.worst is not None
        else ""
    )
    return (
        f"It is that of a Gaussian process fitted to {some} of all tuners trained in full (Moosbauer et al., 2021), "
        f"which foresees {found.explained:.0%} of the variance of a trial that it has not seen.{far_off} Tuners drew "
        "where they expected good scores; where they seldom drew, the interval is wide."
    )


def _best(frame: pd.DataFrame, search: Search) -> str:
    """The best value of a hyperparameter, and the worst."""
    best, worst = _extremes(frame, search)
    return (
        f"{best['hyperparameter']} {setting(best['value'])} ({best['mean']:.4g}, {best['low']:.4g} to "
        f"{best['high']:.4g}; the worst, {setting(worst['value'])}, {worst['mean']:.4g})"
    )


def _panel(
    dimension: Dimension, found: Dependence, frame: pd.DataFrame, domain: tuple[float, float], title: str | None
) -> alt.LayerChart:
    points = (found.points or {})[dimension.key]
    rows = frame[frame["hyperparameter"] == dimension.key].drop(columns="hyperparameter")
    places = decimals_for(frame["mean"])
    rounded = rows.assign(
        value=[_shown(value, points) for value in rows["value"]],
        **{name: rows[name].round(places + 1) for name in ("mean", "low", "high")},
    )
    base = alt.Chart(values(rounded)).encode(x=_axis(alt.X, "value", dimension, points))
    tooltip = [
        alt.Tooltip(field="value", type=_kind(points), title=dimension.key),
        *(
            alt.Tooltip(field=field, type="quantitative", title=words, format=f".{places}f")
            for field, words in (("mean", "mean"), ("low", "interval from"), ("high", "to"))
        ),
        alt.Tooltip(field="trials", type="quantitative", title="trials nearest"),
    ]
    spread = base.mark_rule(strokeWidth=2, color=PALETTE[0], opacity=0.5) if points.options else base.mark_area(
        opacity=0.2, color=PALETTE[0], aria=False
    )  # fmt: skip
    layers = [spread.encode(y=_mean("low", domain, title), y2=alt.Y2(field="high"))]
    if not points.options:
        layers.append(base.mark_line(strokeWidth=2.2, color=PALETTE[0]).encode(y=_mean("mean", domain, title)))
    dots = base.mark_circle(size=60 if points.options else 30, opacity=1, color=PALETTE[0])
    layers.append(dots.encode(y=_mean("mean", domain, title), tooltip=tooltip))
    return alt.layer(*layers)  # type: ignore[return-value]  # no facets among these


def _mean(field: str, domain: tuple[float, float], title: str | None) -> alt.Y:
    scale = alt.Scale(domain=list(domain), nice=False, zero=False, padding=4)
    axis = alt.Axis(tickCount=5, minExtent=44)
    return alt.Y(field=field, type="quantitative", scale=scale, title=title, axis=axis)


def _extremes(frame: pd.DataFrame, search: Search) -> tuple[pd.Series, pd.Series]:
    """The rows with the best and with the worst mean."""
    ordered = frame.sort_values("mean", ascending=search.objective.sign < 0, kind="stable")
    return ordered.iloc[0], ordered.iloc[-1]


def contour(search: Search, slug: str = "") -> Figure | None:
    """The mean score over two hyperparameters, in five steps, with trials over it."""
    found = search.dependence
    if found.surface.empty or found.points is None:
        return None
    first, second = found.pair
    by_key = {dimension.key: dimension for dimension in search.space}
    axes = [(key, by_key[key], found.points[key]) for key in (first, second)]
    dots = _dots(search, found)
    best, worst = _extremes(found.surface, search)
    description = (
        f"Surface of the mean {search.objective.metric} over {first} and {second}. Best at "
        f"{setting(best['first'])} and {setting(best['second'])}: {best['mean']:.4g} ({best['low']:.4g} to "
        f"{best['high']:.4g}); worst at {setting(worst['first'])} and {setting(worst['second'])}: {worst['mean']:.4g}."
    )
    both = any(by_key[key].conditions for key in found.pair)
    return Figure(
        f"contour{slug}",
        "Two hyperparameters together",
        f"The mean {search.objective.metric} that is expected for {first} and {second}, averaged over all others"
        f"{', over configurations that have both' if both else ''}: the two most important ones that can be there "
        "together. Colours are fifths of the surface, the best pink. Dots are "
        f"{plural(len(dots), 'trial')} that had both and were trained in full, the best of searches large. "
        "Where large dots lie off the pink, the best values depend on the other hyperparameters. "
        f"{model_words(found, search)}",
        description,
        finished(_surface(found.surface, dots, axes, search), description, 320),
    )


def _dots(search: Search, found: Dependence) -> pd.DataFrame:
    """The trials over a surface: the best of searches first."""
    first, second = found.pair
    trials = in_order(search)
    there = trials["full"] & trials[f"at.{first}"].notna() & trials[f"at.{second}"].notna()
    kept = trials[there].head(MAX_DOTS)
    points = found.points or {}
    return pd.DataFrame(
        {
            "tuner": kept["tuner"],
            "score": kept["score"],
            "best": kept["incumbent"],
            **{axis: [_shown(value, points[key]) for value in kept[f"hp.{key}"]] for axis, key in
               (("x", first), ("y", second))},
        }
    )  # fmt: skip


def _surface(
    surface: pd.DataFrame, dots: pd.DataFrame, axes: list[tuple[str, Dimension, Points]], search: Search
) -> alt.LayerChart:
    places = decimals_for(surface["mean"])
    columns: dict[str, object] = {name: surface[name].round(places + 1) for name in ("mean", "low", "high")}
    for axis, name, (_, dimension, points) in zip("xy", ("first", "second"), axes, strict=True):
        columns[axis] = [_shown(value, points) for value in surface[name]]
        if not points.options:
            start, end = _edges(dimension, points)
            at = [points.values.index(value) for value in surface[name]]
            columns[axis], columns[f"{axis}2"] = [start[place] for place in at], [end[place] for place in at]
    (first, of_x, on_x), (second, of_y, on_y) = axes
    x, y = _axis(alt.X, "x", of_x, on_x, first), _axis(alt.Y, "y", of_y, on_y, second)
    ends: dict[str, alt.X2 | alt.Y2] = {} if on_x.options else {"x2": alt.X2(field="x2")}
    ends |= {} if on_y.options else {"y2": alt.Y2(field="y2")}
    columns["fifth"], names = _fifths(surface["mean"], places)
    colour = alt.Color(
        field="fifth",
        type="nominal",
        title=f"mean {search.objective.metric}",
        scale=alt.Scale(domain=names, range=list(FIFTHS[-len(names) :][:: int(search.objective.sign)])),
        legend=alt.Legend(symbolType="square", symbolSize=150, symbolStrokeWidth=0, titleLimit=300),
    )
    tooltip = [
        alt.Tooltip(field=field, type="quantitative", title=words, format=f".{places}f")
        for field, words in (("mean", "mean"), ("low", "interval from"), ("high", "to"))
    ]
    squares = (
        alt.Chart(values(pd.DataFrame(columns)))
        .mark_rect(aria=False)
        .encode(x=x, y=y, **ends, color=colour, tooltip=tooltip)
    )
    told = [
        alt.Tooltip(field="tuner", type="nominal", title="tuner"),
        alt.Tooltip(field="score", type="quantitative", title=search.objective.metric, format=f".{places}f"),
        alt.Tooltip(field="x", type=_kind(on_x), title=first),
        alt.Tooltip(field="y", type=_kind(on_y), title=second),
    ]
    over = (
        alt.Chart(values(dots))
        .mark_point(filled=True, fill=DOT, stroke=RIM, strokeWidth=0.8, opacity=0.85, aria=False)
        .encode(
            x=x,
            y=y,
            size=alt.condition(alt.datum.best, alt.value(60), alt.value(18)),
            tooltip=told,
        )
    )
    return alt.layer(squares, over)  # type: ignore[return-value]  # no facets among these


def _fifths(means: pd.Series, places: int) -> tuple[list[str], list[str]]:
    """In which fifth of all each mean is, by its range; and the ranges, fewer where means are alike.

    Vega's own quantile scale draws its legend as a bar, whose numbers lie on each other where two ranges are short.
    """
    bounds = np.unique(np.quantile(means, [0.2, 0.4, 0.6, 0.8]).round(places))
    shown = [number(bound, places) for bound in bounds]
    between = [f"{low} to {high}" for low, high in pairwise(shown)]
    names = [f"below {shown[0]}", *between, f"from {shown[-1]}"]
    return [names[place] for place in np.searchsorted(bounds, means, side="right")], names


def _kind(points: Points) -> Literal["nominal", "quantitative"]:
    return "nominal" if points.options else "quantitative"


def _axis(channel: type[_Axis], field: str, dimension: Dimension, points: Points, title: str | None = None) -> _Axis:
    """Options side by side, or numbers on the scale of the space."""
    if points.options:
        names = [str(_shown(value, points)) for value in points.values]
        short = len("".join(names)) <= 18
        axis = alt.Axis(grid=False, labelAngle=0 if channel is alt.Y or short else -35)
        return channel(field=field, type="nominal", title=title, sort=None, scale=alt.Scale(domain=names), axis=axis)
    scale = alt.Scale(
        type="log" if dimension.sampling == "log" else "linear", domain=list(dimension.bounds), nice=False
    )
    axis = alt.Axis(tickCount=5, grid=False, labelOverlap=True)
    return channel(field=field, type="quantitative", title=title, scale=scale, axis=axis)


def _shown(value: Value, points: Points) -> str | float:
    """A value as its axis has it."""
    return setting(value) if points.options else float(f"{value:.6g}")


def _edges(dimension: Dimension, points: Points) -> tuple[list[float], list[float]]:
    """Where the square of each value begins and ends: halfway to the next one, on its own scale."""
    numbers = np.array([float(value) for value in points.values])
    log = dimension.sampling == "log"
    at = np.log(numbers) if log else numbers
    between = (at[1:] + at[:-1]) / 2
    low, high = dimension.bounds
    middle = [float(f"{number:.6g}") for number in (np.exp(between) if log else between)]
    return [low, *middle], [*middle, high]
