"""Which retrainings the parts of a variance are estimated from."""

import numpy as np
import pandas as pd
import pytest

from tuning.analysis.variance import variance_parts
from tuning.journal.frames import RETRAINING_COLUMNS
from tuning.statistics.components import components

TUNERS = ["a", "b"]


def retrainings(**changes):
    generator = np.random.default_rng(1)
    rows = [
        {
            **dict.fromkeys(RETRAINING_COLUMNS),
            "tuner": tuner,
            "replicate": replicate,
            "final": True,
            "repeat": repeat,
            "state": "COMPLETE",
            "score": float(generator.normal()),
            "test": float(generator.normal()),
            **changes,
        }
        for tuner in [*TUNERS, "default"]
        for replicate in (1, 2, 3)
        for repeat in (1, 2)
    ]
    return pd.DataFrame(rows, columns=RETRAINING_COLUMNS)


def test_test_scores_of_the_tuners_final_incumbents_are_taken_apart():
    frame = retrainings()
    found = variance_parts(frame, TUNERS, split_each=True)
    scores = [
        [
            frame[(frame["tuner"] == tuner) & (frame["replicate"] == replicate)]["test"].tolist()
            for replicate in (1, 2, 3)
        ]
        for tuner in TUNERS
    ]
    assert (found.of, found.searches) == ("test", 6)
    assert found.parts == pytest.approx(components(scores, split_each=True))


def test_without_a_test_part_validation_scores_are():
    assert variance_parts(retrainings(test=np.nan), TUNERS, split_each=True).of == "score"


def test_a_replicate_that_a_tuner_did_not_finish_is_left_out():
    frame = retrainings()
    frame.loc[(frame["tuner"] == "b") & (frame["replicate"] == 3), "state"] = "FAILED"
    assert variance_parts(frame, TUNERS, split_each=True).searches == 4


@pytest.mark.parametrize("changes", [{"final": False}, {"state": "FAILED"}, {"replicate": 1}, {"test": 0.5}])
def test_nothing_is_said_of_too_little(changes):
    assert variance_parts(retrainings(**changes), TUNERS, split_each=False) is None
