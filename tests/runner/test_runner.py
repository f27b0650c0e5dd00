"""Whole small studies without training: what is in the folder, resuming, going on, failing."""

import math
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import tuning
from tuning import tuners as registry
from tuning.analysis.spent import spent, spent_by_cell
from tuning.budget import Budget
from tuning.configuration import Configuration
from tuning.errors import JournalError, ReplayError, StudyError
from tuning.evaluation.evaluator import Evaluator
from tuning.journal.frames import EPOCH_COLUMNS, TRIAL_COLUMNS, epochs_frame, trials_frame
from tuning.journal.journal import Journal, path_of, read
from tuning.journal.provenance import different_versions
from tuning.journal.records import Cell, CellEnd, CellResult, Trial, TrialState
from tuning.problems.problem import TrainingProblem
from tuning.problems.synthetic import SyntheticProblem, mixed_space
from tuning.process import manifest
from tuning.process.gpus import Gpu
from tuning.report.tables.checklist import checklist_table
from tuning.report.tables.study import manifest_table
from tuning.runner import runner
from tuning.runner.cell import CellTask
from tuning.runner.devices import CONTEXT_MIB, Devices
from tuning.runner.executor import Listener, run_here
from tuning.runner.plan import FIVE, Overrides
from tuning.runner.runner import Run, Unwatched, command_line, run
from tuning.space.converters import default_configuration
from tuning.study import Study
from tuning.tensorboard.hparams import HparamsWriter
from tuning.tuners.base import Tuner

TIMES = ["train_seconds", "suggest_seconds"]


def study(budget: int = 10, replicates: int = 2, tuners: Any = FIVE, **arguments: Any) -> Study:
    problem = SyntheticProblem(mixed_space, max_epochs=3, **arguments)
    return Study("s", problem, tuners, budget=Budget(budget), replicates=replicates, baselines=(), retrain=0)


def tables(directory: Path) -> tuple[str, str]:
    """trials.csv and epochs.csv, times aside."""
    journal = read(directory)
    return trials_frame(journal).drop(columns=TIMES).to_csv(), epochs_frame(journal).to_csv()


def trained(one: Study) -> int:
    return sum(problem.trained_epochs for problem in one.problems if isinstance(problem, SyntheticProblem))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of five tuners and two replicates, never interrupted."""
    return run(study(), tmp_path_factory.mktemp("whole")).directory


def test_tables_have_the_columns_of_the_design(whole: Path) -> None:
    trials, epochs = trials_frame(read(whole)), epochs_frame(read(whole))
    assert list(trials.columns[:12]) == TRIAL_COLUMNS
    assert ",".join(TRIAL_COLUMNS) == (
        "problem,tuner,replicate,trial,state,score,epochs,spent_epochs,train_seconds,suggest_seconds,parent,error"
    )
    assert all(name.startswith("hp.") for name in trials.columns[12:])
    assert list(epochs.columns) == [*EPOCH_COLUMNS, "metric"]
    assert EPOCH_COLUMNS == ["problem", "tuner", "replicate", "trial", "epoch", "spent_epochs"]


def test_every_cell_is_there_and_charged_its_budget(whole: Path) -> None:
    found = read(whole)
    cells = [Cell("synthetic", tuner, replicate) for replicate in (1, 2) for tuner in FIVE]
    assert found.planned_cells() == cells
    assert list(found.ends) == cells
    assert {end.state for end in found.ends.values()} == {"DONE"}
    charged = trials_frame(found).groupby(["tuner", "replicate"])["epochs"].sum()
    assert set(charged) == {10}
    assert len(charged) == 10
    rows = epochs_frame(found).groupby(["tuner", "replicate"])["spent_epochs"].apply(list)
    assert all(spent == list(range(1, 11)) for spent in rows)


def test_running_again_does_nothing(whole: Path) -> None:
    before, again = tables(whole), study()
    assert run(again, whole.parent).ends == []
    assert trained(again) == 0
    assert tables(whole) == before


@pytest.mark.parametrize("lost", [1, 2, 7, 30])
def test_resuming_gives_the_same_tables(whole: Path, tmp_path: Path, lost: int) -> None:
    lines = [
        line
        for line in path_of(whole).read_bytes().splitlines(keepends=True)
        if not line.startswith(b'{"kind":"session"')
    ]
    session = next(line for line in path_of(whole).read_bytes().splitlines(keepends=True) if b'"session"' in line)
    path_of(tmp_path / "s").parent.mkdir(parents=True)
    path_of(tmp_path / "s").write_bytes(b"".join([lines[0], session, *lines[1:-lost]]))
    run(study(), tmp_path)
    assert tables(tmp_path / "s") == tables(whole)


class _Interrupting(Unwatched):
    def __init__(self, trials: int) -> None:
        self.left = trials

    def trial(self, trial: Trial) -> None:
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


@pytest.mark.parametrize("trials", [1, 9, 20])
def test_ctrl_c_leaves_a_journal_that_resumes(whole: Path, tmp_path: Path, trials: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(study(), tmp_path, _Interrupting(trials))
    assert sum(map(len, read(tmp_path / "s").trials.values())) == trials
    run(study(), tmp_path)
    assert tables(tmp_path / "s") == tables(whole)


class _InReplies:
    """Gives the driver every trial with the cell's result only, as if all messages had been lost."""

    def __call__(self, tasks: list[CellTask], listener: Listener) -> None:
        from tuning.runner.cell import run_cell

        for task in tasks:
            listener.on_result(task, run_cell(task))


