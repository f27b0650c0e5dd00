"""What several problems say together, in words and numbers, from journals of known scores."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from tests.support.golden_journal import session, study, trial
from tuning.analysis.over_problems.draws import draws, same_sizes
from tuning.analysis.over_problems.over_problems import OverProblems
from tuning.analysis.over_problems.variation import features, set_apart, where
from tuning.analysis.summary import Summary, summarise
from tuning.analysis.verdict.verdict import SHOWN, UNDECIDED
from tuning.journal.journal import read
from tuning.journal.records import Cell, CellEnd
from tuning.journal.study_record import NOT_RECORDED, SYNTHETIC, DataRecord, ProblemRecord, StudyRecord, SurrogateRecord
from tuning.journal.writer import JournalWriter
from tuning.report.report import write_report

BUDGET = 2
RECORD = study().problems["digits"]


def record(fingerprint: str, max_epochs: int = 4) -> ProblemRecord:
    return replace(RECORD, data=DataRecord(fingerprint, {"train": {"size": 100}}), max_epochs=max_epochs)


@dataclass
class Scores:
    """Of several problems with data of their own, unless told: by problem, (num_replicates, num_tuners)."""

    by_problem: dict[str, np.ndarray]
    records: dict[str, ProblemRecord] | None = None
    random_draws: dict[str, dict[str, int | None]] | None = None

    def summary(self, path: Path, tuners: str = "abc") -> Summary:
        records = self.records or {name: record(name) for name in self.by_problem}
        with JournalWriter.create(path, StudyRecord(study="several", problems=records)) as writer:
            most = max(map(len, self.by_problem.values()))
            session(writer, list(tuners), BUDGET, most, random_draws=self.random_draws or {})
            for problem, scores in self.by_problem.items():
                for (replicate, at), score in np.ndenumerate(scores):
                    if np.isnan(score):
                        continue
                    cell = Cell(problem, tuners[at], replicate + 1)
                    writer.trial(trial(cell, 0, [float(score)] * BUDGET, BUDGET))
                    writer.cell(CellEnd(cell, "DONE", "the budget is spent", "", 1, BUDGET, 1.0))
        return summarise(read(path))

    def over(self, path: Path) -> OverProblems:
        found = self.summary(path).over_problems
        assert found is not None
        return found


def many(
    problems: int, better: float, varies: float = 0.0, replicates: int = 5, seed: int = 1
) -> dict[str, np.ndarray]:
    """Problems in units of their own; b is better by so many spreads, and by more or less on each."""
    generator = np.random.default_rng(seed)
    found = {}
    for place in range(problems):
        merits = np.array([0.0, better, 0.0]) + varies * generator.normal(size=3)
        scores = generator.normal(size=(replicates, 3)) + merits
        found[f"p{place}"] = 0.5 + 10.0 ** -(place % 4 + 2) * scores
    return found


def test_a_difference_too_small_for_any_problem_is_shown_over_many(tmp_path: Path) -> None:
    summary = Scores(many(8, 1.5)).summary(tmp_path)
    over = summary.over_problems
    assert over is not None
    assert summary.verdict is over.verdict
    assert over.verdict.kind == SHOWN
    line = "b is shown better than a and c, on average over these 8 problems (Holm-adjusted p ≤ 0.05, 1 of 3 pairs "
    assert over.verdict.line == line + "undecided). That also holds for problems like these in general."
    assert over.choice.lines[0] == "To choose for problems like these: b, shown better than all others."
    assert over.choice.tuner == "b"
    row = over.pairs.set_index(["a", "b"]).loc[("a", "b")]
    assert row["low"] < -1.5 < row["high"] < 0
    assert row["general_low"] <= row["low"] < row["high"] <= row["general_high"]
    assert row["new_low"] < row["general_low"]
    assert (over.left_out["tuner"] == "b").all()
    assert "Without any one problem, b would still be recommended." in over.verdict.details
    assert over.by_problem.groupby("problem")["seen"].sum().abs().max() < 1e-9
    drawn = over.by_problem[over.by_problem["tuner"] == "b"]
    assert drawn["drawn"].std() < drawn["seen"].std()  # drawn together


def test_what_holds_on_these_problems_need_not_hold_on_others(tmp_path: Path) -> None:
    over = Scores(many(4, 2.0, varies=1.5, replicates=8)).over(tmp_path)
    assert over.verdict.line.endswith("For problems like these in general, no difference is shown.")
    assert over.choice.lines[0].startswith("If you must choose one tuner for problems like these: ")
    assert "The difference depends on the problem" in over.verdict.details[0]
    row = over.tuners.set_index("tuner").loc[over.choice.tuner]
    assert row["best_new"] < row["best_these"]


def test_equal_tuners_are_not_told_apart(tmp_path: Path) -> None:
    over = Scores(many(6, 0.0)).over(tmp_path)
    assert over.verdict.kind == UNDECIDED
    assert over.verdict.line == "No difference shown between a, b and c on average over these 6 problems."
    assert over.verdict.details[0].startswith("Nearest to a difference: ")
    assert over.tuners["best"].sum() == pytest.approx(1)


def test_what_cannot_be_compared_is_said_and_not_imputed(tmp_path: Path) -> None:
    scores = many(4, 1.0)
    scores["p1"][:, 2] = np.nan  # not run there
    scores["p2"][:] = 0.5
    scores["p3"][1:] = np.nan
    over = Scores(scores).over(tmp_path)
    assert over.measured.problems == ("p0", "p1")
    assert over.measured.gaps == (
        "p2 is left out of what is said over problems: all its scores are the same.",
        "p3 is left out of what is said over problems: fewer than two tuners have two scores.",
        "c has fewer than two scores on p1, and is not compared there; nothing is imputed.",
    )
    assert over.pairs["problems"].tolist() == [2, 1, 1]
    nothing = Scores({"p2": scores["p2"], "p3": scores["p3"]}).over(tmp_path / "nothing")
    assert (nothing.verdict.judged, nothing.choice.lines, nothing.choice.tuner) == (False, (), "")
    only = Scores({"p0": scores["p0"], "p2": scores["p2"]}).over(tmp_path / "one")
    assert only.verdict.line == "No verdict over problems: only p0 has scores enough to be compared with others."


def test_problems_that_share_data_or_a_table_are_one_draw() -> None:
    table = SurrogateRecord("t", 9, 0, "x", "forest", "accuracy", 5, {})
    other = replace(table, table="u", data_fingerprint="y")
    problems = {
        "first": record("x"),
        "second": record("z"),
        "again": record("x", max_epochs=9),
        "surrogate": replace(record("table t"), surrogate=table),
        "another": replace(record("table u"), surrogate=other),
        "of the same table": replace(record("table u, later"), surrogate=replace(other, data_fingerprint="w")),
    }
    assert list(draws(problems).values()) == [0, 1, 0, 0, 2, 2]
    imported = {"a": record(NOT_RECORDED), "b": record(NOT_RECORDED, max_epochs=9), "c": record(NOT_RECORDED)}
    assert list(draws(imported).values()) == [0, 1, 0]
    synthetic = {"a": record(SYNTHETIC), "b": replace(record(SYNTHETIC), space=[]), "c": record(SYNTHETIC)}
    assert list(draws(synthetic).values()) == [0, 1, 0]
    shared = {
        name: replace(record(name), data=DataRecord(name, targets=targets))
        for name, targets in (("one output", ["p"]), ("other rows", ["r"]), ("two outputs", ["p", "q"]))
    }
    assert list(draws(shared).values()) == [0, 1, 0]
    # A problem may join two that seemed to be drawn apart.
    joins = {"a": record("x"), "b": replace(record("k"), surrogate=replace(table, data_fingerprint="q"))}
    joins["c"] = replace(record("l"), surrogate=table)
    assert list(draws(joins).values()) == [0, 0, 0]


def test_parts_of_the_same_sizes_are_pointed_out() -> None:
    small = replace(RECORD, data=DataRecord("s", {"train": {"size": 7}}))
    problems = {"a": record("x"), "again": record("x"), "b": record("y"), "c": small, "d": replace(small, folds=2)}
    problems["unknown"] = replace(RECORD, data=DataRecord("u"))
    assert same_sizes(problems) == [["a", "again", "b"]]


def test_shared_data_count_once(tmp_path: Path) -> None:
    scores = many(4, 1.0)
    records = dict(zip(scores, [record("x"), record("x"), record("y"), record("z")], strict=True))
    over = Scores(scores, records).over(tmp_path)
    assert set(over.pairs["draws"]) == {3}
    assert "Independent problems: 3 of 4; p0 and p1 share data or a table, and count as one." in over.verdict.details
    assert over.left_out["without"].tolist() == ["p0 and p1", "p2", "p3"]


def test_one_algorithm_under_two_names_is_one_to_choose(tmp_path: Path) -> None:
    scores = many(6, 0.0)
    drawn: dict[str, dict[str, int | None]] = {tuner: dict.fromkeys(scores) for tuner in "bc"}
    records = {name: replace(record(name), max_epochs=BUDGET) for name in scores}
    over = Scores(scores, records, drawn).over(tmp_path)
    assert over.pairs[["a", "b"]].to_numpy().tolist() == [["a", "b"], ["a", "c"]]
    assert over.tuners["algorithm"].tolist() == ["a", "b or c", "b or c"]
    assert over.tuners["best"].iloc[:2].sum() == pytest.approx(1)
    assert over.tuners["loss"].iloc[1] == over.tuners["loss"].iloc[2]


def test_each_problem_says_that_it_is_judged_by_itself(tmp_path: Path) -> None:
    scores = many(3, 0.0, replicates=8)
    scores["p1"][:, 1] += 1.0
    summary = Scores(scores).summary(tmp_path)
    assert (
        summary.problems["p1"]
        .verdict.details[0]
        .startswith("This problem is judged by itself here. With the 9 pairs of all problems in one family, 2 of ")
    )
    over = summary.over_problems
    assert over is not None
    assert over.single["p_all"].notna().all()
    assert over.single.loc[over.single["decided"] == "b", "problem"].unique().tolist() == ["p1"]


def test_where_a_tuner_is_worse_and_what_sets_that_apart() -> None:
    problems = {f"p{place}": record("x", 30 if place < 3 else 5) for place in range(12)}
    known = features(problems)
    assert [of.unit for of in known] == ["epochs"]  # the others are alike on all
    few, others = [f"p{place}" for place in range(3)], [f"p{place}" for place in range(3, 12)]
    assert where(others, few, known) == (
        "better on 9, worse on 3 (p0, p1 and p2: those with longer trainings, 30 epochs or more) of 12 problems"
    )
    assert set_apart(others[:3], few + others[3:], known) == ""
    assert set_apart(few[:1], others[:3], known) == ""  # of four problems, one is always the longest or the shortest
    assert where(others, [], known) == "better on all 9 problems"


def test_the_report_opens_with_all_problems_and_summary_json_has_what_is_documented(tmp_path: Path) -> None:
    scores = many(3, 2.0)
    Scores(scores).summary(tmp_path)
    report = write_report(tmp_path)
    over = report.over_problems
    assert over is not None
    text, page = report.markdown.read_text(), report.html.read_text()
    first = over.choice.lines[0]
    assert text.index(first) < text.index(over.verdict.line) < text.index("| p0 |") < text.index("## All prob")
    assert page.index(first) < page.index(over.verdict.line) < page.index("All problems together")
    for heading in (
        "| A | B | Problems | A − B, these problems |",
        "| Problem | Draw | One spread |",
        "| Without | Take |",
    ):
        assert heading in text
    document = json.loads(report.summary.read_text())
    assert document["choice"]["tuner"] == over.choice.tuner == "b"
    assert (document["choice"]["unit"], document["choice"]["lines"][0]) == ("spreads", first)
    found = document["over_problems"]
    documented = (Path(__file__).parents[2] / "docs" / "json.md").read_text()
    named = documented[documented.index("## Over problems in summary.json") :]
    for key, value in found.items():
        assert f"`{key}`" in named
        if key not in ("standings", "ranks", "draws"):
            assert all(f"`{column}`" in named for column in value[0]), key
