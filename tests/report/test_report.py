from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import json
import math
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tests.support.golden_journal import (
    BASELINES,
    GOLDEN,
    SPACE,
    TUNERS,
    session,
    study,
    trial,
    write_scores,
)
from tuning.analysis.verdict.verdict import UNDECIDED
from tuning.errors import JournalError
from tuning.formatting import decimals_for, names, number, p_value, seconds
from tuning.journal import journal
from tuning.journal.frames import RETRAINING_COLUMNS
from tuning.journal.plan import Looks, Manifest, Plan, Session, TunerSettings
from tuning.journal.records import Cell, CellEnd, Retraining, TrialState
from tuning.journal.study_record import DataRecord, StudyRecord
from tuning.journal.writer import JournalWriter
from tuning.report.markdown import escape_markdown, markdown_code, markdown_table
from tuning.report.report import Report, write_report
from tuning.report.tables.base import table

WINNERS = [
    "winner_1_kt_random_1", "winner_1_kt_random_2", "winner_1_kt_random_layers", "winner_1_kt_random_predicted",
    "winner_2_kt_hyperband_1", "winner_2_kt_hyperband_2", "winner_2_kt_hyperband_layers",
    "winner_3_optuna_tpe_1", "winner_3_optuna_tpe_2",
]  # fmt: skip
HOSTILE = "</script><img src=x onerror=alert(1)>|`[x](http://evil)\n# {{ 7*7 }} \u202e\x1b[31m"


@pytest.fixture
def golden(golden_report: Report) -> Report:
    return golden_report


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


def test_the_golden_journal_gives_the_golden_report(golden: Report) -> None:
    assert golden.markdown.read_bytes() == (GOLDEN / "report.md").read_bytes()


@pytest.mark.usefixtures("pictures")
def test_everything_of_a_study_folder_is_written_and_rebuilt_to_the_byte(golden: Report) -> None:
    made = sorted(path.relative_to(golden.directory).as_posix() for path in golden.directory.rglob("*.*"))
    rows = [f"hparams/summary/digits/{label}/events.out.tfevents.tuning" for label in sorted([*TUNERS, *BASELINES])]
    rows.append("hparams/summary/events.out.tfevents.tuning")
    assert [name for name in made if name in rows] == rows
    best = [name for name in made if name.startswith("hparams/best/")]
    assert len({name.split("/")[2] for name in best}) == 1 + sum(
        not math.isnan(trial.score) for trial in journal.read(golden.directory).all_trials()
    )  # the columns, and each trial with a score
    assert [name for name in made if name not in rows and name not in best] == [
        "epochs.csv", "figures/best_so_far.svg", "figures/coverage.svg", "figures/critical_difference.svg",
        "figures/final_scores.svg", "figures/fixed_targets.svg", "figures/improvement.svg", "figures/parallel.svg",
        "figures/performance_profile.svg", "figures/rank_over_budget.svg", "figures/rungs.svg", "figures/slices.svg",
        "figures/speed_up.svg", "figures/trials_by_state.svg", "figures/wall_clock.svg", "figures/what_one_gets.svg",
        *(f"figures/{name}.svg" for name in WINNERS), "journal/journal.jsonl",
        "report.html", "report.md", "retrainings.csv", "summary.json", "tables/baselines.tex", "tables/pairs.tex",
        "tables/tuners.tex", "tables/winners.tex", "trials.csv", "tuners.csv",
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
        "kind": UNDECIDED, "judged": False, "line": golden.verdict.line, "details": list(golden.verdict.details),
    }  # fmt: skip
    problem = found["problems"]["digits"]
    assert {"tuners", "final_scores", "pairs", "best_configurations", "cells", "failures"} <= set(problem)
    assert {"by_budget", "ranks", "standings", "targets", "epochs_to_reach", "profiles"} <= set(problem)
    assert [found["share"] for found in problem["by_budget"]] == [0.25, 0.5, 1.0]
    assert problem["ranks"]["block"] == "replicate"
    assert {row["median"] for row in problem["targets"] if row["tuner"] == "kt-random"} == {8.0, "inf"}
    assert len(problem["cells"]) == 20
    assert found["baselines"] == list(BASELINES)
    winners = {row["tuner"]: row for row in problem["winners"]}
    assert list(winners) == [*TUNERS, *BASELINES]
    overtuned = {row["tuner"]: row for row in problem["overtuning"]}
    assert overtuned["kt-random"]["judged"] == 3
    assert overtuned["kt-random"]["overtuned"] == pytest.approx(1 / 3, abs=0.05)
    assert overtuned[""]["judged"] == 9  # all tuners; baselines are not judged
    assert winners["default"]["test_low"] <= winners["default"]["test"] <= winners["default"]["test_high"]
    retrained = {(row["tuner"], row["replicate"]): row for row in problem["retrained"]}
    assert len(retrained) == 16
    assert (retrained["kt-hyperband", 1]["seeds"], retrained["kt-hyperband", 1]["failed"]) == (1, 1)
    assert (retrained["optuna-tpe", 3]["seeds"], retrained["optuna-tpe", 3]["failed"]) == (1, 0)
    assert [row["score"] for row in problem["final_scores"] if row["tuner"] == "optuna-tpe"][3] is None


