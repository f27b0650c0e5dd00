"""Every trial of a problem: parallel coordinates and slices, and the rows that the page filters.

A page holds up to `MAX_HELD` trials and draws up to `MAX_DRAWN` of those that pass its filters. A still picture draws
`MAX_STILL`, because more lines over one another cannot be told apart. The best trial of each search comes first, the
others in a fixed random order, so that a prefix is a fair sample.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from tuning.configuration import Value
from tuning.exploration.dimensions import Dimension
from tuning.exploration.exploration import Search
from tuning.formatting import count, decimals_for, number, plural, setting
from tuning.report.figures.base import (
    FAINT,
    INK,
    PALETTE,
    Figure,
    Panel,
    colours,
    finished,
    finished_grid,
    inline,
    tuner_colour,
)

MAX_HELD = 20_000
MAX_DRAWN = 1_000
MAX_STILL = 300
ORDER_SEED = 20_261_122  # fixed, so that a report can be rebuilt byte for byte
FILTERED = ("lines", "points")  # names of the rows that the page puts into the charts
ABSENT = "absent"
LANE = -0.14  # where a line passes an axis that its trial does not have
MAX_TICKS = 12  # options named on an axis
TITLE = 110  # pixels for an axis and its title
LETTERS = 18  # of all options together, if side by side under a slice
# Of scores, the best last; that one stands out on a light page and on a dark one. Scores crowd at their best end.
FIFTHS = (FAINT, "#BF9AB6", "#CB76A7", "#D84899", PALETTE[3])


def in_order(search: Search) -> pd.DataFrame:
    """The trials that have a score, each search's best first, then the others in a fixed random order."""
    scored = search.trials[search.trials["score"].notna()].reset_index(drop=True)
    shuffled = scored.iloc[np.random.default_rng(ORDER_SEED).permutation(len(scored))]
    return shuffled.sort_values("incumbent", ascending=False, kind="stable", ignore_index=True)


