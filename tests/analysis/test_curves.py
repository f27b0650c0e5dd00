from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from msgspec.structs import replace
from scipy import stats

from tests.support.golden_journal import GOLDEN, session, study, trial, write_golden, write_scores
from tuning.analysis.curves import CELL, final_scores, incumbents, incumbents_at, median_curve, median_interval
from tuning.analysis.pairs import pairwise
from tuning.analysis.problem_summary import ProblemSummary
from tuning.analysis.summary import summarise
from tuning.analysis.trials import failure_groups
from tuning.analysis.verdict.verdict import SHOWN
from tuning.journal import journal
from tuning.journal.frames import epochs_frame, trials_frame
from tuning.journal.journal import Journal
from tuning.journal.records import Cell, CellEnd, TrialState
from tuning.journal.writer import JournalWriter
from tuning.objective import Objective
from tuning.statistics.signed_rank import holm, replicates_needed, signed_rank_p, smallest_p

A, B = Cell("digits", "a", 1), Cell("digits", "b", 1)


def of_scores(path: Path, scores: dict[str, list[float | None]], direction: str = "max") -> ProblemSummary:
    write_scores(path, scores, direction)
    return summarise(journal.read(path)).problems["digits"]


@pytest.fixture
def golden(tmp_path: Path) -> Journal:
    write_golden(tmp_path)
    return journal.read(tmp_path)


def small(path: Path, epoch: str = "best", direction: str = "max") -> Journal:
    with JournalWriter.create(path, study(epoch=epoch, direction=direction)) as writer:
        session(writer, ["a", "b"], 10, 1)
        writer.trial(trial(A, 0, [0.5, 0.7, 0.6], 3, score=0.7 if epoch == "best" else 0.6))
        writer.trial(trial(A, 1, [0.9, 0.95], 5, state=TrialState.FAILED, error="ValueError: no"))
        writer.trial(trial(A, 2, [0.65, 0.8], 7, initial_epoch=3, parent=0))
        writer.trial(trial(A, 3, [0.6, 0.8, 0.75], 10, state=TrialState.CUT, score=0.8 if epoch == "best" else 0.75))
        writer.cell(CellEnd(A, "DONE", "the budget is spent", "", 4, 10, 1.0))
    return journal.read(path)


def steps_of(read: Journal) -> pd.DataFrame:
    return incumbents(trials_frame(read), epochs_frame(read), read.objective("digits"))


def test_every_epoch_of_a_trial_that_did_not_fail_counts_as_it_comes(tmp_path: Path) -> None:
    steps = steps_of(small(tmp_path))
    assert list(zip(steps["spent_epochs"], steps["trial"], steps["score"], strict=True)) == [
        (1, 0, 0.5), (2, 0, 0.7), (7, 2, 0.8),
    ]  # fmt: skip


def test_a_metric_may_bear_the_name_of_a_column(tmp_path: Path) -> None:
    with JournalWriter.create(tmp_path, study(metric="epoch")) as writer:
        session(writer, ["a"], 2, 1)
        one = trial(A, 0, [0.5, 0.6], 2)
        writer.trial(replace(one, curve=[{"epoch": value["val_accuracy"]} for value in one.curve]))
    assert steps_of(journal.read(tmp_path))["score"].tolist() == [0.5, 0.6]


def test_with_the_last_epoch_a_trial_counts_at_its_end(tmp_path: Path) -> None:
    steps = steps_of(small(tmp_path, epoch="last"))
    assert list(zip(steps["spent_epochs"], steps["score"], strict=True)) == [(3, 0.6), (7, 0.8)]


def test_incumbents_are_right_continuous_steps_undefined_before_the_first_result(tmp_path: Path) -> None:
    read = small(tmp_path)
    found = summarise(read).problems["digits"]
    matrix = incumbents_at(found.incumbents, found.cells, "a", [1], [0, 0.999, 1, 1.5, 2, 6.99, 7, 10])
    np.testing.assert_array_equal(matrix, [[np.nan, np.nan, 0.5, 0.5, 0.7, 0.7, 0.8, 0.8]])
    assert np.isnan(incumbents_at(found.incumbents, found.cells, "b", [1, 2], [1, 10])).all()


def test_an_open_cell_is_undefined_past_what_it_spent(golden: Journal) -> None:
    found = summarise(golden).problems["digits"]
    matrix = incumbents_at(found.incumbents, found.cells, "kt-random", [1, 4], [8, 9, 12])
    assert not np.isnan(matrix[0]).any()
    assert list(np.isnan(matrix[1])) == [False, True, True]
    open_cell = (found.finals["tuner"] == "kt-random") & (found.finals["replicate"] == 4)
    assert found.finals.loc[open_cell, "score"].isna().all()