def _grown(directory: Path, execute: Callable[..., None], **more: Any) -> Run:
    run(study(budget=7, replicates=1, tuners=FIVE[:2]), directory)
    return run(study(**more), directory, execute=execute)


@pytest.mark.parametrize("execute", [run_here, _InReplies()], ids=["messages", "messages lost"])
def test_more_budget_replicates_and_tuners_go_on(whole: Path, tmp_path: Path, execute: Any) -> None:
    done = _grown(tmp_path, execute)
    assert len(done.ends) == 10
    assert tables(done.directory) == tables(whole)
    assert not [
        trial
        for trial in read(done.directory).all_trials()
        if trial.state == TrialState.CUT and trial.spent_epochs < 10
    ]


def test_what_is_expected_is_recorded_before_the_first_trial_and_no_later_run_changes_it(tmp_path: Path) -> None:
    def begun(expected: str, budget: int) -> Journal:
        some = study(budget, 1, ["kt-random"])
        some.expected = expected
        return read(run(some, tmp_path).directory)

    before = begun("no  difference\n at all", 10)
    assert before.sessions[0].plan.expected == "no difference at all"
    after = begun("what was seen meanwhile", 20)
    assert [session.plan.expected for session in after.sessions] == ["no difference at all", "what was seen meanwhile"]
    row = ["Expected beforehand", "no difference at all"]
    assert row in [
        [entry.text for entry in shown] for shown in checklist_table(after, spent(spent_by_cell(after))).rows
    ]


def test_searches_begin_at_the_default_where_they_can_and_a_folder_keeps_that(tmp_path: Path) -> None:
    def begun(directory: Path, start: str | None, budget: int = 10) -> Run:
        some = study(budget, 1, ["kt-random", "sklearn-randomized", "optuna-tpe", "sklearn-grid"])
        return run(some.changed(Overrides(start=start)), directory)

    directory = begun(tmp_path / "a", "default").directory
    journal = read(directory)
    (synthetic,) = study().problems
    first = {cell.tuner: trials[0].configuration for cell, trials in journal.trials.items()}
    assert first.pop("sklearn-grid") != default_configuration(synthetic.space)
    assert set(map(str, first.values())) == {str(default_configuration(synthetic.space))}
    assert (journal.plan.start, journal.plan.own_start) == ("default", ["sklearn-grid"])
    row = ["start", "The first trial of each search is the default configuration, except with sklearn-grid."]
    assert row in [[entry.text for entry in shown] for shown in manifest_table(journal).rows]
    begun(tmp_path / "a", "default", budget=20)  # goes on
    assert len(read(directory).trials[Cell("synthetic", "optuna-tpe", 1)]) > len(first)
    with pytest.raises(JournalError, match="begin at the default configuration, now they would begin as their tuners"):
        begun(tmp_path / "a", None, budget=20)
    begun(tmp_path / "b", None)
    assert read(tmp_path / "b" / "s").plan.start == ""
    with pytest.raises(JournalError, match=r"keep Study\(start=None\)"):
        begun(tmp_path / "b", "default")
    with pytest.raises(StudyError, match=r"Study\(start='middle'\): expected 'default'"):
        study().changed(Overrides(start="middle"))


