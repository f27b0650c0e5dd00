"""The progress view: lines where nobody looks, a live view in a terminal."""

import io
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from rich.console import Console

from tuning.budget import Budget
from tuning.cli.progress import ProgressView
from tuning.journal.records import Cell, CellEnd, Retraining, Trial, TrialState
from tuning.problems.synthetic import SyntheticProblem, tiny_space
from tuning.runner.cell import CellTask
from tuning.runner.runner import run
from tuning.study import Study


def task(tuner: str = "kt-random", replicate: int = 1, recorded: Any = (), name: str = "synthetic") -> CellTask:
    study = Study(
        "s", SyntheticProblem(tiny_space, name=name, max_epochs=3), [tuner], budget=Budget(10), baselines=(), retrain=0
    )
    return CellTask("s", study.problems[0], study.tuners[0], replicate, study.budget, recorded)


def view(terminal: bool = False) -> tuple[ProgressView, io.StringIO]:
    file = io.StringIO()
    return ProgressView(Console(file=file, width=160, force_terminal=terminal, legacy_windows=False)), file


def trial(cell: Cell, spent: int, state: str = TrialState.COMPLETE, error: str = "") -> Trial:
    return Trial(cell, 0, {"a": "[/x]"}, state, 0.5, 0, 3, [{"metric": 0.5}] * spent, spent, error=error)


def test_lines_say_cell_epochs_best_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10_000, 10))
    monkeypatch.setattr("tuning.cli.progress.time.monotonic", lambda: next(clock))
    tasks = [task(replicate=1), task(replicate=2)]
    progress, file = view()
    with progress:
        progress.begin(tasks, tasks, [])
        progress.epoch(tasks[0].cell, 5, 0.25)
        progress.epoch(tasks[0].cell, 10, 0.75)
        progress.end(CellEnd(tasks[0].cell, "DONE", "the budget is spent", "", 4, 10, 9.6))
        progress.epoch(tasks[1].cell, 4, float("nan"))
        progress.end(CellEnd(tasks[1].cell, "FAILED", "the tuner raised", "ValueError: [/red] no", 1, 4, 2.0))
    assert file.getvalue().splitlines() == [
        "[1/2] synthetic/kt-random/1: 4 trials, 10 epochs, best metric 0.75, 10 s (the budget is spent); "
        "about 10 s left",
        "[2/2] synthetic/kt-random/2: 1 trials, 4 epochs, no score yet, 2 s (ValueError: [/red] no)",
    ]


def test_a_replay_does_not_take_back_the_best_that_was_known() -> None:
    cell = task().cell
    progress, _ = view()
    progress.begin([task(recorded=(trial(cell, 8),))], [task()], [])
    seen = []
    for spent, best in ((3, 0.1), (6, 0.3), (8, 0.5), (9, 0.6)):
        progress.epoch(cell, spent, best)
        line = progress._line("kt-random", several=False)
        seen.append((line.best, max(value for value in line.curve if not math.isnan(value))))
    assert seen == [("0.5", 0.5)] * 3 + [("0.6", 0.6)]


def test_replayed_epochs_count_neither_as_done_nor_as_left(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10_000, 10))
    monkeypatch.setattr("tuning.cli.progress.time.monotonic", lambda: next(clock))
    cell = task().cell
    tasks = [task(recorded=(trial(cell, 8),)), task(replicate=2), task(replicate=3)]
    progress, file = view()
    with progress:
        progress.begin(tasks, tasks[:2], ["a note"])
        for spent in (3, 6, 8, 9, 3, 9, 10):  # a replay, and one again after the worker died
            progress.epoch(cell, spent, 0.5)
        progress.end(CellEnd(cell, "DONE", "the budget is spent", "", 4, 10, 1.0))
    lines = file.getvalue().splitlines()
    assert lines[:3] == [
        "a note",
        "1 of 3 cells are done already.",
        "Going on with 1 trials from the journal.",
    ]
    assert lines[3].endswith("; about 50 s left")  # two epochs took 10 s, ten are left


def test_an_ended_search_leaves_nothing_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10_000, 10))
    monkeypatch.setattr("tuning.cli.progress.time.monotonic", lambda: next(clock))
    tasks = [task(replicate=1), task(replicate=2)]
    progress, file = view()
    with progress:
        progress.begin(tasks, tasks, [])
        progress.epoch(tasks[0].cell, 5, 0.25)
        progress.end(CellEnd(tasks[0].cell, "DONE", "the tuner ended its search", "", 4, 5, 9.6))
    assert file.getvalue().endswith("; about 20 s left\n")


def test_retraining_counts_as_work(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10_000, 10))
    monkeypatch.setattr("tuning.cli.progress.time.monotonic", lambda: next(clock))
    tasks = [replace(task(replicate=replicate), retrain=5) for replicate in (1, 2)]
    cell = tasks[0].cell
    again = Retraining(cell, 0, 1, {}, TrialState.COMPLETE, 0.5, {}, [{"metric": 0.5}] * 3)
    progress, file = view()
    with progress:
        progress.begin(tasks, tasks, [])  # 10 epochs each, and (5 + 1) x 3 of retraining expected
        progress.epoch(cell, 10, 0.25)
        for repeat in range(1, 7):
            progress.retraining(structs.replace(again, repeat=repeat))
        progress.retraining(structs.replace(again, repeat=7))  # more than expected
        progress.end(CellEnd(cell, "DONE", "the budget is spent", "", 4, 10, 9.6))
        progress.retraining(structs.replace(again, cell=tasks[1].cell, state=TrialState.FAILED, error="no room"))
    shown = file.getvalue()
    assert "; about 9 s left\n" in shown  # 31 epochs took 10 s, 28 are left
    assert "synthetic/kt-random/2 trial 0 FAILED when retrained: no room; configuration {" in shown