def test_median_curve_starts_where_all_rows_are_defined_and_leaves_out_rows_without_any_result() -> None:
    nan = math.nan
    curve = median_curve(np.array([[nan, 1.0, 2.0], [0.5, 0.5, 4.0], [nan, nan, nan]]), [1, 2, 3])
    assert curve.to_dict("list") == {
        "spent_epochs": [2, 3], "median": [0.75, 3.0], "low": [0.5, 2.0], "high": [1.0, 4.0], "replicates": [2, 2],
    }  # fmt: skip
    assert median_curve(np.full((2, 3), nan), [1, 2, 3]).empty
    assert median_curve(np.empty((0, 3)), [1, 2, 3]).empty


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 4), st.booleans()), min_size=1, max_size=8),
    st.sampled_from(["min", "max"]),
    st.sampled_from(["best", "last"]),
    st.randoms(use_true_random=False),
)
def test_incumbents_equal_a_plain_loop_whatever_the_order_of_rows(
    plan: list[tuple[int, bool]], direction: str, epoch: str, random: object
) -> None:
    objective = Objective("metric", direction, epoch)
    draw = np.random.default_rng(len(plan))
    trials, epochs, expected = [], [], []
    spent, best = 0, math.nan
    for number, (length, failed) in enumerate(plan):
        curve = [{"metric": float(value)} for value in draw.integers(0, 6, length)]
        for offset, entry in enumerate(curve, start=1):
            epochs.append((*A, number, offset, spent + offset, entry["metric"]))
            if epoch == "best" and not failed and objective.better(entry["metric"], best):
                best = entry["metric"]
                expected.append((spent + offset, best))
        spent += length
        score = math.nan if failed else objective.score(curve)
        if epoch == "last" and objective.better(score, best):
            best = score
            expected.append((spent, best))
        trials.append((*A, number, TrialState.FAILED if failed else "COMPLETE", score, spent))
    trials_table = pd.DataFrame(trials, columns=[*CELL, "trial", "state", "score", "spent_epochs"])
    epochs_table = pd.DataFrame(epochs, columns=[*CELL, "trial", "epoch", "spent_epochs", "metric"])
    seed = int(random.getrandbits(32))  # type: ignore[attr-defined]
    steps = incumbents(
        trials_table.sample(frac=1, random_state=seed),
        epochs_table.sample(frac=1, random_state=seed),
        objective,
    )
    assert list(zip(steps["spent_epochs"], steps["score"], strict=True)) == expected


def test_cells_tell_what_was_spent_and_what_is_missing(golden: Journal) -> None:
    cells = summarise(golden).cells.set_index(["tuner", "replicate"])
    assert len(cells) == 20
    assert cells["state"].value_counts().to_dict() == {"DONE": 16, "FAILED": 1, "UNFINISHED": 1, "MISSING": 2}
    assert cells["charged_epochs"].to_dict()["kt-random", 4] == 8
    assert cells["trials"].to_dict()["kt-random", 4] == 2
    assert str(cells["error"].to_dict()["kt-hyperband", 3]).startswith("ValueError")
    assert cells["adds_up"].all()


def test_a_charge_that_does_not_add_up_is_found(tmp_path: Path) -> None:
    with JournalWriter.create(tmp_path, study()) as writer:
        session(writer, ["a"], 5, 1)
        writer.trial(trial(A, 0, [0.5, 0.6], 5))
        writer.cell(CellEnd(A, "DONE", "the budget is spent", "", 1, 5, 1.0))
    assert summarise(journal.read(tmp_path)).cells["adds_up"].tolist() == [False]


@pytest.mark.parametrize("reason", ["the budget is spent", "the tuner ended its search"])
def test_a_cell_ended_by_a_smaller_budget_is_unfinished_now(tmp_path: Path, reason: str) -> None:
    with JournalWriter.create(tmp_path, study()) as writer:
        session(writer, ["a"], 2, 1)
        writer.trial(trial(A, 0, [0.5, 0.6], 2))
        writer.cell(CellEnd(A, "DONE", reason, "", 1, 2, 1.0))
        session(writer, ["a"], 8, 1)
    found = summarise(journal.read(tmp_path)).problems["digits"]
    ended = reason == "the tuner ended its search"
    assert found.cells["state"].tolist() == ["DONE" if ended else "UNFINISHED"]
    assert found.finals["score"].notna().tolist() == [ended]
    assert any("before the budget was spent" in line for line in found.verdict.gaps) == ended


