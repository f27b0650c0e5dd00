"""A study's results in Python: the same tables and the same answer as in its folder, without TensorFlow."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import altair
import pytest

import tuning
from tests.report.test_first_screen import two_problems
from tests.support.golden_journal import write_scores
from tuning.analysis.choices import CHOSEN
from tuning.errors import JournalError, StudyError
from tuning.report.csv import write_csv
from tuning.report.report import Report
from tuning.report.result import Result

FIGURES = [
    "best_so_far", "wall_clock", "what_one_gets", "final_scores", "rank_over_budget", "pairwise", "improvement",
    "critical_difference", "performance_profile", "fixed_targets", "speed_up", "trials_by_state",
    "parallel_coordinates", "slices", "coverage", "rungs",
]  # fmt: skip
NOT_OF_SO_FEW = ["importance", "partial_dependence", "contour"]  # trials as the golden journal has


@pytest.fixture(scope="module")
def result(golden_report: Report) -> Result:
    return Result.load(golden_report.directory)


@pytest.mark.parametrize("table", ["trials", "epochs", "retrainings", "tuners"])
def test_tables_are_those_of_the_csv_files(result: Result, table: str, tmp_path: Path) -> None:
    write_csv(getattr(result, table)(), tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == (result.directory / f"{table}.csv").read_bytes()


def test_numbers_in_the_tables_are_numbers(result: Result) -> None:
    trials, epochs, retrainings = result.trials(), result.epochs(), result.retrainings()
    for column in ("score", "train_seconds", "hp.learning_rate", "hp.momentum"):
        assert trials[column].dtype == "float64"
    for column in ("replicate", "trial", "epochs", "spent_epochs"):
        assert trials[column].dtype == "int64"
    assert trials["hp.n_hidden"].dtype in ("int64", "Int64")
    assert set(epochs.dtypes[["replicate", "trial", "epoch", "spent_epochs"]].map(str)) == {"int64"}
    assert retrainings["final"].dtype == "bool"
    assert set(result.tuners().dtypes[["median", "test", "test_low"]].map(str)) == {"float64"}


def test_a_table_is_the_callers_own(result: Result) -> None:
    mine = result.trials()
    mine["score"] = 0.0
    assert result.trials()["score"].nunique() > 1


def test_the_best_is_the_model_that_the_report_says_to_use(result: Result) -> None:
    best = result.best
    assert (best.problem, best.tuner, best.replicate, best.trial) == ("digits", "optuna-tpe", 1, 1)
    line = f"optuna-tpe, replicate 1, trial 1: val_accuracy {best.score:.3f} and test accuracy {best.test:.3f}, means"
    assert line in (result.directory / "report.md").read_text()
    rows = result.retrainings().query("tuner == 'optuna-tpe' and replicate == 1 and final and state == 'COMPLETE'")
    assert best.score == pytest.approx(rows["score"].mean())
    assert best.seeds == len(rows)
    assert best.model is None  # the golden journal holds no record of it


def test_verdict_and_recommendation_are_those_of_the_report(result: Result) -> None:
    summary = json.loads((result.directory / "summary.json").read_text())
    assert result.verdict.line == summary["verdict"]["line"]
    assert result.recommendation.kind == CHOSEN
    assert result.recommendation.line in repr(result)
    assert repr(result).startswith(f"Result of study 'golden' in {result.directory}\n  3 tuners, 4 replicates")


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_is_a_chart_that_vega_lite_accepts(result: Result, name: str) -> None:
    chart = getattr(result.plot, name)()
    assert isinstance(chart, altair.TopLevelMixin)
    assert chart.to_dict(validate=True)["$schema"].startswith("https://vega.github.io/schema/vega-lite/")


def test_every_figure_of_the_class_is_tested() -> None:
    methods = {name for name in vars(tuning.report.plots.Plots) if not name.startswith("_")}
    assert methods == {*FIGURES, *NOT_OF_SO_FEW}


@pytest.mark.parametrize("name", NOT_OF_SO_FEW)
def test_what_too_few_trials_depend_on_is_nothing_to_draw(result: Result, name: str) -> None:
    with pytest.raises(StudyError, match="there is nothing to draw yet"):
        getattr(result.plot, name)()


def test_in_a_notebook_it_is_the_first_screen(result: Result) -> None:
    shown = result._repr_html_()
    order = [result.recommendation.line, result.verdict.line, "Use this model", "More compute?", "<table>"]
    places = [shown.index(part.replace("'", "&#39;")) for part in order]
    assert places == sorted(places)
    assert "<script" not in shown
    assert "http" not in shown


def test_several_problems_are_answered_one_by_one(tmp_path: Path) -> None:
    both = Result.load(two_problems(tmp_path))
    assert both.problems == ("one", "the other")
    assert both.verdict.line.startswith("b is shown better than a, on average over these 2 problems")
    with pytest.raises(StudyError, match=r"the problems one, the other, .* say which: result\.problem\('one'\)\.best$"):
        _ = both.best
    with pytest.raises(StudyError, match=r"result\.problem\('one'\)\.plot$"):
        both.plot.best_so_far()
    assert both.plot.rank_over_budget().to_dict()
    one = both.problem("the other")
    assert set(one.trials()["problem"]) == {"the other"}
    assert len(one.tuners()) == 2
    assert one.recommendation.tuner == "b"
    assert one.plot.best_so_far().to_dict()
    assert "the other: " in repr(both)
    assert both._repr_html_().count("<table>") == 1
    with pytest.raises(StudyError, match="study 'two' has no problem 'three'; it has one, the other"):
        both.problem("three")


def test_without_retraining_there_is_no_best_and_it_says_so(tmp_path: Path) -> None:
    write_scores(tmp_path, {"a": [0.5, 0.6, 0.7], "b": [0.4, 0.3, 0.2]})
    result = Result.load(tmp_path)
    with pytest.raises(StudyError, match=r"has no winner on 'digits': none is retrained; .* trials\(\)"):
        _ = result.best
    assert "Use this model" not in result._repr_html_()


def test_a_folder_without_a_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="holds no study"):
        Result.load(tmp_path)


def test_it_loads_and_draws_without_anything_that_trains(result: Result) -> None:
    script = (
        "import sys; from tuning import Result; found = Result.load(sys.argv[1]); found.trials(); found.best; "
        "found._repr_html_(); found.plot.best_so_far(); "
        "print(sorted(set(sys.modules) & {'keras', 'tensorflow', 'keras_tuner', 'optuna', 'sklearn', 'scikeras'}))"
    )
    words = [sys.executable, "-c", script, str(result.directory)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
