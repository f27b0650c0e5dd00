"""Pairs: the interval that belongs to the test, practical equivalence, families, and what it takes to decide."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec import structs
from scipy import stats

from tests.support.golden_journal import BASELINES, session, study, trial, write_scores
from tuning.analysis.endpoints import Endpoint
from tuning.analysis.pairs import pairwise
from tuning.analysis.problem_summary import ProblemSummary
from tuning.analysis.summary import summarise
from tuning.analysis.summary_json import to_json
from tuning.analysis.targets import epochs_to_reach, profiles, target_table, targets
from tuning.analysis.verdict.verdict import EQUAL, SHOWN, UNDECIDED
from tuning.journal import frames, journal
from tuning.journal.plan import Session, TunerSettings
from tuning.journal.records import Cell, CellEnd
from tuning.journal.writer import JournalWriter
from tuning.objective import Objective
from tuning.statistics.signed_rank import holm, shift_estimate

MAX = Objective("val_accuracy", "max")


def of_scores(path: Path, scores: dict[str, list[float | None]], rope: float | None = None) -> ProblemSummary:
    write_scores(path, scores)
    return summarise(with_plan(journal.read(path), rope=rope)).problems["digits"]


def with_plan(read: journal.Journal, **changes: Any) -> journal.Journal:
    """The journal with another plan."""
    return replace(read, sessions=[Session(structs.replace(read.plan, **changes), read.manifest)])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(6, 13), st.floats(-9, 9))
def test_the_interval_holds_the_shifts_that_scipys_test_does_not_reject(seed: int, size: int, shifted: float) -> None:
    differences = np.random.default_rng(seed).uniform(-9, 9, size) + shifted  # hypothesis likes numbers that tie
    first, second = np.triu_indices(len(differences))
    means = np.sort((differences[first] + differences[second]) / 2)
    assume(np.diff(means).min() > 1e-6)
    centre, low, high = shift_estimate(differences)
    assert centre == pytest.approx(np.median(means))
    for shift, rejected in ((low - 3e-7, True), (low + 3e-7, False), (high - 3e-7, False), (high + 3e-7, True)):
        assert (stats.wilcoxon(differences - shift, method="exact").pvalue <= 0.05) == rejected


def test_fewer_than_six_pairs_have_no_interval() -> None:
    centre, low, high = shift_estimate([0.1, 0.2, 0.4, 0.5, 0.6])
    assert centre == pytest.approx(0.35)
    assert math.isnan(low)
    assert math.isnan(high)
    assert shift_estimate([1, 2, 3, 4, 5, 6])[1:] == (1, 6)
    assert all(map(math.isnan, shift_estimate([])))


def test_the_interval_covers_as_often_as_it_says() -> None:
    draw = np.random.default_rng(3)
    covered = [low <= 0.5 <= high for _, low, high in (shift_estimate(draw.normal(0.5, 1, 9)) for _ in range(2_000))]
    assert 0.945 <= np.mean(covered) <= 0.975  # exact: 0.9609


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(3, 9), st.sampled_from(["min", "max"]))
def test_the_order_of_rows_does_not_matter_and_p_values_are_scipys(seed: int, replicates: int, direction: str) -> None:
    draw = np.random.default_rng(seed)
    wide = draw.normal(size=(replicates, 3))
    rows = [("p", f"t{at}", number + 1, wide[number, at]) for number in range(replicates) for at in range(3)]
    finals = pd.DataFrame(rows, columns=["problem", "tuner", "replicate", "score"])
    scored = Endpoint("search", "x", "x", finals, Objective("x", direction), paired=True)
    family = list(combinations(["t0", "t1", "t2"], 2))
    found = pairwise(scored, family, rope=0.5)
    shuffled = replace(scored, scores=finals.sample(frac=1, random_state=seed))
    pd.testing.assert_frame_equal(pairwise(shuffled, family, rope=0.5), found)
    theirs = [stats.wilcoxon(wide[:, a] - wide[:, b], method="exact").pvalue for a, b in ((0, 1), (0, 2), (1, 2))]
    assert found["p"].to_numpy() == pytest.approx(np.array(theirs))
    assert found["p_holm"].to_numpy() == pytest.approx(holm(theirs))


def level(start: float, spread: float = 0.0005, n: int = 8) -> list[float | None]:
    return [start + spread * (-1) ** place * (place + 1) for place in range(n)]


def test_practically_equal_is_said_only_with_a_rope_that_holds_the_interval(tmp_path: Path) -> None:
    scores = {"a": level(0.5, 0.0003, 30), "b": level(0.5, -0.0002, 30)}
    unset = of_scores(tmp_path / "unset", scores)
    assert unset.verdict.kind == UNDECIDED
    wide = of_scores(tmp_path / "wide", scores, rope=0.01)
    assert wide.verdict.kind == EQUAL
    assert wide.verdict.line == "Practically equal: a and b (30 replicates)."
    assert wide.verdict.details[0] == (
        "Practically equal, their difference in best val_accuracy within ±0.01 by tests of the median and of the mean "
        "(Holm-adjusted p ≤ 0.05): a and b."
    )
    assert wide.pairs["p_equal"].tolist()[0] <= 0.05
    low, high = wide.pairs.loc[0, ["low", "high"]]
    assert -0.01 <= low < high <= 0.01
    assert of_scores(tmp_path / "narrow", scores, rope=high / 2).verdict.kind == UNDECIDED
    few = {name: values[:28] for name, values in scores.items()}  # a failure of one in ten may not have shown yet
    assert of_scores(tmp_path / "few", few, rope=0.5).pairs["equal"].tolist() == [False]


def test_a_difference_within_the_rope_is_shown_and_called_practically_equal(tmp_path: Path) -> None:
    rising = [0.5 + place / 10_000 for place in range(30)]
    found = of_scores(tmp_path, {"a": [score + 0.002 for score in rising], "b": [*rising]}, 0.01)
    assert found.verdict.kind == SHOWN
    assert any(line.startswith("Practically equal") for line in found.verdict.details)


def test_each_share_of_the_budget_is_described(tmp_path: Path) -> None:
    with JournalWriter.create(tmp_path, study()) as writer:
        session(writer, ["a", "b"], 8, 7)
        for replicate in range(1, 8):
            for tuner, late in (("a", 0.9), ("b", 0.6)):
                cell = Cell("digits", tuner, replicate)
                early = 0.5 + 0.001 * replicate * (1 if (replicate + (tuner == "a")) % 2 else -1)
                writer.trial(trial(cell, 0, [early] * 4, 4))
                writer.trial(trial(cell, 1, [late + replicate / 1000] * 4, 8))
                writer.cell(CellEnd(cell, "DONE", "the budget is spent", "", 2, 8, 1.0))
    quarter, half, whole = summarise(journal.read(tmp_path)).problems["digits"].by_budget
    assert [part.epochs for part in (quarter, half, whole)] == [2, 4, 8]
    assert quarter.means == half.means
    assert list(quarter.means) == ["b", "a"]
    assert whole.means == {"a": pytest.approx(0.904), "b": pytest.approx(0.604)}
    assert whole.line == "Means: a 0.904 and b 0.604."


def test_baselines_are_a_family_of_their_own(tmp_path: Path) -> None:
    steps = [place / 1000 for place in range(8)]
    write_scores(tmp_path, {
        "a": [0.9 + step for step in steps], "b": [0.7 + 2 * step for step in steps],
        "default": [0.5 + 3 * step for step in steps], "random-2x": [0.8 + 4 * step for step in steps],
    })  # fmt: skip
    read = journal.read(tmp_path)
    settings = {"a": TunerSettings({}), "b": TunerSettings({})}
    alone, both = with_plan(read, tuners=settings), with_plan(read, tuners=settings, baselines=BASELINES)
    found = summarise(both).problems["digits"]
    pd.testing.assert_frame_equal(found.pairs, summarise(alone).problems["digits"].pairs)
    assert found.verdict.line == "a is shown better than b (Holm-adjusted p ≤ 0.05)."
    assert list(found.baseline_pairs[["a", "b"]].itertuples(index=False, name=None)) == [
        ("a", "default"), ("a", "random-2x"), ("b", "default"), ("b", "random-2x"),
    ]  # fmt: skip
    assert set(found.standings["tuner"]) == {"a", "b"}
    planned = found.cells.groupby("tuner")["planned_epochs"].first().to_dict()
    assert planned == {"a": 2, "b": 2, "default": 2, "random-2x": 4}
    (line,) = (line for line in found.verdict.details if line.startswith("Against baseline default: "))
    assert "the tuners together are shown better: better in 100% of comparisons" in line
    assert line.endswith(" Each tuner by itself: a and b shown better.")
    unfinished = "Against baseline random-2x: no replicate is finished by it and by all tuners."
    assert unfinished in found.verdict.details


def test_what_it_takes_is_said_only_where_something_speaks_for_a_difference(tmp_path: Path) -> None:
    apart = of_scores(tmp_path / "apart", {"a": [0.1, 0.2, 0.3, 0.4, 0.5], "b": [0.25, 0.45, 0.55, 0.65, 0.75]})
    (line,) = [line for line in apart.verdict.details if line.startswith("Nearest to a decision")]
    assert line.startswith("Nearest to a decision: a against b, 7 to more than 100 replicates for 80% power")
    assert "--until-decided" in line
    alike = of_scores(tmp_path / "alike", {"a": level(0.5, 0.01), "b": level(0.501, -0.01)})
    assert "Nearest" not in " ".join(alike.verdict.details)
    assert "That no difference is shown does not show that they are equal" in " ".join(alike.verdict.details)
    assert alike.pairs[["needed_low", "needed_high"]].isna().all(axis=None)


def test_how_often_the_better_one_is_better_is_said_with_its_interval(tmp_path: Path) -> None:
    found = of_scores(tmp_path, {"a": [0.9 + 0.01 * at for at in range(8)], "b": [0.1 + 0.01 * at for at in range(8)]})
    assert found.verdict.details[0].startswith(
        "a over b: better with a chance of 100% (95% interval 76% to 100%; 8 replicates), difference in best"
    )
    values = stats.norm.ppf((np.arange(100) + 0.5) / 100)
    close = of_scores(tmp_path / "close", {"a": [*(values + 0.45)], "b": [*values]})
    assert ", below the 75% that make a difference meaningful; 100 replicates)" in close.verdict.details[0]


def test_with_a_reference_only_its_pairs_are_judged(tmp_path: Path) -> None:
    scores = {name: [start + 0.01 * at for at in range(4)] for name, start in (("a", 0.1), ("b", 0.5), ("c", 0.9))}
    write_scores(tmp_path, scores)
    read = journal.read(tmp_path)
    assert summarise(read).verdict.line.startswith("No verdict: with 4 replicates no difference can be shown at 5%; 5")
    found = summarise(with_plan(read, reference="b")).problems["digits"]
    assert list(found.pairs[["a", "b"]].itertuples(index=False, name=None)) == [("a", "b"), ("c", "b")]
    assert found.pairs["p_holm"].tolist() == pytest.approx([4 / 70, 4 / 70])
    scores["a"], scores["b"], scores["c"] = ([start + 0.01 * at for at in range(6)] for start in (0.1, 0.5, 0.9))
    write_scores(tmp_path / "six", scores)
    found = summarise(with_plan(journal.read(tmp_path / "six"), reference="b")).problems["digits"]
    assert found.verdict.line == "b is shown better than a; c is shown better than b (Holm-adjusted p ≤ 0.05)."
    assert found.choice.kind == "chosen"  # c is not compared with a
    json.loads(to_json(summarise(journal.read(tmp_path))), parse_constant=lambda constant: pytest.fail(constant))


@pytest.mark.parametrize("seed", [1, 2])
def test_the_summary_is_the_same_to_the_byte_whatever_the_order_of_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    draw = np.random.default_rng(seed)
    write_scores(tmp_path, {name: [float(score) for score in draw.normal(size=7).round(3)] for name in "abc"})
    read = journal.read(tmp_path)
    expected = to_json(summarise(read))
    for name in ("trials_frame", "epochs_frame"):
        make = getattr(frames, name)
        shuffled = make(read).sample(frac=1, random_state=seed)
        monkeypatch.setattr(frames, name, lambda _, frame=shuffled: frame)
    assert to_json(summarise(read)) == expected


CELLS = pd.DataFrame(
    [("p", "a", number, "DONE" if number < 4 else "UNFINISHED", 10, 10) for number in range(1, 5)],
    columns=["problem", "tuner", "replicate", "state", "planned_epochs", "charged_epochs"],
)
STEPS = pd.DataFrame(
    [("p", "a", 1, 2, 0.5), ("p", "a", 1, 6, 0.8), ("p", "a", 2, 3, 0.8), ("p", "a", 3, 1, 0.6), ("p", "a", 4, 1, 0.9)],
    columns=["problem", "tuner", "replicate", "spent_epochs", "score"],
)


def test_epochs_to_a_target_show_what_did_not_reach_it() -> None:
    reached = epochs_to_reach(STEPS.sample(frac=1, random_state=1), CELLS, MAX, {"good": 0.7, "all": 0.5})
    assert reached["epochs"].tolist() == [6, 3, math.inf, 2, 3, 1]
    good, every = target_table(reached).to_dict("records")
    assert (good["reached"], good["replicates"], good["median"], good["latest"]) == (2, 3, 6, math.inf)
    assert (every["reached"], every["median"], every["earliest"], every["latest"]) == (3, 2, 1, 3)
    mirrored = epochs_to_reach(STEPS.assign(score=-STEPS["score"]), CELLS, Objective("x", "min"), {"g": -0.7})
    assert mirrored["epochs"].tolist() == [6, 3, math.inf]


def test_targets_are_random_searchs_median_and_halfway_to_the_best_known() -> None:
    finals = pd.DataFrame({"problem": "p", "tuner": ["r", "r", "a"], "replicate": [1, 2, 1], "score": [0.4, 0.6, 0.8]})
    assert targets(finals, 0.9, "r") == {"median of r": 0.5, "halfway to the best known": 0.7}
    assert targets(finals, 0.9, None)["median of all cells"] == pytest.approx(0.6)
    assert targets(finals.assign(score=math.nan), math.nan, "r") == {}


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=9), st.sampled_from(["min", "max"]))
def test_profiles_are_scipys_empirical_distributions(scores: list[int], direction: str) -> None:
    finals = pd.DataFrame({"problem": "p", "tuner": "a", "replicate": range(len(scores)), "score": scores}).astype(
        {"score": float}
    )
    found = profiles(finals.sample(frac=1, random_state=2), ["a"], Objective("x", direction))
    sign = 1.0 if direction == "max" else -1.0
    theirs = stats.ecdf(-sign * np.array(scores, dtype=float)).cdf
    assert found["share"].to_numpy() == pytest.approx(theirs.evaluate(-sign * found["score"].to_numpy()))
