from __future__ import annotations

from xml.etree import ElementTree

from tuning.analysis.problem_summary import ProblemSummary
from tuning.exploration.exploration import Search
from tuning.report.figures.exploration import coverage_dots, importance_dots, rung_panels
from tuning.report.sections.exploration import section


def test_rungs_are_drawn_of_tuners_that_have_some(search: Search, digits: ProblemSummary) -> None:
    figure = rung_panels(search, digits)
    assert figure is not None
    (panel,) = figure.chart.to_dict()["concat"]
    assert panel["title"] == "kt-hyperband, replicate 4"  # of the finished 1, 2 and 4, the median
    assert figure.description.endswith(
        "kt-hyperband replicate 4, 2 at epoch 2, 1 went on and 2 at epoch 4, 0 went on."
    )  # fmt: skip
    assert ElementTree.fromstring(figure.svg).attrib["aria-label"] == figure.description


def test_what_cannot_be_told_is_not_drawn_but_said(search: Search, digits: ProblemSummary) -> None:
    assert importance_dots(search) is None
    shown = section(search, digits)
    assert list(shown.figures) == ["parallel", "slices", "coverage", "rungs"]
    for figure, _ in shown.figures.values():
        assert figure.chart.to_dict()["description"] == figure.description  # Vega-Lite's schema holds
    assert shown.unimportant.startswith("No importance: 40 trials were trained in full")
    assert len(shown.bounds) == 3  # of the options of a choice none is a bound
    assert shown.promotions.rows[0][2].text == "0 → 2"


def test_coverage_names_every_tuner(search: Search) -> None:
    figure = coverage_dots(search)
    assert figure is not None
    for tuner in ("kt-random", "kt-hyperband", "optuna-tpe", "default", "random-2x"):
        assert f"{tuner} " in figure.description
