"""The private parts of KerasTuner are where `keras_tuner_internals` looks for them, and do what it says."""

import keras_tuner
import numpy as np
from keras_tuner.engine.hyperparameters import HyperParameter
from keras_tuner.src import config

from tuning.space import keras_tuner_internals as internals


def test_each_declaration_is_shown_before_it_is_answered() -> None:
    shown: list[str] = []

    class Watching(internals.ObservedHyperParameters):
        def before_answer(self, hp: HyperParameter) -> None:
            assert not self.is_declared(hp)
            shown.append(hp.name)

    hp = Watching()
    hp.Choice("kind", ["a", "b"])
    with hp.conditional_scope("kind", ["a"]), hp.name_scope("inner"):
        hp.Int("units", 1, 4)
        assert hp.full_name("units") == "inner/units"
    assert shown == ["kind", "inner/units"]
    (declared,) = hp.declared_as("inner/units")
    assert hp.is_declared(declared)
    assert hp.declared_as("units") == []


def test_values_of_a_stepped_hyperparameter_by_number() -> None:
    hp = keras_tuner.HyperParameters()
    hp.Int("width", 16, 64, step=16)
    (width,) = hp.space
    values = [internals.value_by_index(width, index) for index in range(internals.number_of_values(width))]
    assert values == [16, 32, 48, 64]
    internals.set_default(width, 48)
    assert width.default == 48


def test_the_acquisition_is_searched_within_the_interval() -> None:
    hp = keras_tuner.HyperParameters()
    hp.Float("x", 0.0, 1.0)
    hp.Fixed("y", 1)
    oracle = keras_tuner.oracles.BayesianOptimizationOracle(hyperparameters=hp)
    assert np.array_equal(oracle._get_hp_bounds(), [[0.0, 1.0]])
    internals.search_within(oracle, (0.25, 0.75))
    assert np.array_equal(oracle._get_hp_bounds(), [[0.25, 0.75]])


def test_an_oracle_s_first_draw_can_be_given_and_the_others_stay() -> None:
    def drawn(first: dict[str, float] | None) -> list[float]:
        hp = keras_tuner.HyperParameters()
        hp.Float("x", 0.0, 1.0)
        oracle = keras_tuner.oracles.RandomSearchOracle(objective="val_loss", max_trials=9, seed=1, hyperparameters=hp)
        if first is not None:
            internals.draw_first(oracle, first)
        return [oracle.populate_space(str(number))["values"]["x"] for number in range(4)]

    assert drawn({"x": 0.25}) == [0.25, *drawn(None)[:3]]


def test_directions_of_metrics() -> None:
    assert [internals.metric_direction(name) for name in ("val_loss", "accuracy", "mine")] == ["min", "max", ""]


def test_tracebacks_are_off_within_and_only_there() -> None:
    before = config.DEBUG
    with internals.without_tracebacks():
        assert config.DEBUG is False
    assert config.DEBUG is before