def test_a_failed_trial_is_named_with_its_configuration() -> None:
    progress, file = view()
    tasks = [task()]
    with progress:
        progress.begin(tasks, tasks, [])
        progress.trial(trial(tasks[0].cell, 0, TrialState.FAILED, "ValueError: [/b]"))
        progress.trial(trial(tasks[0].cell, 1))
    assert file.getvalue() == ("synthetic/kt-random/1 trial 0 FAILED: ValueError: [/b]; configuration {'a': '[/x]'}\n")


def screen(file: io.StringIO) -> list[str]:
    """What stands on the terminal at the end, without colours."""
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", file.getvalue())
    return [line.rstrip() for line in plain[plain.rindex("tuner  ") :].splitlines()]


def test_a_terminal_shows_a_line_a_tuner_a_bar_and_the_last_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10_000, 5))
    monkeypatch.setattr("tuning.cli.progress.time.monotonic", lambda: next(clock))
    progress, file = view(terminal=True)
    tasks = [task("kt-random"), task("optuna-tpe"), task("kt-random", 2)]
    with progress:
        progress.begin(tasks, tasks, [])
        progress.epoch(tasks[0].cell, 4, 0.1)
        progress.epoch(tasks[0].cell, 10, 0.123456)
        progress.epoch(tasks[1].cell, 3, float("nan"))
        for number in range(4):
            failed = structs.replace(
                trial(tasks[1].cell, 3, TrialState.FAILED, f"ValueError: [/b] no\nroom {number}"), trial=number
            )
            progress.trial(failed)
        progress.end(CellEnd(tasks[0].cell, "DONE", "the budget is spent", "", 3, 10, 1.0))
    heading, rule, random, tpe, bar, failures, *last = screen(file)
    assert heading.split() == ["tuner", "replicates", "epochs", "best", "metric", "latest", "search"]
    assert set(rule) == {"─"}
    assert random.split() == ["kt-random", "1/2", "10/20", "0.1235", "▁" * 9 + "█"]
    assert tpe.split() == ["optuna-tpe", "0/1", "3/10"]
    assert re.search(r"1/3 cells, \d+ s gone, about \d+ (s|min) left$", bar)
    assert failures == "4 failures, the last:"
    assert [line.strip().partition("; ")[0] for line in last] == [
        f"synthetic/optuna-tpe/1 trial {number} FAILED: ValueError: [/b] no room {number}" for number in (1, 2, 3)
    ]


def test_a_terminal_of_80_columns_is_wide_enough() -> None:
    file = io.StringIO()
    progress = ProgressView(Console(file=file, width=80, force_terminal=True, legacy_windows=False))
    tasks = [task("sklearn-randomized", replicate) for replicate in range(1, 31)]
    with progress:
        progress.begin(tasks, tasks, [])
        progress.epoch(tasks[0].cell, 10, -123456.789)
        progress.trial(trial(tasks[0].cell, 10, TrialState.FAILED, "ValueError: " + "x" * 200))
    lines = screen(file)
    assert max(map(len, lines)) <= 80
    assert lines[2].split()[:4] == ["sklearn-randomized", "0/30", "10/300", "-1.235e+05"]
    assert lines[-1].endswith("…")


def test_a_study_that_goes_on_shows_what_was_there() -> None:
    progress, file = view(terminal=True)
    tasks = [task(recorded=(trial(task().cell, 10),)), task(replicate=2, recorded=(trial(task().cell, 4),))]
    with progress:
        progress.begin(tasks, tasks[1:], [])
    assert screen(file)[2].split() == ["kt-random", "1/2", "14/20", "0.5", "▅"]
    assert "1/2 cells" in screen(file)[3]


@pytest.mark.parametrize("terminal", [True, False])
def test_several_problems_and_strange_names(tmp_path: Path, terminal: bool) -> None:
    problems = [
        SyntheticProblem(tiny_space, name="[/one]", max_epochs=3),
        SyntheticProblem(tiny_space, name="two", max_epochs=3, direction="min"),
    ]
    progress, file = view(terminal)
    with progress:
        run(
            Study("s", problems, ["kt-random"], budget=Budget(6), replicates=1, baselines=(), retrain=0),
            tmp_path,
            progress,
        )
    shown = file.getvalue()
    if terminal:
        assert "two: -0." in shown
    else:
        assert "[1/2] [/one]/kt-random/1: " in shown
        assert ", best metric -0." in shown


def test_a_run_with_nothing_to_do_shows_so() -> None:
    progress, file = view(terminal=True)
    with progress:
        progress.begin([task()], [], [])
    assert "1 of 1 cells are done already." in file.getvalue().replace("\x1b[1;36m", "").replace("\x1b[0m", "")
