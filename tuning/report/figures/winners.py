"""Figures of the winners: learning curves, confusion matrix, predicted against true, and the model's layers.

Unlike the figures that compare tuners, these are still pictures in the page, small enough to fit side by side, as
there may be several for each of many tuners.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd

from tuning.formatting import count, names, number, plural
from tuning.journal.winner_record import BINS, Anatomy, Confusion, Scatter
from tuning.objective import Objective
from tuning.report.figures import base, layer_graph
from tuning.report.figures.base import BASELINE, INK, PALETTE, Figure, finished, score_axis, values
from tuning.text import one_line

WIDTH = 400  # pixels
HEIGHT = 240
SERIES = {"training": BASELINE, "validation": PALETTE[0]}
MAX_POINTS = 30  # epochs; above, a curve is drawn without a point for each
FEW_EPOCHS = 10  # each with its number on the axis
MAX_COUNTED = 20  # classes; above, a matrix is drawn without the counts in its squares
MAX_DESCRIBED = 12  # layers or mistakes that the text alternative names
MATRIX = 420  # pixels of a matrix of many classes


@dataclass(frozen=True)
class Picture:
    """A figure as SVG, with a text for readers who cannot see it, as in `base.Figure`.

    Attributes:
        wide: Whether it needs the page's full width.
    """

    name: str
    title: str
    caption: str
    description: str
    svg: str
    wide: bool = False

    @property
    def inline(self) -> str:
        """The SVG for a page with others: a name that it refers to must not be found in another."""
        return re.sub(r'(id="|url\(#)part', rf"\1{self.name}-part", self.svg)


def learning_curves(curve: Sequence[Mapping[str, float]], rule: Objective, name: str) -> list[Picture]:
    """The objective's metric by epoch, training and validation; also the loss if that is another."""
    epochs = pd.DataFrame([dict(epoch) for epoch in curve])
    metrics = [rule.test_metric, *(["loss"] if rule.test_metric != "loss" else [])]
    scores = {at: value for at, epoch in enumerate(curve, 1) if np.isfinite(value := epoch.get(rule.metric, np.nan))}
    counts = None
    if scores:
        best = max(scores, key=lambda at: rule.sign * scores[at])
        counts = max(scores) if rule.epoch == "last" else best
    drawn = [_curve(epochs, metric, counts, f"{name}_{place}") for place, metric in enumerate(metrics, start=1)]
    return [picture for picture in drawn if picture is not None]


def _curve(epochs: pd.DataFrame, metric: str, counts: int | None, name: str) -> Picture | None:
    columns = dict(zip(SERIES, (metric, f"val_{metric}"), strict=True))
    rows = pd.concat(
        [
            pd.DataFrame({"epoch": range(1, len(epochs) + 1), "series": series, "value": epochs[column]})
            for series, column in columns.items()
            if column in epochs
        ]
        or [pd.DataFrame(columns=["value"])]
    )
    rows = rows[np.isfinite(rows["value"].astype(float))]
    if rows.empty:
        return None
    series = [name for name in SERIES if name in set(rows["series"])]
    ticks = list(range(1, len(epochs) + 1)) if len(epochs) <= FEW_EPOCHS else alt.Undefined
    x = alt.X(
        field="epoch", type="quantitative", title="epoch", axis=alt.Axis(format="d", grid=False, values=ticks),
        scale=alt.Scale(domain=[1, max(len(epochs), 2)], nice=False),
    )  # fmt: skip
    scale = alt.Scale(domain=series, range=[SERIES[name] for name in series])
    colour = alt.Color(field="series", type="nominal", title=None, scale=scale)
    layers = [
        alt.Chart(values(rows))
        .mark_line(strokeWidth=2, point=len(epochs) <= MAX_POINTS)
        .encode(x=x, y=score_axis(alt.Y, "value", metric), color=colour)
    ]
    if counts is not None:
        mark = alt.Chart(values(pd.DataFrame({"epoch": [counts]})))
        layers.append(mark.mark_rule(strokeDash=[4, 4], stroke=INK).encode(x=x))
    ends = {name: float(rows.loc[rows["series"] == name, "value"].iloc[-1]) for name in series}
    ended = names([f"{name} {value:.4g}" for name, value in ends.items()])
    counted = "" if counts is None else f" The dashed line is epoch {counts}, the one that counts."
    description = f"{metric} by epoch, {plural(len(epochs), 'epoch')}; at the end: {ended}.{counted}"
    chart = finished(alt.layer(*layers), description, HEIGHT)
    return _picture(Figure(name, f"Learning curves: {metric}", counted.strip(), description, chart))


def predicted(predictions: Confusion | Scatter, name: str) -> Picture:
    """What the winner predicts."""
    return _confusion(predictions, name) if isinstance(predictions, Confusion) else _scatter(predictions, name)


