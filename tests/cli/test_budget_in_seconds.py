"""`--budget-seconds`: what it changes, and what it is refused for."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from tuning.budget import Budget
from tuning.cli import main
from tuning.cli.load import find_study
from tuning.cli.options import Changes, Named, changed
from tuning.cli.progress import ProgressView
from tuning.journal.journal import read
from tuning.journal.records import CellEnd, CellState, Trial, TrialState
from tuning.problems.synthetic import SyntheticProblem, tiny_space
from tuning.report.command import command
from tuning.runner.cell import CellTask
from tuning.tuners import load

STUDY = """
    import time
    from tuning import Budget, Study
    from tuning.problems.synthetic import SyntheticProblem, tiny_space

    problem = SyntheticProblem(tiny_space, max_epochs=2, fail=lambda configuration: time.sleep(0.02))
    study = Study("s", problem, ["sklearn-randomized"], budget=Budget(1000), replicates=1, baselines=(), retrain=0)
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("seconds") / "study.py"
    path.write_text(textwrap.dedent(STUDY))
    return path


def invoke(*words: object) -> tuple[int, str]:
    done = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"}).invoke(
        main.app, list(map(str, words)), prog_name="tuning"
    )
    return done.exit_code, done.output


def test_a_run_ends_with_its_time_and_says_how_to_repeat_it(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["tuning", "run", str(script)])
    code, output = invoke("run", script, "--budget-seconds", 0.1, "--out", tmp_path, "--jobs", 1)
    assert code == 0, output
    assert "1000 epochs or 0.1 s of training a cell, whichever ends first: 1 cell, at most 0.1 s of training" in (
        output.replace("\u202f", "")
    )
    assert "The budget is a time" in output
    journal = read(tmp_path / "s")
    assert journal.plan.budget == Budget(1000, 0.1)
    assert command(journal).startswith("tuning run study.py --budget 1000 --budget-seconds 0.1 --replicates 1")
    code, output = invoke("run", script, "--budget-seconds", 0.05, "--out", tmp_path, "--jobs", 1)
    assert code == 2
    assert "a study goes on with the same budget or a larger one" in output


@pytest.mark.parametrize(("given", "shown"), [("-1", "-1.0"), ("0", "0.0"), ("nan", "nan"), ("inf", "inf")])
def test_an_impossible_time_is_refused_in_one_line(script: Path, tmp_path: Path, given: str, shown: str) -> None:
    code, output = invoke("run", script, "--budget-seconds", given, "--out", tmp_path)
    assert code == 2
    assert (
        output.strip()
        .splitlines()[-1]
        .endswith(f"Budget(seconds={shown}): expected seconds of training above 0 a cell")
    )
    assert not list(tmp_path.iterdir())


def test_a_model_without_a_study_gets_the_limits_that_are_given(tmp_path: Path) -> None:
    path = tmp_path / "theirs.py"
    path.write_text("def build_model(hp): ...\ndef load(): ...\n")
    named = Named(data=f"{path}:load", objective="val_loss")
    for changes, budget in (
        (Changes(), Budget(100)),
        (Changes(budget_seconds=60.0), Budget(seconds=60.0)),
        (Changes(budget=30, budget_seconds=60.0), Budget(30, 60.0)),
    ):
        study = find_study(Path(f"{path}:build_model"), named, changes)
        assert changed(study, changes).budget == budget


def test_progress_counts_seconds() -> None:
    """A trial at a time: what a single epoch took is not told."""
    problem = SyntheticProblem(tiny_space, max_epochs=2)
    task = CellTask("s", problem, load("kt-random")(), 1, Budget(seconds=10.0))
    console = Console(width=200, record=True)
    with ProgressView(console) as view:
        view.begin([task], [task], [])
        view.epoch(task.cell, 2, 0.5)
        assert (view._trained, view._total) == (0.0, 10.0)
        view.trial(Trial(task.cell, 0, {}, TrialState.COMPLETE, 0.5, 0, 2, [{}, {}], spent_epochs=2, train_seconds=4.0))
        assert (view._trained, view._total) == (4.0, 10.0)
        line = view._line("kt-random", several=False)
        assert (line.epochs, line.planned_epochs) == (2, None)
        view.end(CellEnd(task.cell, CellState.DONE, "the tuner ended its search", trials=1, spent_epochs=2))
        assert view._total == view._trained
    assert "1 trials, 2 epochs, best metric 0.5" in console.export_text()
