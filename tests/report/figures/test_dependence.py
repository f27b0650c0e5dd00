from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.report.figures.test_base import rows_of
from tests.support.golden_journal import write_search
from tuning.analysis.summary import summarise
from tuning.exploration.dependence import NOTHING, dependence
from tuning.exploration.exploration import Search, searches
from tuning.journal import journal
from tuning.report.figures.base import Figure
from tuning.report.figures.dependence import MAX_DOTS, contour, partial_dependence
from tuning.report.figures.trials import FIFTHS
from tuning.report.sections.exploration import section
from tuning.report.tables.dependence import MAX_SIDE, dependence_table, surface_table


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Search, dict[str, Figure]]:
    """A search of 120 trials, and the figures of its section."""
    path = tmp_path_factory.mktemp("search")
    write_search(path, trials=30)
    read = journal.read(path)
    summary = summarise(read)
    search = searches(read, summary)["digits"]
    made = section(search, summary.problems["digits"]).figures
    return search, {kind: figure for kind, (figure, _) in made.items()}


def test_a_panel_for_each_hyperparameter_shows_the_numbers_of_its_table(
    searched: tuple[Search, dict[str, Figure]],
) -> None:
    search, figures = searched
    figure = figures["partial_dependence"]
    chart = figure.chart.to_dict()  # Vega-Lite's schema holds
    order = [panel["title"] for panel in chart["concat"]]
    assert order[0] == "learning_rate"
    assert sorted(order) == ["learning_rate", "momentum", "n_hidden", "optimizer"]
    panel = chart["concat"][0]
    data = panel["layer"][-1].get("data", panel.get("data"))
    rows = data["values"] if "values" in data else chart["datasets"][data["name"]]
    frame = search.dependence.frame
    own = frame[frame["hyperparameter"] == "learning_rate"]
    assert [row["mean"] for row in rows] == pytest.approx(own["mean"].tolist(), abs=1e-3)
    table = dependence_table(search)
    assert len(table.rows) == len(frame)
    assert "Best: learning_rate 0.001 (" in figure.description
    assert "a Gaussian process fitted to 120 trials of all tuners trained in full" in figure.caption
    assert ElementTree.fromstring(figure.svg).attrib["aria-label"] == figure.description


def test_the_surface_is_of_the_most_important_two_with_trials_over_it(
    searched: tuple[Search, dict[str, Figure]],
) -> None:
    search, figures = searched
    figure = figures["contour"]
    first, second = search.dependence.pair
    assert first == "learning_rate"
    assert f"Surface of the mean val_accuracy over {first} and {second}. Best at 0.001" in figure.description
    squares, dots = rows_of(figure, 0), rows_of(figure, 1)
    assert len(squares) == len(search.dependence.surface)
    assert len(dots) <= MAX_DOTS
    assert sum(dot["best"] for dot in dots) == 4  # one of each search
    starts, ends = (sorted({row[side] for row in squares}) for side in ("x", "x2"))
    assert (starts[0], ends[-1]) == (0.0001, 0.01)
    assert starts[1:] == ends[:-1]  # no gaps
    shown = [row["fifth"] for row in sorted(squares, key=lambda row: row["mean"])]
    assert [len(list(alike)) for _, alike in groupby(shown)] == pytest.approx([len(squares) / 5] * 5, abs=2)
    scale = figure.chart.to_dict()["layer"][0]["encoding"]["color"]["scale"]
    assert scale["domain"] == list(dict.fromkeys(shown))
    assert (scale["domain"][0][:6], scale["domain"][-1][:5], scale["range"][-1]) == ("below ", "from ", FIFTHS[-1])
    table = surface_table(search)
    assert len(table.rows) <= MAX_SIDE
    means = search.dependence.surface
    corner = means[(means["first"] == means["first"].iloc[0])]["mean"].iloc[0]
    assert table.rows[0][1].value == pytest.approx(corner)


def test_a_surface_that_is_nearly_flat_has_fewer_colours_than_five_but_its_best_is_pink(
    searched: tuple[Search, dict[str, Figure]],
) -> None:
    search, _ = searched
    surface = search.dependence.surface
    flat = surface.assign(mean=[0.9] + [0.5] * (len(surface) - 1))
    for sign, end in ((1, -1), (-1, 0)):
        objective = replace(search.objective, direction="max" if sign > 0 else "min")
        dependence = replace(search.dependence, surface=flat)
        figure = contour(replace(search, dependence=dependence, objective=objective))
        assert figure is not None
        scale = figure.chart.to_dict()["layer"][0]["encoding"]["color"]["scale"]
        assert len(scale["domain"]) == len(scale["range"]) == 2
        assert scale["range"][end] == FIFTHS[-1]


def test_of_a_conditional_one_the_caption_says_what_is_averaged(searched: tuple[Search, dict[str, Figure]]) -> None:
    search, _ = searched
    found = dependence(search.trials, search.space, search.objective, ["learning_rate", "momentum"])
    figure = contour(replace(search, dependence=found))
    assert figure is not None
    assert "over configurations that have both" in figure.caption
    assert len(rows_of(figure, 1)) == search.trials["at.momentum"].notna().sum() < 100


def test_nothing_is_drawn_of_nothing(search: Search) -> None:
    assert partial_dependence(search) is None
    assert contour(search) is None
    assert search.dependence is NOTHING or search.dependence.frame.empty


def test_the_report_has_them_folded(tmp_path: Path) -> None:
    from tuning.report.report import write_report

    write_search(tmp_path, trials=30)
    report = write_report(tmp_path)
    page = report.html.read_text()
    for kind in ("partial_dependence", "contour", "fixed_targets", "speed_up"):
        assert f'<details class="quiet" id="{kind}">' in page
        assert f"(figures/{kind}.svg)" in report.markdown.read_text()


@pytest.mark.slow
@pytest.mark.usefixtures("pictures")
def test_the_page_of_400_trials_is_small_enough_to_be_sent(tmp_path: Path) -> None:
    from tuning.report.report import write_report

    write_search(tmp_path, trials=100)
    assert write_report(tmp_path).html.stat().st_size <= 1_600_000
