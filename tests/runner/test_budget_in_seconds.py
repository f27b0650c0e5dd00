"""Studies whose budget is in seconds: killed and resumed, extended, reported, and on several processes."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.simulations.kill_points import Dying
from tests.support.fork_server import elsewhere
from tuning.budget import Budget
from tuning.cli.check import examine, show
from tuning.cli.status import look
from tuning.cli.status import show as show_status
from tuning.configuration import Configuration
from tuning.errors import JournalError, StudyError
from tuning.journal.frames import epochs_frame, trials_frame
from tuning.journal.journal import Journal, path_of, read
from tuning.journal.merge import compared
from tuning.journal.records import BUDGET_SPENT, Cell, seconds_of
from tuning.problems.synthetic import SyntheticProblem, mixed_space
from tuning.problems.table import TableProblem
from tuning.report.command import command
from tuning.report.report import write_report
from tuning.runner.dask.executor import run_on_dask
from tuning.runner.outlook import outlook
from tuning.runner.plan import Overrides
from tuning.runner.runner import run
from tuning.study import Study
from tuning.tuners.baselines.random_search import Random2x
from tuning.tuners.optuna import OptunaTPE
from tuning.tuners.scikit_learn import SklearnRandomized

LIMIT = 0.2
TRAINING = 0.01
"""Seconds that each training of these studies takes at least."""


def slowly(configuration: Configuration) -> None:
    time.sleep(TRAINING)


def study(budget: Budget, **arguments: Any) -> Study:
    problem = SyntheticProblem(mixed_space, max_epochs=3, fail=slowly)
    given = {"replicates": 2, "baselines": (), "retrain": 0, **arguments}
    return Study("s", problem, ["sklearn-randomized", "optuna-tpe"], budget=budget, **given)


def trained(one: Study) -> int:
    return sum(problem.trained_epochs for problem in one.problems if isinstance(problem, SyntheticProblem))


def tables(directory: Path) -> tuple[str, str]:
    journal = read(directory)
    return trials_frame(journal).to_csv(), epochs_frame(journal).to_csv()


def check_accounts(journal: Journal, limit: float = LIMIT) -> None:
    """Every search came to its end in the trial that the recorded seconds say."""
    assert journal.ends.keys() == set(journal.planned_cells())
    for cell, end in journal.ends.items():
        trials = journal.trials[cell]
        most = limit * journal.plan.settings[cell.tuner].budget_factor
        assert seconds_of(trials[:-1]) < most <= seconds_of(trials) == end.spent_seconds
        assert (end.reason, end.budget_epochs) == (BUDGET_SPENT, None)
        # A trial that was slow under a smaller budget may have spent the larger one as well: nothing was left to do.
        assert end.budget_seconds == most or end.budget_seconds < most <= seconds_of(trials[:1])
        assert all(trial.state != "CUT" for trial in trials[:-1])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tuners and twice the random search, each in two replicates."""
    made = study(Budget(seconds=LIMIT), baselines=[Random2x()])
    return run(made, tmp_path_factory.mktemp("whole")).directory


def without_ends(directory: Path, folder: Path) -> Path:
    """The same journal, as if the driver had been killed before it wrote that its cells had ended."""
    path = path_of(folder / "s")
    path.parent.mkdir(parents=True)
    lines = path_of(directory).read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if not line.startswith(b'{"kind":"cell"')))
    return folder


def test_each_search_ends_where_its_time_does(whole: Path) -> None:
    journal = read(whole)
    assert (journal.plan.budget_epochs, journal.plan.budget_seconds) == (None, LIMIT)
    check_accounts(journal)


def test_a_replay_trains_nothing_and_changes_nothing(whole: Path, tmp_path: Path) -> None:
    again = study(Budget(seconds=LIMIT), baselines=[Random2x()])
    directory = run(again, without_ends(whole, tmp_path)).directory
    assert trained(again) == 0
    assert tables(directory) == tables(whole)
    check_accounts(read(directory))
    assert run(again, tmp_path).ends == []


