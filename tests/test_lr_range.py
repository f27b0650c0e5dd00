"""The learning-rate range test."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tuning import lr_range_test
from tuning.errors import StudyError, TuningError
from tuning.report.figures import base

rng = np.random.default_rng(3)
X = rng.normal(size=(6400, 4)).astype("float32")
Y = (X @ np.array([[1.0], [-2.0], [0.5], [3.0]], "float32")).astype("float32")
BATCH = 64  # 100 batches


def linear(hp=None, **compiled):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(**{"optimizer": keras.optimizers.SGD(0.01, momentum=0.9), "loss": "mse", **compiled})
    return model


def scheduled(hp):
    return linear(optimizer=keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 9)))


def variables(model):
    return [np.array(variable) for variable in (*model.variables, *model.optimizer.variables)]


@pytest.fixture(scope="module")
def found():
    return lr_range_test(linear, (X, Y), batch_size=BATCH)


def test_bounds_enclose_the_rates_that_learn_and_end_under_the_climb(found):
    # Least squares on standard normal inputs: at 0.01 descent learns, and it diverges where rate x curvature (2) is 2.
    assert 1e-6 <= found.lower < 0.01 < found.upper < 1.0
    assert found.note.startswith("The test ended at ")
    assert found.suggestion.startswith('hp.Float("learning_rate", ')
    rates = found.table["rate"].to_numpy()
    assert np.allclose(np.diff(np.log(rates)), math.log(1e7) / 99)
    smoothed = found.table["smoothed"].dropna()
    assert found.upper == pytest.approx(rates[int(np.argmin(smoothed))] / 10)


def test_the_smoothed_loss_is_a_debiased_moving_average(found):
    losses = found.table["loss"].to_numpy()
    for count in (1, 2, 50):
        weights = 0.98 ** np.arange(count - 1, -1, -1)
        assert found.table["smoothed"].iloc[count - 1] == pytest.approx(np.average(losses[:count], weights=weights))
    assert losses[0] == pytest.approx(float(np.mean(Y**2)), rel=0.5)  # of one batch, at the zero weights


@pytest.mark.parametrize("trained", [False, True], ids=["fresh", "trained before"])
def test_a_model_that_was_given_is_as_before(trained):
    tested, untouched = linear(), linear()
    for model in (tested, untouched):
        if trained:
            model.fit(X, Y, shuffle=False, verbose=0)
    before = [np.array(weight) for weight in tested.get_weights()]
    lr_range_test(tested, (X, Y), batch_size=BATCH)
    assert float(tested.optimizer.learning_rate) == pytest.approx(0.01)
    assert all(np.array_equal(one, other) for one, other in zip(tested.get_weights(), before, strict=True))
    histories = [model.fit(X, Y, shuffle=False, verbose=0).history["loss"] for model in (tested, untouched)]
    assert histories[0] == histories[1]  # momentum and step count too are as they were
    assert all(np.array_equal(one, other) for one, other in zip(variables(tested), variables(untouched), strict=True))


def test_losses_that_are_not_finite_end_the_test():
    def breaks(y, p):  # finite at first, and NaN once the model predicts enough
        return keras.ops.mean(keras.ops.where(keras.ops.abs(p) > 8.0, float("nan"), (y - p) ** 2))

    found = lr_range_test(lambda hp: linear(loss=breaks), (X, Y), batch_size=BATCH)
    assert "where the loss is not finite" in found.note
    assert math.isnan(found.table["loss"].iloc[-1])
    assert np.isfinite(found.table["loss"].iloc[:-1]).all()
    assert found.upper * 10 < found.table["rate"].iloc[-1]
    explodes = linear(loss=lambda y, p: keras.ops.mean(p) / 0.0)
    never = lr_range_test(explodes, (X, Y), batch_size=BATCH)
    assert (never.lower, never.upper, never.suggestion) == (None, None, "")
    assert "<svg" in base.svg(never.figure, never.description)
    assert "not finite from the first batch on" in never.note
    assert len(never.table) == 1


def test_a_loss_that_never_climbs_says_so():
    found = lr_range_test(linear, (X, Y), batch_size=BATCH, max_rate=0.05)
    assert "a higher max_rate may show its climb" in found.note


def test_takes_datasets_and_loaders_and_is_repeatable():
    dataset = tf.data.Dataset.from_tensor_slices((X, Y)).batch(BATCH)
    of_unknown_length = dataset.filter(lambda x, y: True)
    assert len(lr_range_test(linear, of_unknown_length, max_rate=1e-3).table) == 100
    one, other = (lr_range_test(linear, lambda: ((X, Y), (X, Y)), batch_size=BATCH, max_rate=1e-3) for _ in range(2))
    assert one.table.equals(other.table)


def test_saves_the_figure_and_the_table(found, tmp_path):
    svg = found.save(tmp_path / "lr.svg").read_text()
    assert "learning rate" in svg
    assert "Suggested bounds" in svg
    assert "vega" in found.save(tmp_path / "lr.html").read_text()
    assert len(found.save(tmp_path / "lr.csv").read_text().splitlines()) == len(found.table) + 1
    with pytest.raises(StudyError, match=r"saved as \.svg, \.html or \.csv"):
        found.save(tmp_path / "lr.png")


@pytest.mark.parametrize(
    ("build", "arguments", "error"),
    [
        (linear, {"min_rate": 1.0, "max_rate": 0.1}, "expected 0 < min_rate < max_rate"),
        (linear, {"batch_size": 3200}, "the test would train 2 batches; expected 100 or more"),
        (scheduled, {}, "a schedule"),
        (keras.Sequential([keras.layers.Dense(1)]), {}, "the model is not compiled"),
        (lambda hp: linear(loss="no such loss"), {}, "cannot be"),
    ],
)  # fmt: skip
def test_mistakes_end_in_one_line(build, arguments, error):
    with pytest.raises(TuningError) as raised:
        lr_range_test(build, (X, Y), **{"batch_size": BATCH, **arguments})
    assert error in str(raised.value)
    assert "\n" not in str(raised.value)
