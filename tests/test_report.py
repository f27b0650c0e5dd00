from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from golden_journal import GOLDEN, SPACE, session, study, trial, write_golden, write_scores

from tuning import journal
from tuning.errors import JournalError
from tuning.journal import JournalWriter
from tuning.markup import escape_markdown, markdown_code, markdown_table, table
from tuning.records import FAILED, Cell
from tuning.report import Report, write_report
from tuning.verdict import NO_VERDICT
from tuning.wording import decimals_for, names, number, p_value, seconds

HOSTILE = "</script><img src=x onerror=alert(1)>|`[x](http://evil)\n# {{ 7*7 }} \u202e\x1b[31m"


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Report:
    path = tmp_path_factory.mktemp("golden")
    write_golden(path)
    return write_report(path)


class Page(HTMLParser):
    """Tags with their attributes, and the text of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script":
            self.scripts.append((self.tags[-1][1], data))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_golden_journal_gives_the_golden_report(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / "journal", tmp_path / "journal")
    report = write_report(tmp_path)
    assert report.markdown.read_bytes() == (GOLDEN / "report.md").read_bytes()


def test_everything_of_a_study_folder_is_written_and_rebuilt_to_the_byte(golden: Report) -> None:
    made = sorted(path.relative_to(golden.directory).as_posix() for path in golden.directory.rglob("*.*"))
    assert made == [
        "epochs.csv", "figures/best_so_far.svg", "figures/critical_difference.svg", "figures/final_scores.svg",
        "figures/pairwise.svg", "figures/performance_profile.svg", "figures/rank_over_budget.svg",
        "figures/trials_by_state.svg", "journal/journal.jsonl", "report.html", "report.md", "summary.json",
        "trials.csv",
    ]  # fmt: skip
    before = {name: (golden.directory / name).read_bytes() for name in made}
    write_report(golden.directory, journal.read(golden.directory))
    assert before == {name: (golden.directory / name).read_bytes() for name in made}
    assert all(str(golden.directory).encode() not in content for content in before.values())


def test_summary_is_strict_json_and_holds_the_verdict(golden: Report) -> None:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    found = json.loads(golden.summary.read_text(), parse_constant=refuse)
    assert found["verdict"] == {
        "kind": NO_VERDICT, "line": golden.verdict.line, "details": list(golden.verdict.details),
    }  # fmt: skip
    problem = found["problems"]["digits"]
    assert {"tuners", "final_scores", "pairs", "best_configurations", "cells", "failures"} <= set(problem)
    assert {"by_budget", "ranks", "standings", "targets", "epochs_to_reach", "profiles"} <= set(problem)
    assert [found["share"] for found in problem["by_budget"]] == [0.25, 0.5, 1.0]
    assert problem["ranks"]["block"] == "replicate"
    assert {row["median"] for row in problem["targets"] if row["tuner"] == "kt-random"} == {8.0, "inf"}
    assert len(problem["cells"]) == 12
    assert [row["score"] for row in problem["final_scores"] if row["tuner"] == "optuna-tpe"][3] is None


def test_the_page_runs_only_its_own_scripts_and_asks_nothing_of_the_network(golden: Report) -> None:
    page = Page(golden.html.read_text())
    (policy,) = [meta["content"] for meta in page.named("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    code = [text for attributes, text in page.scripts if attributes.get("type") != "application/json"]
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in code]
    assert policy is not None
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes)
    assert f"script-src {allowed};" in policy
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert not page.named("link")
    assert all((image["src"] or "").startswith("data:image/svg+xml;base64,") for image in page.named("img"))
    assert all("src" not in script for script in page.named("script"))


def test_figures_have_text_and_their_numbers(golden: Report) -> None:
    text = golden.html.read_text()
    page = Page(text)
    assert len(page.named("figure")) == 7
    assert text.count("The numbers behind this figure") == 7
    assert all(image["alt"] for image in page.named("img"))
    specs = [json.loads(body) for attributes, body in page.scripts if attributes.get("type") == "application/json"]
    assert len(specs) == 7


def test_missing_failed_and_excluded_are_named(golden: Report, tmp_path: Path) -> None:
    shutil.copytree(golden.directory / "journal", tmp_path / "journal")
    with JournalWriter.resume(tmp_path) as writer:
        writer.trial(trial(Cell("digits", "other", 1), 0, [0.9], 1))
    text = write_report(tmp_path).markdown.read_text()
    assert "1 cell unfinished and not compared: kt-random (replicate 4)." in text
    assert "1 cell not started and not compared: optuna-tpe (replicate 4)." in text
    assert "not in the plan, and left out: digits/other/1." in text
    assert "| kt-random | 3 | ResourceExhaustedError: \\`OOM\\` at shape\\[1000,64\\] | replicate 1, trial 2 |" in text
    assert "kt-hyperband (replicate 3)" in golden.markdown.read_text()


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    first: dict[str, Any] = study(problem=HOSTILE, metric="val_accuracy")
    first["study"] = HOSTILE
    first["problems"][HOSTILE]["space"] = [*SPACE, {"name": HOSTILE, "type": "Choice", "values": [HOSTILE]}]
    first["problems"][HOSTILE]["data"] = {HOSTILE: {HOSTILE: HOSTILE}}
    cell = Cell(HOSTILE, HOSTILE, 1)
    with JournalWriter.create(tmp_path, first) as writer:
        session(writer, [HOSTILE], 5, 1)
        writer.trial(trial(cell, 0, [0.5, 0.6], 2, configuration={HOSTILE: HOSTILE}))
        writer.trial(trial(cell, 1, [0.5], 3, state=FAILED, error=HOSTILE))
    report = write_report(tmp_path)
    page = Page(report.html.read_text())
    assert all("onerror" not in attributes for _, attributes in page.tags)
    assert {image["src"][:5] for image in page.named("img") if image["src"]} == {"data:"}
    text = re.sub(r"^```+sh\n.*\n```+\n", "", report.markdown.read_text(), flags=re.M)
    assert "<img" not in text
    assert not re.search(r"(?<!\\)\]\(http", text)
    assert "\x1b" not in text
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines() if line.startswith("| Tuner")}
    assert widths
    for block in re.findall(r"(?:^\|.*\n)+", text, flags=re.M):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1


def test_several_problems_are_judged_one_by_one(tmp_path: Path) -> None:
    first: dict[str, Any] = study()
    first["problems"]["iris"] = first["problems"]["digits"]
    with JournalWriter.create(tmp_path, first) as writer:
        session(writer, ["a", "b"], 2, 1)
        for problem in ("digits", "iris"):
            writer.trial(trial(Cell(problem, "a", 1), 0, [0.5, 0.6], 2))
    report = write_report(tmp_path)
    assert report.verdict.line == "2 problems, each judged by itself: no verdict on digits and iris."
    assert sorted(path.name for path in report.figures) == [
        "best_so_far_1_digits.svg", "best_so_far_2_iris.svg",
        "trials_by_state_1_digits.svg", "trials_by_state_2_iris.svg",
    ]  # fmt: skip


def test_a_tuner_that_asks_for_several_at_a_time_is_told(tmp_path: Path) -> None:
    with JournalWriter.create(tmp_path, study()) as writer:
        settings = {"a": {"tuner": "optuna-tpe", "parallel_trials": 4}, "b": {"tuner": "optuna-tpe"}}
        writer.session({"tuners": settings, "budget_epochs": 4, "replicates": 1}, {})
    text = write_report(tmp_path).markdown.read_text()
    assert "a asked for 4 trials at a time, each chosen without the results of the others" in text
    assert "b asked for" not in text


def test_long_tables_are_shortened_and_say_so(tmp_path: Path) -> None:
    write_scores(tmp_path, {name: [0.5 + place / 1000 for place in range(25)] for name in "abc"})
    text = write_report(tmp_path).markdown.read_text()
    assert "75 of 75 cells are done, spent exactly what was planned and add up" in text
    assert "Lower quartile" in text


def test_a_journal_without_a_run_still_gives_a_report(tmp_path: Path) -> None:
    JournalWriter.create(tmp_path, study()).close()
    report = write_report(tmp_path)
    assert report.figures == ()
    assert "no cell has a final score" in report.markdown.read_text()


def test_a_folder_without_a_journal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="holds no study"):
        write_report(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_report_needs_no_library_that_trains() -> None:
    code = (
        "import sys; import tuning.report; "
        "print(sorted({'tensorflow', 'keras', 'keras_tuner', 'optuna', 'sklearn', 'scikeras'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n_hidden 0.8926", "n_hidden 0.8926"),
        ("a | b\nc", "a \\| b c"),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("# no heading", "\\# no heading"),
        ("1. no list", "1\\. no list"),
        ("- no item", "\\- no item"),
        ("_no emphasis_ *nor* here", "\\_no emphasis\\_ \\*nor\\* here"),
        ("http://evil @someone", "http:&#47;/evil &#64;someone"),
        ("a\u202eb\x00c", "abc"),
    ],
)
def test_escape_markdown(text: str, expected: str) -> None:
    assert escape_markdown(text) == expected


def test_markdown_tables_and_code() -> None:
    assert markdown_table(table("", ["a|b"], [["x\ny"]])) == "| a\\|b |\n| --- |\n| x y |"
    assert markdown_code("a ``` b") == "````sh\na ``` b\n````"


def test_wording() -> None:
    assert [seconds(value) for value in (0.04, 75, 800, 12_000)] == ["0.0 s", "75 s", "13 min", "3 h 20 min"]
    assert [p_value(p) for p in (0.25, 0.0625, 0.00001, float("nan"))] == ["0.250", "0.0625", "< 0.0001", "–"]
    assert number(-0.5, 2) == "−0.50"
    assert number(0.5, 2, signed=True) == "+0.50"
    assert decimals_for([0.91, 0.92]) == 4
    assert decimals_for([120.0, 480.0]) == 0
    assert decimals_for([]) == 4
    assert names(["a", "b", "c"]) == "a, b and c"
    assert names([]) == ""
