"""What is judged: the endpoint that the plan declares, or the first that an older journal can give."""

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from msgspec import structs

from tests.support.golden_journal import TUNERS, write_golden, write_scores
from tuning.analysis.endpoints import endpoint, endpoint_steps
from tuning.analysis.problem_summary import ProblemSummary
from tuning.analysis.summary import summarise
from tuning.analysis.winners import retrained_cells
from tuning.journal.frames import trials_frame
from tuning.journal.journal import Journal, read
from tuning.journal.plan import RETRAINED, SEARCH, TEST
from tuning.journal.records import TrialState
from tuning.journal.study_record import DataRecord
from tuning.objective import Objective

NONE = pd.DataFrame(columns=["problem", "tuner", "replicate", "retrained", "test"])


def changed(journal: Journal, **plan: Any) -> Journal:
    """The journal, as if its plan had been another."""
    last = journal.sessions[-1]
    journal.sessions[-1] = structs.replace(last, plan=structs.replace(last.plan, **plan))
    return journal


def golden(tmp_path: Path, **plan: Any) -> ProblemSummary:
    write_golden(tmp_path)
    return summarise(changed(read(tmp_path), **plan)).problems["digits"]


def score(found: ProblemSummary, tuner: str, replicate: int) -> float:
    scores = found.endpoint.scores.set_index(["tuner", "replicate"])["score"]
    return float(scores.loc[tuner, replicate])


def test_a_winner_is_judged_by_the_mean_over_its_seeds(tmp_path: Path) -> None:
    found = golden(tmp_path)
    assert (found.endpoint.kind, found.endpoint.metric) == (TEST, "test accuracy")
    # Two seeds, 0.016 and 0.02 below what the search saw, and 0.005 lower on test.
    seen = found.finals.set_index(["tuner", "replicate"])["score"]
    assert score(found, "optuna-tpe", 1) == pytest.approx(seen.loc["optuna-tpe", 1] - 0.018 - 0.005)
    assert score(found, "optuna-tpe", 3) == pytest.approx(seen.loc["optuna-tpe", 3] - 0.016 - 0.005)  # one seed
    assert math.isnan(score(found, "kt-random", 4))  # unfinished
    pair = found.pairs.set_index(["a", "b"]).loc["kt-random", "optuna-tpe"]
    difference = [score(found, "kt-random", at) - score(found, "optuna-tpe", at) for at in (1, 2, 3)]
    assert pair["difference"] == pytest.approx(pd.Series(difference).median(), abs=0.01)
    assert found.choice.table["mean"].max() < seen.loc["optuna-tpe"].mean()


@pytest.mark.parametrize(("declared", "better_by"), [(RETRAINED, 0.005), (SEARCH, 0.023)])
def test_another_endpoint_is_judged_where_the_plan_declares_it(tmp_path: Path, declared: str, better_by: float) -> None:
    test, found = golden(tmp_path / "test"), golden(tmp_path / "other", endpoint=declared)
    assert found.endpoint.kind == declared
    assert found.contest.declared
    assert score(found, "optuna-tpe", 1) == pytest.approx(score(test, "optuna-tpe", 1) + better_by)
    assert any(
        line.endswith("as declared before the run.") or "as the study asked" in line for line in found.verdict.details
    )


def test_old_journals_are_judged_by_the_first_endpoint_that_they_can_give(tmp_path: Path) -> None:
    write_scores(tmp_path / "scores", {"a": [0.1, 0.2], "b": [0.3, 0.4]})
    assert read(tmp_path / "scores").endpoint == SEARCH
    write_golden(tmp_path / "golden")
    journal = changed(read(tmp_path / "golden"), endpoint="")
    assert journal.endpoint == TEST
    journal.retrainings = {
        cell: [structs.replace(done, test={}) for done in records] for cell, records in journal.retrainings.items()
    }
    assert journal.endpoint == RETRAINED


def test_a_verdict_on_the_best_score_seen_says_that_it_is_about_luck_too(tmp_path: Path) -> None:
    write_scores(tmp_path, {"a": [0.1, 0.2], "b": [0.3, 0.4]})
    (line,) = [line for line in summarise(read(tmp_path)).verdict.details if line.startswith("The verdict is about")]
    assert line == (
        "The verdict is about the best val_accuracy of a search, because nothing was retrained: that is luck and skill "
        "of a search together, and more trials have more luck."
    )