def test_the_median_interval_ignores_order_and_nan() -> None:
    scores = [0.3, 0.1, 0.2, 0.9, 0.4]
    assert median_interval([*reversed(scores), math.nan]) == (0.1, 0.9)  # of 5, from the smallest to the largest
    assert all(map(math.isnan, median_interval([0.1])))


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(float, st.integers(1, 14), elements=st.floats(-9, 9), unique=True))
def test_the_signed_rank_p_equals_scipys_without_ties(differences: np.ndarray) -> None:
    differences = differences[differences != 0]
    if len(differences) and len(set(np.abs(differences))) == len(differences):
        assert signed_rank_p(differences) == pytest.approx(stats.wilcoxon(differences, method="exact").pvalue)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-3, 3), min_size=1, max_size=9))
def test_the_signed_rank_p_with_ties_equals_all_sign_patterns_counted(differences: list[int]) -> None:
    kept = np.array([value for value in differences if value], dtype=float)
    if not len(kept):
        assert signed_rank_p(np.array(differences)) == 1.0
        return
    ranks = stats.rankdata(np.abs(kept))
    patterns = (np.arange(2 ** len(kept))[:, None] >> np.arange(len(kept))) & 1
    sums, seen = patterns @ ranks, ranks[kept > 0].sum()
    expected = min(1.0, 2 * min((sums <= seen).mean(), (sums >= seen).mean()))
    assert signed_rank_p(np.array(differences)) == pytest.approx(expected)


def test_smallest_p_and_replicates_needed() -> None:
    assert [smallest_p(n) for n in (1, 2, 3, 6)] == [1, 0.5, 0.25, 0.03125]
    assert math.isnan(smallest_p(0))
    for pairs in (1, 3, 10, 45):
        needed = replicates_needed(pairs)
        assert smallest_p(needed) * pairs <= 0.05 < smallest_p(needed - 1) * pairs
    assert signed_rank_p(np.arange(1, 7)) == smallest_p(6)


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.02, math.nan]) == pytest.approx([0.04, 1.0])
    assert len(holm([])) == 0


