"""Asked only whether each tuner is better than a reference: the tests, what is said, and what is never shown."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import UNSET, structs
from scipy import stats

from tests.support.golden_journal import session, study, trial, write_scores
from tuning.analysis.problem_summary import ProblemSummary
from tuning.analysis.summary import summarise
from tuning.analysis.summary_json import to_json
from tuning.journal.journal import Journal, read
from tuning.journal.plan import Looks, Session
from tuning.journal.records import Cell, CellEnd
from tuning.journal.study_record import DataRecord, StudyRecord
from tuning.journal.writer import JournalWriter
from tuning.statistics.sequential import Rule, one_sided

RULE = Looks(20, None, 0.05, 2)


def better_than_b(journal: Journal, **plan: Any) -> Journal:
    plan = {"reference": "b", "alternative": "better", "endpoint": "search", **plan}
    return replace(journal, sessions=[Session(structs.replace(journal.plan, **plan), journal.manifest)])


def drawn(replicates: int) -> dict[str, list[float]]:
    """Signed scores: a is worse than b by far, c is better."""
    noise = np.random.default_rng(3).normal(size=(3, replicates)) * 0.1
    return {name: [*(noise[at] + merit)] for at, (name, merit) in enumerate((("a", -1.0), ("b", 0.0), ("c", 0.3)))}


def of_scores(path: Path, sign: int, replicates: int, **plan: Any) -> ProblemSummary:
    scores = {name: [sign * score for score in values] for name, values in drawn(replicates).items()}
    write_scores(path, scores, direction="max" if sign > 0 else "min")
    return summarise(better_than_b(read(path), **plan)).problems["digits"]


@pytest.mark.parametrize("resampling", [UNSET, "Holdout()"])
@pytest.mark.parametrize("sign", [1, -1])
def test_one_side_is_tested_whichever_direction_of_the_metric_is_better(
    tmp_path: Path, resampling: Any, sign: int
) -> None:
    scores = {name: [sign * score for score in values] for name, values in drawn(8).items()}
    write_scores(tmp_path, scores, direction="max" if sign > 0 else "min")
    journal = read(tmp_path)
    journal.problems["digits"] = structs.replace(
        journal.problems["digits"], data=DataRecord("1", resampling=resampling)
    )
    both = summarise(better_than_b(journal, alternative="two-sided")).problems["digits"].pairs
    found = summarise(better_than_b(journal))
    one = found.problems["digits"]
    test = (
        (lambda x, y: stats.mannwhitneyu(x, y, alternative="greater", method="exact"))
        if resampling is UNSET
        else (lambda x, y: stats.wilcoxon(np.subtract(x, y), alternative="greater", method="exact"))
    )
    expected = [test(drawn(8)[name], drawn(8)["b"]).pvalue for name in "ac"]
    assert one.pairs["p"].tolist() == pytest.approx(expected)
    assert one.pairs["smallest_p"].tolist() == pytest.approx((both["smallest_p"] / 2).tolist())
    assert (both["decided"].tolist(), one.pairs["decided"].tolist()) == (["b", "c"], ["", "c"])
    assert one.pairs[["difference", "low", "high", "a_better"]].equals(both[["difference", "low", "high", "a_better"]])
    assert one.verdict.line == "c is shown better than b (Holm-adjusted one-sided p ≤ 0.05, 1 of 2 pairs undecided)."
    assert (
        "Asked is only whether each tuner is better than b, as declared before the run: the tests are one-sided, and "
        "no tuner is shown worse. Intervals have two ends."
    ) in one.verdict.details
    document = json.loads(to_json(found))
    assert (document["reference"], document["alternative"]) == ("b", "better")


def test_fewer_replicates_can_decide_and_what_was_asked_is_named_where_nothing_is_shown(tmp_path: Path) -> None:
    """Of 4 replicates the smallest p of two sides is 2/70, of two pairs 0.057."""
    scores = {name: [start + 0.01 * at for at in range(4)] for name, start in (("a", 0.1), ("b", 0.5), ("c", 0.5))}
    write_scores(tmp_path, scores)
    assert summarise(better_than_b(read(tmp_path), alternative="two-sided")).verdict.line.startswith("No verdict: with")
    assert summarise(better_than_b(read(tmp_path))).verdict.line == "a and c not shown better than b (4 replicates)."


@pytest.mark.parametrize("sign", [1, -1])
def test_looks_test_one_side_and_decide_no_later(tmp_path: Path, sign: int) -> None:
    one = of_scores(tmp_path / "one", sign, 12, until_decided=RULE).pairs
    both = of_scores(tmp_path / "both", sign, 12, until_decided=RULE, alternative="two-sided").pairs
    scores = {name: np.array(values) for name, values in drawn(12).items()}
    expected = [one_sided(scores[name] - scores["b"], Rule(20), 2)[0][-1] for name in "ac"]
    assert one["p"].tolist() == pytest.approx(expected)
    assert (both["decided"].tolist(), one["decided"].tolist()) == (["b", "c"], ["", "c"])
    assert one["settled_at"][1] < both["settled_at"][1]
    assert one["settled_at"][1] == Rule(20).first_look(2, 1)
    assert one["settled_at"][0] is None


def test_over_problems_one_side_is_tested_too(tmp_path: Path) -> None:
    records = {
        name: structs.replace(study().problems["digits"], data=DataRecord(name)) for name in ("one", "two", "three")
    }
    generator = np.random.default_rng(2)
    with JournalWriter.create(tmp_path, StudyRecord(study="several", problems=records)) as writer:
        session(writer, list("abc"), 2, 5)
        for problem in records:
            for tuner, merit in (("a", -1.0), ("b", 0.0), ("c", 0.4)):
                for replicate in range(1, 6):
                    cell = Cell(problem, tuner, replicate)
                    writer.trial(trial(cell, 0, [merit + 0.2 * float(generator.normal())] * 2, 2))
                    writer.cell(CellEnd(cell, "DONE", "the budget is spent", "", 1, 2, 1.0))
    both = summarise(better_than_b(read(tmp_path), alternative="two-sided")).over_problems
    one = summarise(better_than_b(read(tmp_path))).over_problems
    assert both is not None
    assert one is not None
    for name in ("p", "general_p"):
        a, c = both.pairs[name]
        assert one.pairs[name].tolist() == pytest.approx([1 - a / 2, c / 2])
    assert (both.pairs["decided"].tolist(), one.pairs["decided"].tolist()) == (["b", "c"], ["", "c"])
    assert one.verdict.line.startswith("c is shown better than b, on average over these 3 problems (Holm-adjusted one-")
    assert set(one.single["decided"]) <= {"", "c"}