def _confusion(predictions: Confusion, name: str) -> Picture:
    counts = np.array(predictions.counts)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    classes = [one_line(name) for name in predictions.classes]
    # An axis tells classes apart by their names: those with the same name are shown by number.
    titles = [name if name and classes.count(name) == 1 else str(place) for place, name in enumerate(classes)]
    rows = pd.DataFrame(
        [
            {"true": titles[at], "predicted": titles[to], "count": int(counts[at, to]), "share": float(shares[at, to])}
            for at, to in np.ndindex(counts.shape)
        ]
    )
    few = len(titles) <= MAX_COUNTED
    side = MATRIX if not few else max(len(titles) * 30, 120)
    axis = alt.Axis(
        grid=False, ticks=False, domain=False, labelAngle=-45 if max(map(len, titles)) > 3 else 0, labelLimit=90,
        labelOverlap=not few,
    )  # fmt: skip
    x = alt.X(field="predicted", type="nominal", title="predicted", sort=None, axis=axis)
    y = alt.Y(
        field="true", type="nominal", title="true", sort=None,
        axis=alt.Axis(grid=False, ticks=False, domain=False, labelLimit=90, labelOverlap=not few),
    )  # fmt: skip
    scale = alt.Scale(type="sqrt", domain=[0, 1], range=["#FFFFFF", PALETTE[0]], interpolate="rgb")
    squares = alt.Chart(values(rows)).mark_rect(stroke="#E6E6E6", strokeWidth=0.5)
    layers = [squares.encode(x=x, y=y, color=alt.Color(field="share", type="quantitative", scale=scale, legend=None))]
    if few:
        for light, ink in ((True, INK), (False, "#FFFFFF")):
            part = rows[(rows["count"] > 0) & ((rows["share"] < 0.4) == light)]
            if len(part):
                text = alt.Text(field="count", type="quantitative")
                layers.append(alt.Chart(values(part)).mark_text(color=ink, fontSize=11).encode(x=x, y=y, text=text))
    total, right = int(counts.sum()), int(np.trace(counts))
    wrong = sorted(((int(counts[at, to]), at, to) for at, to in np.ndindex(counts.shape) if at != to), reverse=True)
    worst = [f"{titles[at]} for {titles[to]} {count(times)} times" for times, at, to in wrong[:5] if times]
    split = f"the {predictions.split} split{_of(predictions)}"
    described = (
        f"Confusion matrix on {split}: {count(right)} of {plural(total, 'sample')} are taken for what they are."
        + (f" Most often taken for another: {names(worst)}." if worst else "")
    )
    chart = finished(alt.layer(*layers), described, side).properties(width=side)
    caption = (
        f"On {split}, {plural(total, 'sample')}. A row is a true class, a column what it is taken for; the darker, the "
        "larger the share of its row."
    )
    return _picture(Figure(name, "Confusion matrix", caption, described, chart), side)


def _scatter(predictions: Scatter, name: str) -> Picture:
    counts = np.array(predictions.counts)
    middles = predictions.low + (np.arange(BINS) + 0.5) * (predictions.high - predictions.low) / BINS
    rows = pd.DataFrame(
        [
            {"true": float(middles[at]), "predicted": float(middles[to]), "count": int(counts[at, to])}
            for at, to in np.argwhere(counts)
        ],
        columns=["true", "predicted", "count"],
    )
    domain = alt.Scale(domain=[predictions.low, predictions.high], nice=False)
    x = alt.X(field="true", type="quantitative", title="true", scale=domain, axis=alt.Axis(grid=False))
    y = alt.Y(field="predicted", type="quantitative", title="predicted", scale=domain, axis=alt.Axis(grid=False))
    line = alt.Chart(
        values(
            pd.DataFrame(
                {"true": [predictions.low, predictions.high], "predicted": [predictions.low, predictions.high]}
            )
        )
    )
    size = alt.Size(
        field="count", type="quantitative", legend=None,
        scale=alt.Scale(domain=[0, max(int(counts.max()), 4)], range=[0, 60]),
    )  # fmt: skip
    layers = [
        line.mark_line(strokeDash=[4, 4], strokeWidth=1, stroke=INK).encode(x=x, y=y),
        alt.Chart(values(rows)).mark_circle(color=PALETTE[0], opacity=0.8).encode(x=x, y=y, size=size),
    ]
    total = int(counts.sum()) + predictions.outside
    facts = (
        f"{plural(total, 'sample')} of the {predictions.split} split{_of(predictions)}: root mean squared error "
        f"{number(predictions.rmse)}, mean absolute error {number(predictions.mae)}, R² {number(predictions.r2, 3)}."
    )
    outside = f" {plural(predictions.outside, 'prediction')} beyond the axes." if predictions.outside else ""
    description = f"Predicted against true values. {facts}{outside}"
    caption = (
        f"{facts} A dot's area is the number of samples in a square of {BINS} × {BINS}; on the dashed line predictions "
        f"are true.{outside}"
    )
    chart = finished(alt.layer(*layers), description, MATRIX - 60).properties(width=MATRIX - 60)
    return _picture(Figure(name, "Predicted against true", caption, description, chart), MATRIX - 60)


def layers(anatomy: Anatomy, name: str) -> Picture | None:
    """The model's layers, if their connections are known and they are few enough to read."""
    if not anatomy.connected or not 0 < len(anatomy.layers) <= layer_graph.MAX_LAYERS:
        return None
    described_layers = [
        f"{layer.kind} {layer.name} ({layer_graph.shape_of(layer)}, {plural(layer.parameters, 'parameter')}"
        + (f"; from {names([anatomy.layers[source].name for source in layer.inputs])})" if layer.inputs else ")")
        for layer in anatomy.layers
    ]
    described = f"The layers from input to output: {names(described_layers, MAX_DESCRIBED)}."
    caption = "From input to output, each with its output's shape without the axis of samples."
    svg, width = layer_graph.draw(anatomy.layers, described)
    return Picture(name, "Layers", caption, described, svg, wide=width > WIDTH)


def _of(predictions: Confusion | Scatter) -> str:
    return f", output {predictions.output}" if predictions.output else ""


def _picture(figure: Figure, width: int = WIDTH) -> Picture:
    chart = figure.chart.properties(width=width)
    return Picture(figure.name, figure.title, figure.caption, figure.description, base.svg(chart, figure.description))
