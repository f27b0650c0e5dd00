from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.exploration.test_importance import SPACE
from tests.simulations.dependence import coverage
from tuning.exploration.dependence import ABSENT, MAX_FITTED, dependence, draws, points_of
from tuning.exploration.dimensions import Dimension, dimensions
from tuning.exploration.importance import MIN_TRIALS
from tuning.objective import Objective

MAX, MIN = Objective("val_accuracy", "max"), Objective("val_loss", "min")
NO_ORDER: list[str] = []


def trials(count: int, noise: float = 0.02, seed: int = 7) -> pd.DataFrame:
    """An additive score: of the rate's position, of the layers, of momentum, which only sgd has."""
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame({f"at.{one.key}": generator.random(count) for one in SPACE})
    for name, levels in (("layers", 3), ("optimizer", 2)):
        frame[f"at.{name}"] = (np.floor(frame[f"at.{name}"] * levels) + 0.5) / levels
    frame.loc[frame["at.optimizer"] > 0.5, "at.momentum"] = np.nan
    score = np.sin(3 * frame["at.rate"]) + 0.3 * frame["at.layers"]
    score += (0.4 * frame["at.momentum"]).fillna(0.1) + noise * generator.normal(size=count)
    return frame.assign(score=score, tuner="a", full=True, configuration=np.arange(count))


def of(found: pd.DataFrame, key: str) -> pd.DataFrame:
    return found[found["hyperparameter"] == key]


def test_it_recovers_the_parts_of_an_additive_function() -> None:
    found = dependence(trials(150), SPACE, MAX, NO_ORDER)
    assert found.explained > 0.95
    assert found.fitted == found.among == 150
    # Means of the others: of the rate 0.663, layers 0.15, momentum 0.2, where it is there, else 0.1.
    rate = (1 - np.cos(3)) / 3
    others = 0.15 + 0.15
    at = np.linspace(0, 1, 13)
    assert of(found.frame, "rate")["mean"].to_numpy() == pytest.approx(np.sin(3 * at) + others, abs=0.05)
    layers = 0.3 * (np.arange(3) + 0.5) / 3
    assert of(found.frame, "layers")["value"].tolist() == [1, 2, 3]
    assert of(found.frame, "layers")["mean"].to_numpy() == pytest.approx(layers + rate + 0.15, abs=0.04)
    momentum = of(found.frame, "momentum")
    assert momentum["mean"].to_numpy() == pytest.approx(0.4 * at + rate + 0.15, abs=0.05)
    assert of(found.frame, "optimizer")["mean"].to_numpy() == pytest.approx([rate + 0.35, rate + 0.25], abs=0.04)
    assert of(found.frame, "rate")["trials"].sum() == 150
    assert momentum["trials"].sum() == trials(150)["at.momentum"].notna().sum()


def test_the_surface_of_an_additive_function_is_a_sum() -> None:
    found = dependence(trials(150), SPACE, MAX, ["rate", "momentum", "layers", "optimizer"])
    assert found.pair == ("rate", "momentum")
    wide = found.surface.pivot(index="first", columns="second", values="mean").to_numpy()
    at = np.linspace(0, 1, 13)
    true = np.sin(3 * at)[:, None] + 0.4 * at[None] + 0.15
    assert np.abs(wide - true).max() < 0.08


def test_min_mirrors_max_and_the_widest_come_first_without_importances() -> None:
    found = dependence(trials(80), SPACE, MAX, NO_ORDER)
    mirrored = dependence(trials(80).assign(score=-trials(80)["score"]), SPACE, MIN, NO_ORDER)
    assert mirrored.frame["mean"].to_numpy() == pytest.approx(-found.frame["mean"].to_numpy(), abs=1e-3)
    assert next(iter(found.points or {})) == "rate"
    assert found.pair == mirrored.pair


