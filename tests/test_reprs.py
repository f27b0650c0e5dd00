"""What a notebook shows of an object: a line that says what it is, whatever data it holds."""

from __future__ import annotations

import numpy as np
import pytest

from tuning import Budget, KTHyperband, Objective, Problem, Study
from tuning.testing import SyntheticProblem, mixed_space, tiny_space


def load() -> object:
    raise AssertionError("a repr loads no data")


def build(hp: object) -> object:
    raise AssertionError("a repr builds no model")


OBJECTIVE = Objective("val_accuracy", "max")
PROBLEM = Problem(build, load, OBJECTIVE, 10, name="mine", fit_arguments={"class_weight": np.ones(10_000)})


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (OBJECTIVE, "Objective(metric='val_accuracy', direction='max', epoch='best')"),
        (Budget(120), "Budget(epochs=120)"),
        (PROBLEM, "<Problem 'mine': val_accuracy, max, best epoch of a trial; 10 epochs in full>"),
        (KTHyperband(factor=4), "<KTHyperband 'kt-hyperband': factor=4>"),
        (
            Study("s", PROBLEM, ["kt-random", "optuna-tpe"], budget=Budget(120), replicates=5),
            "<Study 's': problem mine; tuners kt-random and optuna-tpe; baselines default and random-2x; "
            "5 replicates; 120 epochs a cell>",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_line_says_what_it_is(shown: object, expected: str) -> None:
    assert repr(shown) == expected


def test_a_space_spells_out_its_first_hyperparameters() -> None:
    space = SyntheticProblem(tiny_space).space
    assert repr(space).startswith(f"<Space of {len(space.keys)}: {space.keys[0]} ")
    wide = SyntheticProblem(lambda hp: [hp.Int(f"h{place}", 0, 9) for place in range(20)]).space
    assert repr(wide).endswith("h6 Int 0 .. 9 and 13 others>")


def test_computed_problems_say_their_space() -> None:
    assert repr(SyntheticProblem(mixed_space)).startswith(
        "<SyntheticProblem 'synthetic': metric, max, best epoch of a trial; 9 epochs in full; <Space of "
    )
