"""What all figures share: colours, axes, size, and SVG whose bytes depend on nothing but the chart.

A tuner has one colour in every figure; a baseline is grey and dashed. The colours stand out from the page (3:1) and
people with any kind of colour vision can tell them apart, on white as on a dark page, which shows each by its partner
in `DARK`. `tests/report/figures/test_colours.py` computes that. Beyond six tuners, they also differ by dash pattern.
Names from a journal reach a chart as data or titles only, never as field names or expressions.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias, TypeVar

import altair as alt
import pandas as pd
import vl_convert

from tuning.text import file_name, one_line

PALETTE = ("#023E7D", "#C8741D", "#0B7252", "#E61A8A", "#B93004", "#0E84B7")
BASELINE = "#6E7781"
FAINT = "#B4BDC5"  # what stands behind
DARK = {
    **dict(zip(PALETTE, ("#207FE8", "#EB881F", "#2EF077", "#C52091", "#EE0B2A", "#2EB1EF"), strict=True)),
    BASELINE: "#9AA5B1",
    FAINT: "#4A545E",
}  # what `report.css` shows in place of a colour on a dark page
DASHES = ([1, 0], [6, 3], [2, 2], [8, 2, 2, 2])
SHAPES = ("circle", "triangle-up", "square", "diamond")
BASELINE_DASHES = ([4, 4], [1, 3], [9, 4], [4, 2, 1, 2])
LINES = alt.Legend(symbolType="stroke", symbolSize=300)
DOTS = alt.Legend(symbolSize=90)
INK = "#333333"
_SILENT = re.compile(
    r' (?:aria-[a-z]+|role|pointer-events)="[^"]*"| opacity="1"|<path class="(?:back|fore)ground"[^>]* d=""[^>]*/>'
)
WIDTH = 680  # pixels of an SVG; the HTML fits the page
MAX_TEXT = 200  # letters of a name in a chart; far more than its labels show
ROW = 34  # pixels of height for each tuner
PANELS = 3  # side by side in an SVG; the HTML has as many as its page has room for
Chart: TypeAlias = alt.LayerChart | alt.ConcatChart
_Finished = TypeVar("_Finished", alt.LayerChart, alt.ConcatChart)
_Axis = TypeVar("_Axis", alt.X, alt.Y)


@dataclass(frozen=True)
class Figure:
    """A chart, with a text for readers who cannot see it.

    Attributes:
        name: File name without suffix, safe on every system.
        title: What it shows, in few words.
        caption: How to read it.
        description: Its text alternative.
        chart: The altair chart.
    """

    name: str
    title: str
    caption: str
    description: str
    chart: Chart

    @cached_property
    def spec(self) -> dict[str, object]:
        """The chart as Vega-Lite; see `spec`."""
        return spec(self.chart)

    @property
    def svg(self) -> str:
        """The static picture; see `svg`."""
        return svg_from(vl_convert.vegalite_to_svg(self.spec), self.description)


@dataclass(frozen=True)
class Panel:
    """One of several charts side by side, with its title."""

    title: str
    chart: alt.LayerChart


def spec(chart: Chart) -> dict[str, object]:
    """The chart as Vega-Lite, with every text on one line, fit for XML, and not too long to be measured.

    It is not checked against Vega-Lite's schema, which takes longer than drawing; the tests do that.
    """
    return {name: _cleaned(entry, name) for name, entry in chart.to_dict(validate=False).items()}


def _cleaned(value: object, name: str = "") -> object:
    if isinstance(value, str):
        return one_line(value) if name == "description" else _short(one_line(value))
    if isinstance(value, dict):
        return {name: _cleaned(entry, name) for name, entry in value.items()}
    return [_cleaned(entry) for entry in value] if isinstance(value, list | tuple) else value


def _short(text: str) -> str:
    """A long text as its beginning and a digest, everywhere the same: vl-convert would measure it for minutes."""
    if len(text) <= MAX_TEXT:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{text[: MAX_TEXT - 10]}… {digest}"


def svg(chart: Chart, description: str) -> str:
    """A chart as SVG, with its text alternative; the same bytes for the same chart and version of vl-convert."""
    return svg_from(vl_convert.vegalite_to_svg(spec(chart)), description)


def svg_from(drawn: str, description: str) -> str:
    """What vl-convert drew, with its text alternative; it does not depend on what was drawn before."""
    # Vega numbers clip paths over the whole life of the process, so the bytes would depend on earlier drawings.
    order: dict[str, str] = {}
    drawn = re.sub(
        r"(?<=id=\"|rl\(#)(?:clip|gradient)\w*\d+",
        lambda match: order.setdefault(match.group(), f"part{len(order)}"),
        drawn,
    )
    head, body = drawn.split(">", 1)
    # The whole is one picture with one text: what its parts are called is heard by nobody, and half of its letters.
    drawn = f"{head}>{_SILENT.sub('', body)}"
    drawn = re.sub(r"<path [^>]*>", _without_a_width_of_no_line, drawn)
    drawn = re.sub(r' (d|transform|[xy][12]?|width|height)="[^"]*"', _shortened, drawn)
    label = one_line(description).replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return drawn.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1) + "\n"


def _without_a_width_of_no_line(path: re.Match[str]) -> str:
    """A dot without its line's width if it has no line: a seventh of a picture of thousands of dots."""
    return path[0] if " stroke=" in path[0] else re.sub(r' stroke-width="[^"]*"', "", path[0])


