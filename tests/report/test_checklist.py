"""The checklist of good practice answers from the journal, and says what that does not hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tuning.analysis.spent import spent, spent_by_cell
from tuning.journal.journal import Journal, read
from tuning.report.tables.checklist import NOT_RECORDED, checklist_table

REPORTS = Path(__file__).parents[2] / "reports"


def answers(journal: Journal) -> dict[str, str]:
    return {item.text: answer.text for item, answer in checklist_table(journal, spent(spent_by_cell(journal))).rows}


def test_the_golden_journal_answers(golden_read: Journal) -> None:
    found = answers(golden_read)
    assert found["Question stated beforehand"].startswith("every two tuners by the mean test score")
    assert found["Difference that matters"] == "none stated"
    assert found["Baselines"] == "default and random-2x"
    assert found["Budget, equal for all tuners"] == "12 training epochs for each search"
    assert found["Replicates"] == "4 of each tuner; 16 of 20 cells finished, baselines included"
    assert found["Data and splits"] == "digits: fixed splits, fingerprint sha256:0123456789abcdef."
    assert found["Versions"] == "python 3.11.9, keras 3.15.1"
    assert found["Machine"] == "threads: 1"
    trials = [trial for done in golden_read.trials.values() for trial in done]
    failed = sum(trial.state == "FAILED" for trial in trials)
    assert found["Failures shown"] == f"{failed} of {len(trials)} trials failed; each is charged and kept"
    searched = [trial for trial in trials if trial.cell.tuner in golden_read.plan.tuners]
    assert found["Compute spent"].startswith(f"searches {sum(trial.epochs for trial in searched)} epochs in ")


def test_what_is_not_recorded_is_said(golden_read: Journal) -> None:
    bare = replace(golden_read, sessions=[], trials={}, retrainings={}, ends={})
    found = answers(bare)
    for item in ("Question stated beforehand", "Seeds", "Versions", "Machine", "Compute spent"):
        assert found[item] == NOT_RECORDED, item
    assert found["Test data unseen by the searches"] == "no test scores"


@pytest.mark.parametrize("name", ["digits-quick-start", "iris"])
def test_committed_studies_recorded_nearly_all(name: str) -> None:
    found = answers(read(REPORTS / name))
    missing = {item for item, answer in found.items() if answer == NOT_RECORDED}
    assert missing <= {"Question stated beforehand"}
