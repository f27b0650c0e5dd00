from __future__ import annotations

from pathlib import Path

import numpy as np
from msgspec.structs import replace

from tests.support.golden_journal import session, study, trial, write_scores
from tuning.analysis.problem_summary import ProblemSummary
from tuning.analysis.summary import summarise
from tuning.journal import journal
from tuning.journal.records import Cell, CellEnd
from tuning.journal.writer import JournalWriter
from tuning.report.figures.curves import (
    CLOCK,
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
    assert [layer["mark"]["type"] for layer in figure.chart.to_dict()["layer"]] == ["area", "line", "point"]
    assert "bands are their 95% bootstrap intervals" in figure.caption


def test_two_replicates_have_lines_and_no_band(tmp_path: Path) -> None:
    write_scores(tmp_path, {"a": [0.5, 0.6], "b": [0.4, 0.3]})
    figure = best_so_far(summarise(journal.read(tmp_path)).problems["digits"])
    assert figure is not None
    assert [layer["mark"]["type"] for layer in figure.chart.to_dict()["layer"]] == ["line", "line", "point"]
    assert "fewer than 3 replicates have no interval" in figure.caption


def test_every_layer_leaves_out_the_tuners_that_are_off(digits: ProblemSummary) -> None:
    for draw in (best_so_far, wall_clock):
        figure = draw(digits)
        assert figure is not None
        chart = figure.chart.to_dict()
        assert {"name": "off", "value": []} in chart["params"]
        for layer in chart["layer"]:
            assert layer["transform"] == [{"filter": "indexof(off, datum.tuner) < 0"}]


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
