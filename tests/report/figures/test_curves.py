from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import vl_convert
from msgspec.structs import replace

from tests.support.golden_journal import session, study, trial, write_scores
from tuning.analysis.problem_summary import ProblemSummary
from tuning.analysis.summary import summarise
from tuning.journal import journal
from tuning.journal.records import Cell, CellEnd
from tuning.journal.writer import JournalWriter
from tuning.report.figures.curve_chart import CLOCK, LINE, apart
from tuning.report.figures.curves import (
    MAX_STEPS,
    _thinned,
    best_so_far,
    clock_grid,
    curve_of,
    timed,
    wall_clock,
)


def test_a_result_counts_when_its_trial_has_ended(digits: ProblemSummary) -> None:
    steps = timed(digits)
    own = steps[(steps["tuner"] == "optuna-tpe") & (steps["replicate"] == 1)]
    # Four epochs of half a second and an eighth of thinking each; the best of a trial counts, once.
    assert own["seconds"].tolist() == [2.125, 4.25]
    assert own["score"].is_monotonic_increasing


def test_bands_are_the_interval_of_the_median(tmp_path: Path) -> None:
    write_scores(tmp_path, {"a": [0.5 + place / 100 for place in range(15)], "b": [0.9] * 15})
    found = summarise(journal.read(tmp_path)).problems["digits"]
    curve = curve_of(found, "a")
    row = found.tuners.set_index("tuner").loc["a"]
    last = curve.iloc[-1]
    assert (last["median"], last["low"], last["high"]) == (row["median"], row["low"], row["high"])
    figure = best_so_far(found)
    assert figure is not None
    assert [layer["mark"]["type"] for layer in figure.chart.to_dict()["layer"]] == ["area", "line", "point", "text"]
    assert "the page shows their exact 95% intervals for the line under the pointer" in figure.caption


def test_two_replicates_have_a_band_that_says_what_it_covers(tmp_path: Path) -> None:
    write_scores(tmp_path, {"a": [0.5, 0.6], "b": [0.4, 0.3]})
    figure = best_so_far(summarise(journal.read(tmp_path)).problems["digits"])
    assert figure is not None
    assert [layer["mark"]["type"] for layer in figure.chart.to_dict()["layer"]] == [
        "area", "line", "line", "point", "text",
    ]  # fmt: skip
    assert "their exact 50% intervals and single replicates" in figure.caption


def test_every_layer_leaves_out_the_tuners_that_are_off(digits: ProblemSummary) -> None:
    for draw in (best_so_far, wall_clock):
        figure = draw(digits)
        assert figure is not None
        chart = figure.chart.to_dict()
        assert {"name": "off", "value": []} in chart["params"]
        for layer in chart["layer"]:
            assert layer["transform"][0] == {"filter": "indexof(off, datum.tuner) < 0"}


def test_the_clock_ends_with_the_last_cell_of_the_tuners(digits: ProblemSummary) -> None:
    cells = digits.cells[digits.cells["tuner"].isin(digits.contest.tuners) & (digits.cells["state"] == "DONE")]
    grid = clock_grid(digits)
    assert grid[-1] == (cells["train_seconds"] + cells["suggest_seconds"]).max()
    ends = curve_of(digits, "kt-hyperband", axis=CLOCK, steps=timed(digits))
    assert ends["median"].iloc[-1] == curve_of(digits, "kt-hyperband")["median"].iloc[-1]


def test_many_steps_are_thinned_to_what_can_be_seen() -> None:
    steps = list(np.random.default_rng(1).random(5000))
    kept = _thinned(steps)
    assert len(kept) <= MAX_STEPS
    assert set(kept) <= set(steps)
    assert kept[-1] == max(steps)


def test_a_study_without_times_has_no_clock(tmp_path: Path) -> None:
    with JournalWriter.create(tmp_path, study()) as writer:
        session(writer, ["a"], 2, 1)
        cell = Cell("digits", "a", 1)
        writer.trial(replace(trial(cell, 0, [0.5, 0.6], 2), train_seconds=0.0, suggest_seconds=0.0))
        writer.cell(CellEnd(cell, "DONE", "the budget is spent", "", 1, 2, 0.0))
    found = summarise(journal.read(tmp_path)).problems["digits"]
    assert wall_clock(found) is None
    assert clock_grid(found) == []


def test_bands_and_single_replicates_wait_for_the_pointer_or_a_tick(digits: ProblemSummary) -> None:
    figure = best_so_far(digits)
    assert figure is not None
    chart = figure.chart.to_dict()
    assert {"name": "spread", "value": False} in chart["params"]
    for layer in chart["layer"][:2]:
        assert layer["encoding"]["opacity"]["value"] == 0
        assert layer["encoding"]["opacity"]["condition"]["test"].startswith("spread || ")


def test_names_at_the_ends_of_lines_do_not_overlap_and_stay_in_the_order_of_their_lines() -> None:
    ends = {"a": 0.9, "b": 0.901, "c": 0.899, "off": 0.2, "d": 0.8}
    places = apart(ends, (0.8, 0.92), height=120)
    assert list(places) == ["b", "a", "c", "d"]
    gaps = -np.diff(list(places.values()))
    assert gaps.min() >= LINE * 0.12 / 120 - 1e-12
    assert min(places.values()) >= 0.8
    assert places["b"] == 0.901  # nothing above it


def test_more_than_six_tuners_have_a_panel_each(tmp_path: Path) -> None:
    write_scores(tmp_path, {f"tuner-{place}": [0.5 + place / 100, 0.6, 0.7] for place in range(8)})
    figure = best_so_far(summarise(journal.read(tmp_path)).problems["digits"])
    assert figure is not None
    chart = figure.chart.to_dict()
    assert [panel["title"] for panel in chart["concat"]] == [f"tuner-{place}" for place in range(8)]
    assert chart["concat"][3]["layer"][-1]["transform"] == [{"filter": {"equal": "tuner-3", "field": "tuner"}}]
    assert "bands are their exact 75% intervals" in figure.caption


def test_what_lies_below_the_axis_takes_no_room() -> None:
    """Fashion MNIST has seven tuners, whose first trials are far below what is drawn, as is all of `default`."""
    problem = summarise(journal.read(Path("reports/fashion_mnist"))).problems["fashion_mnist"]
    for draw in (best_so_far, wall_clock):
        figure = draw(problem)
        assert figure is not None
        titles = [panel["title"] for panel in figure.chart.to_dict()["concat"]]
        assert titles == [tuner for tuner in problem.contest.labels if tuner != "default"]
        size = re.search(r'<svg[^>]* height="(\d+)"', str(vl_convert.vegalite_to_svg(figure.chart.to_dict())))
        assert size is not None
        assert int(size.group(1)) < 3 * 250, "three rows of panels"
