from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from tuning.exploration.dimensions import Dimension, dimensions
from tuning.exploration.exploration import Search
from tuning.report.figures.base import Figure
from tuning.report.figures.trials import ABSENT, LANE, MAX_HELD, MAX_STILL, in_order, page_data, parallel, slices, still


def many(search: Search, count: int) -> Search:
    """The same trials over and over, as trials of one search."""
    rows = search.trials.iloc[np.arange(count) % len(search.trials)].reset_index(drop=True)
    return replace(search, trials=rows.assign(trial=range(count)))


def named(figure: Figure | None, name: str) -> list[dict[str, Any]]:
    """The rows of a data set of that name, wherever the chart holds it."""
    found: list[dict[str, Any]] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if value.get("name") == name and "values" in value:
                found[:] = value["values"]
            for entry in value.values():
                walk(entry)
        elif isinstance(value, list):
            for entry in value:
                walk(entry)

    assert figure is not None
    walk(figure.chart.to_dict())
    return found


def test_an_inactive_hyperparameter_is_passed_below_and_is_no_dot(search: Search) -> None:
    absent = int(search.trials.loc[search.trials["score"].notna(), "hp.momentum"].isna().sum())
    lines = named(parallel(search), "lines")
    assert sum(row["axis"] == 3 and row["at"] == LANE for row in lines) == absent
    assert {"axis": 3, "at": LANE, "label": ABSENT} in named(parallel(search), "marks")
    points = named(slices(search), "points")
    assert sum("v3" not in point for point in points) == absent
    assert all(point["v3"] == 0.45 for point in points if "v3" in point)


def test_scales_are_those_of_the_space(search: Search) -> None:
    figure = slices(search)
    assert figure is not None
    panels = figure.chart.to_dict()["concat"]
    assert [panel["title"] for panel in panels] == ["n_hidden", "learning_rate", "optimizer", "momentum"]
    scales = [panel["layer"][0]["encoding"]["x"]["scale"].get("type") for panel in panels]
    assert scales == ["linear", "log", None, "linear"]


def test_numbers_with_few_values_have_a_tick_at_each(search: Search) -> None:
    def dimension(**entry: Any) -> Dimension:
        (found,) = dimensions([{"name": "x", **entry}])
        return found

    def ticks(one: Dimension) -> list[str]:
        at = search.trials.assign(**{"hp.x": [one.bounds[0]] * len(search.trials), "at.x": 0.5})
        figure = slices(replace(search, space=(one,), trials=at))
        assert figure is not None
        axis = re.search(r"role-axis-label.*?</g>", figure.svg, re.DOTALL)
        assert axis is not None
        return re.findall(r"<text[^>]*>([^<]+)</text>", axis[0])

    assert ticks(dimension(type="Int", min_value=1, max_value=2)) == ["1", "2"]
    assert ticks(dimension(type="Int", min_value=0, max_value=8, step=4)) == ["0", "4", "8"]
    assert ticks(dimension(type="Float", min_value=0.25, max_value=0.75, step=0.25)) == ["0.25", "0.5", "0.75"]
    assert ticks(dimension(type="Choice", values=[64, 16, 128])) == ["16", "64", "128"]
    assert ticks(dimension(type="Int", min_value=16, max_value=256))[:2] == ["50", "100"]


def test_trials_without_a_score_are_left_out_and_counted(search: Search) -> None:
    failed = int(search.trials["score"].isna().sum())
    figure = parallel(search)
    assert figure is not None
    assert figure.caption.endswith(f" {failed} trials without a score left out.")
    assert len(page_data(search)["trial"]) == len(search.trials) - failed


def test_thousands_of_trials_are_thinned_and_the_best_of_each_search_kept(search: Search) -> None:
    large = many(search, MAX_HELD + 5000)
    held = page_data(large)
    assert len(held["trial"]) == MAX_HELD
    assert held["all"] == large.trials["score"].notna().sum()
    best = sum(held["best"])
    assert held["best"] == [1] * best + [0] * (MAX_HELD - best)
    drawn = still(in_order(large))
    assert len(drawn) == MAX_STILL
    assert 0 < drawn["incumbent"].sum() < MAX_STILL
    figure = parallel(large)
    assert figure is not None
    assert f"the page holds {MAX_HELD:,}".replace(",", "\u202f") in figure.caption


def test_few_trials_are_all_drawn_the_same_each_time(search: Search) -> None:
    scored = search.trials["score"].notna().sum()
    assert len(still(in_order(search))) == scored
    pd.testing.assert_frame_equal(in_order(search), in_order(search))
    assert json.dumps(page_data(search), allow_nan=False) == json.dumps(page_data(search), allow_nan=False)


def test_nothing_to_draw_gives_no_figure(search: Search) -> None:
    nothing = replace(search, trials=search.trials[search.trials["score"].isna()])
    assert parallel(nothing) is None
    assert slices(nothing) is None