def test_a_biased_sample_has_the_same_averages_with_wider_intervals() -> None:
    """Tuners draw where scores are good: means of their trials would be too high."""
    generator = np.random.default_rng(2)
    frame = trials(400)
    chosen = frame[generator.random(400) < np.where(frame["at.rate"] > 0.6, 1.0, 0.25)]
    found = of(dependence(chosen, SPACE, MAX, NO_ORDER).frame, "rate")
    at = np.linspace(0, 1, 13)
    assert found["mean"].to_numpy() == pytest.approx(np.sin(3 * at) + 0.3, abs=0.06)


def test_too_few_trials_or_noise_alone_say_nothing() -> None:
    few = trials(MIN_TRIALS)
    few.loc[0, "full"] = False
    assert dependence(few, SPACE, MAX, NO_ORDER).frame.empty
    noise = trials(60).assign(score=np.random.default_rng(3).normal(size=60))
    assert dependence(noise, SPACE, MAX, NO_ORDER).frame.empty
    assert dependence(trials(60).assign(score=1.0), SPACE, MAX, NO_ORDER).frame.empty
    assert dependence(trials(60), [], MAX, NO_ORDER).surface.empty


def test_failed_trainings_count_as_no_worse_than_far_off_and_are_counted() -> None:
    failed = trials(100)
    failed.loc[:4, "score"] = -50.0
    found = dependence(failed, SPACE, MAX, NO_ORDER)
    assert found.far_off == 5
    assert found.worst is not None
    assert -3 < found.worst < 0
    assert found.frame["mean"].min() > -1


def test_of_many_trials_so_many_are_fitted() -> None:
    found = dependence(trials(MAX_FITTED + 100), SPACE, MAX, NO_ORDER)
    assert (found.fitted, found.among) == (MAX_FITTED, MAX_FITTED + 100)


def test_draws_have_what_is_averaged_over_and_no_hyperparameter_that_is_not_there() -> None:
    momentum = SPACE[3]
    rows = draws(SPACE, [momentum])
    assert set(rows[:, 2]) == {0.25}  # sgd
    assert abs(rows[:, 3].mean() - 0.5) < 0.05
    every = draws(SPACE, [SPACE[0]])
    assert set(every[:, 2]) == {0.25, 0.75}
    assert (every[every[:, 2] == 0.75][:, 3] == ABSENT).all()
    assert len(set(every[every[:, 2] == 0.25][:, 3])) > 50
    assert every[:, 0].mean() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("declared", "values"),
    [
        ({"type": "Choice", "values": ["a", "b"]}, ["a", "b"]),
        ({"type": "Boolean"}, [False, True]),
        ({"type": "Int", "min_value": 2, "max_value": 5, "sampling": "linear"}, [2, 3, 4, 5]),
        ({"type": "Int", "min_value": 1, "max_value": 4, "sampling": "log"}, [1, 2, 3, 4]),
        ({"type": "Float", "min_value": 1.0, "max_value": 2.0, "step": 0.5, "sampling": "linear"}, [1.0, 1.5, 2.0]),
    ],
)
def test_few_values_are_options(declared: dict[str, object], values: list[object]) -> None:
    (dimension,) = dimensions([{"name": "x", **declared}])
    points = points_of(dimension)
    assert points.options
    assert list(points.values) == values
    assert points.positions == pytest.approx([dimension.position(value) for value in points.values])


@pytest.mark.parametrize("sampling", ["linear", "log", "reverse_log"])
@pytest.mark.parametrize("kind", ["Float", "Int"])
def test_values_of_a_range_lie_at_their_positions(kind: str, sampling: str) -> None:
    (dimension,) = dimensions([{"name": "x", "type": kind, "min_value": 1, "max_value": 1000, "sampling": sampling}])
    points = points_of(dimension)
    assert not points.options
    assert points.positions == pytest.approx(dimension.positions(points.values), abs=1e-9)
    assert (points.values[0], points.values[-1]) == pytest.approx((1, 1000))
    assert isinstance(dimension, Dimension)


def test_intervals_hold_what_is_true() -> None:
    """A few studies of each kind; `tests.simulations.dependence` measures many."""
    for tuned in (False, True):
        assert coverage(8, 80, tuned) > 0.85
