"""`report.md` as a reader of the repository sees it: short, with everything of second rank folded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from tests.support.browser import opened

pytestmark = [pytest.mark.slow, pytest.mark.waits]

SCREEN = 800  # pixels
MOST = 15  # screens
STYLE = "body { font: 16px/1.5 sans-serif; width: 900px } img { max-width: 100% } table { font-size: 14px }"
REPORTS = sorted(Path("reports").resolve().glob("*/report.md"))


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.parent.name)
def test_a_report_in_markdown_is_no_longer_than_fifteen_screens(browser: Any, report: Path, tmp_path: Path) -> None:
    text = MarkdownIt("commonmark", {"html": True}).enable("table").render(report.read_text())
    page = tmp_path / "report.html"
    page.write_text(f'<base href="{report.parent.as_uri()}/"><style>{STYLE}</style>{text}')
    with opened(browser, page.as_uri()) as shown:
        shown.wait_for_function("[...document.images].every(one => one.complete || !one.offsetParent)")
        pictures = shown.locator("img:visible")
        assert pictures.count() > 0
        assert min(pictures.evaluate_all("all => all.map(one => one.naturalHeight)")) > 0
        assert shown.evaluate("document.documentElement.scrollHeight") < MOST * SCREEN
