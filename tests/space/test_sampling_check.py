"""Each library draws from the declared distributions, and `tuning.space.sampling_check` sees it where one does not.

What is expected is written here from scipy and from KerasTuner's documentation, apart from the module under test.
"""

import math
import random
from collections.abc import Callable
from typing import Any

import keras_tuner
import numpy as np
import optuna
import pytest
import scipy.stats

from tuning.configuration import Configuration
from tuning.space import sampling_check
from tuning.space.converters import ScikitLearnView
from tuning.space.recorder import record
from tuning.space.space import Space

HP = keras_tuner.HyperParameters
DRAWS = 4_000  # of each library: each planted bend that is not rare shows in so many
MANY = 10_000  # of scikit-learn, whose draws cost least: enough for a bend that is rare
SEED = 2_083_170
LIBRARIES = ("KerasTuner", "scikit-learn", "Optuna")
ALPHA = 1e-5  # for each of about 70 tests; the seeds are fixed


def every_distribution(hp: HP) -> None:
    hp.Int("layers", 1, 4)
    hp.Int("width", 16, 100, step=16)
    hp.Int("batch", 8, 500, sampling="log")
    hp.Int("patience", 1, 30, sampling="reverse_log")
    hp.Int("doubled", 2, 40, step=2, sampling="log")
    hp.Int("halved", 1, 9, step=2, sampling="reverse_log")
    hp.Float("shift", -1.0, 3.0)
    hp.Float("rate", 1e-4, 1e-1, sampling="log")
    hp.Float("beta", 0.8, 0.999, sampling="reverse_log")
    hp.Float("decay", 0.0, 0.8, step=0.2)
    hp.Float("short", 0.0, 0.9, step=0.1)
    hp.Float("tenfold", 1e-3, 10.0, step=10, sampling="log")
    hp.Boolean("bias")
    hp.Fixed("loss", "mse")
    hp.Choice("optimizer", ["sgd", "adam", "rmsprop"])
    with hp.conditional_scope("optimizer", ["sgd"]):
        hp.Float("momentum", 0.0, 0.99)
        hp.Int("warmup", 1, 5)
    with hp.conditional_scope("optimizer", ["adam", "rmsprop"]):
        hp.Boolean("clip")
        with hp.conditional_scope("clip", [True]):
            hp.Float("norm", 0.1, 10.0, sampling="log")
        hp.Int("warmup", 100, 300, step=100)


def equally(*values: Any) -> dict[Any, float]:
    return dict.fromkeys(values, 1 / len(values))


def always(values: Configuration) -> bool:
    return True


def with_sgd(values: Configuration) -> bool:
    return values["optimizer"] == "sgd"


def without_sgd(values: Configuration) -> bool:
    return values["optimizer"] != "sgd"


def with_clip(values: Configuration) -> bool:
    return without_sgd(values) and values["clip"] is True


# A whole number drawn without a step is the floor of a number that is log-uniform below max + 1.
BATCH = {k: math.log((k + 1) / k) / math.log(501 / 8) for k in range(8, 501)}
PATIENCE = {k: math.log((32 - k) / (31 - k)) / math.log(31) for k in range(1, 31)}

DISCRETE = [
    ("layers", always, equally(1, 2, 3, 4)),
    ("width", always, equally(16, 32, 48, 64, 80, 96)),
    ("batch", always, BATCH),
    ("patience", always, PATIENCE),
    ("doubled", always, equally(2, 4, 8, 16, 32)),
    ("halved", always, equally(9, 8, 6, 2)),
    ("decay", always, equally(0.0, 0.2, 0.4, 0.6, 0.8)),
    ("short", always, equally(0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)),
    ("tenfold", always, equally(0.001, 0.01, 0.1, 1.0, 10.0)),
    ("bias", always, equally(False, True)),
    ("loss", always, equally("mse")),
    ("optimizer", always, equally("sgd", "adam", "rmsprop")),
    ("clip", without_sgd, equally(False, True)),
    ("warmup", with_sgd, equally(1, 2, 3, 4, 5)),
    ("warmup", without_sgd, equally(100, 200, 300)),
]
CONTINUOUS = [
    ("shift", always, scipy.stats.uniform(-1.0, 4.0).cdf),
    ("rate", always, scipy.stats.loguniform(1e-4, 1e-1).cdf),
    ("beta", always, lambda values: scipy.stats.loguniform(0.8, 0.999).sf(0.8 + 0.999 - values)),
    ("momentum", with_sgd, scipy.stats.uniform(0.0, 0.99).cdf),
    ("norm", with_clip, scipy.stats.loguniform(0.1, 10.0).cdf),
]


