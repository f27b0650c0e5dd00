"""A budget in seconds: charged what an independent clock counts, replayed from recorded times alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from tuning.budget import Budget
from tuning.configuration import Configuration
from tuning.errors import StudyError
from tuning.evaluation import training_watch, trial_training
from tuning.evaluation.evaluator import Evaluator
from tuning.evaluation.known_trainings import KnownTrainings
from tuning.journal.records import BUDGET_SPENT, Cell, CellResult, Trial, TrialState, seconds_of
from tuning.problems.synthetic import SyntheticProblem, mixed_space
from tuning.runner.cell import CellTask, run_cell
from tuning.training.outcome import Logs, Outcome
from tuning.training.request import TrainingRequest
from tuning.tuners import load
from tuning.tuners.base import Tuner

NOW = [0.0]


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time passes only where the tests let it."""
    NOW[0] = 0.0
    for module in (trial_training, training_watch):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: NOW[0]))


class Ticking(SyntheticProblem):
    """A problem whose epochs take time, after so many seconds for building."""

    def __init__(self, epoch: float = 1.0, build: float = 0.0, **arguments: Any) -> None:
        super().__init__(mixed_space, max_epochs=arguments.pop("max_epochs", 4), **arguments)
        self.epoch, self.build = epoch, build
        self.ticked = 0.0
        """Counted independently of the evaluator."""

    def _tick(self, seconds: float) -> None:
        NOW[0] += seconds
        self.ticked += seconds

    def train(self, request: TrainingRequest) -> Outcome:
        def on_epoch(logs: Logs) -> bool:
            self._tick(self.epoch)
            return request.on_epoch(logs)

        self._tick(self.build)
        return super().train(replace(request, on_epoch=on_epoch))


def searched(
    problem: SyntheticProblem, budget: Budget, tuner: str = "sklearn-randomized", recorded: Sequence[Trial] = ()
) -> CellResult:
    return run_cell(CellTask("s", problem, load(tuner)(), 1, budget, recorded))


def shown(result: CellResult) -> list[tuple[object, ...]]:
    return [(trial.configuration, trial.state, trial.epochs, trial.train_seconds) for trial in result.trials]


def ended(result: CellResult) -> tuple[str, int, float]:
    assert result.end is not None
    return result.end.reason, result.end.spent_epochs, result.end.spent_seconds


def test_the_epoch_that_passes_the_limit_is_charged_and_its_trial_cut() -> None:
    problem = Ticking(build=0.25)
    result = searched(problem, Budget(seconds=6.0))  # 4.25 s for the first, 0.25 + 2 s for the second
    assert [(trial.state, trial.epochs) for trial in result.trials] == [("COMPLETE", 4), ("CUT", 2)]
    assert ended(result) == (BUDGET_SPENT, 6, 6.5)
    assert problem.ticked == seconds_of(result.trials) == 6.5
    assert result.trials[-1].score == max(epoch["metric"] for epoch in result.trials[-1].curve)


def test_a_trial_that_ends_as_the_time_does_is_complete() -> None:
    result = searched(Ticking(), Budget(seconds=4.0))
    assert [(trial.state, trial.epochs) for trial in result.trials] == [("COMPLETE", 4)]
    assert ended(result) == (BUDGET_SPENT, 4, 4.0)


@pytest.mark.parametrize(
    ("budget", "epochs"), [(Budget(6, 100.0), 6), (Budget(100, 6.0), 6), (Budget(7, 6.0), 6), (Budget(6, 7.0), 6)]
)
def test_of_both_limits_the_first_ends_the_search(budget: Budget, epochs: int) -> None:
    assert ended(searched(Ticking(), budget)) == (BUDGET_SPENT, epochs, float(epochs))


def test_all_folds_and_failures_are_charged() -> None:
    def fail(configuration: Configuration) -> None:
        NOW[0] += 0.5
        if configuration["optimizer"] == "sgd":
            raise RuntimeError("does not build")

    problem = Ticking(folds=2, fail=fail)
    result = searched(problem, Budget(seconds=60.0))
    failed = [trial for trial in result.trials if trial.state == TrialState.FAILED]
    assert failed
    assert {trial.train_seconds for trial in failed} == {0.5}
    complete = [trial for trial in result.trials if trial.state == TrialState.COMPLETE]
    assert {(trial.epochs, trial.train_seconds) for trial in complete} == {(8, 9.0)}
    assert seconds_of(result.trials[:-1]) < 60.0 <= seconds_of(result.trials) == NOW[0]


@pytest.mark.parametrize(
    "tuner", ["kt-random", "kt-hyperband", "sklearn-halving", "sklearn-grid", "optuna-tpe", "screening"]
)
def test_at_a_second_an_epoch_seconds_end_a_search_where_epochs_do(tuner: str) -> None:
    """Brackets and rungs are planned from `max_epochs`, so they are the same, and the clock ends them."""
    by_epochs = searched(Ticking(max_epochs=9), Budget(epochs=50), tuner)
    by_seconds = searched(Ticking(max_epochs=9), Budget(seconds=50.0), tuner)
    assert shown(by_seconds) == shown(by_epochs)
    assert ended(by_seconds) == ended(by_epochs)
    assert by_seconds.trials[-1].spent_epochs == 50


@pytest.mark.parametrize("tuner", ["kt-hyperband", "optuna-tpe", "screening"])
def test_a_replay_ends_at_the_recorded_trial_whatever_the_machine(tuner: str) -> None:
    budget = Budget(seconds=20.5)
    first = searched(Ticking(0.7, 0.1), budget, tuner)
    for epoch in (0.01, 100.0):
        problem = Ticking(epoch)
        again = searched(problem, budget, tuner, first.trials)
        assert list(again.trials) == list(first.trials)
        assert ended(again) == ended(first)
        assert problem.trained_epochs == 0