def packed(page: Page) -> dict[str, Any]:
    """What a page unpacks to draw."""
    (found,) = [text for attributes, text in page.scripts if attributes.get("id") == "packed"]
    unpacked: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(found)))
    return unpacked


def test_the_page_runs_only_its_own_scripts_and_asks_nothing_of_the_network(golden: Report) -> None:
    page = Page(golden.html.read_text())
    (policy,) = [meta["content"] for meta in page.named("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    code = [packed(page)["library"]]
    code += [text for attributes, text in page.scripts if "type" not in attributes]
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in code]
    assert policy is not None
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes)
    assert f"script-src {allowed};" in policy
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert not page.named("link")
    assert all((image["src"] or "").startswith("data:image/svg+xml,<svg ") for image in page.named("img"))
    assert all("src" not in script for script in page.named("script"))


def test_figures_have_text_and_their_numbers(golden: Report) -> None:
    text = golden.html.read_text()
    page = Page(text)
    assert len(page.named("figure")) == 15 + len(WINNERS)
    assert text.count("The numbers behind this figure") == 15 + len(WINNERS) - 3  # a winner's two curves share theirs
    assert all(picture["aria-label"] for picture in page.named("svg"))
    assert all(image["alt"] for image in page.named("img"))
    assert sorted(packed(page)["charts"]) == sorted(
        chart["data-chart"] for chart in page.named("div") if "data-chart" in chart
    )
    data = [json.loads(body) for attributes, body in page.scripts if attributes.get("type") == "application/json"]
    assert len(data) == 1  # the trials


def test_missing_failed_and_excluded_are_named(golden: Report, tmp_path: Path) -> None:
    shutil.copytree(golden.directory / "journal", tmp_path / "journal")
    with JournalWriter.resume(tmp_path) as writer:
        writer.trial(trial(Cell("digits", "other", 1), 0, [0.9], 1))
    text = write_report(tmp_path).markdown.read_text()
    assert "1 cell unfinished and not compared: kt-random (replicate 4)." in text
    assert "2 cells not started and not compared: optuna-tpe (replicate 4) and random-2x (replicate 4)." in text
    assert "not in the plan, and left out: digits/other/1." in text
    assert "| kt-random | 3 | ResourceExhaustedError: \\`OOM\\` at shape\\[1000,64\\] | replicate 1, trial 2 |" in text
    assert "kt-hyperband (replicate 3)" in golden.markdown.read_text()