def test_a_later_smaller_choice_keeps_the_plan(whole: Path) -> None:
    before = tables(whole)
    assert run(study(tuners=["kt-random"], replicates=1), whole.parent).ends == []
    assert len(read(whole).planned_cells()) == 10
    assert tables(whole) == before


class Raising(Tuner):
    """Raises after two trials."""

    name = "raising"
    library = "none"
    error: BaseException = RuntimeError("out\nof ideas")

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        generator = np.random.default_rng(seed)
        for _ in range(2):
            evaluator.evaluate(_draw(problem, generator))
        raise self.error


class Ending(Tuner):
    """Ends after two trials."""

    name = "ending"
    library = "none"

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        generator = np.random.default_rng(seed)
        for _ in range(budget.epochs // 5):
            evaluator.evaluate(_draw(problem, generator))


def _draw(problem: TrainingProblem, generator: np.random.Generator) -> Configuration:
    values = problem.space.default()
    return values | ({"rate": float(10 ** generator.uniform(-3, -1))} if "rate" in values else {})


@pytest.mark.parametrize(
    ("error", "words"),
    [(RuntimeError("out\nof ideas"), "RuntimeError: out of ideas"), (SystemExit(3), "SystemExit: 3")],
)
def test_a_tuner_that_raises_makes_its_cells_failed_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, words: str
) -> None:
    monkeypatch.setattr(Raising, "error", error)
    done = run(study(tuners=[Raising(), "kt-random"]), tmp_path)
    assert [str(end.cell) for end in done.failed] == ["synthetic/raising/1", "synthetic/raising/2"]
    assert {end.error for end in done.failed} == {words}
    found = read(done.directory)
    assert [len(found.trials[end.cell]) for end in done.failed] == [2, 2]
    assert {end.state for end in found.ends.values() if end.cell.tuner == "kt-random"} == {"DONE"}
    again = study(tuners=[Raising(), "kt-random"])
    assert [end.cell.tuner for end in run(again, tmp_path).ends] == ["raising", "raising"]  # tried once more, replayed
    assert trained(again) == 0


def test_a_search_that_ended_goes_on_only_with_more_budget(tmp_path: Path) -> None:
    first = run(study(tuners=[Ending()], replicates=1), tmp_path)
    assert [(end.reason, end.spent_epochs) for end in first.ends] == [("the tuner ended its search", 6)]
    assert run(study(tuners=[Ending()], replicates=1), tmp_path).ends == []
    grown = study(budget=20, tuners=[Ending()], replicates=1)
    assert [end.trials for end in run(grown, tmp_path).ends] == [4]
    assert trained(grown) == 6


def test_a_journal_of_another_search_stops_the_run_and_keeps_the_trials(tmp_path: Path) -> None:
    run(study(tuners=["kt-random"], replicates=1), tmp_path)
    path = path_of(tmp_path / "s")
    lines = path.read_bytes().splitlines(keepends=True)
    first = next(index for index, line in enumerate(lines) if line.startswith(b'{"kind":"trial"'))
    lines[first] = lines[first].replace(b'"bias":true', b'"bias":null').replace(b'"bias":false', b'"bias":true')
    lines[first] = lines[first].replace(b'"bias":null', b'"bias":false')
    path.write_bytes(b"".join(lines[:-1]))
    before = path.read_bytes()
    with pytest.raises(ReplayError, match=r"synthetic/kt-random/1: the search asks for trial 0 with .* journal holds"):
        run(study(tuners=["kt-random"], replicates=1), tmp_path)
    assert path.read_bytes() == before


