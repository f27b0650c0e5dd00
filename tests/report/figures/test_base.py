from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from tests.support.golden_journal import BASELINES, TUNERS, write_scores
from tuning.analysis.summary import Summary, summarise
from tuning.journal import journal
from tuning.journal.plan import SEARCH
from tuning.report.figures.base import Figure, colours, slugs
from tuning.report.figures.comparison import (
    critical_difference,
    pair_matrix,
    performance_profile,
    rank_over_budget,
)
from tuning.report.figures.curves import best_so_far, budget_grid, curve_of
from tuning.report.figures.endpoint import what_one_gets
from tuning.report.figures.scores import figures

HOSTILE = "</script><b>&\"'{{x}}"


def rows_of(figure: Figure, layer: int = 0) -> list[dict[str, Any]]:
    """The rows a layer draws: its own data, or the chart's, which altair moves to a place that all share."""
    chart = figure.chart.to_dict()
    data = chart["layer"][layer].get("data", chart.get("data"))
    return list(data["values"] if "values" in data else chart["datasets"][data["name"]])


def ends(scale: dict[str, Any]) -> tuple[float, float]:
    """Of an axis, before anybody ticks the second half."""
    if "domain" in scale:
        low, high = scale["domain"]
    else:
        low, high = (float(scale[end]["expr"].split(" : ")[1]) for end in ("domainMin", "domainMax"))
    return low, high


def test_each_problem_has_its_figures_with_a_text_alternative(golden: Summary) -> None:
    found = figures(golden)["digits"]
    assert [figure.name for figure in found] == [
        "best_so_far", "wall_clock", "what_one_gets", "final_scores", "rank_over_budget", "improvement",
        "critical_difference", "performance_profile", "fixed_targets", "speed_up", "trials_by_state",
    ]  # fmt: skip
    for figure in found:
        assert figure.chart.to_dict()["description"] == figure.description  # Vega-Lite's schema holds
        root = ElementTree.fromstring(figure.svg)
        assert root.attrib["role"] == "img"
        assert root.attrib["aria-label"] == figure.description


def test_svg_is_the_same_bytes_whatever_was_drawn_before(golden: Summary) -> None:
    first = [figure.svg for figure in figures(golden)["digits"]]
    again = [figure.svg for figure in figures(golden)["digits"][::-1]]
    assert first == again[::-1]


def test_curves_are_drawn_as_steps_after_the_result(golden: Summary) -> None:
    figure = best_so_far(golden.problems["digits"])
    assert figure is not None
    marks = [layer["mark"] for layer in figure.chart.to_dict()["layer"]]
    assert [mark["interpolate"] for mark in marks if mark["type"] == "line"] == ["step-after", "step-after"]


def test_a_tuner_has_the_same_colour_everywhere(golden: Summary) -> None:
    scales = re.findall(r"'color': \{'field': 'tuner'.*?'domain': \[(.*?)\], 'range': \[(.*?)\]", str([
        figure.chart.to_dict() for figure in figures(golden)["digits"]
    ]))  # fmt: skip
    pairs = {pair for names, colours in scales for pair in zip(names.split(", "), colours.split(", "), strict=True)}
    assert pairs == {
        (f"'{name}'", f"'{colour}'")
        for name, colour in zip((*TUNERS, *BASELINES), colours([*TUNERS, *BASELINES], BASELINES), strict=True)
    }


def test_a_baseline_with_more_epochs_is_drawn_up_to_the_tuners_budget(golden: Summary) -> None:
    figure = best_so_far(golden.problems["digits"])
    assert figure is not None
    assert "Medians there: kt-random 0.756; kt-hyperband 0.791; optuna-tpe 0.849; default 0.677; random-2x 0.767." in (
        figure.description
    )
    assert figure.caption.endswith("Drawn up to the tuners' budget, though it had more: random-2x (24 epochs a cell).")
    strip = next(figure for figure in figures(golden)["digits"] if figure.name == "final_scores")
    assert "random-2x 0.802" in strip.description  # at the end of its own budget
    assert strip.caption.endswith("At the end of a larger budget: random-2x (24 epochs a cell).")


def test_legends_name_what_is_drawn(golden: Summary) -> None:
    for figure in figures(golden)["digits"]:
        if figure.name in ("rank_over_budget", "performance_profile", "fixed_targets"):
            assert not set(BASELINES) & set(re.findall(r"[\w-]+", str(figure.chart.to_dict())))


def test_the_median_curve_leaves_out_cells_that_are_not_done(golden: Summary) -> None:
    assert set(curve_of(golden.problems["digits"], "kt-random")["replicates"]) == {3}