def _shortened(attribute: re.Match[str]) -> str:
    """A place with hundredths of a pixel: nobody sees more, and pictures are a third shorter."""
    return re.sub(r"-?\d+\.\d{3,}(?:e-\d+)?", lambda number: f"{float(number[0]):.2f}", attribute[0])


def finished(chart: Any, description: str, height: int, least: int = 0, **more: object) -> alt.LayerChart:
    """Size, quiet axes and the text alternative, alike for all.

    Args:
        least: Smallest width in pixels; in a narrower window the chart scrolls.
        more: Other properties of the chart; its ``usermeta`` is for the page.
    """
    if least:
        more["usermeta"] = {"least": least}
    layers: alt.LayerChart = chart  # type checkers think that `altair.layer` may return a FacetChart
    return _quiet(layers, description, **{"width": max(WIDTH, least), "height": height, **more})


def finished_grid(
    panels: Sequence[Panel],
    description: str,
    height: int,
    columns: int = PANELS,
    data: dict[str, object] | alt.UndefinedType = alt.Undefined,
) -> alt.ConcatChart:
    """`finished` for several charts, in rows of up to `columns`; `data` is what they share."""
    columns = min(columns, len(panels))
    width = (WIDTH - 70 * (columns - 1)) // columns  # an axis with its labels takes about 70 pixels
    charts = [panel.chart.properties(width=width, height=height, title=panel.title) for panel in panels]
    title = alt.TitleConfig(color=INK, fontSize=13, fontWeight="normal", anchor="start", limit=width)
    return _quiet(alt.concat(*charts, columns=columns, data=data), description, title)


def _quiet(
    chart: _Finished,
    description: str,
    title: alt.TitleConfig | alt.UndefinedType = alt.Undefined,
    **properties: object,
) -> _Finished:
    # All at once: altair copies the whole chart in each call.
    quiet = alt.Config(
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            labelColor=INK, titleColor=INK, titleFontWeight="normal", titleFontSize=13, labelFontSize=12,
            domainColor="#999999", tickColor="#999999", gridColor="#E6E6E6", labelLimit=170, titlePadding=8,
        ),
        axisXQuantitative=alt.AxisConfig(tickCount=10, labelOverlap=True, labelSeparation=4),
        legend=alt.LegendConfig(
            orient="top", labelColor=INK, labelFontSize=12, labelLimit=170, symbolStrokeWidth=3, columns=5,
            symbolOpacity=1,
        ),
        title=title,
    )  # fmt: skip
    return chart.properties(description=description, background="white", config=quiet, **properties)


def values(frame: pd.DataFrame) -> dict[str, object]:
    """The rows as strict JSON types."""
    records = (
        {str(name): value.item() if hasattr(value, "item") else value for name, value in row.items()}
        for row in frame.to_dict("records")
    )
    return inline(records)


def inline(records: Iterable[Mapping[str, object]], **more: str) -> dict[str, object]:
    """The records as a chart's data.

    Not `altair.InlineData`, which checks each record against Vega-Lite's schema, and not a list, which altair copies
    record by record whenever it derives a chart.
    """
    return {"values": tuple(records), **more}


def score_axis(channel: type[_Axis], field: str, title: str, domain: Sequence[float] | None = None) -> _Axis:
    scale = alt.Scale(zero=False, nice=True) if domain is None else alt.Scale(domain=list(domain), nice=False)
    return channel(field=field, type="quantitative", title=title, scale=scale)


def tuner_axis(tuners: Sequence[str]) -> alt.Y:
    return alt.Y(field="tuner", type="nominal", title=None, sort=None, scale=alt.Scale(domain=list(tuners)))


def colours(tuners: Sequence[str], baselines: Sequence[str] = ()) -> list[str]:
    """(num_tuners,): the colour of each; baselines come last."""
    return [BASELINE if tuner in baselines else PALETTE[place % len(PALETTE)] for place, tuner in enumerate(tuners)]


def tuner_colour(tuners: Sequence[str], baselines: Sequence[str] = (), legend: alt.Legend | None = LINES) -> alt.Color:
    scale = alt.Scale(domain=list(tuners), range=colours(tuners, baselines))
    return alt.Color(field="tuner", type="nominal", title=None, scale=scale, legend=legend)


def tuner_dash(
    tuners: Sequence[str], baselines: Sequence[str] = (), legend: alt.Legend | None = LINES
) -> alt.StrokeDash:
    first = len(tuners) - len(baselines)
    dashes = [
        BASELINE_DASHES[(place - first) % len(BASELINE_DASHES)]
        if tuner in baselines
        else DASHES[place // len(PALETTE) % len(DASHES)]
        for place, tuner in enumerate(tuners)
    ]
    scale = alt.Scale(domain=list(tuners), range=dashes)
    return alt.StrokeDash(field="tuner", type="nominal", title=None, scale=scale, legend=legend)


def tuner_shape(tuners: Sequence[str]) -> alt.Shape:
    """For dots: tuners of one colour differ by shape, as lines do by `tuner_dash`."""
    shapes = [SHAPES[place // len(PALETTE) % len(SHAPES)] for place in range(len(tuners))]
    scale = alt.Scale(domain=list(tuners), range=shapes)
    return alt.Shape(field="tuner", type="nominal", title=None, scale=scale, legend=DOTS)


def slugs(problems: Sequence[str]) -> dict[str, str]:
    """What to add to a figure's file name: nothing for one problem, else its number and safe name."""
    if len(problems) == 1:
        return {problems[0]: ""}
    return {problem: f"_{place}_{file_name(problem)}".rstrip("_") for place, problem in enumerate(problems, start=1)}