def test_where_splits_are_shared_pairs_use_replicates_present_in_both_and_know_the_direction(tmp_path: Path) -> None:
    found = of_scores(tmp_path / "max", {"a": [0.5, 0.6, 0.7, None], "b": [0.4, 0.6, None, 0.1]})
    scored = dataclasses.replace(found.endpoint, paired=True)
    row = pairwise(scored, [("a", "b")]).to_dict("records")[0]
    assert (row["n"], row["a_better"], row["smallest_p"]) == (2, 0.75, 0.5)
    assert row["difference"] == pytest.approx(0.05)
    less = dataclasses.replace(scored, objective=Objective("loss", "min"))
    assert pairwise(less, [("a", "b")]).loc[0, "a_better"] == 0.25
    shuffled = dataclasses.replace(scored, scores=scored.scores.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(pairwise(shuffled, [("a", "b")]), pairwise(scored, [("a", "b")]))


def test_replicates_that_share_nothing_are_two_samples(tmp_path: Path) -> None:
    found = of_scores(tmp_path, {"a": [0.5, 0.6, 0.7, None], "b": [0.4, 0.6, None, 0.1]})
    row = found.pairs.to_dict("records")[0]
    assert not found.endpoint.paired
    assert (row["n"], row["a_better"]) == (3, pytest.approx(7.5 / 9))
    assert row["p"] == pytest.approx(stats.mannwhitneyu([5, 6, 7], [4, 6, 1], method=stats.PermutationMethod()).pvalue)
    mirrored = dataclasses.replace(found.endpoint, objective=Objective("loss", "min"))
    less = pairwise(mirrored, [("a", "b")]).to_dict("records")[0]
    assert less["a_better"] == pytest.approx(1.5 / 9)
    assert (less["difference"], less["p"]) == (row["difference"], row["p"])


def rising(n: int, start: float) -> list[float | None]:
    return [start + 0.001 * place**2 for place in range(n)]


def test_verdict_names_who_is_shown_better(tmp_path: Path) -> None:
    found = of_scores(tmp_path / "max", {"a": rising(6, 0.5), "b": [0.4] * 6})
    assert found.verdict.kind == SHOWN
    assert found.verdict.line == "a is shown better than b (Holm-adjusted p ≤ 0.05)."
    mirrored = of_scores(tmp_path / "min", {"a": rising(6, 0.5), "b": [0.4] * 6}, direction="min")
    assert mirrored.verdict.line == "b is shown better than a (Holm-adjusted p ≤ 0.05)."


def test_verdict_of_one_replicate(tmp_path: Path) -> None:
    found = of_scores(tmp_path, {"a": [0.5], "b": [0.4]})
    assert not found.verdict.judged
    assert found.verdict.line.startswith("No verdict: one replicate shows nothing about chance")


def test_verdict_of_three_replicates_says_how_many_are_needed(tmp_path: Path) -> None:
    found = of_scores(tmp_path, {"a": rising(3, 0.5), "b": [0.4] * 3, "c": [0.3] * 3})
    assert not found.verdict.judged
    assert found.verdict.line == "No verdict: with 3 replicates no difference can be shown at 5%; 5 or more are needed."
    assert "0.100" in found.verdict.details[0]
    assert "a description of these replicates, not a claim" in found.verdict.details[1]


def test_verdict_of_ties(tmp_path: Path) -> None:
    found = of_scores(tmp_path, {"a": [0.5] * 7, "b": [0.5] * 7})
    assert not found.verdict.judged
    assert found.verdict.line.endswith("all scores (best val_accuracy) are the same, 0.5000: saturated.")
    assert "a and b" in found.verdict.details[1]


def test_verdict_without_a_second_tuner_or_any_score(tmp_path: Path) -> None:
    assert "one tuner" in of_scores(tmp_path / "one", {"a": [0.5, 0.6]}).verdict.line
    nothing = of_scores(tmp_path / "none", {"a": [None], "b": [None]})
    assert nothing.verdict.line == "No verdict: no cell has a score (best val_accuracy)."
    assert nothing.verdict.gaps == ("2 cells not started and not compared: a (replicate 1) and b (replicate 1).",)


def test_a_cell_whose_trials_all_failed_is_named(tmp_path: Path) -> None:
    with JournalWriter.create(tmp_path, study()) as writer:
        session(writer, ["a", "b"], 2, 1)
        for cell, state in ((A, TrialState.FAILED), (B, "COMPLETE")):
            writer.trial(
                trial(cell, 0, [0.5, 0.6], 2, state=state, error="ValueError: no" if state == TrialState.FAILED else "")
            )
            writer.cell(CellEnd(cell, "DONE", "the budget is spent", "", 1, 2, 1.0))
    verdict = summarise(journal.read(tmp_path)).verdict
    assert "only b has a score (best val_accuracy)" in verdict.line
    assert verdict.gaps == ("a ended 1 replicate without any score: no trial of theirs has one.",)


def test_tuner_table_and_best_configurations(golden: Journal) -> None:
    found = summarise(golden).problems["digits"]
    tuners = found.tuners.set_index("tuner")
    assert list(tuners.index) == ["kt-random", "kt-hyperband", "optuna-tpe", "default", "random-2x"]
    assert tuners["scored"].tolist() == [3, 3, 3, 4, 3]
    assert tuners["trials_failed"].tolist() == [3, 4, 3, 0, 0]
    assert tuners["charged_epochs"].tolist() == [44, 48, 36, 16, 72]
    assert tuners["trials"].sum() == len(found.trials)
    best = found.best.set_index("tuner")
    assert list(best.index) == list(tuners.index)
    counted = found.trials[found.trials["state"] != TrialState.FAILED]
    assert best["score"].to_dict() == counted.groupby("tuner")["score"].max().to_dict()
    assert best.loc["kt-hyperband", "epoch"] == 4
    assert "momentum" not in best["configuration"].to_dict()["kt-random"]


def test_failures_are_grouped_and_counted(golden: Journal) -> None:
    groups = failure_groups(trials_frame(golden))
    assert groups["count"].tolist() == [4, 3, 3]
    assert groups["tuner"].tolist()[0] == "kt-hyperband"


def test_final_scores_equal_the_best_trial_of_each_done_cell(golden: Journal) -> None:
    found = summarise(golden).problems["digits"]
    done = found.cells.loc[found.cells["state"] == "DONE", CELL]
    counted = found.trials[found.trials["state"] != TrialState.FAILED].merge(done, on=CELL)
    expected = counted.groupby(CELL)["score"].max().to_dict()
    finals = final_scores(found.incumbents.sample(frac=1, random_state=3), found.cells).dropna()
    assert {tuple(row[:3]): row[3] for row in finals.itertuples(index=False)} == expected


def test_an_empty_plan_gives_empty_frames(tmp_path: Path) -> None:
    JournalWriter.create(tmp_path, study()).close()
    found = summarise(journal.read(tmp_path))
    assert not found.verdict.judged
    assert found.tuners.empty


def test_the_golden_journal_is_what_its_function_writes(tmp_path: Path) -> None:
    write_golden(tmp_path)
    assert journal.path_of(tmp_path).read_bytes() == journal.path_of(GOLDEN).read_bytes()