def still(trials: pd.DataFrame) -> pd.DataFrame:
    """What a still picture shows: `MAX_STILL`, half of them searches' best if there are that many."""
    best = int(trials["incumbent"].sum())
    others = min(len(trials) - best, max(MAX_STILL - best, MAX_STILL // 2))
    return pd.concat([trials.iloc[: MAX_STILL - others], trials.iloc[best : best + others]]).drop_duplicates(
        ["tuner", "replicate", "trial"]
    )


def axes(search: Search) -> list[str]:
    """Titles of the axes: hyperparameters, epochs trained if they differ, the metric; each once."""
    varied = search.trials.loc[search.trials["score"].notna(), "reached"].nunique() > 1
    titles = [dimension.key for dimension in search.space]
    for title in (*(["epochs trained"] if varied else []), search.objective.metric):
        titles.append(title if title not in titles else f"{title} (result)")
    return titles


def page_data(search: Search) -> Mapping[str, object]:
    """What the page filters: axes, and by column the values and positions of up to `MAX_HELD` trials."""
    trials = in_order(search).head(MAX_HELD)
    titles = axes(search)
    hyperparameters = [
        {"title": dimension.key, "options": [str(value) for value in dimension.values if not dimension.numeric]}
        for dimension in search.space
    ]
    values = [_plain(dimension, trials[f"hp.{dimension.key}"]) for dimension in search.space]
    positions = [_rounded(trials[f"at.{dimension.key}"]) for dimension in search.space]
    if len(titles) > len(hyperparameters) + 1:
        values.append([int(epochs) for epochs in trials["reached"]])
        positions.append(_rounded(trials["reached"] / search.trials["reached"].max()))
    values.append([float(f"{score:.7g}") for score in trials["score"]])
    return {
        "tuners": list(search.tuners),
        "colours": colours(search.tuners, search.baselines),
        "axes": hyperparameters + [{"title": title, "options": []} for title in titles[len(hyperparameters) :]],
        "ends": [
            [setting(_bound(dimension, end)) for end in dimension.bounds] if dimension.numeric else []
            for dimension in search.space
        ]
        + ([["0", count(search.trials["reached"].max())]] if len(titles) > len(hyperparameters) + 1 else []),
        "highest": search.objective.sign > 0,
        "all": int(search.trials["score"].notna().sum()),
        "most": MAX_DRAWN,
        "lane": LANE,
        "tuner": [search.tuners.index(tuner) for tuner in trials["tuner"]],
        "replicate": [int(replicate) for replicate in trials["replicate"]],
        "trial": [int(trial) for trial in trials["trial"]],
        "best": [int(best) for best in trials["incumbent"]],
        "values": values,
        "positions": positions,
    }


def _plain(dimension: Dimension, column: pd.Series) -> list[Value | None]:
    if not dimension.numeric:
        return [None if value is None else str(value) for value in column]
    return [None if value is None else value if dimension.kind == "Int" else float(f"{value:.6g}") for value in column]


def _rounded(positions: pd.Series[float]) -> list[float | None]:
    return [None if math.isnan(at) else round(float(at), 3) for at in positions]


def _bound(dimension: Dimension, end: float) -> float | int:
    return int(end) if dimension.kind == "Int" else float(end)


def parallel(search: Search, slug: str = "") -> Figure | None:
    """For each trial, a line through its values on every axis."""
    trials = in_order(search)
    if trials.empty or not search.space:
        return None
    drawn, titles = still(trials), axes(search)
    best, worst = float(drawn["score"].max()), float(drawn["score"].min())
    height = (drawn["score"].astype(float) - worst) / (best - worst or 1.0)
    positions = {dimension.key: drawn[f"at.{dimension.key}"] for dimension in search.space}
    if len(titles) > len(search.space) + 1:
        positions[titles[-2]] = drawn["reached"] / search.trials["reached"].max()
    positions[titles[-1]] = height
    lines = [
        {"line": row, "score": score, "best": bool(incumbent), "axis": axis, "at": LANE if at != at else round(at, 3)}
        for row, (score, incumbent) in enumerate(zip(drawn["score"].astype(float), drawn["incumbent"], strict=True))
        for axis, at in enumerate(float(positions[title].iloc[row]) for title in titles)
    ]
    places = decimals_for(drawn["score"])
    last = len(titles) - 1
    marks = [
        mark
        for axis, dimension in enumerate(search.space)
        for mark in _marks(axis, dimension, bool(trials[f"at.{dimension.key}"].isna().any()))
    ]
    if last > len(search.space):
        marks += [{"axis": last - 1, "at": 1, "label": count(search.trials["reached"].max())}]
    ends = [(1, best), (0, worst)] if best > worst else [(0, worst)]
    marks += [{"axis": last, "at": at, "label": number(score, places)} for at, score in ends]
    # Numbers of axes, not their titles: a brush that is dragged between two axes has no title. The titles are a layer
    # of text, because an axis could turn its numbers into them only by an expression.
    x = alt.X(
        field="axis",
        type="quantitative",
        title=None,
        scale=alt.Scale(domain=[-0.35, last + 0.35], nice=False, zero=False),
        axis=alt.Axis(
            values=list(range(len(titles))), tickCount=len(titles), labels=False, domain=False, ticks=False, grid=True
        ),
    )
    y = alt.Y(
        field="at", type="quantitative", axis=None, scale=alt.Scale(domain=[LANE - 0.04, 1.04], nice=False, zero=False)
    )
    brush = alt.selection_interval(name="brush", encodings=["x", "y"])
    drawn_lines = (
        alt.Chart(inline(lines, name="lines"))
        .mark_line(opacity=0.45 if len(trials) <= MAX_STILL else 0.2, aria=False)
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                field="score",
                type="quantitative",
                title=search.objective.metric,
                scale=alt.Scale(type="quantile", range=list(FIFTHS[:: int(search.objective.sign)])),
                legend=None,  # the last axis has the scores
            ),
            detail=alt.Detail(field="line", type="nominal"),
            strokeWidth=alt.condition(alt.datum.best, alt.value(2), alt.value(0.8)),
        )
        .add_params(brush)
    )
    labels = (
        alt.Chart(inline(marks, name="marks"))
        .mark_text(align="left", dx=5, fontSize=11, color=INK, aria=False)
        .encode(x=x, y=y, text=alt.Text(field="label", type="nominal"))
    )
    above = (
        alt.Chart(inline({"axis": axis, "title": title} for axis, title in enumerate(titles)))
        .mark_text(baseline="bottom", fontSize=11, limit=TITLE - 4, color=INK, aria=False)
        .encode(x=x, y=alt.value(-6), text=alt.Text(field="title", type="nominal"))
    )
    top = trials.sort_values("score", ascending=search.objective.sign < 0, kind="stable").iloc[0]
    described = ", ".join(
        f"{dimension.name} {setting(top[f'hp.{dimension.key}'])}"
        for dimension in search.space
        if top[f"hp.{dimension.key}"] is not None
    )
    description = (
        f"Parallel coordinates of {plural(len(trials), 'trial')} over {', '.join(titles)}. The best one, of "
        f"{top['tuner']}: {described}; {search.objective.metric} {top['score']:.4g}."
    )
    return Figure(
        f"parallel{slug}",
        "Parallel coordinates",
        "Each line is a trial, from one hyperparameter's value to the next, to its score; each axis on its own scale, "
        "logarithmic where the space is. Colours are fifths of the scores, the best pink; a thick line is the best of "
        f'a search. A hyperparameter that a trial does not have is passed at the bottom, "{ABSENT}".'
        f"{_shown(len(drawn), trials, search)}",
        description,
        finished(alt.layer(drawn_lines, labels, above), description, 300, least=TITLE * len(titles)),
    )


