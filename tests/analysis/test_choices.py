"""The tuner to take now, in words and numbers, from journals of known scores."""

import json
import math
from pathlib import Path

import pytest
from msgspec import structs

from tests.support.golden_journal import TUNERS, write_golden, write_scores
from tuning.analysis.choices import (
    CHOICE_COLUMNS,
    CHOSEN,
    EQUAL,
    SHOWN,
    UNDECIDED,
    ProblemChoice,
    percent,
    seed_noise,
)
from tuning.analysis.summary import summarise
from tuning.analysis.summary_json import to_json
from tuning.journal.frames import retrainings_frame
from tuning.journal.journal import read

Scores = dict[str, list[float | None]]
CLOSE: Scores = {"a": [0.9, 0.91, 0.92], "b": [0.92, 0.93, 0.91], "c": [0.8, 0.81, 0.82]}


def of_scores(path: Path, scores: Scores, direction: str = "max", rope: float | None = None) -> ProblemChoice:
    write_scores(path, scores, direction)
    journal = read(path)
    if rope is not None:
        journal.sessions[-1] = structs.replace(
            journal.sessions[-1], plan=structs.replace(journal.sessions[-1].plan, rope=rope)
        )
    return summarise(journal).problems["digits"].choice


def test_a_tuner_is_recommended_where_nothing_can_be_proven(tmp_path: Path) -> None:
    found = of_scores(tmp_path, CLOSE)
    assert (found.kind, found.tuner, found.any_of) == (CHOSEN, "b", ("b",))
    assert 0.6 < found.probability < 0.95
    assert 0 < found.expected_loss < 0.01
    points = 100 * found.expected_loss
    assert found.line.startswith("If you must choose now: b; expected cost of a wrong choice about ")
    assert found.line.endswith(" points of accuracy. Not proven.")
    assert float(found.line.split("about ")[1].split()[0]) == pytest.approx(points, rel=0.1)
    assert found.details[0].startswith(f"Probability of being the best: b {percent(found.probability)}, a ")
    assert found.details[1].startswith("One more replicate costs about 6 epochs, 3.4 s of one process, and is expe")
    assert found.table.columns.tolist() == CHOICE_COLUMNS
    assert found.table["best"].sum() == pytest.approx(1)
    assert found.endpoint == "best val_accuracy of a search"


def test_lower_is_better_where_the_objective_says_so(tmp_path: Path) -> None:
    found = of_scores(tmp_path, CLOSE, "min")
    assert found.tuner == "c"
    row = found.table.set_index("tuner").loc["c"]
    assert row["low"] < row["mean"] < row["high"]
    assert row["mean"] == pytest.approx(0.81, abs=0.02)
    assert found.expected_loss < 0.005


def test_shown_once_the_tests_show_it_better_than_all_others(tmp_path: Path) -> None:
    apart: Scores = {name: [level + 0.01 * at for at in range(8)] for name, level in (("a", 0.5), ("b", 0.7))}
    found = of_scores(tmp_path / "two", apart)
    assert (found.kind, found.line) == (SHOWN, "To choose: b, shown better than all others.")
    # The third is as good as the best: shown better than one tuner is not shown better than all.
    found = of_scores(tmp_path / "three", {**apart, "c": [0.7 + 0.01 * (7 - at) for at in range(8)]})
    assert found.kind == CHOSEN


def test_practically_equal_within_the_studys_rope(tmp_path: Path) -> None:
    found = of_scores(tmp_path / "all", CLOSE, rope=0.5)
    assert (found.kind, found.any_of, found.rope, found.rope_given) == (EQUAL, ("a", "b", "c"), 0.5, True)
    assert found.line == "To choose: any of a, b and c."
    assert found.alike == "With 95% probability each is within 50 points of accuracy of the one that looks best."
    found = of_scores(tmp_path / "two", CLOSE, rope=0.06)
    assert (found.kind, found.any_of) == (CHOSEN, ("a", "b"))
    assert "choose now: either of a and b;" in found.line


def test_a_ceiling_is_called_one(tmp_path: Path) -> None:
    found = of_scores(tmp_path, {"a": [1.0, 1.0], "b": [1.0, 1.0]})
    assert (found.kind, found.saturated, found.any_of, found.expected_loss) == (EQUAL, True, ("a", "b"), 0)
    assert found.line == (
        "To choose: any. All final scores are the same (1.0000), so this problem cannot tell these tuners apart."
    )
    assert found.details == ()
    assert found.enough(0.001)