class _Watching(Unwatched):
    def __init__(self) -> None:
        self.notes: list[str] = []
        self.spent: dict[Cell, int] = {}
        self.ended: list[CellEnd] = []

    def begin(self, tasks: list[CellTask], pending: list[CellTask], notes: list[str]) -> None:
        self.notes = notes

    def epoch(self, cell: Cell, spent: int, best: float) -> None:
        self.spent[cell] = spent
        assert math.isfinite(best)

    def end(self, end: CellEnd) -> None:
        self.ended.append(end)


def test_a_watcher_is_told_everything(tmp_path: Path) -> None:
    watcher = _Watching()
    done = run(study(tuners=["kt-random"]), tmp_path, watcher)
    assert watcher.ended == done.ends
    assert set(watcher.spent.values()) == {10}
    with path_of(done.directory).open("ab") as file:
        file.write(b"{")
    run(study(tuners=["kt-random"]), tmp_path, watcher)
    assert watcher.notes == ["journal.jsonl: the torn last line (1 bytes) was left out"]


def test_several_problems_are_kept_apart(tmp_path: Path) -> None:
    problems = [SyntheticProblem(name="one", max_epochs=3), SyntheticProblem(name="two", max_epochs=3, direction="min")]
    several = Study("s", problems, ["kt-random"], budget=Budget(6), replicates=1, baselines=(), retrain=0)
    frame = trials_frame(read(run(several, tmp_path).directory))
    assert list(dict.fromkeys(frame["problem"])) == ["one", "two"]
    scores = frame.groupby("problem")["score"].max()
    assert scores["one"] > 0 > scores["two"]


def test_study_run_makes_the_report(tmp_path: Path) -> None:
    directory = study(tuners=["kt-random"]).run(tmp_path).directory
    names = {path.name for path in directory.iterdir()}
    assert names >= {"journal", "trials.csv", "epochs.csv", "summary.json", "report.html", "report.md", "hparams"}
    assert len(pd.read_csv(directory / "epochs.csv")) == 20


def test_study_run_returns_its_results_and_is_silent_if_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = study(tuners=["kt-random"])
    result = ours.run(tmp_path, progress=False)
    assert capsys.readouterr() == ("", "")
    assert result.directory == tmp_path / ours.name
    assert len(result.epochs()) == 20
    assert read(result.directory).manifest.command == []  # no command line began it
    again = ours.run(tmp_path)
    assert again.trials().equals(result.trials())
    shown = capsys.readouterr().out
    assert shown.startswith(f"Study {ours.name}: 1 tuner, ")
    assert "2 of 2 cells are done already." in shown


@pytest.mark.slow
def test_study_run_gives_the_same_on_workers(tmp_path: Path) -> None:
    ours = study(tuners=["kt-random"])
    here, apart = (ours.run(tmp_path / name, jobs=jobs, progress=False) for name, jobs in (("1", 1), ("2", 2)))
    columns = ["replicate", "trial", "score", "spent_epochs"]
    assert here.trials()[columns].equals(apart.trials()[columns])


def test_the_five_are_the_registered() -> None:
    assert set(FIVE) <= set(registry.names())


def test_a_result_without_an_end_is_no_end(tmp_path: Path) -> None:
    def execute(tasks: Any, listener: Listener) -> None:
        for task in tasks:
            listener.on_result(task, CellResult())

    assert run(study(tuners=["kt-random"]), tmp_path, execute=execute).ends == []


def test_the_command_that_is_recorded_names_no_place_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "sys.argv", ["/opt/bin/tuning", "run", "/home/me/my study.py", "--out", "/tmp/x", "--jobs", "2"]
    )
    assert command_line() == ["tuning", "run", "my study.py", "--out", "x", "--jobs", "2"]


