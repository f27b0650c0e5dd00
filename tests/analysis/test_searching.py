"""All tuners together against each baseline, and what the verdict says of it."""

from pathlib import Path

import pandas as pd
import pytest

from tests.support.golden_journal import session, study, trial
from tuning.analysis.conduct import conduct, said
from tuning.analysis.endpoints import Endpoint
from tuning.analysis.searching import TUNERS, searching
from tuning.analysis.summary import summarise
from tuning.analysis.verdict.sentences import against_baselines
from tuning.journal.journal import read
from tuning.journal.records import Cell, CellEnd
from tuning.journal.writer import JournalWriter
from tuning.objective import Objective
from tuning.statistics.sequential import Rule

MAX, MIN = Objective("val_accuracy", "max"), Objective("val_loss", "min")
FIVE = ["a", "b", "c", "d", "e"]


def endpoint(scores: dict[str, list[float]], objective: Objective = MAX, *, paired: bool) -> Endpoint:
    rows = [
        ("p", tuner, replicate, score)
        for tuner, values in scores.items()
        for replicate, score in enumerate(values, start=1)
    ]
    frame = pd.DataFrame(rows, columns=["problem", "tuner", "replicate", "score"])
    return Endpoint("search", "metric", "metric", frame, objective, paired)


def tuners(better_by: float, replicates: int) -> dict[str, list[float]]:
    """Five tuners, that much better than a baseline which is about 0.5."""
    searches = {name: [0.5 + better_by + 0.001 * (at + 7 * place) for at in range(replicates)] for place, name in
                enumerate(FIVE)}  # fmt: skip
    return {
        **searches,
        "default": [0.5 + 0.002 * at for at in range(replicates)],
        "other": [0.9 + better_by] * replicates,
    }


@pytest.mark.parametrize("paired", [True, False])
def test_what_every_search_shows_is_shown_with_three_replicates(paired: bool) -> None:
    found = searching(endpoint(tuners(0.3, 3), paired=paired), FIVE, ["default", "other"]).set_index("baseline")
    assert found.loc["default", ["searches", "replicates", "better", "decided"]].tolist() == [15, 3, 1.0, TUNERS]
    assert found.loc["other", "decided"] == "other"
    assert found.loc["default", "low"] < found.loc["default", "difference"] < found.loc["default", "high"]
    assert found.loc["default", "difference"] == pytest.approx(0.313)
    mirrored = searching(endpoint(tuners(0.3, 3), MIN, paired=paired), FIVE, ["default"]).iloc[0]
    assert (mirrored["decided"], mirrored["better"]) == ("default", 0.0)
    assert mirrored["difference"] == pytest.approx(0.313)


def test_under_a_rule_only_what_was_looked_at_counts() -> None:
    scored, rule = endpoint(tuners(0.3, 12), paired=True), Rule(12)
    assert searching(scored, FIVE, ["default"], rule=rule, looks=12).iloc[0]["decided"] == TUNERS
    assert searching(scored, FIVE, ["default"], rule=rule, looks=3).iloc[0]["decided"] == ""
    assert searching(scored, FIVE, ["default"], rule=rule, looks=0).iloc[0]["p"] == 1


def test_the_line_says_what_is_shown_and_of_whom() -> None:
    found = searching(endpoint(tuners(0.3, 3), paired=False), FIVE, ["default"])
    pairs = pd.DataFrame([{"a": name, "b": "default", "decided": ""} for name in FIVE])
    (line,) = against_baselines(found, pairs, "test accuracy")
    assert line.startswith(
        "Against baseline default: the tuners together are shown better: better in 100% of comparisons, mean "
        "difference in test accuracy +0.313"
    )
    assert line.endswith(" Each tuner by itself: 5 of 5 tuners undecided.")
    nobody = searching(endpoint({"a": [0.5, 0.6]}, paired=False), ["a"], ["default"])
    assert against_baselines(nobody, pairs, "m") == [
        "Against baseline default: no replicate is finished by it and by all tuners."
    ]


def write(path: Path, replicates: list[int], tuner: str = "kt-random", score: float | None = None) -> None:
    """A study that was run once for each number of replicates; all its scores are `score`, if given."""
    with JournalWriter.create(path, study()) as writer:
        for total in replicates:
            session(writer, [tuner, "optuna-tpe"], 4, total)
        for replicate in range(1, max(replicates) + 1):
            for place, name in enumerate((tuner, "optuna-tpe")):
                cell = Cell("digits", name, replicate)
                value = 0.5 + 0.1 * place + 0.01 * replicate if score is None else score
                writer.trial(trial(cell, 0, [value] * 4, 4))
                writer.cell(CellEnd(cell, "DONE", "the budget is spent", "", 1, 4, 1.0))


def test_replicates_that_were_added_are_said(tmp_path: Path) -> None:
    write(tmp_path / "added", [3, 6])
    details = summarise(read(tmp_path / "added")).problems["digits"].verdict.details
    assert any(line.startswith("Replicates were added in later runs (3, then 6), but each p") for line in details)
    write(tmp_path / "resumed", [6, 6])
    resumed = summarise(read(tmp_path / "resumed")).problems["digits"]
    assert resumed.contest.extended == ()
    assert not any("were added" in line for line in resumed.verdict.details)


def test_a_study_on_a_ceiling_is_saturated_and_nothing_is_foreseen(tmp_path: Path) -> None:
    write(tmp_path, [6], score=1.0)
    verdict = summarise(read(tmp_path)).problems["digits"].verdict
    assert not verdict.judged
    assert verdict.line == "No verdict: all scores (best val_accuracy) are the same, 1.0000: saturated."
    assert not any("replicates for" in line or "or more are needed" in line for line in verdict.details)


def test_brackets_that_hyperband_did_not_reach_are_said(tmp_path: Path) -> None:
    write(tmp_path, [2], tuner="kt-hyperband")
    done = conduct(read(tmp_path), "digits").set_index("tuner")
    # Of four epochs in full, brackets begin with 4 and with 2; the search trained in full at once.
    assert done.loc["kt-hyperband", ["brackets", "fewest_brackets", "most_brackets"]].tolist() == [2, 1, 1]
    assert done.loc["optuna-tpe", "brackets"] == 0
    known = "A search of kt-hyperband got to only 1 of its 2 brackets: the budget pays for no more."
    assert known in said(done.reset_index())
