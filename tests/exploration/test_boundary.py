from __future__ import annotations

import numpy as np
import pandas as pd

from tuning.exploration.boundary import MIN_BEST, boundary
from tuning.exploration.dimensions import Dimension, dimensions
from tuning.objective import Objective

SPACE = dimensions(
    [
        {"name": "rate", "type": "Float", "min_value": 1e-4, "max_value": 1e-1, "sampling": "log"},
        {"name": "layers", "type": "Int", "min_value": 1, "max_value": 3, "step": 1, "sampling": "linear"},
        {"name": "units", "type": "Choice", "values": [64, 16, 32, 128]},
        {"name": "optimizer", "type": "Choice", "values": ["sgd", "adam"]},
    ]
)


def trials(rows: list[dict[str, object]], space: list[Dimension] = SPACE) -> pd.DataFrame:
    frame = pd.DataFrame(
        [{"full": True, "configuration": str(place), **row} for place, row in enumerate(rows)]
    )  # fmt: skip
    for one in space:
        frame[f"at.{one.key}"] = [one.position(value) for value in frame[f"hp.{one.key}"]]
    return frame


def spread(count: int = 200) -> list[dict[str, object]]:
    """Scores that rise with the rate and with units, whatever the layers."""
    generator = np.random.default_rng(5)
    rows = []
    for _ in range(count):
        u, units = generator.random(), int(generator.choice([16, 32, 64, 128]))
        rows.append(
            {
                "hp.rate": 1e-4 * 1000**u, "hp.layers": int(generator.integers(1, 4)), "hp.units": units,
                "hp.optimizer": "sgd",
                "score": u + units / 10,
            }
        )  # fmt: skip
    return rows


def test_an_optimum_at_a_bound_is_flagged_on_its_side() -> None:
    found = boundary(trials(spread()), SPACE, Objective("val_accuracy", "max")).set_index("hyperparameter")
    assert list(found.index) == ["rate", "layers", "units"]  # options in no order have no bounds
    assert list(found["flag"]) == ["", "", "high"]
    assert found.loc["units", "line"].startswith("units: at its upper bound. 100% of the best 20 configurations are at")
    assert "near 128, where chance would place 25%" in found.loc["units", "line"]
    assert found.loc["layers", "line"].startswith("layers: inside its bounds. Of the best 20 configurations (of 200)")


def test_min_problems_look_at_the_other_end() -> None:
    found = boundary(trials(spread()), SPACE, Objective("val_loss", "min")).set_index("hyperparameter")
    assert found.loc["units", "flag"] == "low"
    assert found.loc["units", "best_value"] == 16


def test_short_trials_do_not_count_and_a_configuration_counts_once() -> None:
    rows = spread(40)
    rows += [{**row, "full": False, "score": 99.0, "hp.units": 16} for row in rows]
    frame = trials(rows)
    frame["configuration"] = [str(place % 20) for place in range(len(frame))]
    found = boundary(frame, SPACE, Objective("val_accuracy", "max"))
    assert set(found["best"]) == {MIN_BEST}
    assert "(of 20)" in found["line"].iloc[0]
    assert found.set_index("hyperparameter").loc["units", "best_value"] != 16


def test_too_few_are_not_judged() -> None:
    found = boundary(trials(spread(5)), SPACE, Objective("val_accuracy", "max"))
    assert set(found["flag"]) == {""}
    assert found["line"].iloc[0] == (
        "rate: not judged, 5 of the best configurations have it and 10 are needed."
    )  # fmt: skip
