"""Replicates until every pair is settled: when it stops, how it goes on, what it refuses."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from tests.support.golden_journal import trial
from tuning.analysis.looks import rule_of
from tuning.analysis.problem_summary import ProblemSummary
from tuning.analysis.summary import summarise
from tuning.budget import Budget
from tuning.errors import JournalError, StudyError
from tuning.journal.journal import path_of, read
from tuning.journal.records import Cell, CellEnd, CellResult
from tuning.problems.synthetic import SyntheticProblem, tiny_space
from tuning.runner.cell import CellTask
from tuning.runner.dask import executor
from tuning.runner.dask.executor import on_dask
from tuning.runner.devices import Devices
from tuning.runner.executor import Listener
from tuning.runner.plan import Overrides
from tuning.runner.runner import run
from tuning.runner.until_decided import until_decided
from tuning.statistics.sequential import Rule
from tuning.study import Study


def study(names: Sequence[str] = ("kt-random", "optuna-tpe", "sklearn-randomized"), problems: int = 1) -> Study:
    given = [SyntheticProblem(tiny_space, name=f"p{place}", max_epochs=2) for place in range(problems)]
    plan = Study("s", given, list(names), budget=Budget(2), replicates=4, baselines=(), retrain=0)
    for tuner in plan.tuners:  # their scores are made up, so none is random search
        tuner.random_draws = lambda problem: 0
    return plan


def by(rule: Rule, plan: Study) -> Study:
    return plan.changed(Overrides(until_decided=rule))


class Scored:
    """An executor that trains nothing: each cell ends with a score of its own."""

    def __init__(self, score: Callable[[Cell], float], failing: str = "", interrupt_at: int = 0) -> None:
        self.score, self.failing, self.left = score, failing, interrupt_at
        self.calls: list[list[Cell]] = []

    def __call__(self, tasks: Sequence[CellTask], listener: Listener) -> None:
        self.calls.append([task.cell for task in tasks])
        for task in tasks:
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt
            if task.cell.tuner == self.failing:
                end = CellEnd(task.cell, "FAILED", "the tuner raised", "ValueError: no", 0, 0, 0.0, 2)
                listener.on_result(task, CellResult((), end=end))
                continue
            score = self.score(task.cell)
            trained = trial(task.cell, 0, [score] * 2, 2, configuration={})
            trained = structs.replace(trained, curve=[{"metric": score}] * 2)
            end = CellEnd(task.cell, "DONE", "the budget is spent", "", 1, 2, 0.0, 2)
            listener.on_result(task, CellResult((trained,), end=end))


def far_apart(cell: Cell) -> float:
    place = ["kt-random", "optuna-tpe", "sklearn-randomized"].index(cell.tuner)
    return place + 0.01 * float(np.random.default_rng(cell.replicate).normal())


def close(cell: Cell) -> float:
    """The third is ahead by 1.2 standard deviations; the others do not differ."""
    seed = [cell.replicate, *cell.tuner.encode()]
    return 1.7 * (cell.tuner == "sklearn-randomized") + float(np.random.default_rng(seed).normal())


def found(out: Path) -> ProblemSummary:
    (problem,) = summarise(read(out / "s")).problems.values()
    return problem


def settled(out: Path) -> list[tuple[Any, ...]]:
    pairs = found(out).pairs
    return list(pairs[["a", "b", "decided", "equal", "settled_at", "p", "p_holm"]].itertuples(index=False, name=None))


def test_it_ends_with_the_first_look_that_decides_all(tmp_path: Path) -> None:
    execute, lines = Scored(far_apart), list[str]()
    rule = Rule(20)
    first = rule.first_look(3)
    done = until_decided(by(rule, study()), tmp_path, execute=execute, on_look=lines.append)
    assert [len(cells) for cells in execute.calls] == [3 * first]
    assert len(done.ends) == 3 * first
    plan = read(tmp_path / "s").plan
    assert (plan.replicates, rule_of(plan)) == (first, rule)
    assert found(tmp_path).pairs["settled_at"].tolist() == [first] * 3
    assert lines == [
        f"{first} replicates of at most 20 looked at, one by one; decided (after replicate): optuna-tpe over kt-random "
        f"({first}), sklearn-randomized over kt-random ({first}) and sklearn-randomized over optuna-tpe ({first})."
    ]


def test_one_replicate_at_a_time_until_the_cap(tmp_path: Path) -> None:
    execute, lines = Scored(close), list[str]()
    until_decided(by(Rule(13), study()), tmp_path, execute=execute, on_look=lines.append)
    first = Rule(13).first_look(3)
    assert [len(cells) for cells in execute.calls] == [3 * first] + [3] * (13 - first)
    assert [cell.replicate for cell in execute.calls[-1]] == [13] * 3
    assert lines[-1].endswith("undecided at the cap: kt-random / optuna-tpe.")
    assert [row[2] for row in settled(tmp_path)] == ["", "sklearn-randomized", "sklearn-randomized"]


def test_a_rope_settles_what_does_not_differ(tmp_path: Path) -> None:
    two = study(["kt-random", "optuna-tpe"])
    until_decided(by(Rule(40, rope=3.0), two), tmp_path, execute=Scored(close), at_once=4)
    assert read(tmp_path / "s").plan.replicates < 40
    assert [row[2:4] for row in settled(tmp_path)] == [("", True)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Never interrupted; undecided at the cap."""
    folder = tmp_path_factory.mktemp("whole")
    until_decided(by(Rule(12), study()), folder, execute=Scored(close))
    return folder


