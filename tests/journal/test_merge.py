"""Several studies as one: their problems side by side, what is left out, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from tests.support.golden_journal import session, study, trial
from tuning.analysis.summary import summarise
from tuning.cli import main
from tuning.errors import JournalError
from tuning.journal.merge import compared
from tuning.journal.plan import Looks
from tuning.journal.records import Cell, CellEnd
from tuning.journal.study_record import DataRecord
from tuning.journal.writer import JournalWriter
from tuning.report.report import write_report


def written(
    path: Path,
    problem: str,
    scores: dict[str, list[float]],
    *,
    name: str = "",
    budget: int = 2,
    direction: str = "max",
    max_epochs: int = 0,
    **plan: Any,
) -> Path:
    """A study whose tuners' replicates end at these scores."""
    first = replace(study(problem, direction=direction), study=name or path.name)
    if max_epochs:
        alone = replace(first.problems[problem], max_epochs=max_epochs, data=DataRecord(path.name))
        first = replace(first, problems={problem: alone})
    with JournalWriter.create(path, first) as writer:
        session(writer, list(scores), budget, max(map(len, scores.values())), **plan)
        for tuner, ends in scores.items():
            for replicate, score in enumerate(ends, start=1):
                cell = Cell(problem, tuner, replicate)
                writer.trial(trial(cell, 0, [score] * budget, budget))
                writer.cell(CellEnd(cell, "DONE", "the budget is spent", "", 1, budget, 1.0))
    return path


SIX = [0.5, 0.51, 0.52, 0.53, 0.54, 0.55]


def test_ranks_and_normalised_scores_over_the_problems_of_all_studies(tmp_path: Path) -> None:
    better = [score + 0.1 for score in SIX]
    best = [score + 0.2 for score in SIX]
    one = written(tmp_path / "a", "digits", {"kt-random": SIX, "optuna-tpe": best, "kt-grid": better})
    two = written(tmp_path / "b", "iris", {"optuna-tpe": [0.1] * 6, "kt-random": better}, direction="min")
    found = summarise(compared([one, two]))
    assert list(found.problems) == ["digits", "iris"]
    assert found.contest.tuners == ("kt-random", "optuna-tpe")
    end = found.standings[found.standings["spent_epochs"] == 2]
    assert end.set_index("tuner")["rank"].to_dict() == {"kt-random": 2.0, "optuna-tpe": 1.0}
    assert end.set_index("tuner")["normalised"]["kt-random"] == pytest.approx(1.0)

    report = write_report(tmp_path / "out", compared([one, two]))
    text = report.markdown.read_text()
    assert "## All problems together" in text
    assert "Not in every study with the same settings, and left out: kt-grid (a)." in text
    assert "tuning compare a b" in text
    assert "kt-grid" not in (tmp_path / "out" / "trials.csv").read_text()
    assert list(json.loads(report.summary.read_text())["problems"]) == ["digits", "iris"]
    assert report.verdict.line.startswith(
        "optuna-tpe is shown better than kt-random, on average over these 2 problems "
    )
    assert report.verdict.line.endswith("in general, no difference is shown.")  # both are of the same data
    assert "Independent problems: 1 of 2; digits and iris share data or a table, and count as one." in text


def test_a_problem_that_two_studies_have_is_told_apart_and_said_to_be_one(tmp_path: Path) -> None:
    scores = {"a": [0.5], "b": [0.6]}
    one, two = (written(tmp_path / name, "digits", scores) for name in ("x", "y"))
    found = compared([one, two])
    assert list(found.problems) == ["x: digits", "y: digits"]
    assert "x: digits and y: digits are the same problem" in found.healed
    same = written(tmp_path / "z" / "x", "digits", scores, name="x")
    assert list(compared([one, same]).problems) == [f"x: digits ({one})", f"x: digits ({same})"]


def test_the_endpoint_is_what_all_studies_have(tmp_path: Path) -> None:
    plan: dict[str, Any] = {"retrain": 1, "endpoint": "test"}
    one = written(tmp_path / "a", "digits", {"x": SIX, "y": SIX}, **plan)
    two = written(tmp_path / "b", "iris", {"x": SIX, "y": SIX}, **plan)
    three = written(tmp_path / "c", "wine", {"x": SIX, "y": SIX}, endpoint="search")
    assert compared([one, two]).endpoint == compared([one, two]).plan.endpoint == "test"
    both = compared([one, three])
    assert (both.endpoint, both.plan.endpoint) == ("search", "")
    assert "Endpoints differ (a test and c search); compared is what all of them have." in both.healed


