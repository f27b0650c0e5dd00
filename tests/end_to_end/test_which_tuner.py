"""The published results of the suite: the page says what the journals say, and a tuner can be added to them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.end_to_end.test_third_party_problem import installed, printed
from tuning.analysis.choices import percent
from tuning.analysis.summary import Summary, summarise
from tuning.formatting import interval, number
from tuning.journal import journal
from tuning.journal.records import Cell
from tuning.report.figures.over_problems import differences_over_problems
from tuning.report.figures.render import DrawnBeside

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "reports" / "suite"
PAGE = " ".join((ROOT / "docs" / "which-tuner.md").read_text().split())

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tables() -> Summary:
    return summarise(journal.read(PUBLISHED / "suite-published-tables"))


def test_the_page_says_what_twelve_tables_say_together(tables: Summary) -> None:
    over = tables.over_problems
    assert over is not None
    assert over.verdict.line.startswith(
        "kt-bayesian-4 is shown better than kt-random, on average over these 12 problems"
    )
    assert over.verdict.line.endswith("For problems like these in general, no difference is shown.")
    [row] = over.pairs[over.pairs["decided"] != ""].to_dict("records")
    words = f"by {number(row['difference'], 2)} spreads (95 % interval {interval(row['low'], row['high'], 2)}, Holm-"
    assert words in PAGE
    assert f"problems like these ({interval(row['general_low'], row['general_high'], 2)})" in PAGE
    assert "better on 9, worse on 3" in row["where"]
    assert (over.left_out["lost"] != "").sum() == 7
    told = over.tuners.set_index("tuner")["best"]
    apart = over.pairs.set_index("a")["difference"]
    rows = re.findall(r"\| `([\w-]+)`[^|]* \| ([\w %]+) \| ([\d.]+) \|", PAGE)
    assert rows == [(name, percent(told[name]), number(apart[name], 2)) for name in apart.sort_values()[::-1].index]


@pytest.mark.usefixtures("pictures")
def test_its_figure_is_drawn_from_the_journal(tables: Summary) -> None:
    figure = differences_over_problems(tables, "_all")
    assert figure is not None
    with DrawnBeside() as drawn:
        drawn.begin([figure])
        made = drawn.svg(figure)
    assert made == (PUBLISHED / "suite-published-tables" / "figures" / "differences_all.svg").read_text()


def test_the_page_says_what_breast_cancer_says() -> None:
    problem = summarise(journal.read(PUBLISHED / "suite-breast-cancer")).problems["breast-cancer"]
    assert problem.verdict.line.startswith("No difference shown between kt-random, ")
    means: pd.Series[float] = 100 * problem.winners.set_index("tuner")["test"]
    tuners = means[list(problem.contest.tuners)]
    assert f"right for {tuners.min():.1f} to {tuners.max():.1f} % of the tumours" in PAGE
    assert f"default configuration for {means['default']:.1f} %" in PAGE
    assert f"for {means['sklearn-logistic']:.1f} %. No difference is shown" in PAGE


@pytest.mark.usefixtures("fork_server")
def test_another_tuner_is_added_by_one_command_and_no_other_trained_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(ROOT / "tests" / "third_party_tuner", tmp_path, monkeypatch)
    folder = tmp_path / "reports" / "suite-breast-cancer"
    shutil.copytree(PUBLISHED / "suite-breast-cancer" / "journal", folder / "journal")
    before = journal.read(folder)
    script = str(ROOT / "studies" / "suite" / "breast_cancer.py")
    words = ["--tuners", "kt-random,halton", "--no-baselines", "--replicates", "1", "--jobs", "1"]
    printed(tmp_path, "run", script, *words, "--out", str(tmp_path / "reports"))
    after = journal.read(folder)
    new = after.trials.keys() - before.trials.keys()
    assert new == {Cell("breast-cancer", "halton", 1)}
    assert {cell: after.trials[cell] for cell in before.trials} == before.trials
    assert set(after.plan.tuners) == {*before.plan.tuners, "halton"}
    assert "halton" in summarise(after).problems["breast-cancer"].choice.table["tuner"].to_list()
