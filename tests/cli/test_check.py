"""What `tuning check` prints."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from tuning.budget import Budget
from tuning.cli import check
from tuning.cli.check import _show_splits
from tuning.problems.synthetic import SyntheticProblem, mixed_space
from tuning.study import Study


def test_the_cost_of_searches_baselines_and_retraining_is_told_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    """At half a second an epoch: 2 tuners of 12 epochs, a baseline of 24, 3 replicates; 4 epochs a training."""
    monkeypatch.setattr(check, "_seconds_an_epoch", lambda problem: 0.5)
    problem = SyntheticProblem(mixed_space, max_epochs=4)
    study = Study(
        "s",
        problem,
        ["kt-random", "optuna-tpe"],
        budget=Budget(12),
        replicates=3,
        baselines=["random-2x"],
        reference="kt-random",
        alternative="better",
    )
    found = check.examine(study, 50)
    assert (found["epochs"], found["baseline_epochs"], found["retraining_epochs"]) == (144, 72, 144)
    assert (found["seconds"], found["baseline_seconds"], found["retraining_seconds"]) == (72, 36, 72)
    console = Console(file=io.StringIO(), width=1000)
    check.show(found, console)
    assert "It will compare each tuner against kt-random, one-sided (better or not)." in console.file.getvalue()
    assert (
        "9 cells, 144 epochs at most: about 72 s of training on one core, by the default configuration's pace; of that "
        "the baselines 72, about 36 s. Retraining adds 144 epochs at most, uncharged, about 72 s: each search's winner "
        "on 2 fresh seeds in full, and what it would have returned at a quarter and at half of the budget once. A "
        "replicate of all costs 96 epochs at most, about 48 s. Other configurations may be much slower or faster, and "
        "thinking comes on top."
    ) in console.file.getvalue()


@pytest.mark.parametrize(
    ("classes", "shown", "more"), [(3, 3, ""), (10, 10, ""), (11, 10, "1 more class"), (100, 10, "90 more classes")]
)
def test_classes_that_are_not_shown_are_counted(classes: int, shown: int, more: str) -> None:
    console = Console(file=io.StringIO(), width=200)
    parts = [{"part": name, "samples": classes, **{str(label): 1 for label in range(classes)}} for name in ("train",)]
    _show_splits({"resampling": "Holdout(0.2)", "folds": 1, "repeats": 1, "parts": parts}, console)
    text = console.file.getvalue()
    assert [f" {label}: 1" in text for label in range(classes)] == [label < shown for label in range(classes)]
    assert (f"{more}; --json lists all." in text) if more else ("more" not in text)
