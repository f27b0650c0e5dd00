from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from golden_journal import write_golden

from tuning import journal
from tuning.drawing import svg
from tuning.search import Search, searches
from tuning.search_figures import coverage_dots, importance_dots, rung_panels
from tuning.search_section import section
from tuning.summary import Summary, summarise


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> tuple[Search, Summary]:
    path: Path = tmp_path_factory.mktemp("golden")
    write_golden(path)
    read = journal.read(path)
    found = summarise(read)
    return searches(read, found)["digits"], found


def test_rungs_are_drawn_of_tuners_that_have_some(golden: tuple[Search, Summary]) -> None:
    figure = rung_panels(*golden, "digits")
    assert figure is not None
    (panel,) = figure.chart.to_dict()["concat"]
    assert panel["title"] == "kt-hyperband, replicate 4"  # of the finished 1, 2 and 4, the median
    assert figure.description.endswith(
        "kt-hyperband replicate 4, 2 at epoch 2, 1 went on and 2 at epoch 4, 0 went on."
    )  # fmt: skip
    assert ElementTree.fromstring(svg(figure.chart, figure.description)).attrib["aria-label"] == figure.description


def test_what_cannot_be_told_is_not_drawn_but_said(golden: tuple[Search, Summary]) -> None:
    assert importance_dots(golden[0]) is None
    shown = section(*golden, "digits")
    assert list(shown.figures) == ["parallel", "slices", "coverage", "rungs"]
    assert shown.unimportant.startswith("No importance: 40 trials were trained in full")
    assert len(shown.bounds) == 3  # of the options of a choice none is a bound
    assert shown.promotions.rows[0][2].text == "0 → 2"


def test_coverage_names_every_tuner(golden: tuple[Search, Summary]) -> None:
    figure = coverage_dots(golden[0])
    assert figure is not None
    for tuner in ("kt-random", "kt-hyperband", "optuna-tpe", "default", "random-2x"):
        assert f"{tuner} " in figure.description
