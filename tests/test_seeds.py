"""Seeds: the same on every machine, no two alike, and no draw of one replicate in another."""

import itertools
import json
import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from tuning import seeds, tuners
from tuning.budget import Budget
from tuning.configuration import Configuration
from tuning.evaluation.evaluator import Evaluator
from tuning.problems.problem import TrainingProblem
from tuning.problems.synthetic import SyntheticProblem, continuous_space, tiny_space
from tuning.runner.plan import FIVE
from tuning.testing import configurations, search
from tuning.tuners.base import Tuner
from tuning.tuners.keras_tuner import KTRandom

REPLICATES = 20
NAMES = st.one_of(st.integers(), st.text(), st.dictionaries(st.text(), st.integers()))

# Deriving


@pytest.mark.parametrize(
    ("names", "seed"),
    [
        ((), 3738515928),
        (("digits", "kt-random", 1), 2089369501),
        (("a", {"b": 1.5, "c": True}), 303672148),
    ],
)
def test_a_derived_seed_never_changes(names: tuple[seeds.Name, ...], seed: int) -> None:
    assert seeds.derive(*names) == seed


def test_the_seeds_of_a_study_never_change() -> None:
    assert seeds.of_tuner("s", "p", "t", 1) == 1476515242
    assert seeds.of_training("s", "p", 1, {"x": 0.5, "n": 3, "b": True, "o": "adam"}) == 1508466004


@given(st.lists(NAMES))
def test_a_derived_seed_is_a_positive_number_of_32_bits(names: list[Any]) -> None:
    assert 1 <= seeds.derive(*names) < 2**32
    assert seeds.derive(*names) == seeds.derive(*names)


@given(st.lists(NAMES), st.lists(NAMES))
def test_other_names_give_another_seed(one: list[Any], other: list[Any]) -> None:
    if json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True):
        assert seeds.derive(*one) != seeds.derive(*other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab",), ("a", "b")),
        (("a", "b"), ("b", "a")),
        (("a", 1), ("a", "1")),
        (({"x": 1},), ({"x": 1.0},)),
        (({"x": 1},), ({"x": True},)),
        (({"x": 0.1 + 0.2},), ({"x": 0.3},)),
    ],
)
def test_names_that_look_alike_give_other_seeds(one: tuple[seeds.Name, ...], other: tuple[seeds.Name, ...]) -> None:
    assert seeds.derive(*one) != seeds.derive(*other)


def test_the_order_of_a_configuration_s_values_does_not_matter() -> None:
    one = seeds.of_training("s", "p", 1, {"a": 1, "b": 2})
    assert one == seeds.of_training("s", "p", 1, {"b": 2, "a": 1})


def test_the_seeds_of_thousands_of_cells_are_far_apart() -> None:
    derived = [
        seeds.of_tuner("study", problem, tuner, replicate)
        for problem in ("digits", "fashion_mnist", "iris")
        for tuner in FIVE
        for replicate in range(1, 31)
    ]
    gaps = np.diff(np.sort(derived))
    # KerasTuner's draws of two searches meet where their seeds lie nearer than the number of draws in a search.
    assert gaps.min() > 1_000
    assert scipy.stats.kstest(np.array(derived) / 2**32, "uniform").pvalue > 1e-3


def test_every_name_counts() -> None:
    known = {
        seeds.of_tuner("s", "p", "t", 1),
        seeds.of_tuner("S", "p", "t", 1),
        seeds.of_tuner("s", "P", "t", 1),
        seeds.of_tuner("s", "p", "T", 1),
        seeds.of_tuner("s", "p", "t", 2),
        seeds.of_training("s", "p", 1, {"x": 1}),
        seeds.of_training("S", "p", 1, {"x": 1}),
        seeds.of_training("s", "P", 1, {"x": 1}),
        seeds.of_training("s", "p", 2, {"x": 1}),
        seeds.of_training("s", "p", 1, {"x": 2}),
        seeds.of_training("s", "p", 1, {"y": 1}),
    }
    assert len(known) == 11


# The order of the samples


def test_the_order_of_an_epoch_never_changes() -> None:
    assert seeds.order_of_epoch(7, 0, 10).tolist() == [8, 0, 7, 1, 3, 6, 2, 4, 5, 9]
    assert seeds.order_of_epoch(7, 1, 10).tolist() == [9, 0, 8, 6, 7, 1, 3, 4, 2, 5]
    assert seeds.order_of_epoch(8, 0, 10).tolist() == [0, 7, 3, 6, 9, 5, 8, 1, 2, 4]


@settings(max_examples=50)
@given(st.integers(1, 2**32 - 1), st.integers(0, 1000), st.integers(0, 2000))
def test_the_order_of_an_epoch_is_a_permutation(seed: int, epoch: int, size: int) -> None:
    order = seeds.order_of_epoch(seed, epoch, size)
    assert (order.shape, order.dtype) == ((size,), np.int32)
    assert np.array_equal(np.sort(order), np.arange(size))


def test_every_epoch_and_every_seed_has_its_own_order() -> None:
    orders = [seeds.order_of_epoch(seed, epoch, 50).tobytes() for seed in range(1, 31) for epoch in range(30)]
    assert len(set(orders)) == len(orders)


# Replicates are independent