def killed(folder: Path) -> list[int]:
    """How each of several runs ended, of which one after another was killed, and the last came to its end."""
    ends = []
    for kind, count in [("training", 4), ("torn", 7), ("before", 5), ("training", 9), ("after", 6), ("", 0)]:
        if not (child := os.fork()):
            try:
                dying = Dying(folder / "trained", kind, count)
                dying.install()
                made = study(Budget(seconds=LIMIT))
                made.problems[0].fail = lambda configuration: (dying.training(configuration), slowly(configuration))[1]  # noqa: B023
                run(made, folder)
                os._exit(0)
            finally:
                os._exit(1)
        ends.append(os.waitpid(child, 0)[1])
    return ends


@pytest.mark.usefixtures("fork_server")
def test_killed_runs_end_where_their_journal_says(tmp_path: Path) -> None:
    assert elsewhere(killed, tmp_path) == [signal.SIGKILL] * 5 + [0]
    check_accounts(read(tmp_path / "s"))
    again = study(Budget(seconds=LIMIT))
    directory = run(again, without_ends(tmp_path / "s", tmp_path / "again")).directory
    assert trained(again) == 0
    assert tables(directory) == tables(tmp_path / "s")


@pytest.mark.slow
@pytest.mark.usefixtures("fork_server")
def test_cells_in_other_processes_are_charged_alike(tmp_path: Path) -> None:
    directory = run(
        study(Budget(seconds=LIMIT)), tmp_path, execute=lambda *given: run_on_dask(*given, jobs=2)
    ).directory
    check_accounts(read(directory))


def test_a_larger_budget_goes_on(tmp_path: Path) -> None:
    directory = run(study(Budget(seconds=LIMIT)), tmp_path).directory
    before = {cell: trials[:-1] for cell, trials in read(directory).trials.items()}
    run(study(Budget(seconds=2 * LIMIT)), tmp_path)
    after = read(directory)
    check_accounts(after, 2 * LIMIT)
    for cell, trials in before.items():
        assert after.trials[cell][: len(trials)] == trials


@pytest.mark.parametrize(
    ("changed", "now"),
    [
        (Budget(seconds=0.1), "0.1 s of training a cell"),
        (Budget(100), "100 epochs a cell"),
        (Budget(100, LIMIT), "100 epochs or 0.2 s of training a cell, whichever ends first"),
    ],
)
def test_a_smaller_budget_is_refused(whole: Path, changed: Budget, now: str) -> None:
    with pytest.raises(JournalError) as raised:
        run(study(changed, baselines=[Random2x()]), whole.parent)
    assert str(raised.value) == (
        f"{whole} was begun with a budget of 0.2 s of training a cell, now it is {now}; a study goes on with the same "
        "budget or a larger one: choose another folder with --out, or move that one away"
    )


def test_a_study_changes_one_limit_at_a_time() -> None:
    made = study(Budget(30))
    both = made.changed(Overrides(budget_seconds=60.0))
    assert both.budget == Budget(30, 60.0)
    assert both.changed(Overrides(budget=50)).budget == Budget(50, 60.0)
    assert "30 epochs or 60 s of training a cell, whichever ends first" in repr(both)
    with pytest.raises(StudyError, match=r"^Budget\(seconds=-1\): expected seconds of training above 0 a cell$"):
        made.changed(Overrides(budget_seconds=-1))


def test_a_computed_table_takes_no_time() -> None:
    table = TableProblem.__new__(TableProblem)
    vars(table).update(name="t", max_epochs=3, repeats=1)
    with pytest.raises(StudyError) as raised:
        Study("s", table, budget=Budget(seconds=60))
    assert str(raised.value) == (
        "Budget(seconds=60): problem 't' is computed from a table, in no time; give Budget(epochs=...) alone"
    )


def test_a_plan_says_what_a_time_means() -> None:
    assert outlook(study(Budget(seconds=60.0), replicates=9)) == [
        "The budget is a time: results depend on the machine and on what else runs on it, also on how many cells run "
        "side by side."
    ]
    planning = type("Planning", (OptunaTPE,), {"plans": True})(label="p")
    made = Study("s", study(Budget(1000)).problems[0], [planning, SklearnRandomized()], budget=Budget(seconds=60.0))
    assert outlook(made)[1] == (
        "p plans for a number of trials, and nobody knows how many a time pays for: it plans for a search without an "
        "end. Give Budget(epochs=...) too."
    )


