"""What a reader sees first, and how the page is built: headings, anchors, the contents bar."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.golden_journal import session, study, trial, write_scores
from tuning.analysis.summary import summarise
from tuning.analysis.winners import winners
from tuning.journal import journal
from tuning.journal.records import Cell, CellEnd, CellState
from tuning.journal.study_record import StudyRecord
from tuning.journal.writer import JournalWriter
from tuning.report.report import Report, write_report
from tuning.report.sections.answer import _code, _file, answers
from tuning.report.tables.answer import answer_table, problems_table


class Outline(HTMLParser):
    """Headings with their levels and ids, all ids, and the links of the contents bar."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.headings: list[tuple[int, str | None]] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.headings.append((int(tag[1]), given.get("id")))
        if identity := given.get("id"):
            self.ids.append(identity)
        if tag == "a" and (link := given.get("href")):
            self.links.append(link)


def two_problems(directory: Path) -> Path:
    recorded = study().problems["digits"]
    with JournalWriter.create(
        directory, StudyRecord(study="two", problems={"one": recorded, "the other": recorded})
    ) as writer:
        session(writer, ["a", "b"], 4, 3)
        for problem in ("one", "the other"):
            for tuner, ahead in (("a", 0.5), ("b", 0.6)):
                for replicate in range(1, 4):
                    cell = Cell(problem, tuner, replicate)
                    writer.trial(trial(cell, 0, [ahead + replicate / 100] * 4, 4))
                    writer.cell(CellEnd(cell, CellState.DONE, "the budget is spent", "", 1, 4, 0.0))
    return directory


@pytest.fixture
def two(tmp_path: Path) -> Report:
    return write_report(two_problems(tmp_path))


def test_headings_are_in_order_and_every_link_has_its_place(golden_report: Report, two: Report) -> None:
    for report in (golden_report, two):
        page = Outline(report.html.read_text())
        levels = [level for level, _ in page.headings]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels)), levels
        assert all(identity for _, identity in page.headings)
        assert len(page.ids) == len(set(page.ids))
        assert len(page.links) > 4
        assert {link.removeprefix("#") for link in page.links} <= set(page.ids)


def test_the_first_screen_says_which_tuner_and_which_model(golden_report: Report) -> None:
    text = golden_report.html.read_text()
    first = text[text.index("<h1") : text.index('id="shown"')]
    choice = golden_report.result.recommendation
    order = [choice.line, golden_report.verdict.line, "Use this model", "Was searching worth it?", "More compute?"]
    places = [first.index(sentence.replace("'", "&#39;")) for sentence in order]
    assert places == sorted(places)
    assert "9 of 12 searches finished, 10 trials failed" in first


def test_too_few_replicates_to_show_anything_say_what_enough_would_cost(golden_report: Report) -> None:
    read = journal.read(golden_report.directory)
    problem = summarise(read).problems["digits"]
    lacking = problem.verdict.lacking
    assert f"{int(problem.pairs['n'].max()) + lacking} or more are needed" in problem.verdict.line
    one, enough = answers(read, {"digits": problem})["digits"].more
    assert f"about {problem.replicate.epochs:.0f} epochs" in one
    assert enough.startswith(f"To be able to show a difference takes {lacking} further replicates: about ")
    assert f"{round(lacking * problem.replicate.epochs)} epochs" in enough
    assert enough in golden_report.html.read_text()


def test_a_model_is_loaded_by_three_lines_of_python(golden_report: Report) -> None:
    read = journal.read(golden_report.directory)
    found = answers(read, summarise(read).problems)["digits"]
    assert found.use.startswith("optuna-tpe, replicate 1, trial 1: val_accuracy 0.844 and test accuracy 0.839, means")
    assert found.code == ()  # the golden journal holds no record of this winner's model
    winner = winners(read)["digits", "kt-random"]
    saved = _code(read, winner, _file(read, winner))
    assert saved[:2] == ("import keras", 'model = keras.models.load_model("models/kt-random.keras")')
    assert len(saved) == 3


def test_a_row_for_each_tuner_begins_with_the_one_to_take(golden_report: Report) -> None:
    problem = summarise(journal.read(golden_report.directory)).problems["digits"]
    shown = answer_table(problem)
    assert shown.columns[:4] == ("Tuner", "Test accuracy", "Probability of being best", "Expected loss")
    rows = [row[0].text for row in shown.rows]
    assert rows[0] == problem.choice.tuner
    assert rows[-2:] == list(problem.contest.baselines)
    by_tuner = {row[0].text: row for row in shown.rows}
    grid = problem.standings[problem.standings["spent_epochs"] == 3].set_index("tuner")["median"]
    assert by_tuner["kt-random"][-1].value == grid["kt-random"]


def test_without_retraining_the_best_score_seen_comes_second(tmp_path: Path) -> None:
    write_scores(tmp_path, {"a": [0.5, 0.6, 0.7], "b": [0.4, 0.3, 0.2]})
    read = journal.read(tmp_path)
    problem = summarise(read).problems["digits"]
    assert answer_table(problem).columns[1] == "Probability of being best"
    assert answers(read, {"digits": problem})["digits"].use == ""


def test_several_problems_open_with_a_table_of_them_and_are_folded(two: Report) -> None:
    text = two.html.read_text()
    assert text.count('<details class="problem"') == 2
    assert text.index("the median of the best scores seen") < text.index('<details class="problem"')
    shown = problems_table(summarise(journal.read(two.directory)).problems)
    assert [[entry.text for entry in row[:3]] for row in shown.rows] == [
        ["one", "b", "val_accuracy"], ["the other", "b", "val_accuracy"],
    ]  # fmt: skip
    assert "## Problem the other" in two.markdown.read_text()