def test_failed_retrainings_are_no_score_and_are_named(tmp_path: Path) -> None:
    write_golden(tmp_path)
    journal = read(tmp_path)
    for cell, records in journal.retrainings.items():
        if cell[1:] == ("kt-hyperband", 1):
            journal.retrainings[cell] = [
                structs.replace(done, state=TrialState.FAILED, score=math.nan, test={}) for done in records
            ]
    found = summarise(journal).problems["digits"]
    assert math.isnan(score(found, "kt-hyperband", 1))
    assert "1 cell without test accuracy and not compared: kt-hyperband (replicate 1)." in found.verdict.gaps


def test_what_one_would_have_got_at_each_budget(tmp_path: Path) -> None:
    found = golden(tmp_path)
    steps = found.endpoint_steps
    assert steps.drop(columns="score").equals(found.incumbents.drop(columns="score"))
    mine = steps[(steps["tuner"] == "kt-hyperband") & (steps["replicate"] == 1)]
    # Trial 2 continues trial 0 and has another configuration, trial 4 is the final incumbent; 0 and 2 were retrained.
    assert mine["trial"].unique().tolist() == [0, 2, 4]
    assert mine.groupby("trial")["score"].nunique().tolist() == [1, 1, 1]
    assert mine["score"].iloc[-1] == score(found, "kt-hyperband", 1)
    same = endpoint_steps(SEARCH, found.incumbents, found.retrainings, found.trials)
    assert same is found.incumbents


def test_a_continued_trial_shares_its_parents_retrainings(tmp_path: Path) -> None:
    write_golden(tmp_path)
    trials = trials_frame(read(tmp_path)).iloc[:2].assign(trial=[0, 1])
    trials["hp.n_hidden"] = 3  # now two trials of one configuration
    trials["hp.optimizer"], trials["hp.momentum"] = "adam", None
    cell = {"problem": "digits", "tuner": "kt-random", "replicate": 1}
    steps = pd.DataFrame([{**cell, "spent_epochs": at, "trial": at, "score": 0.5} for at in (0, 1)])
    retrainings = pd.DataFrame([{**cell, "trial": 1, "score": value, "test": value} for value in (0.2, 0.4)])
    assert endpoint_steps(TEST, steps, retrainings, trials)["score"].tolist() == pytest.approx([0.3, 0.3])


def test_the_matrix_leaves_out_baselines_and_pairs_where_replicates_share_a_split() -> None:
    rows = [("p", "a", 1, 0.5), ("p", "a", 2, math.nan), ("p", "b", 2, 0.7), ("p", "default", 1, 0.9)]
    finals = pd.DataFrame(rows, columns=["problem", "tuner", "replicate", "score"])
    fixed, drawn = DataRecord("sha256:0"), DataRecord("sha256:0", resampling="Holdout(test=0.2)")
    scored = endpoint(SEARCH, finals, NONE, Objective("val_loss", "min"), fixed)
    assert scored.matrix(["b", "a"]).tolist()[0] == pytest.approx([math.nan, -0.5], nan_ok=True)
    assert scored.matrix(["b", "a"]).tolist()[1] == pytest.approx([-0.7, math.nan], nan_ok=True)
    assert not scored.paired
    assert endpoint(SEARCH, finals, NONE, Objective("val_loss", "min"), drawn).paired
    table = scored.table(["a", "c"]).set_index("tuner")
    assert (table.loc["a", "scored"], table.loc["a", "mean"], table.loc["c", "scored"]) == (1, 0.5, 0)
    assert table.loc[["a", "c"], "low"].isna().all()


def test_every_planned_cell_has_a_row(tmp_path: Path) -> None:
    found = golden(tmp_path)
    assert len(found.endpoint.scores) == len(found.finals)
    cells = retrained_cells(found.retrainings, found.finals, found.objective)
    known = endpoint(TEST, found.finals, cells, found.objective, DataRecord("sha256:0")).table(TUNERS)
    assert known["scored"].tolist() == [3, 3, 3]