def _marks(axis: int, dimension: Dimension, absent: bool) -> list[dict[str, float | str]]:
    if dimension.numeric:
        low, high = dimension.bounds
        marks = [
            (dimension.position(low), setting(_bound(dimension, low))),
            (dimension.position(high), setting(_bound(dimension, high))),
        ]
    else:
        marks = [(dimension.position(value), str(value)) for value in dimension.values[:MAX_TICKS]]
    marks += [(LANE, ABSENT)] if absent else []
    return [{"axis": axis, "at": round(at, 3), "label": label} for at, label in marks]


def _shown(drawn: int, trials: pd.DataFrame, search: Search) -> str:
    """What is not drawn."""
    short = len(search.trials) - len(trials)
    parts = [
        *([f"{count(drawn)} of {count(len(trials))} trials are drawn, the best of searches among them; of those that "
           f"pass its filters the page draws up to {count(MAX_DRAWN)}"] if drawn < len(trials) else []),
        *([f"the page holds {count(MAX_HELD)} of them"] if len(trials) > MAX_HELD else []),
        *([f"{plural(short, 'trial')} without a score left out"] if short else []),
    ]  # fmt: skip
    return f" {'; '.join(parts)}." if parts else ""


def slices(search: Search, slug: str = "") -> Figure | None:
    """The score of each trial against each of its hyperparameters."""
    trials = in_order(search)
    if trials.empty or not search.space:
        return None
    drawn = still(trials)
    scatter = np.random.default_rng(ORDER_SEED).random(len(drawn))
    columns = [_plain(dimension, drawn[f"hp.{dimension.key}"]) for dimension in search.space]
    rows = [
        {
            "tuner": row["tuner"], "replicate": int(row["replicate"]), "trial": int(row["trial"]),
            "score": float(row["score"]), "best": bool(row["incumbent"]), "beside": round(float(beside), 3),
            **{f"v{place}": value for place, value in enumerate(values) if value is not None},
        }
        for row, beside, values in zip(drawn.to_dict("records"), scatter, zip(*columns, strict=True), strict=True)
    ]  # fmt: skip
    panels = [
        Panel(dimension.key, _slice(dimension, place, rows, search)) for place, dimension in enumerate(search.space)
    ]
    description = (
        f"Dots of {search.objective.metric} against each of {', '.join(dimension.key for dimension in search.space)}, "
        f"{plural(len(trials), 'trial')}. The table has the best and the median score in each part of a range."
    )
    return Figure(
        f"slices{slug}",
        "Slices",
        "Each dot is a trial, its score against one hyperparameter at a time; a trial without that hyperparameter is "
        f"not there. Large dots are the best of a search.{_shown(len(drawn), trials, search)}",
        description,
        finished_grid(panels, description, 170),
    )


