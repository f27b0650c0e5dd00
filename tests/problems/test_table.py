"""A table of trained configurations, and the problem that is computed from it."""

import json
import math
import pickle
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import structs
from rich.console import Console
from scipy import stats

from tuning import KTBayesian, KTHyperband, KTRandom, OptunaTPE, SklearnRandomized
from tuning.budget import Budget
from tuning.cli import status
from tuning.configuration import Configuration
from tuning.errors import JournalError, StudyError
from tuning.journal.journal import Journal, path_of, read
from tuning.journal.lines import to_json
from tuning.journal.provenance import words
from tuning.journal.records import Cell, CellState, Trial, TrialState
from tuning.problems.surrogate import FOLDS
from tuning.problems.synthetic import SyntheticProblem, continuous_space, mixed_space, tiny_space
from tuning.problems.table import KEPT_TABLES, TableProblem
from tuning.report.report import write_report
from tuning.runner.cell import CellTask, run_cell
from tuning.runner.runner import run
from tuning.runner.table_study import table_study
from tuning.seeds import FIRST_SPLIT, SplitSeeds, of_splits
from tuning.study import Study
from tuning.training.outcome import Outcome
from tuning.training.request import RetrainingRequest, TrainingRequest
from tuning.tuners.base import Tuner
from tuning.tuners.table_draws import TableDraws

FIVE: list[Tuner] = [
    KTRandom(),
    KTHyperband(),
    KTBayesian(num_initial_points=3),
    SklearnRandomized(),
    OptunaTPE(n_startup_trials=3),
]


def train(problem: SyntheticProblem, configurations: int, out: Path, repeats: int = 1) -> Path:
    """The folder of a table."""
    study = Study("s", problem, budget=Budget(2 * problem.max_epochs))
    return run(table_study(study, configurations, repeats), out).directory


def trials(journal: Journal) -> list[Trial]:
    return [trial for _, cell in sorted(journal.trials.items()) for trial in cell]


def worth(problem: TableProblem, configuration: Configuration, seed: int = 1, split: SplitSeeds = FIRST_SPLIT) -> Any:
    """What a retraining reports, epoch by epoch, and the best of the table."""
    seen: list[dict[str, float]] = []
    request = RetrainingRequest(configuration, seed, lambda logs: bool(seen.append(logs)), split=split)  # type: ignore[func-returns-value]
    return seen, problem.retrain(request).best_of_table


def curve(problem: TableProblem, configuration: Configuration, seed: int, **arguments: Any) -> tuple[list[float], Any]:
    """The objective's metric epoch by epoch, and the outcome."""
    seen: list[float] = []
    arguments = {"epochs": problem.max_epochs, **arguments}
    request = TrainingRequest(configuration, seed, on_epoch=lambda logs: bool(seen.append(logs["metric"])), **arguments)  # type: ignore[func-returns-value]
    return seen, problem.train(request)