@pytest.mark.parametrize("cells", [1, 17, 29, 31])
def test_an_interrupted_run_goes_on_to_the_same_decision(whole: Path, tmp_path: Path, cells: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        until_decided(by(Rule(12), study()), tmp_path, execute=Scored(close, interrupt_at=cells))
    until_decided(by(Rule(12), study()), tmp_path, execute=Scored(close))
    assert settled(tmp_path) == settled(whole)
    assert found(tmp_path).verdict == found(whole).verdict


def test_running_again_runs_nothing(whole: Path) -> None:
    again = Scored(close)
    until_decided(by(Rule(12), study()), whole, execute=again)
    assert again.calls == [[]]


def test_several_replicates_at_once_decide_the_same(tmp_path: Path) -> None:
    two, one, four = study(["kt-random", "sklearn-randomized"]), Scored(close), Scored(close)
    until_decided(by(Rule(30), two), tmp_path / "one", execute=one)
    until_decided(by(Rule(30), two), tmp_path / "four", execute=four, at_once=4)
    assert 2 * len(one.calls[1]) == len(four.calls[1]) / 2 == 4
    assert len(one.calls) > len(four.calls)
    (decided,) = [(row[:5]) for row in settled(tmp_path / "one")]
    assert decided == settled(tmp_path / "four")[0][:5]
    assert decided[4] == 9 + len(one.calls) - 1


def test_a_tuner_that_fails_is_not_waited_for_and_not_tried_again_each_round(tmp_path: Path) -> None:
    execute = Scored(lambda cell: close(cell) + (cell.tuner == "sklearn-randomized"), failing="optuna-tpe")
    until_decided(by(Rule(20), study()), tmp_path, execute=execute)
    cells = [cell for call in execute.calls for cell in call]
    assert len(cells) == len(set(cells))
    replicates = read(tmp_path / "s").plan.replicates
    assert replicates < 20
    assert found(tmp_path).pairs["looks"].tolist() == [replicates] * 3


def test_each_problem_is_decided_by_itself(tmp_path: Path) -> None:
    lines: list[str] = []
    scored = Scored(lambda cell: far_apart(cell) if cell.problem == "p0" else close(cell))
    until_decided(by(Rule(13), study(problems=2)), tmp_path, execute=scored, on_look=lines.append)
    assert [line[:4] for line in lines[-2:]] == ["p0: ", "p1: "]
    assert "undecided" not in lines[-2]
    assert "undecided at the cap" in lines[-1]


def test_replicates_are_added_until_a_choice_is_expected_to_cost_little(tmp_path: Path) -> None:
    execute, lines = Scored(close), list[str]()
    rule = Rule(12, loss=0.05)
    until_decided(by(rule, study()), tmp_path, execute=execute, on_look=lines.append)
    choice, plan = found(tmp_path).choice, read(tmp_path / "s").plan
    assert (choice.tuner, rule_of(plan)) == ("sklearn-randomized", rule)
    assert choice.expected_loss <= 0.05
    assert [len(cells) for cells in execute.calls] == [6] + [3] * (plan.replicates - 2)
    assert 2 < plan.replicates < 12
    assert lines[0].startswith("2 replicates of at most 12. If you must choose now: ")
    # No look before the last one was content, and the tests are those of the sequence of looks.
    for earlier in range(2, plan.replicates):
        run(study().changed(Overrides(replicates=earlier)), tmp_path / str(earlier), execute=Scored(close))
        assert found(tmp_path / str(earlier)).choice.expected_loss > 0.05
    assert found(tmp_path).pairs["looks"].tolist() == [plan.replicates] * 3
    again = Scored(close)
    until_decided(by(rule, study()), tmp_path, execute=again)
    assert again.calls == [[]]


def test_a_look_is_about_the_retrained_winners(tmp_path: Path) -> None:
    scored: list[list[float]] = []

    def look(line: str) -> None:
        scored.append(found(tmp_path).endpoint.scores["score"].tolist())

    retrained = study(["kt-random", "optuna-tpe"]).changed(Overrides(retrain=2))
    until_decided(by(Rule(3, loss=1e-9), retrained), tmp_path, on_look=look)
    assert [len(scores) for scores in scored] == [4, 6]
    assert not any(np.isnan(scores).any() for scores in scored)
    assert found(tmp_path).endpoint.kind == "test"
    assert scored[-1] != found(tmp_path).finals["score"].tolist()
    with pytest.raises(JournalError, match="was looked at with 2 retrainings of each winner, now there are to be 3"):
        until_decided(by(Rule(3, loss=1e-9), retrained.changed(Overrides(retrain=3))), tmp_path)


def test_a_choice_that_stays_costly_ends_at_the_cap_even_where_no_pair_could_be_decided(tmp_path: Path) -> None:
    execute = Scored(close)
    until_decided(by(Rule(4, loss=1e-6), study()), tmp_path, execute=execute)
    assert len(execute.calls) == 3
    assert found(tmp_path).verdict.line.startswith("No verdict: with 4 replicates no difference can be shown")
    with pytest.raises(JournalError, match="begun with --until-chosen 1e-06 --cap 4 and no --rope, now it is --cap 12"):
        until_decided(by(Rule(12), study()), tmp_path, execute=Scored(close))


def test_another_rule_is_refused(whole: Path) -> None:
    before = path_of(whole / "s").read_bytes()
    for rule in (Rule(20), Rule(12, 0.1)):
        with pytest.raises(JournalError, match="was begun with --cap 12 and no --rope, now it is --cap") as refused:
            until_decided(by(rule, study()), whole, execute=Scored(close))
        assert "\n" not in str(refused.value)
    assert path_of(whole / "s").read_bytes() == before


def test_a_study_that_may_have_been_tested_is_refused(whole: Path, tmp_path: Path) -> None:
    run(study().changed(Overrides(replicates=7)), tmp_path / "tested", execute=Scored(close))
    with pytest.raises(JournalError, match="for one test at the end, whose result may have been seen; adding"):
        until_decided(by(Rule(16), study()), tmp_path / "tested", execute=Scored(close))
    run(study(), tmp_path / "too few to test", execute=Scored(close))
    until_decided(by(Rule(12), study()), tmp_path / "too few to test", execute=Scored(close))
    assert settled(tmp_path / "too few to test") == settled(whole)


def test_a_plain_run_in_between_keeps_the_rule(tmp_path: Path) -> None:
    until_decided(by(Rule(9), study()), tmp_path, execute=Scored(close))
    before = settled(tmp_path)
    run(study().changed(Overrides(replicates=12)), tmp_path, execute=Scored(close))
    assert settled(tmp_path) == before  # what comes behind the cap is not looked at


def test_what_cannot_be_decided_is_said_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="has one tuner, nothing to decide"):
        until_decided(by(Rule(), study(["kt-random"])), tmp_path)
    with pytest.raises(StudyError, match=r"a cap of 6 replicates: .* 3 pairs .* raise it to 7 or more"):
        until_decided(by(Rule(6), study()), tmp_path)
    assert not list(tmp_path.iterdir())


def test_workers_are_kept_from_round_to_round(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []
    ran: list[tuple[int, int]] = []

    @contextmanager
    def client(jobs: int, scheduler: str, devices: Devices) -> Iterator[object]:
        opened.append(jobs)
        yield len(opened)

    class Runs:
        def __init__(self, client: Any, listener: Any, at_once: int, foreign: bool) -> None:
            self.client = client

        def all(self, tasks: Sequence[Any]) -> None:
            ran.append((self.client, len(tasks)))

    monkeypatch.setattr(executor, "client_of", client)
    monkeypatch.setattr(executor, "_Run", Runs)
    tasks: Any = ["a", "b"]
    with on_dask(jobs=2) as execute:
        execute([], None)  # type: ignore[arg-type]
        assert opened == []
        for _ in range(3):
            execute(tasks, None)  # type: ignore[arg-type]
    assert (opened, ran) == ([2], [(1, 2)] * 3)
