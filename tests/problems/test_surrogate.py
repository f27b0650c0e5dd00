"""The model of learning curves that a table's answers come from: its fit, its scales, and the errors told of it."""

import math
import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from msgspec import structs
from scipy import stats

from tuning.configuration import Configuration
from tuning.journal.records import Cell, Trial, TrialState
from tuning.problems.forest import NormalScores
from tuning.problems.surrogate import Surrogate, fit_errors
from tuning.problems.synthetic import SyntheticProblem, continuous_space


def rows_of(
    values: Callable[[Configuration], float], count: int, shuffled: bool = False
) -> tuple[SyntheticProblem, list[Trial]]:
    """A table of curves of two epochs that end at `values`, or at those of another row."""
    problem = SyntheticProblem(continuous_space, max_epochs=2)
    uniform = random.Random(3).random
    configurations = [problem.space.sample(uniform) for _ in range(count)]
    ends = [values(configuration) for configuration in configurations]
    if shuffled:
        random.Random(4).shuffle(ends)
    return problem, [
        Trial(
            Cell("p", "table", number),
            0,
            one,
            TrialState.COMPLETE,
            end,
            0,
            2,
            [{"metric": end / 2}, {"metric": end}],
            2,
        )
        for number, (one, end) in enumerate(zip(configurations, ends, strict=True), start=1)
    ]


def slope(configuration: Configuration) -> float:
    return float(configuration["x"]) + 0.1 * float(configuration["y"])


def test_the_error_of_the_fit_is_that_of_rows_it_has_not_seen() -> None:
    problem, rows = rows_of(slope, 100)
    good = Surrogate(problem.space, rows, problem.objective, 2).errors.set_index("epoch")
    assert good["r2"].min() > 0.8
    assert good["rank_correlation"].min() > 0.9
    assert good["rmse"][1] == pytest.approx(good["rmse"][2] / 2, rel=0.2)
    # The trees hold every row in a leaf of its own, so only rows that were left out can tell that nothing was learned.
    problem, rows = rows_of(slope, 100, shuffled=True)
    bad = Surrogate(problem.space, rows, problem.objective, 2).errors
    assert bad["r2"].max() < 0.1


def test_scores_go_on_in_a_straight_line_beyond_what_was_seen() -> None:
    scale = NormalScores(np.array([-4.0, -1.0, 0.0, 1.0, 2.0]))
    top = float(stats.norm.ppf(0.9))
    assert scale.back(scale.of(np.array([-4.0, 0.5, 2.0]))) == pytest.approx([-4.0, 0.5, 2.0])
    inner = float(np.interp(top - 1, stats.norm.ppf([0.1, 0.3, 0.5, 0.7, 0.9]), [-4, -1, 0, 1, 2]))
    assert scale.back(np.array([top + 2])) == pytest.approx([2 + 2 * (2 - inner)])
    assert scale.back(np.array([-top - 1]))[0] < -4


def test_an_accuracy_stays_between_0_and_1_and_a_loss_above_0() -> None:
    far = np.array([-9.0, 9.0])
    assert NormalScores(np.array([0.2, 0.5, 0.97])).back(far).tolist() == [0.0, 1.0]
    loss = NormalScores(np.array([0.2, 0.5, 3.0])).back(far)
    assert loss[0] == 0
    assert loss[1] > 3
    assert NormalScores(np.array([0.5, 0.5])).back(far).tolist() == [0.5, 0.5]


def test_the_error_among_the_best_is_told_apart() -> None:
    trained = np.array([0.1, 0.2, 0.3, 0.90, 0.91, 0.92])[:, None, None]
    predicted = np.array([0.1, 0.2, 0.3, 0.92, 0.91, 0.90])[:, None, None]
    found = fit_errors(["m"], predicted, trained, [3, 4, 5]).to_dict("records")[0]
    assert found["rank_correlation"] > 0.7
    assert found["best_rank_correlation"] == pytest.approx(-1)
    assert found["best_rmse"] == pytest.approx(math.sqrt(2 * 0.02**2 / 3))
    assert found["rmse"] == pytest.approx(math.sqrt(2 * 0.02**2 / 6))


@pytest.mark.parametrize(("direction", "sign"), [("max", 1), ("min", -1)])
def test_the_best_tenth_are_those_that_were_trained_to_the_best_scores(direction: str, sign: int) -> None:
    problem, rows = rows_of(lambda one: sign * slope(one), 100)
    model = Surrogate(problem.space, rows, replace(problem.objective, direction=direction), 2)
    assert model.best == 10
    end = model.errors.set_index("epoch").loc[2]
    assert end["best_rmse"] > 0
    assert abs(end["best_rank_correlation"]) < end["rank_correlation"]


def test_fit_errors_by_hand() -> None:
    trained = np.array([[[0.0]], [[1.0]], [[2.0]], [[5.0]]])
    predicted = np.array([[[1.0]], [[1.0]], [[3.0]], [[3.0]]])
    found = fit_errors(["m"], predicted, trained, [2, 3]).to_dict("records")
    assert found == [
        {
            "metric": "m",
            "epoch": 1,
            "rmse": pytest.approx(math.sqrt(6 / 4)),
            "r2": pytest.approx(1 - 6 / 14),
            "rank_correlation": pytest.approx(4 / math.sqrt(5 * 4)),
            "best_rmse": pytest.approx(math.sqrt(5 / 2)),
            "best_rank_correlation": pytest.approx(math.nan, nan_ok=True),
        }
    ]
    flat = fit_errors(["m"], predicted, np.ones_like(trained), [0, 1]).to_dict("records")[0]
    assert math.isnan(flat["r2"])
    assert math.isnan(flat["rank_correlation"])


def test_a_diverged_loss_does_not_drown_the_others() -> None:
    problem, rows = rows_of(lambda one: 1e9 if float(one["x"]) > 0.9 else slope(one), 100)
    model = Surrogate(problem.space, rows, replace(problem.objective, direction="min"), 2)
    errors = model.errors.set_index("epoch")
    assert errors["rank_correlation"].min() > 0.9
    table = model.table(1)
    near = [table.curve({"x": 0.5, "y": 0.5, "z": 0.01}, seed)[0][-1]["metric"] for seed in range(50)]
    assert 0.3 < float(np.median(near)) < 0.8
    assert max(near) < 1.2


def test_a_metric_that_is_not_always_a_number_is_left_out() -> None:
    problem, rows = rows_of(slope, 20)
    more = [{"some": 1.0, "odd": math.nan, "loss": 1.0}, {"odd": 1.0, "loss": 0.5}]
    rows = [
        structs.replace(row, curve=[{**one, **two} for one, two in zip(row.curve, more, strict=True)]) for row in rows
    ]
    assert Surrogate(problem.space, rows, problem.objective, 2).metrics == ["metric", "loss"]


def test_a_metric_that_never_changes_has_an_error_of_zero_and_no_more() -> None:
    problem, rows = rows_of(lambda one: 0.5, 20)
    errors = Surrogate(problem.space, rows, problem.objective, 2).errors.set_index("epoch")
    assert errors["rmse"][2] == pytest.approx(0.0)
    assert errors["r2"].isna().all()