def test_check_says_what_it_will_spend() -> None:
    console = Console(width=200, record=True)
    examined = examine(study(Budget(seconds=60.0)), 100)
    assert [row["seconds"] for row in examined["budgets"]] == [60.0, 60.0]
    assert (examined["epochs"], examined["budget_seconds"]) == (None, 60.0)
    show(examined, console)
    text = console.export_text()
    assert "epochs a cell   seconds a cell   full trials" in text
    assert "4 cells, about 4 min of training at most, on one core. A replicate of all costs about 2 min." in text
    assert "The budget is a time: results depend on the machine" in text


def test_status_shows_the_time_spent(whole: Path) -> None:
    console = Console(width=200, record=True)
    state = look(whole)
    show_status(state, console)
    text = console.export_text()
    first = state["cells"][0]
    assert first["planned_seconds"] == LIMIT
    assert f"{first['epochs']} in {first['train_seconds']:.1f}/0.2 s" in text
    assert "epochs in" in text.splitlines()[-1]


@pytest.fixture(scope="module")
def page(whole: Path) -> str:
    return write_report(whole).markdown.read_text()


def test_the_report_says_that_the_budget_is_a_time(page: str, whole: Path) -> None:
    assert "2 tuners, 2 replicates, 0.2 s of training a cell" in page
    assert "random-2x (of 0.4 s of training a cell)" in page
    assert (
        "- The budget is a time, 0.2 s of training a cell: the result depends on the machine and on what else ran on "
        "it. Each search is judged by what it had when its time was over." in page
    )
    assert "random-2x had 0.4 s of training a cell where a tuner had 0.2 s of training a cell" in page
    assert "4 of 4 cells spent the budget." in page
    assert "ended before the budget was spent" not in page
    assert "of the budget (" not in page
    assert page.index("figures/wall_clock.svg") < page.index("figures/best_so_far.svg")
    assert "0.2 s of training for each search" in page
    assert command(read(whole)).startswith("study.run()")
    summary = json.loads((whole / "summary.json").read_text())
    assert (summary["budget_epochs"], summary["budget_seconds"]) == (None, LIMIT)


def test_a_search_is_judged_at_the_end_of_its_time(whole: Path, page: str) -> None:
    """However few epochs it came to: the best score of all its trials, not that at a common number of epochs."""
    journal = read(whole)
    finals = {
        (row["tuner"], row["replicate"]): row["score"]
        for row in json.loads((whole / "summary.json").read_text())["problems"]["synthetic"]["final_scores"]
    }
    assert len({trials[-1].spent_epochs for trials in journal.trials.values()}) > 1
    for cell, trials in journal.trials.items():
        best = max(epoch["metric"] for trial in trials for epoch in trial.curve)
        assert finals[cell.tuner, cell.replicate] == pytest.approx(best, abs=1e-12)


def test_studies_of_other_times_are_not_compared(whole: Path, tmp_path: Path) -> None:
    other = run(study(Budget(seconds=0.05), replicates=1), tmp_path).directory
    with pytest.raises(JournalError) as raised:
        compared([whole, other])
    assert str(raised.value).startswith(
        f"{whole} has a budget of 0.2 s of training a cell, {other} has a budget of 0.05 s of training a cell; only "
    )


def test_cells_are_in_the_journal_of_their_own_release(whole: Path) -> None:
    """Those of earlier ones have no seconds in their plans and ends."""
    lines = [json.loads(line) for line in path_of(whole).read_text().splitlines()]
    for line in lines:
        if line["kind"] == "session":
            del line["plan"]["budget_seconds"]
            line["plan"]["budget_epochs"] = 30
        if line["kind"] == "cell":
            del line["budget_seconds"], line["spent_seconds"]
            line["budget_epochs"] = 30
    old = whole.parent / "old" / "journal"
    old.mkdir(parents=True)
    (old / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    journal = read(old.parent)
    assert journal.plan.budget == Budget(30)
    assert {label: budget for (_, label), budget in journal.budgets().items()}["random-2x"] == Budget(60)
    assert journal.ends[Cell("synthetic", "optuna-tpe", 1)].budget_seconds is None
