"""A model's layers as a drawing: boxes from inputs to outputs, with shapes and parameters.

Keras' own `plot_model` needs Graphviz, a program that no Python package installs. A model's graph is small and has no
cycles, so the usual layered drawing (Sugiyama, Tagawa and Toda, IEEE Transactions on Systems, Man and
Cybernetics 11, 1981) is short. Each layer is a row below its inputs. A connection that passes a row has its own place
in it. Rows are ordered by the mean place of their neighbours.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree

from tuning.formatting import plural
from tuning.journal.winner_record import Layer
from tuning.text import one_line

MAX_LAYERS = 60  # drawn; above, the boxes would be too many to read
_HEIGHT, _GAP, _BETWEEN, _PASSING, _PADDING = 42, 26, 22, 14, 12  # pixels
_LETTER, _WIDE_LETTER = 6.7, 12.5  # pixels, about, at 12 pixels a line
_NAME = 26  # letters of a name that are shown
_SWEEPS = 6
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, Arial, sans-serif"


@dataclass
class _Node:
    """A box, or the place where a connection passes a row."""

    row: int
    layer: Layer | None = None
    above: list[_Node] = field(default_factory=list)
    below: list[_Node] = field(default_factory=list)
    place: int = 0
    x: float = 0.0
    """Of the middle."""

    @property
    def top(self) -> float:
        return self.row * (_HEIGHT + _GAP) + 1

    @property
    def bottom(self) -> float:
        return self.top + _HEIGHT


def draw(layers: Sequence[Layer], description: str) -> tuple[str, float]:
    """The layers as SVG, the same bytes for the same layers, and its width in pixels.

    Args:
        layers: Connected, each after its inputs.
        description: The text alternative.
    """
    rows = _ordered(_rows(layers))
    width = max(_text_width(line) for layer in layers for line in _lines(layer)) + 2 * _PADDING
    full = _place(rows, width)
    height = len(rows) * (_HEIGHT + _GAP) - _GAP + 2
    root = ElementTree.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg", "role": "img", "aria-label": one_line(description),
            "width": _number(full), "height": _number(height), "viewBox": f"0 0 {_number(full)} {_number(height)}",
            "font-family": _FONT, "font-size": "12",
        },
    )  # fmt: skip
    nodes = [node for row in rows for node in row]
    for node in nodes:
        for source in node.above:
            _line(root, source, node)
    for node in nodes:
        if node.layer is not None:
            _box(root, node, node.layer, width)
    return ElementTree.tostring(root, encoding="unicode") + "\n", full


def shape_of(layer: Layer) -> str:
    """The shapes of a layer's outputs, without the axis of samples."""
    shapes = [" × ".join("any" if axis is None else str(axis) for axis in shape) or "scalar" for shape in layer.shapes]
    return ", ".join(shapes) or "?"


def _rows(layers: Sequence[Layer]) -> list[list[_Node]]:
    """The boxes by row, in the order of the layers, and the places where connections pass."""
    level: list[int] = []
    for layer in layers:
        level.append(max((level[source] + 1 for source in layer.inputs), default=0))
    for place, layer in enumerate(layers):  # an input goes right above its first user
        if not layer.inputs:
            level[place] = min((level[at] - 1 for at, below in enumerate(layers) if place in below.inputs), default=0)
    boxes = [_Node(row, layer) for row, layer in zip(level, layers, strict=True)]
    rows: list[list[_Node]] = [[] for _ in range(max(level) + 1)]
    for box, layer in zip(boxes, layers, strict=True):
        rows[box.row].append(box)
        for source in layer.inputs:
            last = boxes[source]
            for row in range(last.row + 1, box.row):
                passing = _Node(row)
                rows[row].append(passing)
                _join(last, passing)
                last = passing
            _join(last, box)
    return rows


def _join(upper: _Node, lower: _Node) -> None:
    upper.below.append(lower)
    lower.above.append(upper)


def _ordered(rows: list[list[_Node]]) -> list[list[_Node]]:
    """Each row ordered by its neighbours' mean place in the row before: from above and below in turns."""
    for sweep in range(_SWEEPS):
        for row in rows if sweep % 2 == 0 else rows[::-1]:
            for place, node in enumerate(row):
                node.place = place
        for row in rows if sweep % 2 == 0 else rows[::-1]:
            row.sort(key=lambda node: _mean_place(node, node.above if sweep % 2 == 0 else node.below))
            for place, node in enumerate(row):
                node.place = place
    return rows


def _mean_place(node: _Node, neighbours: Sequence[_Node]) -> float:
    return sum(neighbour.place for neighbour in neighbours) / len(neighbours) if neighbours else node.place


def _place(rows: list[list[_Node]], width: float) -> float:
    """Sets each node's `x`, rows centred; returns the drawing's width."""

    def widths(row: list[_Node]) -> list[float]:
        return [_PASSING if node.layer is None else width for node in row]

    full = max(sum(widths(row)) + _BETWEEN * (len(row) - 1) for row in rows) + 2
    for row in rows:
        row_widths = widths(row)
        left = (full - sum(row_widths) - _BETWEEN * (len(row) - 1)) / 2
        for node, wide in zip(row, row_widths, strict=True):
            node.x = left + wide / 2
            left += wide + _BETWEEN
    return full


def _line(root: ElementTree.Element, upper: _Node, lower: _Node) -> None:
    """From an upper node's lower edge to a lower one's upper edge; across a row that the connection passes."""
    middle = (upper.bottom + lower.top) / 2
    curve = (
        f"M{_number(upper.x)} {_number(upper.bottom)}C{_number(upper.x)} {_number(middle)} {_number(lower.x)} "
        f"{_number(middle)} {_number(lower.x)} {_number(lower.top)}"
    )
    through = f"V{_number(lower.bottom)}" if lower.layer is None else ""
    ElementTree.SubElement(
        root,
        "path",
        {"class": "edge", "d": curve + through, "fill": "none", "stroke": "#8A9BA8", "stroke-width": "1.5"},
    )


def _box(root: ElementTree.Element, node: _Node, layer: Layer, width: float) -> None:
    left = node.x - width / 2
    ElementTree.SubElement(
        root,
        "rect",
        {
            "class": "box", "x": _number(left), "y": _number(node.top), "width": _number(width),
            "height": str(_HEIGHT), "rx": "4", "fill": "#F5F7F8", "stroke": "#999999",
        },
    )  # fmt: skip
    looks = (("head", "#333333", "600"), ("sub", "#59636E", "400"))
    for line, (shown, (name, colour, weight)) in enumerate(zip(_lines(layer), looks, strict=True)):
        text = ElementTree.SubElement(
            root,
            "text",
            {
                "class": name, "x": _number(node.x), "y": _number(node.top + 17 + 16 * line),
                "text-anchor": "middle", "fill": colour, "font-weight": weight,
            },
        )  # fmt: skip
        text.text = shown


def _lines(layer: Layer) -> tuple[str, str]:
    name = one_line(layer.name)
    name = name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"
    parameters = f" · {plural(layer.parameters, 'parameter')}" if layer.parameters else ""
    again = f" · call {layer.call}" if layer.call > 1 else ""
    return f"{name} ({one_line(layer.kind)[:_NAME]})", f"{shape_of(layer)}{parameters}{again}"


def _text_width(text: str) -> float:
    return sum(_WIDE_LETTER if unicodedata.east_asian_width(letter) in "WF" else _LETTER for letter in text)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