def _few(dimension: Dimension) -> list[float]:
    """All values of a number on a linear scale with no more than `MAX_TICKS` of them; else none."""
    if dimension.count > MAX_TICKS or dimension.sampling != "linear":
        return []
    return sorted(dimension.numbers) or [
        dimension.low + place * (dimension.step or 1) for place in range(dimension.count)
    ]


def _slice(dimension: Dimension, place: int, rows: list[dict[str, object]], search: Search) -> alt.LayerChart:
    field = f"v{place}"
    if dimension.numeric:
        scale = alt.Scale(
            type="log" if dimension.sampling == "log" else "linear",
            domain=list(dimension.bounds),
            nice=False,
            padding=5,  # pixels: room for whole dots at the bounds
        )
        axis = alt.Axis(tickCount=5, grid=False, labelOverlap=True)
        if few := _few(dimension):  # Vega's `tickMinStep` would still put a tick at 1.5
            axis.values, axis.format = few, ".12~g"
        x = alt.X(field=field, type="quantitative", title=None, scale=scale, axis=axis)
    else:
        short = len("".join(map(str, dimension.values))) <= LETTERS
        axis = alt.Axis(grid=False, labelAngle=0 if short else -35)
        x = alt.X(
            field=field,
            type="nominal",
            title=None,
            sort=None,
            axis=axis,
            scale=alt.Scale(domain=[str(value) for value in dimension.values], paddingInner=0.3),
        )
    dots = (
        alt.Chart(inline(rows, name="points"))
        .mark_circle(opacity=0.5, clip=True, aria=False)
        .encode(
            x=x,
            y=alt.Y(
                field="score",
                type="quantitative",
                title=search.objective.metric if place == 0 else None,
                scale=alt.Scale(zero=False, nice=False, padding=5),
                # Room for the labels whatever the page filters: it does not lay out its charts again.
                axis=alt.Axis(minExtent=44, tickCount=5),
            ),
            color=tuner_colour(search.tuners, search.baselines, legend=None),
            size=alt.condition(alt.datum.best, alt.value(55), alt.value(16)),
            tooltip=[
                alt.Tooltip(field="tuner", type="nominal", title="tuner"),
                alt.Tooltip(field="replicate", type="quantitative", title="replicate"),
                alt.Tooltip(field="trial", type="quantitative", title="trial"),
                alt.Tooltip(field="score", type="quantitative", title=search.objective.metric, format=".4~g"),
                alt.Tooltip(field=field, type="quantitative" if dimension.numeric else "nominal", title=dimension.key),
            ],
        )
        .add_params(alt.selection_interval(name=f"brush{place}", encodings=["x", "y"]))
    )
    if not dimension.numeric:
        # A trial without the hyperparameter would be at the edge, beside the options.
        there = alt.FieldOneOfPredicate(field=field, oneOf=[str(value) for value in dimension.values])
        dots = dots.encode(xOffset=alt.XOffset(field="beside", type="quantitative")).transform_filter(there)
    return alt.layer(dots)  # type: ignore[return-value]  # no facets among these
