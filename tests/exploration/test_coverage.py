from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from tests.support.golden_journal import SPACE
from tuning.exploration.coverage import coverage
from tuning.exploration.dimensions import Dimension, dimensions
from tuning.space.space import Space

DIMENSIONS = dimensions(SPACE)


def drawn(
    configurations: dict[str, list[list[dict[str, object]]]], space: list[Dimension] = DIMENSIONS
) -> pd.DataFrame:
    """By tuner, a list of searches' configurations."""
    rows = []
    for tuner, searches in configurations.items():
        for replicate, search in enumerate(searches, start=1):
            for one in search:
                at = {f"at.{d.key}": d.position(one[d.name]) if d.active(one) else np.nan for d in space}
                text = json.dumps(one, sort_keys=True)
                rows.append({"tuner": tuner, "replicate": replicate, "configuration": text, **at})
    return pd.DataFrame(rows)


def test_random_draws_cover_what_is_expected_of_them() -> None:
    recorded = Space.from_json([{"conditions": [], "default": entry["values"][0] if "values" in entry else entry[
        "min_value"], **entry} for entry in SPACE])  # fmt: skip
    generator = np.random.default_rng(3)
    searches = [[recorded.sample(generator.random) for _ in range(15)] for _ in range(300)]
    (row,) = coverage(drawn({"random": searches}), DIMENSIONS, ["random"]).to_dict("records")
    assert row["searches"] == 300
    assert row["seen_1"] == pytest.approx(row["random_1"], abs=0.01)
    assert row["seen_2"] == pytest.approx(row["random_2"], abs=0.01)
    assert row["seen_low_2"] < row["seen_2"] < row["seen_high_2"]


def test_one_configuration_sees_one_bin_of_each_and_what_is_inactive_is_not_seen() -> None:
    adam = {"n_hidden": 0, "learning_rate": 1e-3, "optimizer": "adam"}
    (row,) = coverage(drawn({"a": [[adam, adam]]}), DIMENSIONS, ["a", "b"]).to_dict("records")
    assert row["configurations"] == 1
    assert row["seen_1"] == pytest.approx((1 / 9 + 1 / 10 + 1 / 2 + 0) / 4)
    assert row["seen_2"] == pytest.approx((1 / 25 + 1 / 10 + 1 / 10 + 0 + 0 + 0) / 6)  # momentum is with sgd only


def test_a_search_of_one_corner_sees_less_than_random_draws() -> None:
    corner = [{"n_hidden": 0, "learning_rate": 1e-4 * 1.001**k, "optimizer": "adam"} for k in range(20)]
    (row,) = coverage(drawn({"a": [corner]}), DIMENSIONS, ["a"]).to_dict("records")
    assert row["seen_1"] < row["random_1"] / 2


def test_a_space_of_one_dimension_has_no_pairs() -> None:
    one = DIMENSIONS[:1]
    (row,) = coverage(drawn({"a": [[{"n_hidden": 3}]]}, one), one, ["a"]).to_dict("records")
    assert row["seen_1"] == pytest.approx(1 / 9)
    assert np.isnan(row["seen_2"])