def test_a_search_goes_on_with_the_time_that_is_left() -> None:
    whole = searched(Ticking(), Budget(seconds=14.0))
    problem = Ticking(2.0)  # a slower machine: of 14 s, 4 are spent, and the other trial takes 8
    rest = searched(problem, Budget(seconds=14.0), recorded=whole.trials[:1])
    assert [(trial.state, trial.epochs, trial.train_seconds) for trial in rest.trials] == [
        ("COMPLETE", 4, 4.0),
        ("COMPLETE", 4, 8.0),
        ("CUT", 1, 2.0),
    ]
    assert problem.ticked == 10.0


@pytest.mark.parametrize("larger", [Budget(seconds=9.0), Budget(9), Budget(9, 9.0)])
@pytest.mark.parametrize("smaller", [Budget(seconds=6.0), Budget(6, 6.0), Budget(6)])
def test_a_trial_cut_by_a_smaller_budget_is_trained_in_full(smaller: Budget, larger: Budget) -> None:
    cut = searched(Ticking(), smaller)
    assert [trial.state for trial in cut.trials] == ["COMPLETE", "CUT"]
    problem = Ticking()
    assert shown(searched(problem, larger, recorded=cut.trials)) == shown(searched(Ticking(), larger))
    assert problem.trained_epochs == 5


def test_a_cut_that_the_other_limit_makes_valid_stays() -> None:
    cut = searched(Ticking(), Budget(6, 6.0))
    problem = Ticking()
    assert list(searched(problem, Budget(100, 6.0), recorded=cut.trials).trials) == list(cut.trials)
    assert problem.trained_epochs == 0


def test_what_an_interruption_makes_necessary_again_costs_nothing() -> None:
    cell, configuration = Cell("synthetic", "a-tuner", 1), next(Ticking().space.distinct(1))
    budget = Budget(seconds=100.0)
    before = Evaluator(Ticking(), cell, study="s", budget=budget, keep_states=True)
    parent = before.evaluate(configuration, 3)
    before.close()
    problem = Ticking()
    resumed = Evaluator(problem, cell, study="s", budget=budget, keep_states=True, recorded=[parent])
    resumed.evaluate(configuration, 3)
    child = resumed.evaluate(configuration, 4, resume_from=0)
    assert (child.rebuilt_epochs, child.epochs, child.train_seconds) == (3, 1, 1.0)
    assert (problem.ticked, resumed.spent_seconds) == (4.0, 4.0)
    resumed.close()


def test_an_equal_training_is_charged_the_seconds_that_it_took() -> None:
    (first, *_) = searched(Ticking(2.0), Budget(seconds=9.0)).trials
    for limit, copied, charged in ((100.0, "sklearn-randomized/0", 8.0), (8.0, "", 4.0)):
        problem = Ticking()  # a copy that would end the search is trained, as it may have to be CUT
        evaluator = Evaluator(
            problem,
            Cell("synthetic", "another", 1),
            study="s",
            budget=Budget(seconds=limit),
            known_trainings=KnownTrainings([first]),
        )
        trial = evaluator.evaluate(first.configuration)
        assert (trial.copy_of, trial.train_seconds, evaluator.spent_seconds) == (copied, charged, charged)
        assert problem.trained_epochs == (0 if copied else 4)


class Asking(Tuner):
    """Says what its search is told to plan from."""

    name = "asking"
    told: list[Budget]

    def search(self, problem: Any, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        self.told = [budget]


def test_tuners_that_plan_are_told_the_epochs_if_there_are_any() -> None:
    tuner = Asking()
    for budget in (Budget(12, 60.0), Budget(seconds=60.0)):
        run_cell(CellTask("s", Ticking(folds=3), tuner, 1, budget))
        assert tuner.told == [Budget(None if budget.epochs is None else 4, 20.0)]
    assert (Budget(10).trials(4), Budget(seconds=1.0).trials(4)) == (3, None)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "Budget() has no limit: give epochs=..., or seconds=..., or both: whichever ends first"),
        ({"epochs": 0}, "Budget(epochs=0): expected a whole number of at least 1 epoch a cell"),
        ({"epochs": 1.5, "seconds": 3.0}, "Budget(epochs=1.5): expected a whole number of at least 1 epoch a cell"),
        ({"seconds": 0}, "Budget(seconds=0): expected seconds of training above 0 a cell"),
        ({"seconds": -1.5}, "Budget(seconds=-1.5): expected seconds of training above 0 a cell"),
        ({"seconds": float("nan")}, "Budget(seconds=nan): expected seconds of training above 0 a cell"),
        ({"seconds": float("inf")}, "Budget(seconds=inf): expected seconds of training above 0 a cell"),
        ({"seconds": True}, "Budget(seconds=True): expected seconds of training above 0 a cell"),
        ({"seconds": "60"}, "Budget(seconds='60'): expected seconds of training above 0 a cell"),
    ],
)
def test_an_impossible_budget_is_refused_in_one_line(given: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError) as raised:
        Budget(**given)
    assert str(raised.value) == message


def test_a_budget_says_itself_in_words() -> None:
    assert Budget(1).words() == "1 epoch a cell"
    assert Budget(seconds=86400).words() == "86400 s of training a cell"
    assert Budget(120, 0.5).words("training epoch", " for each search") == (
        "120 training epochs or 0.5 s of training for each search, whichever ends first"
    )
