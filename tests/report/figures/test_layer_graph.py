from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

from tests.support.golden_journal import BRANCHES, CHAIN
from tuning.journal.winner_record import Layer
from tuning.report.figures.layer_graph import draw, shape_of

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</text><script>alert(1)</script>&\x1b\u202e"


def boxes(svg: str) -> list[tuple[float, float, float]]:
    """x, y and width of each."""
    root = ElementTree.fromstring(svg)
    return [
        (float(box.attrib["x"]), float(box.attrib["y"]), float(box.attrib["width"])) for box in root.iter(f"{SVG}rect")
    ]


def test_a_chain_is_a_column_with_shapes_and_parameters() -> None:
    svg, width = draw(CHAIN, "three layers")
    found = boxes(svg)
    assert len({x for x, _, _ in found}) == 1
    assert all(lower - upper > 42 for (_, upper, _), (_, lower, _) in pairwise(found))
    assert width > found[0][2]
    root = ElementTree.fromstring(svg)
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert texts == [
        "input_layer (InputLayer)",
        "64",
        "dense (Dense)",
        "32 · 2\u202f080 parameters",
        "dense_1 (Dense)",
        "3 · 99 parameters",
    ]
    assert (root.attrib["role"], root.attrib["aria-label"]) == ("img", "three layers")
    assert len(list(root.iter(f"{SVG}path"))) == 2


def test_branches_stand_side_by_side_and_connections_pass_beside_boxes() -> None:
    svg, _ = draw(BRANCHES, "")
    found = boxes(svg)
    assert len(found) == len(BRANCHES)
    rows: dict[float, list[float]] = {}
    for x, y, _ in found:
        rows.setdefault(y, []).append(x)
    assert all(abs(a - b) >= found[0][2] for row in rows.values() for a in row for b in row if a != b)
    heads = [text for text in ElementTree.fromstring(svg).iter(f"{SVG}text") if text.attrib["class"] == "head"]
    height = {str(text.text).split()[0]: float(text.attrib["y"]) for text in heads}
    assert height["concatenate"] - height["wide"] == 68  # an input stands right above what takes it
    residual = [Layer("a", "A", (), 0), *(Layer(name, "B", (), 0, (place,)) for place, name in enumerate("bc"))]
    svg, _ = draw([*residual, Layer("d", "Add", (), 0, (2, 0))], "")
    (left, _, width), (passing,) = boxes(svg)[1], re.findall(r'd="M[^"]*V[^"]*"', svg)[:1]
    at = float(re.findall(r"(\S+) \S+V", passing)[0])
    assert not left <= at <= left + width


def test_names_are_text_and_shapes_that_are_not_known_are_said() -> None:
    svg, _ = draw([Layer(HOSTILE, HOSTILE, ((None, 3), ()), 0)], HOSTILE)
    root = ElementTree.fromstring(svg)
    assert not list(root.iter(f"{SVG}script"))
    assert shape_of(Layer("a", "A", (), 0)) == "?"
    assert shape_of(Layer("a", "A", ((None, 3), ()), 0)) == "any × 3, scalar"
