"""The table of incumbents says what its intervals leave out."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.golden_journal import write_golden
from tuning.analysis.summary import summarise
from tuning.journal.journal import read
from tuning.journal.study_record import DataRecord
from tuning.report.tables.study import winners_table


def test_the_sampling_error_of_one_test_part_is_shown_or_said_to_be_left_out(tmp_path: Path) -> None:
    write_golden(tmp_path)
    problem = summarise(read(tmp_path)).problems["digits"]
    known = winners_table(replace(problem, test_rows=217))
    column = known.columns.index("Test accuracy by 217 samples")
    assert known.rows[0][column].text == "0.659 to 0.782"  # of 0.724, by Clopper and Pearson
    assert "the sampling error of 217 test samples, the same in all replicates, is not in them" in known.caption
    unknown = winners_table(replace(problem, test_rows=None))
    assert not any("samples" in column for column in unknown.columns)
    assert "the sampling error of the test part" in unknown.caption
    own = winners_table(replace(problem, test_rows=217, endpoint=replace(problem.endpoint, paired=True)))
    assert "sampling error" not in own.caption  # each replicate has a test part of its own
    assert "which hold 87% of the means of skewed scores" in own.caption


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (DataRecord("x", {"test": {"size": 30}}), 30),
        (DataRecord("x", {"train": {"size": 30}}), None),
        (DataRecord("x", {}, rows={"development": 80, "test": 20}), 20),
        (DataRecord("x", {"test": {"size": 30}}, rows={"development": 80}), None),
    ],
)
def test_how_many_test_samples_there_are_is_known_from_the_record(data: DataRecord, rows: int | None) -> None:
    assert data.test_rows == rows
