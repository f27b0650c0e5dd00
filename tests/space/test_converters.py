"""The space as each library sees it: every draw lies in it, at the ends of the unit interval too."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras_tuner
import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from sklearn.model_selection import ParameterSampler

from tests.support.random_spaces import Plan, plans
from tuning import tuners
from tuning.configuration import Configuration
from tuning.problems.synthetic import SyntheticProblem, mixed_space
from tuning.space.converters import (
    ScikitLearnView,
    default_configuration,
    flat,
    from_flat,
    from_keras_tuner,
    from_numbered,
    keras_tuner_view,
    optuna_words,
    suggest,
    to_keras_tuner,
    to_numbered,
    to_optuna,
)
from tuning.space.hyperparameter import describe, finite_values
from tuning.space.recorder import record
from tuning.space.space import Space
from tuning.testing import search
from tuning.tuners import keras_tuner as kt_bayesian

HP = keras_tuner.HyperParameters
CHECKED = settings(max_examples=40, deadline=None)
OBJECTIVE = keras_tuner.Objective("score", "max")


def in_the_space(space: Space, configuration: Configuration) -> bool:
    """Whether it lies there, as plain types that survive JSON."""
    plain = all(type(value) in (bool, int, float, str) for value in configuration.values())
    return space.mismatch(configuration) == "" and plain and json.loads(json.dumps(configuration)) == configuration


def random_study(seed: int = 1) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))


class EndTrial:
    """An Optuna trial that suggests the first or the last of everything."""

    def __init__(self, last: bool) -> None:
        self.last = last

    def suggest_categorical(self, name: str, choices: list[Any]) -> Any:
        return choices[-1 if self.last else 0]

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        return high if self.last else low

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        return high if self.last else low


class EndState(np.random.RandomState):
    """A generator whose uniform numbers are all the same."""

    def __init__(self, number: float) -> None:
        super().__init__(1)
        self.number = number

    def random_sample(self, size: object = None) -> float:
        return self.number


@CHECKED
@given(plans())
def test_optuna_s_suggestions_lie_in_the_space(plan: Plan) -> None:
    space = record(plan)
    study = random_study()
    for _ in range(5):
        trial = study.ask()
        configuration = suggest(space, trial)
        assert in_the_space(space, configuration)
        assert set(trial.params) <= set(space.keys)


@CHECKED
@given(plans())
def test_optuna_s_ends_lie_in_the_space(plan: Plan) -> None:
    space = record(plan)
    for last in (False, True):
        assert in_the_space(space, suggest(space, EndTrial(last)))


@CHECKED
@given(plans())
def test_scikit_learn_s_draws_lie_in_the_space(plan: Plan) -> None:
    space = record(plan)
    for parameters in ParameterSampler({"configuration": ScikitLearnView(space)}, 5, random_state=1):
        assert in_the_space(space, parameters["configuration"])
    for number in (0.0, math.nextafter(1.0, 0.0)):
        assert in_the_space(space, ScikitLearnView(space).rvs(EndState(number)))


@CHECKED
@given(plans())
def test_keras_tuner_s_draws_lie_in_the_space(plan: Plan) -> None:
    space = record(plan)
    oracle = keras_tuner.oracles.RandomSearchOracle(
        objective=OBJECTIVE, max_trials=9, seed=1, hyperparameters=keras_tuner_view(space)
    )
    for number in range(5):
        values = oracle.populate_space(str(number))["values"]
        assert in_the_space(space, values)


@CHECKED
@given(plans())
def test_a_configuration_in_a_library_s_own_terms_is_that_configuration(plan: Plan) -> None:
    space = record(plan)
    configuration = default_configuration(space)
    assert in_the_space(space, configuration)
    assert from_keras_tuner(space, to_keras_tuner(space, configuration)) == configuration
    study = random_study()
    study.enqueue_trial(to_optuna(space, configuration))
    for back in (suggest(space, study.ask()), from_numbered(space, to_numbered(space, configuration))):
        assert back.keys() == configuration.keys()
        for name, value in configuration.items():
            assert back[name] == (pytest.approx(value) if isinstance(value, float) else value)


def test_a_stepped_default_is_its_own_step() -> None:
    # KerasTuner's inverse takes 0.3 for the step below: (0.3 - 0.1) // 0.1 is 1.0.
    space = record(lambda hp: hp.Float("rate", 0.1, 0.5, step=0.1, default=0.3))
    assert to_optuna(space, {"rate": 0.3}) == {"rate": 2}


def test_scikit_learn_s_first_draw_can_be_given_and_takes_no_random_number() -> None:
    space = record(mixed_space)
    default = default_configuration(space)
    given, drawn = ScikitLearnView(space, default), ScikitLearnView(space)
    random, other = np.random.RandomState(1), np.random.RandomState(1)
    assert [given.rvs(random) for _ in range(3)] == [default, drawn.rvs(other), drawn.rvs(other)]


def test_keras_tuner_sees_the_recorded_hyperparameters_in_their_order() -> None:
    space = record(mixed_space)
    seen = keras_tuner_view(space).space
    assert [hp.get_config() for hp in seen] == [hp.get_config() for hp in space.hyperparameters]


def test_scikit_learn_s_draws_repeat_with_their_seed() -> None:
    view = ScikitLearnView(record(mixed_space))
    assert view.rvs(7) == view.rvs(np.random.RandomState(7))
    assert view.rvs(7) != view.rvs(8)


@pytest.mark.parametrize(
    ("declare", "words", "distribution"),
    [
        (lambda hp: hp.Int("a", 1, 4), "int 1 .. 4 step 1", optuna.distributions.IntDistribution(1, 4)),
        (lambda hp: hp.Int("a", 1, 9, step=3), "int 1 .. 9 step 3", optuna.distributions.IntDistribution(1, 7, step=3)),
        (
            lambda hp: hp.Int("a", 1, 9, sampling="log"),
            "probability 0 .. 1, mapped",
            optuna.distributions.FloatDistribution(0.0, 1.0),
        ),
        (
            lambda hp: hp.Int("a", 1, 9, step=2, sampling="log"),
            "index 0 .. 3, mapped",
            optuna.distributions.IntDistribution(0, 3),
        ),
        (lambda hp: hp.Float("a", 1, 9), "float 1 .. 9", optuna.distributions.FloatDistribution(1.0, 9.0)),
        (
            lambda hp: hp.Float("a", 1, 9, sampling="log"),
            "float 1 .. 9 log",
            optuna.distributions.FloatDistribution(1.0, 9.0, log=True),
        ),
        (
            lambda hp: hp.Float("a", 1, 9, sampling="reverse_log"),
            "probability 0 .. 1, mapped",
            optuna.distributions.FloatDistribution(0.0, 1.0),
        ),
        (
            lambda hp: hp.Float("a", 0, 0.9, step=0.1),
            "index 0 .. 8, mapped",
            optuna.distributions.IntDistribution(0, 8),
        ),
        (
            lambda hp: hp.Boolean("a"),
            "categorical [False, True]",
            optuna.distributions.CategoricalDistribution([False, True]),
        ),
        (
            lambda hp: hp.Choice("a", ["x", "y"]),
            "categorical ['x', 'y']",
            optuna.distributions.CategoricalDistribution(["x", "y"]),
        ),
        (lambda hp: hp.Fixed("a", 3), "fixed", None),
    ],
)
def test_optuna_is_asked_for_its_own_distribution_where_it_is_keras_tuner_s(
    declare: Callable[[HP], Any], words: str, distribution: optuna.distributions.BaseDistribution | None
) -> None:
    space = record(declare)
    trial = random_study().ask()
    suggest(space, trial)
    assert trial.distributions.get("a") == distribution
    assert optuna_words(space.hyperparameters[0]) == words


def test_optuna_keeps_two_definitions_of_one_name_apart() -> None:
    def declare(hp: HP) -> None:
        hp.Choice("kind", ["small", "large"])
        hp.Int("units", 1, 9, parent_name="kind", parent_values=["small"])
        hp.Int("units", 100, 900, parent_name="kind", parent_values=["large"])

    space, study, asked = record(declare), random_study(), set()
    for _ in range(20):
        trial = study.ask()
        configuration = suggest(space, trial)
        assert in_the_space(space, configuration)
        asked |= set(trial.params)
    assert asked == {"kind", "units", "units [2]"}


@pytest.mark.parametrize("declare", [lambda hp: hp.Int("a", 3, 5, step=10), lambda hp: hp.Float("a", 3, 5, step=10)])
def test_a_step_beyond_the_range_leaves_one_value(declare: Callable[[HP], Any]) -> None:
    space = record(declare)
    assert list(finite_values(space.hyperparameters[0]) or ()) == [3]
    assert suggest(space, random_study().ask()) == space.sample(lambda: 0.99) == {"a": 3}


def many_ranges(hp: HP) -> None:
    """Integers without a step, whose mapping passes their range at an end of the unit interval or just inside."""
    for low, high in ((1, 1), (7, 28), (10, 14), (10, 19), (16, 256), (1, 10**6), (30_000, 30_001)):
        hp.Int(f"log_{low}_{high}", low, high, sampling="log")
        hp.Int(f"back_{low}_{high}", low, high, sampling="reverse_log")


def at_the_bounds(
    kind: type[keras_tuner.BayesianOptimization], declare: Callable[[HP], None], folder: Path
) -> list[tuple[str, Any]]:
    """Which hyperparameters leave the space when the acquisition's optimum is at the bounds."""

    class Idle(kind):  # type: ignore[misc, valid-type]
        def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> None: ...

    space = record(declare)
    oracle = Idle(
        objective=OBJECTIVE, hyperparameters=keras_tuner_view(space), directory=folder, project_name="idle"
    ).oracle
    bounds = oracle._get_hp_bounds()
    assert bounds.shape == (len(space.hyperparameters), 2)
    passing = []
    for end in bounds.T:
        values = oracle._vector_to_values(end)
        passing += [
            (describe(hp), values[hp.name])
            for hp in space.hyperparameters
            if Space([hp]).mismatch({hp.name: values[hp.name]})
        ]
    return passing