def test_what_each_study_drew_at_random_is_known_under_its_problem_s_new_name(tmp_path: Path) -> None:
    scores = {"a": [0.5], "b": [0.6]}
    one = written(tmp_path / "x", "digits", scores, random_draws={"a": {"digits": None}})
    two = written(tmp_path / "y", "digits", scores, random_draws={"a": {"digits": 1}, "b": {"digits": None}})
    assert compared([one, two]).plan.random_draws == {
        "a": {"x: digits": None, "y: digits": 1},
        "b": {"y: digits": None},
    }


def test_each_study_keeps_its_own_replicates(tmp_path: Path) -> None:
    one = written(tmp_path / "x", "digits", {"a": [0.5] * 3, "b": [0.6] * 3})
    two = written(tmp_path / "y", "iris", {"a": [0.5] * 2, "b": [0.6] * 2})
    found = compared([one, two])
    assert "Replicates differ: x 3 and y 2." in found.healed
    assert summarise(found).cells.groupby("problem").size().to_dict() == {"digits": 6, "iris": 4}
    assert set(summarise(found).cells["state"]) == {"DONE"}


def test_budgets_may_differ_in_epochs_if_they_pay_for_as_many_full_trainings(tmp_path: Path) -> None:
    better = [score + 0.1 for score in SIX]
    scores = {"kt-random": SIX, "optuna-tpe": better}
    short = written(tmp_path / "a", "digits", scores, budget=40, max_epochs=4)
    long = written(tmp_path / "b", "iris", scores, budget=100, max_epochs=10)
    journal = compared([short, long])
    found = summarise(journal)
    assert [problem.contest.budget_epochs for problem in found.problems.values()] == [40, 100]
    assert found.cells.groupby("problem")["planned_epochs"].unique().to_dict() == {"digits": [40], "iris": [100]}
    assert set(found.cells["state"]) == {"DONE"}
    # Over problems, what was had at the same share of each budget is compared.
    assert found.standings["spent_epochs"].unique().tolist() == [5.0 * step for step in range(1, 21)]
    assert found.problems["digits"].standings["spent_epochs"].unique().tolist() == [2.0 * step for step in range(1, 21)]
    report = write_report(tmp_path / "out", journal)
    text = report.markdown.read_text()
    assert "2 tuners, 6 replicates, the epochs of 10 full trainings a cell" in text
    assert "against percent of the budget spent." in text
    assert "| Budget, % | Tuner |" in text
    document = json.loads(report.summary.read_text())
    assert (document["budget_epochs"], document["budget_trainings"]) == (None, 10)

    other = written(tmp_path / "c", "wine", scores, budget=100, max_epochs=5)
    with pytest.raises(JournalError, match=r"/a has a budget of 40 epochs a cell, [^ ]+/c has a budget of 100 "):
        compared([short, other])


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"budget": 3}, "has a budget of 2 epochs a cell, {other} has a budget of 3 epochs a cell; only studies that"),
        ({"until_decided": Looks(9, None, 0.05, 2)}, "has the rule none for adding replicates, {other} has the rule"),
        ({"scores": {"a": [0.5], "c": [0.5]}}, "{one} and {other} have 1 tuners with equal settings in common"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_a_line(tmp_path: Path, other: dict[str, Any], said: str) -> None:
    one = written(tmp_path / "x", "digits", {"a": [0.5], "b": [0.6]})
    scores = other.pop("scores", {"a": [0.5], "b": [0.6]})
    two = written(tmp_path / "y", "iris", scores, **other)
    with pytest.raises(JournalError) as error:
        compared([one, two])
    assert said.format(one=one, other=two) in str(error.value)
    assert "\n" not in str(error.value)


def test_the_command(tmp_path: Path) -> None:
    one = written(tmp_path / "x", "digits", {"a": [0.5], "b": [0.6]})
    two = written(tmp_path / "y", "iris", {"a": [0.5], "b": [0.6]})

    def invoke(*words: object) -> Any:
        return CliRunner(env={"COLUMNS": "200"}).invoke(main.app, ["compare", *map(str, words)])

    result = invoke(one, two, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith(f"Report: {tmp_path}/out/report.html\n")
    assert (tmp_path / "out" / "tables").is_dir()
    for words in ((one,), (one, one)):
        result = invoke(*words)
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
        assert "expected two studies or more" in result.stderr
    result = invoke(one, two, "--out", one)
    assert "is the folder of a study; choose another with --out" in result.stderr
    assert not (one / "report.html").exists()