def test_libraries_that_changed_since_the_last_run_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(study(tuners=["kt-random"], replicates=1), tmp_path)
    known = manifest.installed_version
    for module in (manifest, runner):
        monkeypatch.setattr(
            module, "installed_version", lambda name: {"keras": "9.9", "scipy": ""}.get(name, known(name))
        )
    watcher = _Watching()
    done = run(study(tuners=["kt-random"]), tmp_path, watcher)
    keras, scipy = version("keras"), version("scipy")
    assert watcher.notes == [
        f"The run before had keras {keras}, now 9.9; scipy {scipy}, now gone. If that changes what is searched, this "
        "run says so and stops."
    ]
    different = f"Parts of this study ran with different versions: keras {keras} and 9.9."
    journal = read(done.directory)
    assert different_versions(journal.sessions) == different
    assert ["earlier runs", different] in [[entry.text for entry in row] for row in manifest_table(journal).rows]


def test_the_packages_of_the_tuners_are_in_the_manifest_and_not_gone_with_them(tmp_path: Path) -> None:
    class Another(registry.load("kt-random")):  # type: ignore[misc]
        name = "another"
        library = "hypothesis"
        requirement = "pytest>=1"

    done = run(study(tuners=[Another(), "kt-random"], replicates=1), tmp_path)
    versions = read(done.directory).manifest.versions
    assert (versions["hypothesis"], versions["pytest"]) == (version("hypothesis"), version("pytest"))
    assert versions["tuning"] == tuning.__version__  # of baselines, not of another distribution of that name
    watcher = _Watching()
    run(study(tuners=["kt-random"]), tmp_path, watcher)
    assert watcher.notes == []
    assert "hypothesis" not in read(done.directory).manifest.versions


def test_gpus_are_in_the_manifest_and_said_if_they_change(tmp_path: Path) -> None:
    devices = Devices((Gpu("GPU-a", "H200", 143771, "9.0", "570.86"),), per_gpu=2, deterministic=True)
    done = run(study(tuners=["kt-random"], replicates=1), tmp_path, devices=devices)
    found = {
        "GPUs": ["H200, compute capability 9.0, 140 GiB"],
        "GPU driver": "570.86",
        "deterministic operations": True,
        "workers a GPU": 2,
        "MiB a worker": [143771 // 2 - CONTEXT_MIB],
    }
    assert read(done.directory).manifest.items() >= found.items()
    watcher = _Watching()
    done = run(study(tuners=["kt-random"]), tmp_path, watcher)
    assert watcher.notes[0].startswith("The run before had GPUs H200, compute capability 9.0, 140 GiB, now none. If")
    assert not found.keys() & read(done.directory).manifest.keys()


def limited(seconds: float | None, **changes: Any) -> Study:
    return study(tuners=["kt-random"], replicates=1, **changes).changed(Overrides(trial_seconds=seconds))


def test_a_time_limit_may_change_where_it_would_have_changed_nothing(tmp_path: Path) -> None:
    run(limited(None), tmp_path)
    run(limited(600), tmp_path)
    run(limited(300, budget=13), tmp_path)
    assert read(tmp_path / "s").plan.trial_seconds == 300
    before = path_of(tmp_path / "s").read_bytes()
    with pytest.raises(
        JournalError,
        match=r"ran with 300 s as the time limit of a trial, now it is 1e-09 s, by which trial 0 of "
        r"synthetic/kt-random/1, of 0 s, would have ended otherwise; keep the limit, or choose another folder",
    ):
        run(limited(1e-9, budget=13), tmp_path)
    assert path_of(tmp_path / "s").read_bytes() == before


def test_a_time_limit_that_ended_trials_stays(tmp_path: Path) -> None:
    done = run(limited(1e-9, budget=4), tmp_path)
    assert {trial.error for trial in read(done.directory).all_trials() if trial.state == "FAILED"} == {
        "took longer than 1e-09 s, the limit of a trial"
    }
    with pytest.raises(JournalError, match="ran with 1e-09 s as the time limit of a trial, now it is no limit"):
        run(limited(None, budget=4), tmp_path)


def test_hparams_that_cannot_be_written_stop_the_run_with_the_trial_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(HparamsWriter, "write", full)
    with pytest.raises(
        JournalError, match=r"the HPARAMS logs cannot be written \(No space left on device\), all trials"
    ):
        run(study(tuners=["kt-random"], replicates=1), tmp_path)
    assert len(list(read(tmp_path / "s").all_trials())) == 1
