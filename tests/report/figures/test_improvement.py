from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.figures.test_base import rows_of
from tests.support.golden_journal import write_scores
from tuning.analysis.problem_summary import ProblemSummary
from tuning.analysis.summary import summarise
from tuning.journal import journal
from tuning.report.figures.improvement import MAX_PAIRS, improvement
from tuning.report.figures.scores import figures


def of_scores(path: Path, scores: dict[str, list[float | None]]) -> ProblemSummary:
    write_scores(path, scores)
    return summarise(journal.read(path)).problems["digits"]


def test_each_pair_names_the_better_tuner_first_and_has_the_numbers_of_its_test(tmp_path: Path) -> None:
    scores = {"a": [0.4] * 8, "b": [0.9 + place / 1000 for place in range(8)], "c": [0.3] * 4 + [0.5] * 4}
    problem = of_scores(tmp_path, scores)  # type: ignore[arg-type]
    figure = improvement(problem)
    assert figure is not None
    rows = {row["pair"]: row for row in rows_of(figure, layer=-1)}
    assert list(rows) == ["b beats a", "b beats c", "a beats c"]
    assert [(row["chance"], row["shown"]) for row in rows.values()] == [(1, "yes"), (1, "yes"), (0.5, "no")]
    (recorded,) = problem.pairs[(problem.pairs["a"] == "a") & (problem.pairs["b"] == "b")].to_dict("records")
    assert rows["b beats a"]["low"] == pytest.approx(1 - recorded["a_better_high"], abs=1e-4)
    assert rows["b beats a"]["high"] == pytest.approx(1 - recorded["a_better_low"], abs=1e-4)
    assert "Shown better: b beats a and b beats c." in figure.description
    assert f"a beats c 50% ({recorded_range(problem)})" in figure.description


def recorded_range(problem: ProblemSummary) -> str:
    (row,) = problem.pairs[(problem.pairs["a"] == "a") & (problem.pairs["b"] == "c")].to_dict("records")
    return f"{row['a_better_low']:.0%} to {row['a_better_high']:.0%}"


def test_the_line_of_equality_and_of_what_matters_are_drawn(digits: ProblemSummary) -> None:
    figure = improvement(digits)
    assert figure is not None
    assert [rows_of(figure, layer=layer) for layer in (0, 1)] == [[{"chance": 0.5}], [{"chance": 0.75}]]


def test_of_many_pairs_those_of_the_tuner_to_choose_are_drawn_and_a_matrix_has_all(tmp_path: Path) -> None:
    scores = {f"tuner-{place}": [0.5 + place / 100 + step / 1000 for step in range(4)] for place in range(7)}
    write_scores(tmp_path, scores)
    summary = summarise(journal.read(tmp_path))
    problem = summary.problems["digits"]
    assert len(problem.pairs) == 21 > MAX_PAIRS
    made = {figure.name: figure for figure in figures(summary)["digits"]}
    drawn = [row["pair"] for row in rows_of(made["improvement"], layer=-1)]
    assert problem.choice.tuner == "tuner-6"
    assert sorted(drawn) == [f"tuner-6 beats tuner-{place}" for place in range(6)]
    assert made["improvement"].caption.endswith("Of 21 pairs, those of tuner-6 are drawn; the table has all.")
    assert "pairwise" in made


def test_without_a_pair_there_is_no_figure(tmp_path: Path) -> None:
    assert improvement(of_scores(tmp_path, {"a": [0.5, 0.6]})) is None
