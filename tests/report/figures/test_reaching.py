from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.report.figures.test_base import rows_of
from tests.report.figures.test_improvement import of_scores
from tuning.analysis.problem_summary import ProblemSummary
from tuning.report.figures.reaching import fixed_targets, speed_up, speed_words
from tuning.report.tables.reaching import fixed_targets_table, speed_table, targets_table


def test_curves_end_where_their_last_shares_are(digits: ProblemSummary) -> None:
    figure = fixed_targets(digits)
    assert figure is not None
    drawn = {row["tuner"]: row["share"] for row in rows_of(figure)}  # the last row of each
    last = digits.fixed_targets.groupby("tuner", sort=False)["share"].last()
    assert drawn == last.round(4).to_dict()
    assert all(f"{tuner} {share:.0%} (" in figure.description for tuner, share in drawn.items())
    assert "kt-random's first trials" in figure.caption
    table = fixed_targets_table(digits)
    assert [entry.value for entry in table.rows[-1]][1:] == list(last)


def test_what_random_search_never_reached_is_at_least(digits: ProblemSummary) -> None:
    figure = speed_up(digits)
    assert figure is not None
    rows = [row for row in rows_of(figure, layer=-1) if row["tuner"] == "optuna-tpe"]
    assert rows[-1]["needs"] == "at least"
    assert rows[-1]["speed"] == 2.0  # of 24 epochs for its 12
    assert "optuna-tpe at least 2.00 (" in figure.description
    assert "How many epochs random-2x needs" in figure.caption
    (entry,) = [row for row in speed_table(digits).rows if (row[0].text, row[1].text) == ("12", "optuna-tpe")]
    assert (entry[3].text, entry[3].value) == ("over 24.0", 24)


def test_a_speed_up_in_words() -> None:
    row = {"speed": 1.5, "low": 0.5, "high": float("inf"), "at_least": True}
    assert speed_words(row) == "at least 1.50 (0.50 or more)"
    assert speed_words({**row, "high": 3.0, "at_least": False}) == "1.50 (0.50 to 3.00)"
    assert speed_words({**row, "low": float("nan")}) == "at least 1.50"


def test_without_random_search_or_targets_there_is_no_figure(tmp_path: Path, digits: ProblemSummary) -> None:
    alike = of_scores(tmp_path, {"a": [0.5, 0.5], "b": [0.5, 0.5]})
    assert speed_up(alike) is None
    assert fixed_targets(alike) is None  # the first trials are the best known
    assert speed_up(replace(digits, speed_ups=digits.speed_ups.iloc[:0])) is None


def test_a_target_that_nobody_reached_has_no_expected_running_time(digits: ProblemSummary) -> None:
    table = targets_table(digits)
    assert table.columns[-1] == "Expected running time"
    never = [row for row in table.rows if row[2].text.startswith("0 of")]
    assert never
    assert {row[-1].text for row in never} == {"∞"}