def test_bayesian_optimization_stays_in_integer_ranges_at_its_bounds(tmp_path: Path) -> None:
    assert at_the_bounds(kt_bayesian._Bayesian, many_ranges, tmp_path) == []


def test_keras_tuner_s_own_bounds_would_leave_them(tmp_path: Path) -> None:
    passing = at_the_bounds(keras_tuner.BayesianOptimization, many_ranges, tmp_path)
    assert ("Int 16 .. 256 log", 257) in passing
    assert ("Int 7 .. 28 reverse_log", 6) in passing


def test_the_next_number_below_one_is_not_far_enough_from_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kt_bayesian, "OPEN_UNIT", (1e-12, math.nextafter(1.0, 0.0)))
    passing = at_the_bounds(kt_bayesian._Bayesian, many_ranges, tmp_path)
    assert ("Int 10 .. 14 log", 15) in passing


def test_answers_of_a_library_without_conditions_make_configurations_of_the_space() -> None:
    space = record(mixed_space)
    random = np.random.default_rng(1)
    told = flat(space)
    assert {key for key, options in told.items() if options} == {"bias", "optimizer"}
    assert "loss" not in told
    for _ in range(50):
        answers = {key: random.choice(options) if options else random.random() for key, options in told.items()}
        assert space.mismatch(from_flat(space, answers)) == ""
    lowest = from_flat(space, {key: options[0] if options else 0.0 for key, options in told.items()})
    assert (lowest["layers"], lowest["width"], lowest["rate"]) == (1, 16, pytest.approx(1e-4))


