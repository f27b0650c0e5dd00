"""What a study spent, against sums made from the journal's lines by themselves."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tests.support.golden_journal import session, study, trial
from tuning.analysis.spent import Cost, Spent, a_replicate, spent, spent_by_cell
from tuning.analysis.summary import summarise
from tuning.analysis.summary_json import to_json
from tuning.formatting import seconds
from tuning.journal.journal import Journal, read
from tuning.journal.plan import TunerSettings
from tuning.journal.records import Cell, CellEnd, Retraining, TrialState
from tuning.journal.writer import JournalWriter
from tuning.report.tables.checklist import checklist_table


def lines(journal: Journal, kind: str, tuners: list[str]) -> list[dict[str, Any]]:
    """The raw lines of a kind, of these tuners."""
    path = journal.directory / "journal" / "journal.jsonl"
    every = [json.loads(line) for line in path.read_text().splitlines()]
    return [line for line in every if line["kind"] == kind and line["tuner"] in tuners]


def test_the_golden_study_spent_what_its_lines_add_up_to(golden_read: Journal) -> None:
    found = spent(spent_by_cell(golden_read))
    plan = golden_read.plan
    for part, tuners in ((found.searches, list(plan.tuners)), (found.baselines, list(plan.baselines))):
        trials = lines(golden_read, "trial", tuners)
        assert part.epochs == sum(len(line["curve"]) for line in trials) > 0
        assert part.seconds == pytest.approx(sum(line["train_seconds"] for line in trials))
    retrained = lines(golden_read, "retraining", [*plan.tuners, *plan.baselines])
    assert found.retraining.epochs == sum(len(line["curve"]) for line in retrained) > 0
    assert found.retraining.seconds == pytest.approx(sum(line["train_seconds"] for line in retrained))
    every = lines(golden_read, "trial", [*plan.tuners, *plan.baselines])
    assert found.thinking_seconds == pytest.approx(sum(line["suggest_seconds"] for line in every))
    assert found.shared_epochs == 0
    assert found.words == (
        f"searches {found.searches.epochs:.0f} epochs in {seconds(found.searches.seconds)}; "
        f"baselines {found.baselines.epochs:.0f} epochs in {seconds(found.baselines.seconds)}; "
        f"retraining {found.retraining.epochs:.0f} epochs in {seconds(found.retraining.seconds)}; "
        f"tuners' own thinking {seconds(found.thinking_seconds)}"
    )
    summary = summarise(golden_read)
    assert json.loads(to_json(summary))["spent"]["retraining"]["epochs"] == found.retraining.epochs
    answers = {item.text: answer.text for item, answer in checklist_table(golden_read, summary.spent).rows}
    assert answers["Compute spent"] == found.words


def shared(path: Path, first: str) -> Journal:
    """A tuner and a baseline of three replicates whose first trial and whose retraining are the same.

    `first` was really trained; a trial has 4 epochs in 2 s, a retraining 4 in 3 s; the baseline has a second trial.
    """
    plan = {"baselines": {"twice": TunerSettings({"tuner": "random-2x", "budget_factor": 2})}, "retrain": 1}
    with JournalWriter.create(path, study()) as writer:
        session(writer, ["once"], 4, 3, endpoint="test", **plan)
        for replicate in (1, 2, 3):
            for tuner, trials in (("once", 1), ("twice", 2)):
                cell, copied = Cell("digits", tuner, replicate), f"{first}/0" if tuner != first else ""
                for at in range(trials):
                    made = trial(cell, at, [0.5 - 0.1 * at] * 4, 4 * at + 4)
                    writer.trial(structs.replace(made, copy_of="" if at else copied))
                writer.retraining(
                    Retraining(
                        cell, 0, 1, trial(cell, 0, [0.5], 1).configuration, TrialState.COMPLETE, 0.5, {"accuracy": 0.4},
                        [{"val_accuracy": 0.5}] * 4, 7, 3.0, copy_of=copied,
                    )
                )  # fmt: skip
                if replicate < 3 or tuner == "once":
                    writer.cell(CellEnd(cell, "DONE", "the budget is spent", "", trials, 4 * trials, 1.0))
    return read(path)


@pytest.mark.parametrize("first", ["once", "twice"])
def test_equal_trainings_count_once_whichever_was_made(tmp_path: Path, first: str) -> None:
    cells = spent_by_cell(shared(tmp_path, first))
    found = spent(cells)
    assert (found.searches.epochs, found.searches.seconds) == (12, 6)
    assert (found.baselines.epochs, found.baselines.seconds) == (12, 6)
    assert (found.retraining.epochs, found.retraining.seconds) == (12, 9)
    assert (found.epochs, found.shared_epochs) == (36, 24)
    assert found.seconds == pytest.approx(6 + 6 + 9 + 9 * 0.125)
    assert found.words.endswith("; shared and not trained again 24 epochs")
    one = a_replicate(cells)  # of the finished cells, the third of the baseline is not
    assert (one.searches.epochs, one.baselines.epochs, one.retraining.epochs) == (4, 4, 4)
    assert one.epochs_words == "12 epochs (searches 4, baselines 4, retraining 4)"


def test_a_copy_counts_where_what_it_copies_is_left_out(tmp_path: Path) -> None:
    journal = shared(tmp_path, "twice")
    alone = structs.replace(journal.plan, baselines={})
    only = replace(journal, sessions=[structs.replace(journal.sessions[0], plan=alone)])
    found = spent(spent_by_cell(only))
    assert (found.searches.epochs, found.retraining.epochs, found.shared_epochs) == (12, 12, 0)


def test_a_study_that_recorded_no_time_names_none() -> None:
    nothing = Cost(0, 0)
    assert Spent(Cost(1200, 0), nothing, nothing, 0, 0).words == "searches 1\u202f200 epochs"