def draws(problem: TableProblem, count: int) -> list[Configuration]:
    uniform = random.Random(7).random
    return [problem.space.sample(uniform) for _ in range(count)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(SyntheticProblem(mixed_space), 60, tmp_path_factory.mktemp("table"))


@pytest.fixture(scope="module")
def problem(folder: Path) -> TableProblem:
    return TableProblem(folder)


@pytest.fixture(scope="module")
def smooth(tmp_path_factory: pytest.TempPathFactory) -> TableProblem:
    """Of three dimensions only, for a Gaussian process takes its time over more."""
    return TableProblem(train(SyntheticProblem(continuous_space), 20, tmp_path_factory.mktemp("smooth")))


# The table


def test_a_table_holds_each_configuration_once_and_in_full(folder: Path) -> None:
    rows = trials(read(folder))
    assert len(rows) == 60
    assert {row.state for row in rows} == {TrialState.COMPLETE}
    assert {row.epochs for row in rows} == {9}
    assert len({tuple(row.configuration.items()) for row in rows}) == 60
    assert all(end.state == CellState.DONE for end in read(folder).ends.values())


def test_a_table_grows_by_what_it_lacks(tmp_path: Path) -> None:
    before, after = SyntheticProblem(mixed_space), SyntheticProblem(mixed_space)
    first = trials(read(train(before, 10, tmp_path)))
    folder = train(after, 15, tmp_path)
    grown = trials(read(folder))
    assert after.trained_epochs == 5 * after.max_epochs
    assert [to_json(row) for row in grown[:10]] == [to_json(row) for row in first]
    assert len({tuple(row.configuration.items()) for row in grown}) == 15


def twelve(hp: Any) -> None:
    hp.Choice("a", ["x", "y"])
    hp.Int("b", 1, 4)
    with hp.conditional_scope("a", ["x"]):
        hp.Choice("c", [1, 2])


def test_a_small_space_is_trained_whole(tmp_path: Path) -> None:
    rows = trials(read(train(SyntheticProblem(twelve), 100, tmp_path)))
    assert len(rows) == len({tuple(row.configuration.items()) for row in rows}) == 12


def test_repeats_give_the_noise_of_seeds_alone(folder: Path, tmp_path: Path) -> None:
    repeated = train(SyntheticProblem(mixed_space), 40, tmp_path, repeats=4)
    rows = trials(read(repeated))
    assert len(rows) == 160
    assert {len(set(map(repr, (row.configuration for row in rows[at : at + 4])))) for at in range(0, 160, 4)} == {1}
    assert len({row.seed for row in rows}) == 160

    def spread(problem: TableProblem) -> float:
        ends = [[curve(problem, drawn, seed)[0][-1] for seed in range(1, 60)] for drawn in draws(problem, 10)]
        return float(np.mean(np.std(ends, axis=1)))

    noise = 0.01  # of `SyntheticProblem`
    assert spread(TableProblem(repeated)) == pytest.approx(noise, rel=0.3)
    assert spread(TableProblem(folder)) > 2 * noise  # what the model could not explain is among it
    record = TableProblem(repeated).describe().surrogate
    assert record is not None
    assert (record.configurations, record.trainings) == (40, 160)
    assert "40 configurations of s-table, 4 trainings each;" in words("p", TableProblem(repeated).describe())


def test_a_space_smaller_than_another_problems_leaves_cells_empty() -> None:
    problem = SyntheticProblem(tiny_space)
    done = [run_cell(CellTask("s-table", problem, TableDraws(), replicate, Budget(9))) for replicate in range(1, 7)]
    assert [len(result.trials) for result in done] == [1, 1, 1, 1, 0, 0]
    assert [result.end.state for result in done if result.end] == [CellState.DONE] * 6


def test_a_table_is_refused_before_training(problem: TableProblem) -> None:
    with pytest.raises(StudyError, match="a table of 4 configurations is too small; expected 10 or more"):
        table_study(Study("s", SyntheticProblem(tiny_space), budget=Budget(9)), 50)
    with pytest.raises(StudyError, match="'synthetic-surrogate' is computed from a table already"):
        table_study(Study("s", problem, budget=Budget(9)), 50)


# The problem


def test_it_is_the_same_problem_by_another_name(problem: TableProblem) -> None:
    trained = SyntheticProblem(mixed_space)
    assert problem.space.to_json() == trained.space.to_json()
    assert (problem.objective, problem.max_epochs) == (trained.objective, trained.max_epochs)
    assert problem.name == "synthetic-surrogate"
    assert problem.check() == trained.check()


def test_equal_seeds_give_equal_curves_and_others_do_not(problem: TableProblem) -> None:
    for configuration in draws(problem, 5):
        assert curve(problem, configuration, 1)[0] == curve(problem, configuration, 1)[0]
        assert len({tuple(curve(problem, configuration, seed)[0]) for seed in range(20)}) > 5


def test_a_continued_trial_stays_on_its_curve(problem: TableProblem) -> None:
    for configuration in draws(problem, 5):
        whole, _ = curve(problem, configuration, 3)
        first, outcome = curve(problem, configuration, 3, epochs=4, keep_state=True)
        rest, _ = curve(problem, configuration, 3, initial_epoch=4, state=outcome.state)
        assert first + rest == whole
        assert curve(problem, configuration, 3)[1].state is None


def test_it_stops_when_told_to(problem: TableProblem) -> None:
    seen: list[float] = []
    problem.train(
        TrainingRequest(problem.space.default(), 1, 9, lambda logs: bool(seen.append(1.0) or len(seen) > 1))  # type: ignore[func-returns-value]
    )
    assert len(seen) == 2


def test_more_epochs_than_were_trained_are_refused(problem: TableProblem) -> None:
    with pytest.raises(
        StudyError, match="12 epochs of synthetic-surrogate were asked for; its table was trained for 9"
    ):
        curve(problem, problem.space.default(), 1, epochs=12)
    result = run_cell(CellTask("s", problem, KTHyperband(max_epochs=27), 1, Budget(90)))
    assert result.end is not None
    assert "its table was trained for 9" in result.end.error


def test_values_are_spread_as_those_of_the_table_and_do_not_end_at_its_best(
    folder: Path, problem: TableProblem
) -> None:
    seen = np.array([[epoch["metric"] for epoch in row.curve] for row in trials(read(folder))])
    splits = [SplitSeeds(seed, 1) for seed in range(1, KEPT_TABLES + 1)]
    computed = np.array(
        [curve(problem, one, at, split=splits[at % len(splits)])[0] for at, one in enumerate(draws(problem, 400))]
    )
    assert seen.min() - 0.1 < computed.min() < computed.max() < seen.max() + 0.1
    best = max(trials(read(folder)), key=lambda row: max(epoch["metric"] for epoch in row.curve)).configuration
    tops = [max(curve(problem, best, at, split=splits[at % len(splits)])[0]) for at in range(100)]
    assert max(tops) > seen.max()
    assert (np.array(tops) == seen.max()).mean() < 0.05
    assert stats.ks_2samp(seen.max(axis=1), computed.max(axis=1)).pvalue > 0.001
    # A mean alone is narrower than what was trained: the residuals restore what it lacks.
    assert 0.75 < computed[:, -1].std() / seen[:, -1].std() < 1.25


def test_workers_get_the_rows_and_not_the_model(problem: TableProblem) -> None:
    problem.check()
    sent = pickle.dumps(problem)
    assert len(sent) < 100_000
    arrived = pickle.loads(sent)
    assert "surrogate" not in vars(arrived)
    assert vars(arrived)["_tables"] == {}
    configuration = draws(problem, 1)[0]
    assert curve(arrived, configuration, 5)[0] == curve(problem, configuration, 5)[0]


def test_a_table_of_min_mirrors_one_of_max(tmp_path: Path, folder: Path, problem: TableProblem) -> None:
    mirrored = TableProblem(train(SyntheticProblem(mixed_space, direction="min"), 60, tmp_path))
    for seed, configuration in enumerate(draws(problem, 10)):
        assert curve(mirrored, configuration, seed)[0] == pytest.approx(
            [-value for value in curve(problem, configuration, seed)[0]],
        )


@pytest.mark.parametrize("tuner", FIVE, ids=lambda tuner: tuner.label)
def test_tuners_run_unchanged(smooth: TableProblem, tuner: Tuner) -> None:
    task = CellTask("s", smooth, tuner, 1, Budget(31))
    result = run_cell(task)
    assert result.end is not None
    assert (result.end.state, result.end.spent_epochs) == (CellState.DONE, 31)
    assert all(smooth.space.mismatch(trial.configuration) == "" for trial in result.trials)
    assert {trial.fit for trial in result.trials if trial.epochs} == {"surrogate"}
    assert any(trial.parent is not None for trial in result.trials) == tuner.resumes
    went_on: list[Trial] = []
    again = run_cell(replace(task, recorded=result.trials[:2]), went_on.append)
    assert len(went_on) == len(result.trials) - 2
    assert [_timeless(trial) for trial in again.trials] == [_timeless(trial) for trial in result.trials]


def _timeless(trial: Trial) -> Trial:
    return structs.replace(trial, train_seconds=0.0, suggest_seconds=0.0, rebuilt_epochs=0)


# A table for each replicate, and what a configuration is worth in it


def test_each_replicate_has_a_table_of_its_own_which_its_tuners_share(problem: TableProblem) -> None:
    first, second = SplitSeeds(11, 1), SplitSeeds(12, 1)
    one = draws(problem, 1)[0]
    assert curve(problem, one, 5, split=first)[0] == curve(problem, one, 5, split=SplitSeeds(11, 99))[0]
    assert curve(problem, one, 5, split=first)[0] != curve(problem, one, 5, split=second)[0]
    ends = [worth(problem, one, split=SplitSeeds(seed, 1))[0][-1]["metric"] for seed in range(1, 21)]
    assert len(set(ends)) > 10
    assert len(problem._tables) == KEPT_TABLES
    # Of 60 configurations drawn with replacement, 1 - 1/e are there.
    shares = [len(problem.surrogate.table(seed)._rows) / 60 for seed in range(30)]
    assert np.mean(shares) == pytest.approx(1 - math.exp(-1), abs=0.03)


def test_a_configuration_is_worth_the_middle_of_its_curves_whatever_the_seed(problem: TableProblem) -> None:
    split = SplitSeeds(3, 1)
    for one in draws(problem, 3):
        mean, best = worth(problem, one, seed=1, split=split)
        assert len(mean) == problem.max_epochs
        assert worth(problem, one, seed=2, split=split)[0] == mean
        ends = [curve(problem, one, seed, split=split)[0][-1] for seed in range(1, 300)]
        assert float(np.median(ends)) == pytest.approx(mean[-1]["metric"], abs=0.5 * float(np.std(ends)))
        assert problem.objective.score(mean) <= best


def test_the_best_of_a_table_is_its_best_row(tmp_path: Path, folder: Path, problem: TableProblem) -> None:
    mirrored = TableProblem(train(SyntheticProblem(mixed_space, direction="min"), 60, tmp_path))
    ends = [problem.objective.score(row.curve) for row in trials(read(folder))]
    for seed in range(1, 5):
        table = problem.surrogate.table(seed)
        assert table.best == pytest.approx(max(np.array(ends)[table._rows]))
        assert mirrored.surrogate.table(seed).best == pytest.approx(-table.best)


def test_a_study_is_judged_by_worth_and_its_report_tells_regret(problem: TableProblem, tmp_path: Path) -> None:
    study = Study("s", problem, ["kt-random", "optuna-tpe"], budget=Budget(27), replicates=3, baselines=[])
    assert (study.retrain, study.plan().endpoint) == (1, "retrained")
    done = run(study, tmp_path)
    write_report(done.directory)
    (found,) = json.loads((done.directory / "summary.json").read_text())["problems"].values()
    assert found["endpoint"]["metric"] == "noise-free metric"
    journal = read(done.directory)
    cells = {(row["tuner"], row["replicate"]): row for row in found["retrained"]}
    assert len(cells) == 6
    for (tuner, replicate), row in cells.items():
        known = journal.trials[Cell(problem.name, tuner, replicate)]
        incumbent = max(known, key=lambda trial: trial.score)
        split = of_splits("s", problem.name, replicate, incumbent.configuration)
        mean, best = worth(problem, incumbent.configuration, split=split)
        assert row["retrained"] == pytest.approx(problem.objective.score(mean))
        assert row["regret"] == pytest.approx(best - problem.objective.score(mean))
        assert row["optimism"] == pytest.approx(incumbent.score - problem.objective.score(mean))
        assert row["regret"] >= 0
    for row in found["winners"]:
        own = [cells[row["tuner"], replicate]["regret"] for replicate in (1, 2, 3)]
        assert row["regret"] == pytest.approx(np.mean(own))
        assert row["regret_low"] < row["regret"] < row["regret_high"]
    markdown = (done.directory / "report.md").read_text()
    assert "| Tuner | metric without noise | Mean best metric seen | Optimism | Regret | Cells |" in markdown
    assert "The verdict is about the metric of a search's winner without noise, as declared before the run." in markdown
    assert (
        "each replicate has a table of its own, which its tuners share: configurations drawn with replacement"
        in markdown
    )
    assert "fresh seed" not in markdown


def test_a_study_of_an_earlier_release_is_not_continued(problem: TableProblem, tmp_path: Path) -> None:
    study = Study("s", problem, ["kt-random"], budget=Budget(9), replicates=1)
    directory = run(study, tmp_path).directory
    part = path_of(directory)
    first, *rest = part.read_text().splitlines(keepends=True)
    entries = json.loads(first)
    del entries["problems"]["synthetic-surrogate"]["data"]["resampling"]
    part.write_text(json.dumps(entries) + "\n" + "".join(rest))
    with pytest.raises(
        JournalError, match=r"another resampling there \(none, yours configurations of the table, drawn"
    ):
        run(study, tmp_path)


# What failed, and what ended early


def failing(configuration: Configuration) -> float | None:
    if configuration["optimizer"] == "sgd":
        raise ValueError("no sgd here")
    return math.nan if int(configuration["layers"]) == 4 else None


def test_what_failed_in_the_table_fails(tmp_path: Path) -> None:
    folder = train(SyntheticProblem(mixed_space, fail=failing), 150, tmp_path)
    problem = TableProblem(folder)
    states = [
        (one, trial)
        for replicate in (1, 2, 3)
        for trial in run_cell(CellTask("s", problem, SklearnRandomized(), replicate, Budget(270))).trials
        for one in [trial.configuration]
    ]
    sgd = [trial for one, trial in states if one["optimizer"] == "sgd"]
    four = [trial for one, trial in states if one["optimizer"] == "adam" and one["layers"] == 4]
    fine = [trial for one, trial in states if one["optimizer"] == "adam" and int(one["layers"]) < 4]
    assert np.mean([trial.state == TrialState.FAILED for trial in sgd]) > 0.9
    assert {trial.error for trial in sgd if not trial.epochs} == {"no sgd here"}
    assert np.mean([trial.state == TrialState.FAILED for trial in four]) > 0.6
    assert "metric is nan at epoch 1" in {trial.error for trial in four}
    assert np.mean([trial.state == TrialState.FAILED for trial in fine]) < 0.2
    provenance = problem.describe().surrogate
    assert provenance.failed == sum(trial.state == TrialState.FAILED for trial in trials(read(folder))) > 50
    assert "of them FAILED" in words(problem.name, problem.describe())


class Stopping(SyntheticProblem):
    """Ends after 4 of 9 epochs by itself where there is no bias, as a callback of early stopping would."""

    def train(self, request: TrainingRequest) -> Outcome:
        epochs = request.epochs if request.configuration["bias"] else min(request.epochs, 4)
        return super().train(replace(request, epochs=epochs))


def test_what_ended_early_in_the_table_ends_early(tmp_path: Path) -> None:
    problem = TableProblem(train(Stopping(mixed_space), 80, tmp_path))
    lengths = {True: [], False: []}  # type: dict[bool, list[int]]
    for seed, configuration in enumerate(draws(problem, 100)):
        lengths[bool(configuration["bias"])].append(len(curve(problem, configuration, seed)[0]))
    assert {*lengths[True], *lengths[False]} == {4, 9}
    assert np.mean(lengths[True]) > np.mean(lengths[False]) + 1


# What is said


def test_describe_says_what_it_is_computed_from(folder: Path, problem: TableProblem) -> None:
    described = problem.describe()
    found = described.surrogate
    assert found is not None
    assert (found.table, found.configurations, found.failed, found.folds) == ("s-table", 60, 0, FOLDS)
    assert found.data_fingerprint == "synthetic"
    assert list(found.error_by_epoch) == [str(epoch) for epoch in range(1, 10)]
    last = problem.surrogate.errors.set_index("epoch").loc[9]
    assert found.error_by_epoch["9"] == {
        name: float(f"{last[name]:.4g}")
        for name in ("rmse", "r2", "rank_correlation", "best_rmse", "best_rank_correlation")
    }
    assert found.best == 6
    said = words("p", described)
    assert f"; among the best 6 of them RMSE {last['best_rmse']:.3g}, rank correlation " in said
    assert said.endswith("Each replicate has a table of its own, drawn from these configurations with replacement.")
    assert words("synthetic", SyntheticProblem().describe()) == ""


def test_another_table_is_other_data(tmp_path: Path, problem: TableProblem) -> None:
    other = TableProblem(train(SyntheticProblem(mixed_space), 61, tmp_path))
    run(Study("s", problem, ["kt-random"], budget=Budget(9), replicates=1), tmp_path)
    with pytest.raises(JournalError, match="other data"):
        run(Study("s", other, ["kt-random"], budget=Budget(9), replicates=1), tmp_path)


def test_results_are_labelled_wherever_they_are_shown(problem: TableProblem, tmp_path: Path) -> None:
    study = Study("s", problem, ["kt-random", "optuna-tpe"], budget=Budget(18), replicates=3)
    directory = run(study, tmp_path).directory
    label = (
        "synthetic-surrogate is a surrogate: nothing was trained, all curves are computed from the 60 configurations "
        "of s-table; error of metric at epoch 9 by 10-fold cross-validation: RMSE "
    )
    report = write_report(directory)
    assert report.verdict.line.startswith("On a surrogate: No verdict")
    assert report.verdict.details[0].startswith(label)
    summary = json.loads((directory / "summary.json").read_text())
    assert summary["verdict"]["line"] == report.verdict.line
    assert list(summary["problems"]) == ["synthetic-surrogate"]
    markdown, page = (directory / "report.md").read_text(), (directory / "report.html").read_text()
    assert label in markdown
    assert label in page
    assert "surrogate of synthetic-surrogate: configurations | 60" in markdown
    assert "trained by: surrogate" in markdown
    assert "synthetic-surrogate" in (directory / "trials.csv").read_text()
    console = Console(record=True, width=1000)
    status.show(status.look(directory), console)
    assert label in console.export_text()
    assert (directory / "hparams" / "trials" / "synthetic-surrogate" / "kt-random" / "01" / "0000").is_dir()


def test_what_was_trained_is_not_labelled(tmp_path: Path) -> None:
    study = Study("s", SyntheticProblem(), ["kt-random"], budget=Budget(9), replicates=1)
    directory = run(study, tmp_path).directory
    write_report(directory)
    assert not [
        path
        for path in directory.rglob("*.*")
        if path.is_file() and b"surrogate" in path.read_bytes().replace(b"lone surrogate", b"")
    ]


# Mistakes


def test_no_table_there(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"there is no table in .*nowhere; `tuning table STUDY\.py"):
        TableProblem(tmp_path / "nowhere")


def test_another_problem(folder: Path) -> None:
    with pytest.raises(StudyError, match=r"TableProblem\(problem='mnist'\): .* has synthetic"):
        TableProblem(folder, "mnist")


def test_a_study_is_no_table(tmp_path: Path) -> None:
    study = Study("s", SyntheticProblem(), ["kt-random"], budget=Budget(180), replicates=1)
    with pytest.raises(StudyError, match="holds 0 trained configurations of synthetic; expected 10 or more"):
        TableProblem(run(study, tmp_path).directory)


def test_a_table_that_is_being_trained_is_what_it_holds_so_far(folder: Path, tmp_path: Path) -> None:
    lines = path_of(folder).read_bytes().splitlines(keepends=True)
    part = path_of(tmp_path / "part")
    part.parent.mkdir(parents=True)
    part.write_bytes(b"".join(lines[:42]))
    assert TableProblem(tmp_path / "part").describe().surrogate.configurations == 20