def test_retrainings_stand_in_a_table_of_their_own(golden: Report) -> None:
    with (golden.directory / "retrainings.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [*RETRAINING_COLUMNS, "test.loss"]
    assert len(rows) == 2 * (9 * 2 + 4 * 1 + 3 * 2) - 2  # seeds, cells, incumbents; those that are missing
    (failed,) = [row for row in rows if row["state"] == TrialState.FAILED]
    assert (failed["tuner"], failed["replicate"], failed["final"], failed["repeat"]) == (
        "kt-hyperband",
        "1",
        "True",
        "2",
    )
    assert (failed["score"], failed["test"], failed["epochs"]) == ("", "", "1")
    assert failed["error"] == "ValueError: loss is nan at epoch 1 | <i>again</i>"
    assert all(float(row["test"]) < float(row["score"]) for row in rows if row["state"] != TrialState.FAILED)


def gaps_of(report: Report) -> list[str]:
    """What the section "Missing" lists."""
    section = report.markdown.read_text().split("## Missing\n")[1].split("## Method")[0]
    return [line.removeprefix("- ") for line in section.strip().splitlines()]


NOTHING = ["Nothing: every planned cell is done and has a score."]
SIX = [0.5, 0.52, 0.51, 0.55, 0.53, 0.54]
CASES: dict[str, tuple[dict[str, list[float | None]], str, list[str]]] = {
    "unfinished cells": (
        {"a": [0.9, None, None], "b": [0.7, 0.8, None]},
        "No verdict: one replicate shows nothing about chance; a scored best in it.",
        ["3 cells not started and not compared: a (replicates 2 and 3) and b (replicate 3)."],
    ),
    "no replicate in common": (
        {"a": [0.9, None], "b": [None, 0.7]},
        "No verdict: one replicate shows nothing about chance; a scored best in it.",
        ["2 cells not started and not compared: b (replicate 1) and a (replicate 2)."],
    ),
    "ties": (
        {"a": list(SIX) * 2, "b": list(SIX) * 2, "c": list(SIX) * 2},
        "No difference shown between a, b and c (12 replicates).",
        NOTHING,
    ),
    "one replicate": (
        {"a": [0.6], "b": [0.9]},
        "No verdict: one replicate shows nothing about chance; b scored best in it.",
        NOTHING,
    ),
    "one replicate, a tie": (
        {"a": [0.9], "b": [0.9]},
        "No verdict: one replicate shows nothing about chance; a and b scored best in it.",
        NOTHING,
    ),
    "one tuner": ({"a": list(SIX)}, "No verdict: one tuner, nothing to compare it with.", NOTHING),
    "nothing at all": (
        {"a": [None], "b": [None]},
        "No verdict: no cell has a score (best val_accuracy).",
        ["2 cells not started and not compared: a (replicate 1) and b (replicate 1)."],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_no_verdict_is_given_that_the_scores_cannot_give(tmp_path: Path, case: str) -> None:
    scores, line, missing = CASES[case]
    write_scores(tmp_path, scores)
    report = write_report(tmp_path)
    assert report.verdict.line == line
    assert report.verdict.judged == (case == "ties")
    assert line in report.markdown.read_text()
    assert gaps_of(report) == missing
    assert list(report.verdict.gaps) == (missing if missing != NOTHING else [])


def test_ties_are_not_shown_equal_and_no_tuner_leads(tmp_path: Path) -> None:
    write_scores(tmp_path, {"a": list(SIX), "b": list(SIX)})
    details = write_report(tmp_path).verdict.details
    assert details[0] == (
        "Closest to a difference: a and b, p 1.000, Holm-adjusted 1.000. That no difference is shown does not "
        "show that they are equal."
    )
    assert details[1].startswith("Highest mean of best val_accuracy: a and b, 0.5250, a description")


def test_all_sentences_speak_of_one_closest_pair_however_many_tie(tmp_path: Path) -> None:
    better, worse = [0.60 + place / 100 for place in range(10)], [0.563 + place / 100 for place in range(10)]
    write_scores(tmp_path, {"d": worse, "c": worse, "b": better, "a": better})
    verdict = write_report(tmp_path).verdict
    assert verdict.kind == "undecided"
    closest, after = verdict.details[:2]
    assert closest.startswith("Closest to a difference: c and a, p ")
    assert after.startswith("Nearest to a decision: c against a, ")


@pytest.mark.parametrize("failed", [TrialState.FAILED, TrialState.COMPLETE])
def test_scores_that_are_nan_are_no_scores(tmp_path: Path, failed: str) -> None:
    with JournalWriter.create(tmp_path, study()) as writer:
        session(writer, ["a", "b"], 2, 8)
        for replicate in range(1, 9):
            for tuner, curve in (("a", [0.5, 0.6]), ("b", [math.nan, math.nan])):
                cell = Cell("digits", tuner, replicate)
                bad = {"state": failed, "error": "loss is nan at epoch 1", "score": math.nan} if tuner == "b" else {}
                writer.trial(trial(cell, 0, curve, 2, **bad))
                writer.cell(CellEnd(cell, "DONE", "the budget is spent", "", 1, 2, 1.0))
    report = write_report(tmp_path)
    assert not report.verdict.judged
    assert report.verdict.line == "No verdict: only a has a score (best val_accuracy), nothing to compare it with."
    assert gaps_of(report) == ["b ended 8 replicates without any score: no trial of theirs has one."]
    text = report.markdown.read_text()
    assert ("| b | 8 | loss is nan at epoch 1 | replicate 1, trial 0 |" in text) == (failed == TrialState.FAILED)
    assert "nan" not in re.sub("loss is nan", "", text).lower()


def test_failed_trials_and_cells_are_named_and_leave_the_rest_to_be_judged(tmp_path: Path) -> None:
    with JournalWriter.create(tmp_path, study()) as writer:
        session(writer, ["a", "b"], 2, 8)
        for replicate in range(1, 9):
            for tuner, score in (("a", 0.9), ("b", 0.6)):
                cell = Cell("digits", tuner, replicate)
                broken = tuner == "b" and replicate == 8
                state = TrialState.FAILED if broken else TrialState.COMPLETE
                writer.trial(
                    trial(cell, 0, [score + replicate / 1000] * 2, 2, state=state, error="no" if broken else "")
                )
                writer.cell(CellEnd(cell, "DONE", "the budget is spent", "", 1, 2, 1.0))
    report = write_report(tmp_path)
    assert report.verdict.line == "a is shown better than b (Holm-adjusted p ≤ 0.05)."
    assert "better with a chance of 100% (95% interval 74% to 100%; 7 replicates)" in report.verdict.details[0]
    assert gaps_of(report) == ["b ended 1 replicate without any score: no trial of theirs has one."]


def test_the_golden_verdict_and_what_is_missing(golden: Report) -> None:
    assert (
        golden.verdict.line == "No verdict: with 3 replicates no difference can be shown at 5%; 5 or more are needed."
    )
    assert gaps_of(golden) == [
        "1 cell failed and not compared: kt-hyperband (replicate 3).",
        "1 cell unfinished and not compared: kt-random (replicate 4).",
        "2 cells not started and not compared: optuna-tpe (replicate 4) and random-2x (replicate 4).",
        "1 cell with fewer retrainings than planned: optuna-tpe (replicate 3).",
        "Retrainings FAILED and left out in 1 cell: kt-hyperband (replicate 1); retrainings.csv has their messages.",
    ]
    assert list(golden.verdict.gaps) == gaps_of(golden)
    assert golden.verdict.details[-5:] == golden.verdict.gaps
    assert golden.verdict.details[-6].startswith(
        "Overtuned are an estimated 11% of 9 searches with an earlier incumbent"
    )


def reproduced(path: Path, command: str | list[str], **plan: Any) -> str:
    """The last line of the report's "Reproduce", of a plan with no more than this."""
    made = {"tuners": {"a": TunerSettings({"tuner": "a"})}, "budget_epochs": 4, "replicates": 2, **plan}
    with JournalWriter.create(path, study()) as writer:
        writer.session(Session(Plan(**made), Manifest({"command": command})))
    return write_report(path).markdown.read_text().rsplit("```sh\n", 1)[1].removesuffix("\n```\n")


@pytest.mark.parametrize(
    ("command", "plan", "expected"),
    [
        (
            "tuning run studies/s.py --jobs 2",
            {"baselines": BASELINES, "retrain": 5},
            "tuning run studies/s.py --budget 4 --replicates 2 --tuners a --retrain 5",
        ),
        (  # of `python -m tuning`
            ["__main__.py", "run", "studies/s.py"],
            {"retrain": 1},
            "tuning run studies/s.py --budget 4 --replicates 2 --tuners a --no-baselines --retrain 1",
        ),
        (
            "/home/user/s.py",
            {"rope": 0.01},
            "tuning run s.py --budget 4 --replicates 2 --rope 0.01 --tuners a --no-baselines --retrain 0",
        ),
        (
            "tuning run s.py",
            {"until_decided": Looks(12, None, 0.05, 2, 0.01), "retrain": 1},
            "tuning run s.py --budget 4 --until-chosen 0.01 --cap 12 --tuners a --no-baselines --retrain 1",
        ),
        (
            "tuning run s.py",
            {"until_decided": Looks(12, 0.5, 0.05, 2), "rope": 0.5, "retrain": 1},
            "tuning run s.py --budget 4 --until-decided --cap 12 --rope 0.5 --tuners a --no-baselines --retrain 1",
        ),
        (
            ["tuning", "run", "my studies/s.py", "--data", "their data.py:load"],
            {"retrain": 1},
            "tuning run 'my studies/s.py' --data 'their data.py:load' --budget 4 --replicates 2 --tuners a "
            "--no-baselines --retrain 1",
        ),
        (["tuning", "import", "a b", "--out", "c"], {}, "tuning import 'a b' --out c"),
        ([], {}, "study.run() # in Python, as it was run: study is the Study 'golden'"),
        ("", {}, "study.run() # in Python, as it was run: study is the Study 'golden'"),
        (
            "tuning table studies/s.py --configurations 3 --jobs 2",
            {"tuners": {"table": {"tuner": "table"}}, "replicates": 300},
            "tuning table studies/s.py --configurations 300",
        ),
    ],
)
def test_the_command_runs_the_plan_again(
    tmp_path: Path, command: str | list[str], plan: dict[str, Any], expected: str
) -> None:
    assert reproduced(tmp_path, command, **plan) == expected


def test_the_manifest_shows_a_command_as_it_was_typed(tmp_path: Path) -> None:
    reproduced(tmp_path, ["tuning", "run", "my study.py"])
    assert "| command | tuning run 'my study.py' |" in (tmp_path / "report.md").read_text()


@pytest.mark.usefixtures("pictures")
def test_hostile_text_stays_text(tmp_path: Path) -> None:
    space = [*SPACE, {"name": HOSTILE, "type": "Choice", "values": [HOSTILE]}]
    data = DataRecord(HOSTILE, {HOSTILE: {HOSTILE: HOSTILE}})
    problem = structs.replace(study().problems["digits"], space=space, data=data)
    first = StudyRecord(study=HOSTILE, problems={HOSTILE: problem})
    cell = Cell(HOSTILE, HOSTILE, 1)
    with JournalWriter.create(tmp_path, first) as writer:
        session(writer, [HOSTILE], 5, 1)
        writer.trial(trial(cell, 0, [0.5, 0.6], 2, configuration={HOSTILE: HOSTILE}))
        writer.trial(trial(cell, 1, [0.5], 3, state=TrialState.FAILED, error=HOSTILE))
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


def test_several_problems_without_scores_enough_have_no_verdict(tmp_path: Path) -> None:
    first = StudyRecord(study="golden", problems=dict.fromkeys(("digits", "iris"), study().problems["digits"]))
    with JournalWriter.create(tmp_path, first) as writer:
        session(writer, ["a", "b"], 2, 1)
        for problem in ("digits", "iris"):
            writer.trial(trial(Cell(problem, "a", 1), 0, [0.5, 0.6], 2))
    report = write_report(tmp_path)
    assert report.verdict.line.startswith("No verdict over problems: none has two tuners with scores enough to know")
    assert "digits is left out of what is said over problems: fewer than two tuners have two scores." in (
        report.markdown.read_text()
    )
    assert sorted(path.name for path in report.figures) == [
        "best_so_far_1_digits.svg", "best_so_far_2_iris.svg", "coverage_1_digits.svg", "coverage_2_iris.svg",
        "parallel_1_digits.svg", "parallel_2_iris.svg", "slices_1_digits.svg", "slices_2_iris.svg",
        "trials_by_state_1_digits.svg", "trials_by_state_2_iris.svg",
    ]  # fmt: skip


def test_a_tuner_that_asks_for_several_at_a_time_is_told(tmp_path: Path) -> None:
    with JournalWriter.create(tmp_path, study()) as writer:
        four = TunerSettings({"tuner": "optuna-tpe", "parallel_trials": 4})
        settings = {"a": four, "b": TunerSettings({"tuner": "optuna-tpe"})}
        writer.session(Session(Plan(tuners=settings, budget_epochs=4, replicates=1), Manifest()))
    text = write_report(tmp_path).markdown.read_text()
    assert "a asked for 4 trials at a time, each chosen without the results of the others" in text
    assert "b asked for" not in text


def test_long_tables_are_shortened_and_say_so(tmp_path: Path) -> None:
    write_scores(tmp_path, {name: [0.5 + place / 1000 for place in range(25)] for name in "abc"})
    text = write_report(tmp_path).markdown.read_text()
    assert "75 of 75 cells went as planned; summary.json lists them." in text
    assert "Lower quartile" in text


def test_a_journal_without_a_run_still_gives_a_report(tmp_path: Path) -> None:
    JournalWriter.create(tmp_path, study()).close()
    report = write_report(tmp_path)
    assert report.figures == ()
    assert "no cell has a score" in report.markdown.read_text()


def test_a_folder_without_a_journal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="holds no study"):
        write_report(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_report_needs_no_library_that_trains() -> None:
    code = (
        "import sys; import tuning.report.report; "
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


def test_other_metrics_on_test_are_means_over_cells_of_means_over_seeds(tmp_path: Path) -> None:
    counts = {(1, 1): 3.0, (1, 2): 5.0, (2, 1): 10.0, (2, 2): 12.0}
    with JournalWriter.create(tmp_path, study()) as writer:
        session(writer, ["kt-random"], 2, 2, retrain=2)
        for replicate in (1, 2):
            cell = Cell("digits", "kt-random", replicate)
            one = trial(cell, 0, [0.5, 0.6], 2)
            writer.trial(one)
            for repeat in (1, 2):
                test = {"loss": 0.1, "accuracy": 0.9, "true_positives": counts[replicate, repeat]}
                writer.retraining(
                    Retraining(
                        cell, 0, repeat, one.configuration, TrialState.COMPLETE, 0.5, test, [{"val_accuracy": 0.5}]
                    )
                )
            writer.cell(CellEnd(cell, "DONE", "the budget is spent", "", 1, 2, 1.0))
    page = write_report(tmp_path).markdown.read_text()
    assert "| Tuner | true_positives |\n| --- | ---: |\n| kt-random | 7.5000 |" in page
    assert (
        (tmp_path / "retrainings.csv")
        .read_text()
        .splitlines()[0]
        .endswith(",error,seen,in_full,test.loss,test.true_positives")
    )