def test_many_tuners_differ_by_colour_and_dash(tmp_path: Path) -> None:
    write_scores(tmp_path, {f"tuner {place}": [0.5 + place / 100] * 11 for place in range(9)})
    figure = performance_profile(summarise(journal.read(tmp_path)).problems["digits"])
    assert figure is not None
    line = figure.chart.to_dict()["layer"][0]["encoding"]
    dashes, own = line["strokeDash"]["scale"]["range"], line["color"]["scale"]["range"]
    assert len({(str(dash), colour) for dash, colour in zip(dashes, own, strict=True)}) == 9


def test_hostile_names_are_data(tmp_path: Path) -> None:
    write_scores(tmp_path, {HOSTILE: [0.5, 0.6], "b": [0.4, 0.3]})
    for figure in figures(summarise(journal.read(tmp_path)))["digits"]:
        ElementTree.fromstring(figure.svg)


def test_the_matrix_frames_what_is_decided_and_mirrors(tmp_path: Path) -> None:
    write_scores(tmp_path, {"a": [0.9 + place / 1000 for place in range(8)], "b": [0.4] * 8, "c": [0.4] * 8})
    figure = pair_matrix(summarise(journal.read(tmp_path)).problems["digits"])
    assert figure is not None
    rows = {(row["row"], row["column"]): row for row in rows_of(figure)}
    assert (rows["a", "b"]["share"], rows["b", "a"]["share"], rows["b", "c"]["share"]) == (1, 0, 0.5)
    assert [rows[pair]["decided"] for pair in (("a", "b"), ("b", "a"), ("b", "c"))] == [True, True, False]
    assert "a over b and a over c" in figure.description


def test_the_critical_difference_is_printed_and_joins_what_is_not_told_apart(golden: Summary) -> None:
    figure = critical_difference(golden.problems["digits"])
    assert figure is not None
    bars = rows_of(figure)
    assert [bar["row"] for bar in bars] == ["CD 2.34", "not told apart 1"]
    assert bars[0]["to"] - bars[0]["rank"] == pytest.approx(2.343, abs=1e-3)


@pytest.mark.parametrize(("direction", "step"), [("max", "step-before"), ("min", "step-after")])
def test_a_profile_steps_at_each_score(tmp_path: Path, direction: str, step: str) -> None:
    write_scores(tmp_path, {"a": [0.5, 0.6], "b": [0.4, 0.5]}, direction)
    figure = performance_profile(summarise(journal.read(tmp_path)).problems["digits"])
    assert figure is not None
    layer = figure.chart.to_dict()["layer"][0]
    assert layer["mark"]["interpolate"] == step
    shares = {(row["tuner"], row["score"]): row["share"] for row in rows_of(figure)}
    assert shares["a", 0.5] == (1.0 if direction == "max" else 0.5)
    assert shares["b", 0.5] == (0.5 if direction == "max" else 1.0)


def test_nothing_to_draw_gives_no_figure(tmp_path: Path) -> None:
    write_scores(tmp_path, {"a": [None]})
    assert figures(summarise(journal.read(tmp_path)))["digits"] == []


def test_file_names_are_safe() -> None:
    assert slugs(["../x"]) == {"../x": ""}
    assert slugs(["../a/b", "a b", "é"]) == {"../a/b": "_1_a_b", "a b": "_2_a_b", "é": "_3"}


def test_budget_grid_is_whole_and_ends_at_the_budget() -> None:
    assert budget_grid(120) == [12.0 * step for step in range(1, 11)]
    assert budget_grid(3) == [1.0, 2.0, 3.0]
    assert budget_grid(0) == []


def test_a_baseline_far_off_does_not_press_the_tuners_into_a_corner(tmp_path: Path) -> None:
    scores = {"a": [0.90, 0.91, 0.92], "b": [0.905, 0.915, 0.925], "default": [0.1, 0.2, 0.3]}
    write_scores(tmp_path, scores)
    path = journal.path_of(tmp_path)
    text = path.read_text()
    for before, after in (
        (',"default":{"tuner":"default"}}', "}"),
        ('"baselines":{}', '"baselines":{"default":{"tuner":"default","budget_factor":1}}'),
    ):
        assert before in text
        text = text.replace(before, after)
    path.write_text(text)
    found = summarise(journal.read(tmp_path))
    assert (found.contest.tuners, found.contest.baselines) == (("a", "b"), ("default",))
    made = {figure.name: figure for figure in figures(found)["digits"]}
    for name, channel in (("best_so_far", "y"), ("final_scores", "x")):
        assert "Off the axis: default (median 0.2)." in made[name].caption
        for layer in made[name].chart.to_dict()["layer"]:
            low, high = ends(layer["encoding"][channel]["scale"])
            assert 0.85 < low < 0.9 < 0.925 < high < 0.95


