from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from tuning.exploration.dimensions import dimensions
from tuning.exploration.importance import MIN_TRIALS, POOLED, importance
from tuning.objective import Objective

SPACE = dimensions(
    [
        {"name": "rate", "type": "Float", "min_value": 1e-4, "max_value": 1e-1, "sampling": "log"},
        {"name": "layers", "type": "Int", "min_value": 1, "max_value": 3, "step": 1, "sampling": "linear"},
        {"name": "optimizer", "type": "Choice", "values": ["sgd", "adam"]},
        {"name": "momentum", "type": "Float", "min_value": 0.0, "max_value": 0.9, "sampling": "linear",
         "conditions": [{"name": "optimizer", "values": ["sgd"]}]},
    ]
)  # fmt: skip
RULE = Objective("val_accuracy", "max")


def trials(count: int, tuner: str = "a", decides: str = "rate") -> pd.DataFrame:
    """The score is the position of one hyperparameter; momentum is there with sgd only."""
    generator = np.random.default_rng(7)
    frame = pd.DataFrame({f"at.{one.key}": generator.random(count) for one in SPACE})
    for name, levels in (("layers", 3), ("optimizer", 2)):
        frame[f"at.{name}"] = (np.floor(frame[f"at.{name}"] * levels) + 0.5) / levels
    frame["score"] = frame[f"at.{decides}"]
    frame.loc[frame["at.optimizer"] > 0.5, "at.momentum"] = np.nan
    return frame.assign(tuner=tuner, full=True, configuration=[str(place) for place in range(count)])


def of(found: pd.DataFrame, tuner: str = POOLED) -> dict[str, float]:
    return found[found["tuner"] == tuner].set_index("hyperparameter")["importance"].to_dict()


@pytest.mark.parametrize("decides", ["rate", "layers"])
def test_what_decides_the_score_is_most_important(decides: str) -> None:
    found = importance(trials(150, decides=decides), SPACE, RULE, ["a"])
    shares = of(found.frame)
    assert list(shares) == ["rate", "layers", "optimizer", "momentum"]
    assert sum(shares.values()) == pytest.approx(1, abs=1e-3)
    assert max(shares, key=lambda key: shares[key]) == decides
    assert shares == of(found.frame, "a")
    assert set(found.frame["trials"]) == {150}


def test_the_same_trials_give_the_same_numbers() -> None:
    once, again = (importance(trials(80), SPACE, RULE, ["a"]).frame for _ in range(2))
    assert once.equals(again)


def test_too_few_trials_in_full_say_nothing() -> None:
    short = trials(MIN_TRIALS)
    short.loc[:0, "full"] = False
    found = importance(short, SPACE, RULE, ["a"])
    assert found.frame.empty
    assert found.note == "No importance: 49 trials were trained in full, and fewer than 50 say nothing."


def test_a_tuner_with_few_trials_is_in_the_pool_only_and_a_single_configuration_is_not() -> None:
    single = trials(20, "default").assign(configuration="one")
    both = pd.concat([trials(MIN_TRIALS), trials(20, "b"), single], ignore_index=True)
    found = importance(both, SPACE, RULE, ["a", "b", "default"])
    assert found.frame.groupby("tuner")["trials"].first().to_dict() == {POOLED: MIN_TRIALS + 20, "a": MIN_TRIALS}
    assert found.note == "Too few trials trained in full (under 50) to be shown alone: b."


def test_without_optuna_the_report_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    found = importance(trials(MIN_TRIALS), SPACE, RULE, ["a"])
    assert found.frame.empty
    assert found.note == (
        "No importance: it is Optuna that works it out, which is not installed; pip install optuna."
    )  # fmt: skip
