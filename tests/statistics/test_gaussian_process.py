from __future__ import annotations

import numpy as np
import pytest

from tuning.statistics.gaussian_process import Floats, GaussianProcess, _misfit, fit


def planted(count: int, noise: float, seed: int = 1) -> tuple[Floats, Floats, Floats]:
    """Rows of an ordered, an idle and an unordered dimension of three options, values with noise, and without."""
    generator = np.random.default_rng(seed)
    rows = np.column_stack([generator.random(count), generator.random(count), generator.integers(0, 3, count)])
    true = np.sin(4 * rows[:, 0]) + np.array([0.0, 1.0, 0.5])[rows[:, 2].astype(int)]
    return rows, true + noise * generator.normal(size=count), true


KINDS = np.array([False, False, True])


def prediction(model: GaussianProcess, row: Floats) -> tuple[float, float]:
    """By the textbook (Rasmussen and Williams, equations 2.25 and 2.26), with one kernel for all rows."""

    def kernel(a: Floats, b: Floats) -> float:
        apart = np.where(model.unordered, a != b, (a - b) ** 2)
        root = np.sqrt(5 * (model.weights * apart).sum())
        return float((1 + root + root**2 / 3) * np.exp(-root))

    near = np.array([kernel(row, other) for other in model.rows])
    return model.mean + float(near @ model.answers), model.variance * (1 - float(near @ model.inverse @ near))


def test_an_average_over_one_row_is_the_textbook_prediction() -> None:
    rows, values, _ = planted(30, 0.1)
    model = fit(rows, values, KINDS)
    means, spread = model.average(np.array([[0.9, 0.3, 2.0]]), {0: np.array([0.2, 0.7])})
    for place, at in enumerate((0.2, 0.7)):
        mean, variance = prediction(model, np.array([at, 0.3, 2.0]))
        assert means[place] == pytest.approx(mean)
        assert spread[place] ** 2 == pytest.approx(variance, abs=1e-9)


def test_an_average_over_rows_is_the_mean_of_predictions_and_less_uncertain() -> None:
    rows, values, _ = planted(30, 0.1)
    model = fit(rows, values, KINDS)
    over = np.array([[0.9, 0.3, 2.0], [0.5, 0.8, 0.0], [0.1, 0.1, 1.0]])
    (mean,), (spread,) = model.average(over, {0: np.array([0.4])})
    each = [prediction(model, np.array([0.4, *row[1:]])) for row in over]
    assert mean == pytest.approx(np.mean([value for value, _ in each]))
    assert spread**2 <= np.mean([variance for _, variance in each]) + 1e-12


def test_the_gradient_is_that_of_the_misfit() -> None:
    rows, values, _ = planted(20, 0.1)
    apart = np.array([(column[:, None] - column[None]) ** 2 for column in rows.T])
    at, prior = np.array([0.1, 0.7, -0.4, -2.0]), np.zeros(4)
    scaled = (values - values.mean()) / values.std()
    _, slope = _misfit(at, apart, scaled, prior)
    for place, step in enumerate(1e-6 * np.eye(4)):
        ends = [_misfit(at + sign * step, apart, scaled, prior)[0] for sign in (1, -1)]
        assert slope[place] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-4)


def test_what_matters_has_short_lengths_and_noise_is_not_explained() -> None:
    rows, values, true = planted(80, 0.3)
    model = fit(rows, values, KINDS)
    assert model.weights[1] < model.weights[0] / 10
    assert model.weights[1] < model.weights[2] / 10
    assert model.explained == pytest.approx(1 - 0.3**2 / values.var(), abs=0.1)
    assert fit(rows, values - true, KINDS).explained < 0.1


def test_left_out_values_are_foreseen_as_if_they_had_never_been_seen() -> None:
    """The closed form of leave-one-out, against leaving each out with the same lengths and noise."""
    rows, values, _ = planted(25, 0.2)
    model = fit(rows, values, KINDS)
    kernel = np.linalg.inv(model.inverse)
    scaled = (values - values.mean()) / values.std()
    missed = []
    for place in range(25):
        others = np.arange(25) != place
        foreseen = kernel[place, others] @ np.linalg.solve(kernel[np.ix_(others, others)], scaled[others])
        missed.append(scaled[place] - foreseen)
    assert model.explained == pytest.approx(1 - np.mean(np.square(missed)) / (25 / 24) ** 2)
