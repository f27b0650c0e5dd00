"""The five tuners pass the conformance suite, and what is particular to each of them."""

import pytest

from tuning import tuners
from tuning.testing import TunerConformance
from tuning.tuners._base import Tuner


class TestKTRandom(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("kt-random")()


class TestKTHyperband(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("kt-hyperband")()


class TestKTBayesian(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("kt-bayesian")(num_initial_points=8)


class TestSklearnRandomized(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("sklearn-randomized")()


class TestOptunaTPE(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("optuna-tpe")(n_startup_trials=5)


def test_every_built_in_tuner_is_in_the_suite() -> None:
    suites = [suite for suite in TunerConformance.__subclasses__() if suite.__module__ == __name__]
    assert {suite().make_tuner().name for suite in suites} >= set(tuners.BUILT_IN)


def test_unknown_tuner_is_named_with_the_nearest() -> None:
    with pytest.raises(tuners.StudyError, match=r"no tuner 'kt-hyperbandd'.*did you mean 'kt-hyperband'"):
        tuners.load("kt-hyperbandd")