@pytest.fixture(scope="module")
def space() -> Space:
    return record(every_distribution)


@pytest.fixture(scope="module")
def drawn(space: Space) -> dict[str, list[Configuration]]:
    return sampling_check.sample(space, DRAWS, seed=SEED)


@pytest.fixture(scope="module")
def many(space: Space) -> list[Configuration]:
    return sampling_check._by_scikit_learn(space, MANY, seed=SEED)


def values_of(
    configurations: list[Configuration], name: str, is_active: Callable[[Configuration], bool], probability: float
) -> list[Any]:
    """The values of a hyperparameter where it is active, which is as often as it should be."""
    active = [values for values in configurations if is_active(values)]
    assert scipy.stats.binomtest(len(active), len(configurations), probability).pvalue > ALPHA
    return [values[name] for values in active]


SHARE = {always: 1.0, with_sgd: 1 / 3, without_sgd: 2 / 3, with_clip: 1 / 3}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("name", "is_active", "probabilities"), DISCRETE)
def test_discrete_hyperparameters_have_their_declared_marginals(
    drawn: dict[str, list[Configuration]],
    library: str,
    name: str,
    is_active: Callable[[Configuration], bool],
    probabilities: dict[Any, float],
) -> None:
    values = values_of(drawn[library], name, is_active, SHARE[is_active])
    assert {type(value) for value in values} == {type(value) for value in probabilities}
    if isinstance(values[0], float):
        values = [round(value, 9) for value in values]
    assert set(values) <= set(probabilities)
    assert sum(probabilities.values()) == pytest.approx(1.0)
    # Several neighbours are one bin, so that each expects 50 draws and more.
    observed, expected = [0], [0.0]
    for value, probability in probabilities.items():
        if expected[-1] >= 50:
            observed.append(0)
            expected.append(0.0)
        observed[-1] += values.count(value)
        expected[-1] += probability * len(values)
    if len(probabilities) > 1:
        assert len(expected) >= min(len(probabilities), 10)
        assert scipy.stats.chisquare(observed, expected).pvalue > ALPHA


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("name", "is_active", "cdf"), CONTINUOUS)
def test_continuous_hyperparameters_have_their_declared_marginals(
    drawn: dict[str, list[Configuration]],
    library: str,
    name: str,
    is_active: Callable[[Configuration], bool],
    cdf: Callable[[np.ndarray], np.ndarray],
) -> None:
    values = values_of(drawn[library], name, is_active, SHARE[is_active])
    assert {type(value) for value in values} == {float}
    assert scipy.stats.kstest(values, cdf).pvalue > ALPHA


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_draw_lies_in_the_space(space: Space, drawn: dict[str, list[Configuration]], library: str) -> None:
    assert len(drawn[library]) == DRAWS
    assert {space.mismatch(values) for values in drawn[library]} == {""}


@pytest.mark.parametrize("library", LIBRARIES)
def test_hyperparameters_are_drawn_independently(drawn: dict[str, list[Configuration]], library: str) -> None:
    names = ("layers", "width", "batch", "shift", "rate", "beta", "bias")
    ranks = [scipy.stats.rankdata([values[name] for values in drawn[library]]) for name in names]
    correlations = np.corrcoef(ranks) - np.eye(len(names))
    assert np.abs(correlations).max() < 5 / math.sqrt(DRAWS)