def test_a_still_picture_holds_no_more_than_can_be_seen(golden: Summary) -> None:
    for figure in figures(golden)["digits"]:
        drawn = figure.svg
        assert drawn.count("aria-") == 1  # the text of the whole
        places = re.findall(r' (?:d|transform|x|y|width|height)="([^"]*)"', drawn)
        assert places
        assert not re.search(r"\d\.\d{3}", " ".join(places))


def test_what_one_would_have_got_is_the_endpoint_at_each_share(golden: Summary) -> None:
    problem = golden.problems["digits"]
    figure = what_one_gets(problem)
    assert figure is not None
    rows = rows_of(figure)
    for part in problem.by_budget:
        shown = {row["tuner"]: row for row in rows if row["budget"] == f"{part.share:.0%}"}
        assert {tuner: row["mean"] for tuner, row in shown.items()} == part.means
        for tuner, mean in part.means.items():
            low, high = part.intervals[tuner]
            assert np.isnan(low) or low <= mean <= high
            assert shown[tuner]["low"] == (None if np.isnan(low) else low)
    assert "with Student's 95% intervals, which hold 87% of the means of skewed scores. Only the full" in figure.caption
    last = problem.by_budget[-1].means
    scored = problem.endpoint.scores.groupby("tuner")["score"].mean()
    assert last == {tuner: pytest.approx(scored[tuner]) for tuner in last}
    enough = [replace(part, scored=dict.fromkeys(part.scored, 100)) for part in problem.by_budget]
    sure = what_one_gets(replace(problem, by_budget=tuple(enough)))
    assert sure is not None
    assert "with Student's 95% intervals. Only the full" in sure.caption
    searched = replace(problem, endpoint=replace(problem.endpoint, kind=SEARCH))
    assert what_one_gets(searched) is None  # other figures show the best score seen


def test_dots_of_many_tuners_differ_by_colour_and_shape(golden: Summary) -> None:
    problem = golden.problems["digits"]
    tuners = tuple(f"tuner-{number}" for number in range(13))
    at_budget = [
        replace(part, means=dict.fromkeys(tuners, 0.5), intervals=dict.fromkeys(tuners, (0.4, 0.6)))
        for part in problem.by_budget
    ]
    many = replace(problem, by_budget=tuple(at_budget), contest=replace(problem.contest, tuners=tuners))
    figure = what_one_gets(many)
    assert figure is not None
    dots = figure.spec["layer"][1]["encoding"]
    looks = zip(*(dots[look]["scale"]["range"] for look in ("color", "shape")), strict=True)
    assert len(set(looks)) == len(tuners)


def test_what_one_would_have_got_in_one_replicate_has_no_interval(golden: Summary) -> None:
    problem = golden.problems["digits"]
    unknown = [replace(part, intervals=dict.fromkeys(part.means, (np.nan, np.nan))) for part in problem.by_budget]
    figure = what_one_gets(replace(problem, by_budget=tuple(unknown)))
    assert figure is not None
    assert {(row["low"], row["high"]) for row in rows_of(figure)} == {(None, None)}
    assert "NaN" not in figure.svg


def test_what_has_no_line_has_no_width_of_one(golden: Summary) -> None:
    paths = [path for figure in figures(golden)["digits"] for path in re.findall(r"<path [^>]*>", figure.svg)]
    lines = [" stroke=" in path for path in paths]
    assert {True, False} <= set(lines)
    assert any("stroke-width" in path for path in paths)
    assert all(" stroke=" in path for path in paths if "stroke-width" in path)


def test_the_last_rank_is_a_step_past_the_end_of_the_budget(golden: Summary) -> None:
    problem = golden.problems["digits"]
    figure = rank_over_budget(problem)
    assert figure is not None
    budget, ranks = problem.contest.budget_epochs, problem.standings.dropna(subset="rank")
    final = ranks[ranks["spent_epochs"] == budget].set_index("tuner")["rank"].to_dict()
    layers = figure.chart.to_dict()["layer"]
    place = next(at for at, layer in enumerate(layers) if layer["mark"]["type"] == "line")
    end = layers[place]["encoding"]["x"]["scale"]["domain"][1]
    assert end > budget
    steps = pd.DataFrame(rows_of(figure, place)).sort_values("spent_epochs")
    assert steps.groupby("tuner")["spent_epochs"].max().unique().tolist() == [end]
    assert steps.groupby("tuner")["rank"].last().to_dict() == pytest.approx(final)
