"""A difference over splits of one data set, for new data of the same kind."""

import numpy as np
import pandas as pd
import pytest

from tuning.analysis.new_data import NEW_DATA_COLUMNS, new_data_pairs
from tuning.journal.frames import RETRAINING_COLUMNS
from tuning.objective import Objective
from tuning.statistics.resampled import resampled_t
from tuning.statistics.signed_rank import holm

TUNERS = ["a", "b", "c"]
ROWS = {"development": 80, "test": 20}
ERROR = Objective("val_loss", "min")


def retrainings(tests):
    rows = [
        {
            **dict.fromkeys(RETRAINING_COLUMNS),
            "problem": "p",
            "tuner": tuner,
            "replicate": replicate,
            "trial": 0,
            "final": final,
            "repeat": repeat,
            "state": "COMPLETE",
            "score": 0.5,
            "test": value + (0.1 if repeat == 1 else -0.1) + (0 if final else 9),
        }
        for tuner, values in tests.items()
        for replicate, value in enumerate(values, 1)
        for repeat in (1, 2)
        for final in (True, False)
    ]
    return pd.DataFrame(rows, columns=RETRAINING_COLUMNS)


def test_winners_are_compared_split_by_split_with_the_correction():
    generator = np.random.default_rng(1)
    tests = {tuner: generator.normal(size=8) for tuner in (*TUNERS, "default")}
    tests["a"] -= 20
    frame = new_data_pairs(retrainings(tests), TUNERS, ERROR, ROWS)
    assert frame[["a", "b"]].to_numpy().tolist() == [["a", "b"], ["a", "c"], ["b", "c"]]
    for row in frame.to_dict("records"):
        expected = resampled_t(tests[row["a"]] - tests[row["b"]], 80, 20)
        assert (row["difference"], row["low"], row["high"], row["p"]) == pytest.approx(tuple(expected))
        assert row["splits"] == 8
    assert frame["decided"].tolist() == ["a", "a", ""]
    np.testing.assert_allclose(frame["p_holm"], holm(frame["p"]))


@pytest.mark.parametrize("rows", [{}, {"development": 80, "test": 0}])
def test_without_splits_of_their_own_or_a_test_part_nothing_is_said(rows):
    frame = new_data_pairs(retrainings({tuner: [0.0, 1.0] for tuner in TUNERS}), TUNERS, ERROR, rows)
    assert frame.empty
    assert list(frame.columns) == NEW_DATA_COLUMNS
