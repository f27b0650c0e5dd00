"""Cells start replicate by replicate, the longest first."""

from tuning.budget import Budget
from tuning.journal.records import Cell, Trial, TrialState
from tuning.problems.synthetic import SyntheticProblem, tiny_space
from tuning.runner.cell import CellTask
from tuning.runner.schedule import Pace, longest_first
from tuning.tuners import load

PROBLEM = SyntheticProblem(tiny_space)


def task(tuner: str, replicate: int, epochs: int = 10, recorded: tuple[Trial, ...] = ()) -> CellTask:
    return CellTask("s", PROBLEM, load("kt-random")(label=tuner), replicate, Budget(epochs), recorded)


def trial(tuner: str, epochs: int, seconds: float, thinking: float = 0.0) -> Trial:
    cell = Cell("synthetic", tuner, 1)
    curve = [{"metric": 0.5}] * epochs
    return Trial(cell, 0, {}, TrialState.COMPLETE, 0.5, 0, epochs, curve, epochs, seconds, thinking)


def order(tasks: list[CellTask], pace: Pace) -> list[str]:
    return [f"{one.tuner.label}{one.replicate}" for one in longest_first(tasks, pace)]


def test_replicates_come_one_after_another_in_the_order_declared() -> None:
    tasks = [task("b", 1), task("a", 1), task("b", 2), task("a", 2)]
    assert order(tasks, Pace()) == ["b1", "a1", "b2", "a2"]


def test_the_larger_budget_goes_first() -> None:
    assert order([task("a", 1), task("b", 1, epochs=20), task("b", 2)], Pace()) == ["b1", "a1", "b2"]


def test_what_was_measured_counts_thinking_included() -> None:
    pace = Pace([trial("a", 5, 5.0), trial("b", 5, 1.0, thinking=9.0)])
    assert pace.of("synthetic", "a") == 1.0
    assert pace.of("synthetic", "b") == 2.0
    assert pace.of("synthetic", "unknown") == pace.of("unknown", "a") == 1.5
    assert order([task("a", 2), task("b", 2), task("unknown", 2)], pace) == ["b2", "unknown2", "a2"]


def test_what_a_cell_has_spent_it_need_not_spend_again() -> None:
    tasks = [task("a", 1, recorded=(trial("a", 8, 8.0),)), task("b", 1)]
    assert order(tasks, Pace([trial("a", 8, 8.0)])) == ["b1", "a1"]


def test_a_failed_trial_without_an_epoch_gives_no_pace() -> None:
    assert Pace([trial("a", 0, 3.0)]).of("synthetic", "a") == 1.0
