from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.golden_journal import CONFUSION, WINNERS
from tuning.journal.journal import Journal, path_of
from tuning.journal.winner_record import BINS, Scatter
from tuning.report.report import Report
from tuning.report.sections.winners import MAX_EPOCH_ROWS, epochs_table, predictions_table, winner_sections


@pytest.fixture
def golden(golden_read: Journal) -> Journal:
    return golden_read


def test_each_winner_has_what_is_known_of_it(golden: Journal) -> None:
    found = winner_sections(golden)["digits"]
    random, hyperband, tpe = found.sections
    assert [section.best for section in found.sections] == [False, False, True]
    assert random.line == "val_accuracy 0.7660, test accuracy 0.7210; Sequential of 2\u202f179 parameters"
    assert [picture.name for picture in random.pictures] == [
        "winner_1_kt_random_1", "winner_1_kt_random_2", "winner_1_kt_random_predicted", "winner_1_kt_random_layers",
    ]  # fmt: skip
    assert hyperband.predicted is None
    assert hyperband.remarks == (
        "What it predicts could not be found out.",
        "After 2 further epochs on training and validation data together: test accuracy 0.8100, before 0.7830.",
    )
    assert tpe.remarks == ("Its model is not saved: nothing can be said of its layers and of what it predicts.",)
    assert tpe.layers is None
    columns = {row[0].text: [entry.text for entry in row[1:]] for row in found.configurations.rows}
    assert columns["saved in models/ as"] == ["kt-random.keras", "kt-hyperband.keras", "–"]
    assert columns["momentum"] == ["–", "–", "–"]


def test_the_record_of_an_earlier_winner_is_not_shown_as_this_ones(golden: Journal) -> None:
    stale = Journal(golden.directory, golden.study, golden.sessions, golden.trials, golden.retrainings, golden.ends)
    stale.winners = {("digits", "kt-random"): WINNERS[1]}
    assert winner_sections(stale)["digits"].sections[0].layers is None


def test_without_retraining_there_is_no_winner(golden: Journal) -> None:
    assert winner_sections(Journal(golden.directory, golden.study, golden.sessions, golden.trials)) == {}


def test_long_curves_are_thinned_and_say_so() -> None:
    shown = epochs_table([{"loss": 1 / at} for at in range(1, 101)])
    assert len(shown.rows) == MAX_EPOCH_ROWS
    assert (shown.rows[0][0].text, shown.rows[-1][0].text) == ("1", "100")
    assert shown.caption == "Metrics by epoch, 20 of 100"


def test_recall_and_precision() -> None:
    rows = {row[0].text: [entry.text for entry in row[1:]] for row in predictions_table(CONFUSION).rows}
    assert rows["naught"] == ["8", "2", "0", "10", "80.0%", "88.9%", "one|<i> (2)"]
    assert rows["two"] == ["0", "0", "10", "10", "100.0%", "100.0%", "–"]


def test_mean_predictions_come_from_the_bins() -> None:
    counts = [[0] * BINS for _ in range(BINS)]
    counts[0][0], counts[1][2] = 3, 1
    found = Scatter("test", "", 0.0, float(BINS), tuple(map(tuple, counts)), 0, 0.0, 0.0, 0.0)
    (row,) = predictions_table(found).rows
    assert [entry.text for entry in row] == ["0.0 to 6.0", "4", "1.0"]
    assert row[2].value == (3 * 0.5 + 2.5) / 4


def test_the_report_shows_them_and_asks_keras_nothing(golden_report: Report) -> None:
    report = golden_report
    assert path_of(report.directory).is_file()
    text = report.html.read_text()
    assert text.count('<details class="winner"') == 3
    assert text.count('<details class="winner" open') == 1
    assert "one|&lt;i&gt;" in text
    assert "<b>|output" not in text
    markdown = report.markdown.read_text()
    for path in report.figures:
        assert f"](figures/{Path(path).name})" in markdown
    assert "#### kt-hyperband" in markdown