def test_the_check_passes_what_follows_the_declaration(
    space: Space, drawn: dict[str, list[Configuration]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling_check, "sample", lambda space, draws, seed: drawn)
    matches = sampling_check.check(space, DRAWS, seed=1)
    assert sampling_check.differing(matches) == []
    assert [(match.library, match.key) for match in matches] == [
        (library, key) for library in LIBRARIES for key in space.keys
    ]
    tests = {match.key: match.test for match in matches}
    assert {tests[name] for name, _, _ in CONTINUOUS} == {"Kolmogorov-Smirnov"}
    assert tests.pop("loss") == "constant"
    assert {test for key, test in tests.items() if key not in {name for name, _, _ in CONTINUOUS}} == {"chi-squared"}
    shares = {match.key: match.draws / DRAWS for match in matches}
    assert shares["layers"] == 1.0
    assert shares["warmup"] == pytest.approx(1 / 3, abs=0.03)
    assert shares["warmup [2]"] == pytest.approx(2 / 3, abs=0.03)


# Planted bends: each changes one configuration, with a generator for what it draws anew. RARE are those that change one
# in a thousand or fewer.


def linear_instead_of_log(values: Configuration, rng: random.Random) -> None:
    values["rate"] = rng.uniform(1e-4, 1e-1)


def log_instead_of_reverse_log(values: Configuration, rng: random.Random) -> None:
    values["beta"] = 0.8 * (0.999 / 0.8) ** rng.random()


def a_range_too_short(values: Configuration, rng: random.Random) -> None:
    values["shift"] = rng.uniform(-1.0, 2.8)


def a_range_too_long(values: Configuration, rng: random.Random) -> None:
    values["shift"] = rng.uniform(-1.0, 3.001)


def a_coin_of_sixty_to_forty(values: Configuration, rng: random.Random) -> None:
    values["bias"] = rng.random() < 0.6


def a_step_without_its_last_value(values: Configuration, rng: random.Random) -> None:
    values["width"] = 16 * rng.randint(1, 5)


def a_step_with_one_value_more(values: Configuration, rng: random.Random) -> None:
    values["short"] = round(0.1 * rng.randint(0, 9), 1)


def rounded_instead_of_cut(values: Configuration, rng: random.Random) -> None:
    values["patience"] = 31 - round(math.exp(rng.uniform(math.log(0.5), math.log(30.5))))


def log_integers_drawn_linearly(values: Configuration, rng: random.Random) -> None:
    values["batch"] = rng.randint(8, 500)


def a_float_for_an_integer(values: Configuration, rng: random.Random) -> None:
    values["layers"] = float(values["layers"])


def a_bent_conditional(values: Configuration, rng: random.Random) -> None:
    if "norm" in values:
        values["norm"] = rng.uniform(0.1, 10.0)


def a_definition_of_the_other_parent(values: Configuration, rng: random.Random) -> None:
    if with_sgd(values):
        values["warmup"] = rng.choice([100, 200, 300])


def present_although_inactive(values: Configuration, rng: random.Random) -> None:
    values["momentum"] = rng.uniform(0.0, 0.99)


def absent_although_active(values: Configuration, rng: random.Random) -> None:
    if rng.random() < 0.001:
        del values["decay"]


def another_constant(values: Configuration, rng: random.Random) -> None:
    values["loss"] = "mae"


def a_value_that_was_not_declared(values: Configuration, rng: random.Random) -> None:
    if rng.random() < 0.001:
        values["tenfold"] = 100.0


def a_value_that_has_no_logarithm(values: Configuration, rng: random.Random) -> None:
    if rng.random() < 0.001:
        values["rate"] = -1.0


RARE = {a_range_too_long, absent_although_active, a_value_that_was_not_declared, a_value_that_has_no_logarithm}


@pytest.mark.parametrize(
    ("bend", "keys"),
    [
        (linear_instead_of_log, {"rate"}),
        (log_instead_of_reverse_log, {"beta"}),
        (a_range_too_short, {"shift"}),
        (a_range_too_long, {"shift"}),
        (a_coin_of_sixty_to_forty, {"bias"}),
        (a_step_without_its_last_value, {"width"}),
        (a_step_with_one_value_more, {"short"}),
        (rounded_instead_of_cut, {"patience"}),
        (log_integers_drawn_linearly, {"batch"}),
        (a_float_for_an_integer, {"layers"}),
        (a_bent_conditional, {"norm"}),
        (a_definition_of_the_other_parent, {"warmup"}),
        (present_although_inactive, {"momentum"}),
        (absent_although_active, {"decay"}),
        (another_constant, {"loss"}),
        (a_value_that_was_not_declared, {"tenfold"}),
        (a_value_that_has_no_logarithm, {"rate"}),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_the_check_sees_a_bend_and_where_it_is(
    space: Space,
    drawn: dict[str, list[Configuration]],
    many: list[Configuration],
    monkeypatch: pytest.MonkeyPatch,
    bend: Callable[[Configuration, random.Random], None],
    keys: set[str],
) -> None:
    rng = random.Random(5)
    bent = [dict(values) for values in (many if bend in RARE else drawn["scikit-learn"])]
    for values in bent:
        bend(values, rng)
    monkeypatch.setattr(sampling_check, "sample", lambda space, draws, seed: {"bent": bent})
    bad = sampling_check.differing(sampling_check.check(space, len(bent), seed=1))
    assert {match.key for match in bad} == keys


def small_log(hp: HP) -> None:
    hp.Int("n", 1, 20, sampling="log")


def by_optuna_s_own_log(space: Space, trial: optuna.Trial) -> Configuration:
    return {"n": trial.suggest_int("n", 1, 20, log=True)}


class LinearView(ScikitLearnView):
    def rvs(self, random_state: Any = None) -> Configuration:
        return {"n": int(random_state.randint(1, 21))}


def linear_view(space: Space) -> HP:
    view = HP()
    view.Int("n", 1, 20)
    return view


@pytest.mark.parametrize(
    ("part", "bent", "library"),
    [
        ("keras_tuner_view", linear_view, "KerasTuner"),
        ("ScikitLearnView", LinearView, "scikit-learn"),
        ("suggest", by_optuna_s_own_log, "Optuna"),
    ],
)
def test_the_check_draws_through_each_library_s_own_view(
    monkeypatch: pytest.MonkeyPatch, part: str, bent: Any, library: str
) -> None:
    small = record(small_log)
    assert sampling_check.differing(sampling_check.check(small, 1500, seed=3)) == []
    monkeypatch.setattr(sampling_check, part, bent)
    assert [match.library for match in sampling_check.differing(sampling_check.check(small, 1500, seed=3))] == [library]


def test_false_alarms_are_as_rare_as_said() -> None:
    space = record(lambda hp: (hp.Int("n", 1, 20, sampling="log"), hp.Float("x", 0.0, 1.0), hp.Boolean("b")))
    p_values = {key: [] for key in space.keys}
    for seed in range(300):
        configurations = sampling_check._by_scikit_learn(space, 100, seed)
        for key, hp in zip(space.keys, space.hyperparameters, strict=True):
            p_values[key].append(sampling_check._match("scikit-learn", key, hp, space, configurations).p_value)
    for key in space.keys:
        assert np.mean(np.array(p_values[key]) < 0.05) == pytest.approx(0.05, abs=0.04)


def wide_ranges(hp: HP) -> None:
    hp.Int("seed", 0, 2**31 - 1)
    hp.Int("even", 0, 10**6, step=2)
    hp.Int("units", 1, 10**7, sampling="log")
    hp.Int("back", 1, 10**6, sampling="reverse_log")


def test_ranges_of_millions_are_checked_without_listing_them() -> None:
    space = record(wide_ranges)
    configurations = sampling_check._by_scikit_learn(space, 2000, seed=4)

    def differing() -> set[str]:
        return {
            key
            for key, hp in zip(space.keys, space.hyperparameters, strict=True)
            if sampling_check._match("scikit-learn", key, hp, space, configurations).p_value < 1e-4
        }

    assert differing() == set()
    rng = random.Random(1)
    for values in configurations:
        values["seed"] = rng.randint(0, 2**31 - 2**28)
        values["even"] = rng.randint(0, 10**6)
        values["units"] = rng.randint(1, 10**7)
    assert differing() == {"seed", "even", "units"}


@pytest.mark.parametrize("expected", [[1.0], [9.0, 9.0], [1.0, 18.0, 1.0], [50.0] * 4, [3.0] * 100, [100.0, 1.0]])
def test_bins_of_the_chi_squared_test_expect_enough(expected: list[float]) -> None:
    bins = sampling_check._merged(np.array(expected))
    assert list(bins) == sorted(bins)
    assert set(bins) == set(range(bins[-1] + 1))
    totals = np.bincount(bins, expected)
    assert len(totals) == 1 or totals.min() >= sampling_check.MIN_EXPECTED


def test_what_was_never_active_is_said_so() -> None:
    space = record(lambda hp: (hp.Choice("c", ["a", "b"]), hp.Int("n", 1, 3, parent_name="c", parent_values=["b"])))
    match = sampling_check._match("Optuna", "n", space.hyperparameters[1], space, [{"c": "a"}] * 3)
    assert (match.test, match.draws, match.p_value) == ("never active", 0, 1.0)