# -- one name in several scopes ----------------------------------------------------------------------------------------


def one_name_in_two_scopes(hp: keras_tuner.HyperParameters) -> None:
    hp.Choice("kind", ["dense", "conv"])
    with hp.conditional_scope("kind", ["dense"]):
        hp.Int("units", 16, 64)
        hp.Boolean("deep")
        with hp.conditional_scope("deep", [True]):
            hp.Float("rate", 0.1, 0.2)
    with hp.conditional_scope("kind", ["conv"]):
        hp.Int("units", 100, 200)
        hp.Boolean("deep")
        with hp.conditional_scope("deep", [False]):
            hp.Float("rate", 0.5, 0.6)


def test_keras_tuner_draws_a_name_of_two_scopes_in_the_one_that_holds() -> None:
    space = record(one_name_in_two_scopes)
    oracle = keras_tuner.oracles.RandomSearchOracle(
        objective=OBJECTIVE, max_trials=60, seed=1, hyperparameters=keras_tuner_view(space)
    )
    drawn = [from_keras_tuner(space, oracle.populate_space(str(number))["values"]) for number in range(60)]
    assert all(in_the_space(space, configuration) for configuration in drawn)
    for kind, deep, low, high in (("dense", True, 0.1, 0.2), ("conv", False, 0.5, 0.6)):
        rates = [values["rate"] for values in drawn if values["kind"] == kind and values["deep"] is deep]
        assert rates
        assert all(low <= rate <= high for rate in rates)
    assert {values["units"] >= 100 for values in drawn if values["kind"] == "conv"} == {True}


@pytest.mark.parametrize("name", ["kt-random", "kt-hyperband", "kt-bayesian", "sklearn-randomized", "optuna-tpe"])
def test_a_name_of_two_scopes_is_searched_to_the_end_of_the_budget(name: str) -> None:
    problem = SyntheticProblem(one_name_in_two_scopes)
    done = search(tuners.load(name)(), problem, epochs=90)
    assert sum(trial.epochs for trial in done.trials) == 90
    assert {trial.state for trial in done.trials} <= {"COMPLETE", "CUT"}