class PlainlySeeded(KTRandom):
    """KerasTuner's random search, seeded 1, 2, 3 ... by replicate as one would by hand."""

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        super().search(problem, evaluator, budget=budget, seed=evaluator.cell.replicate)


def searched(
    tuner: Tuner, *, epochs: int, max_epochs: int = 1, replicates: int = REPLICATES
) -> list[list[Configuration]]:
    """The distinct trials of each replicate in a space of three continuous dimensions."""
    return [
        configurations(
            search(tuner, SyntheticProblem(continuous_space, max_epochs=max_epochs), epochs=epochs, replicate=replicate)
        )
        for replicate in range(1, replicates + 1)
    ]


def probabilities(trials: list[Configuration]) -> list[float]:
    """The uniform numbers that a replicate's values come from, in the order drawn."""
    hyperparameters = SyntheticProblem(continuous_space).space.hyperparameters
    return [hp.value_to_prob(values[hp.name]) for values in trials for hp in hyperparameters]


def repeated_configurations(replicates: list[list[Configuration]]) -> int:
    counts = Counter(json.dumps(values) for trials in replicates for values in trials)
    return sum(count - 1 for count in counts.values())


def repeated_draws(replicates: list[list[Configuration]]) -> int:
    """Uniform numbers that come again, be it for another hyperparameter or in another replicate."""
    counts = Counter(round(draw, 9) for trials in replicates for draw in probabilities(trials))
    return sum(count - 1 for count in counts.values())


def correlated_pairs(replicates: list[list[Configuration]], shifts: int = 6) -> int:
    """Pairs of replicates whose draws go together, aligned or shifted by a few draws, at 0.1 % over all of them."""
    rows = [probabilities(trials) for trials in replicates]
    length = min(len(row) for row in rows) - shifts
    tests = len(rows) * (len(rows) - 1) * (shifts + 1)
    pairs = 0
    for one, other in itertools.permutations(rows, 2):
        p_values = [
            scipy.stats.pearsonr(one[:length], other[shift : shift + length]).pvalue for shift in range(shifts + 1)
        ]
        pairs += min(p_values) < 1e-3 / tests
    return pairs


@pytest.mark.parametrize(
    ("name", "arguments", "epochs", "max_epochs"),
    [
        ("kt-random", {}, 20, 1),
        ("kt-hyperband", {}, 75, 9),
        ("kt-bayesian", {"num_initial_points": 20}, 20, 1),
        ("sklearn-randomized", {}, 20, 1),
        ("optuna-tpe", {"n_startup_trials": 20}, 20, 1),
    ],
)
def test_no_configuration_comes_twice_in_twenty_replicates_and_draws_are_uncorrelated(
    name: str, arguments: dict[str, Any], epochs: int, max_epochs: int
) -> None:
    replicates = searched(tuners.load(name)(**arguments), epochs=epochs, max_epochs=max_epochs)
    assert len(replicates) == REPLICATES
    assert min(len(trials) for trials in replicates) >= 16
    assert repeated_configurations(replicates) == 0
    assert repeated_draws(replicates) == 0
    assert correlated_pairs(replicates) == 0


def test_each_of_the_five_is_tested_for_it() -> None:
    marks = test_no_configuration_comes_twice_in_twenty_replicates_and_draws_are_uncorrelated.pytestmark
    assert {case[0] for case in marks[0].args[1]} == set(FIVE)


# Past their random trials, all replicates learn the same objective: their draws may then go together, but not repeat.
@pytest.mark.parametrize(
    ("name", "arguments", "trials", "replicates"),
    [("kt-bayesian", {"num_initial_points": 4}, 5, 4), ("optuna-tpe", {}, 40, REPLICATES)],
)
def test_what_a_model_proposes_comes_in_no_other_replicate_either(
    name: str, arguments: dict[str, Any], trials: int, replicates: int
) -> None:
    found = searched(tuners.load(name)(**arguments), epochs=trials, replicates=replicates)
    assert [len(one) for one in found] == [trials] * replicates
    assert repeated_configurations(found) == 0


def test_seeds_1_to_20_given_to_keras_tuner_plainly_repeat_configurations() -> None:
    replicates = searched(PlainlySeeded(), epochs=20)
    total = sum(len(trials) for trials in replicates)
    assert repeated_configurations(replicates) > total / 2
    assert repeated_draws(replicates) > total
    assert correlated_pairs(replicates) > REPLICATES


# Trainings


def test_tuners_of_one_replicate_train_a_configuration_with_one_seed_and_those_of_another_with_another() -> None:
    def trained(name: str, replicate: int) -> dict[str, tuple[int, tuple[float, ...]]]:
        problem = SyntheticProblem(tiny_space, max_epochs=3)
        trials = search(tuners.load(name)(), problem, epochs=60, replicate=replicate).trials
        return {
            json.dumps(trial.configuration): (trial.seed, tuple(epoch["metric"] for epoch in trial.curve))
            for trial in trials
            if trial.epochs == 3
        }

    one, other, again = trained("kt-random", 1), trained("sklearn-randomized", 1), trained("kt-random", 2)
    assert len(one) >= 3
    assert set(one) & set(other)
    assert all(one[key] == other[key] for key in set(one) & set(other))
    assert set(one) & set(again)
    assert all(one[key][0] != again[key][0] and one[key][1] != again[key][1] for key in set(one) & set(again))
    assert not math.isnan(sum(sum(curve) for _, curve in one.values()))
