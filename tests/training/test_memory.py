"""What a training needs is estimated, and refused before it is taken."""

import keras
import numpy as np
import pytest
from keras import layers

from tuning import Budget, Objective, Problem, Splits, Study
from tuning.journal.journal import read
from tuning.runner.plan import Overrides
from tuning.runner.runner import run
from tuning.training import memory
from tuning.training.memory import TooLarge, check, needs, weights_within


def network(optimizer="adam", width=100):
    model = keras.Sequential([layers.Input((50,)), layers.Dense(width), layers.ReLU(), layers.Dense(10)])
    model.compile(optimizer, "mse")
    return model


WEIGHTS = 4 * (50 * 100 + 100 + 100 * 10 + 10)


@pytest.mark.parametrize(
    ("optimizer", "copies"),
    [
        ("sgd", 0),
        (keras.optimizers.SGD(momentum=0.9), 1),
        ("adam", 2),
        (keras.optimizers.Adam(use_ema=True), 3),
        (keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 10)), 2),
    ],
    ids=["SGD", "momentum", "Adam", "Adam with averages", "Adam with a schedule"],
)
def test_what_is_needed_is_what_keras_makes(optimizer, copies):
    model = network(optimizer)
    found = needs(model, batch_size=32)
    assert found["gradients"] == WEIGHTS
    assert found["optimizer"] == copies * WEIGHTS
    assert found["outputs of layers"] == 4 * 32 * (100 + 10)
    assert WEIGHTS <= found["weights"] <= WEIGHTS + 100  # and the metrics' few numbers
    model.optimizer.build(model.trainable_variables)
    made = sum(4 * int(np.prod(variable.shape)) for variable in model.optimizer.variables)
    assert copies * WEIGHTS <= made <= copies * WEIGHTS + 100  # and the number of steps, a learning rate


def test_a_fit_over_the_limit_is_refused_in_one_line():
    arguments = {"x": np.zeros((4, 50)), "batch_size": None}
    check(network(), arguments, None)
    check(network(), arguments, 1e6)
    with pytest.raises(
        TooLarge, match=r"^needs at least 0.000\d+ GB, and a trial may take 5e-05 GB \(weights 2.44e-05"
    ):
        check(network(), arguments, 5e4)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="weights are watched on TensorFlow alone")
def test_a_weight_that_is_too_large_is_never_made():
    with pytest.raises(TooLarge, match="needs at least 4e"), weights_within(1e9):
        network(width=20_000_000_000)  # 4 TB: making it would end this process
    with weights_within(WEIGHTS + 1000):
        watched = network()
    keras.utils.set_random_seed(1)
    before = network().get_weights()
    keras.utils.set_random_seed(1)
    with weights_within(1e9):
        watched = network()
    np.testing.assert_array_equal(watched.get_weights()[0], before[0])  # nothing random is drawn to look


def test_a_trial_that_is_too_large_is_failed_and_the_search_goes_on(tmp_path):
    def build(hp):
        model = keras.Sequential([layers.Input((50,)), layers.Dense(hp.Choice("width", [10, 5000])), layers.Dense(1)])
        model.compile("adam", "mse")
        return model

    x, y = np.zeros((8, 50), "float32"), np.zeros((8, 1), "float32")
    problem = Problem(build, lambda: Splits((x, y), (x, y)), Objective("val_loss", "min"), max_epochs=1)
    study = Study("s", problem, ["sklearn-grid"], budget=Budget(2), replicates=1, baselines=(), retrain=0)
    done = run(study.changed(Overrides(trial_memory=0.0005)), tmp_path)
    trials = list(read(done.directory).all_trials())
    assert {(trial.configuration["width"], str(trial.state)) for trial in trials} == {
        (10, "COMPLETE"),
        (5000, "FAILED"),
    }
    assert {trial.error.partition(" (")[0] for trial in trials} == {
        "",
        "needs at least 0.001 GB, and a trial may take 0.0005 GB",
    }
    assert read(done.directory).plan.trial_memory == 0.0005


def test_what_cannot_be_told_counts_as_nothing():
    class Own(keras.optimizers.SGD):
        def get_config(self):
            raise NotImplementedError

    model = network(Own())
    assert needs(model, 1)["optimizer"] == 0
    assert memory._size_of_first(lambda: 1 / 0) == 0