def test_tuners_with_the_same_scores_are_recommended_together(tmp_path: Path) -> None:
    found = of_scores(tmp_path, {"a": [0.9, 0.8], "b": [1.0, 0.9], "c": [0.9, 1.0]})
    assert (found.kind, found.any_of) == (CHOSEN, ("b", "c"))
    assert found.line.endswith("Not proven.")
    assert found.details[0] == found.alike == "Their scores are the same."


@pytest.mark.parametrize("scores", [{"a": [0.9], "b": [0.8]}, {"a": [0.9, 0.8]}, {"a": [0.9, 0.8], "b": [None, None]}])
def test_nothing_to_choose_by(tmp_path: Path, scores: Scores) -> None:
    found = of_scores(tmp_path, scores)
    assert (found.kind, found.tuner, found.any_of) == (UNDECIDED, "", ())
    assert found.table.empty
    assert not found.enough(1.0)


def test_a_tuner_without_a_score_is_shown_as_such(tmp_path: Path) -> None:
    found = of_scores(tmp_path, {"a": [0.9, 0.8], "b": [0.7, 0.85], "c": [None, None]}, rope=0.9)
    assert found.table.set_index("tuner").loc["c", ["best", "loss", "mean"]].isna().all()
    assert (found.kind, found.any_of) == (EQUAL, ("a", "b"))


def test_the_rope_is_the_noise_of_fresh_seeds_where_the_study_gives_none(tmp_path: Path) -> None:
    write_golden(tmp_path)
    frame = retrainings_frame(read(tmp_path))
    # Each final incumbent was trained twice, 0.004 apart, but for one that failed once and one of a single seed.
    assert seed_noise(frame, TUNERS, "retrained") == pytest.approx(0.004 / math.sqrt(2))
    assert seed_noise(frame, ["default"], "retrained") is not None
    assert seed_noise(frame.iloc[:0], TUNERS, "retrained") is None
    found = summarise(read(tmp_path)).problems["digits"].choice
    assert (found.rope, found.rope_given) == (seed_noise(frame, TUNERS, "test"), False)
    # Of the scores that are compared: where those on test vary three times as much, so much does not matter.
    wide = frame.assign(test=3 * frame["score"].astype(float))
    assert seed_noise(wide, TUNERS, "test") == pytest.approx(3 * 0.004 / math.sqrt(2))
    assert (
        seed_noise(wide, TUNERS, "retrained")
        == seed_noise(wide, TUNERS, "search")
        == pytest.approx(0.004 / math.sqrt(2))
    )
    assert seed_noise(frame.assign(test=math.nan), TUNERS, "test") is None
    assert found.table["tuner"].tolist() == list(TUNERS)


def test_summary_json_holds_the_choice(tmp_path: Path) -> None:
    found = of_scores(tmp_path / "chosen", CLOSE)
    written = json.loads(to_json(summarise(read(tmp_path / "chosen"))))["problems"]["digits"]["choice"]
    assert list(written) == [
        "kind", "line", "details", "endpoint", "tuner", "any_of", "probability", "expected_loss", "rope",
        "rope_given", "gains", "saturated", "tuners",
    ]  # fmt: skip
    assert (written["kind"], written["tuner"], written["probability"]) == ("chosen", "b", found.probability)
    assert [gain["replicates"] for gain in written["gains"]] == [1, 3, 10]
    assert [row["tuner"] for row in written["tuners"]] == ["a", "b", "c"]
    of_scores(tmp_path / "nothing", {"a": [0.9], "b": [0.8]})
    written = json.loads(to_json(summarise(read(tmp_path / "nothing"))))["problems"]["digits"]["choice"]
    assert (written["kind"], written["probability"], written["tuners"]) == ("undecided", None, [])


def test_probabilities_never_claim_certainty() -> None:
    assert [percent(share) for share in (0.0, 0.013, 0.5, 0.994, 1.0)] == [
        "under 1%",
        "1%",
        "50%",
        "over 99%",
        "over 99%",
    ]
