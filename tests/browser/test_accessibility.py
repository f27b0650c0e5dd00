"""axe-core, which checks accessibility, finds nothing serious in a report: small and large, light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.test_report import drawn
from tests.report.test_first_screen import two_problems
from tests.support.browser import opened
from tuning.report.report import Report, write_report

pytestmark = [pytest.mark.slow, pytest.mark.waits]

# axe-core 4 takes the fill of text in an SVG for its background, and the page's colour for the text's. Colours of
# figures are checked by computation instead (tests/report/figures/test_base.py).
BEYOND_AXE = {"color-contrast": "svg"}


def serious(page: Any) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{violation['id']}: {node['html'][:200]}"
        for violation in found
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
        if not (beyond := BEYOND_AXE.get(violation["id"])) or beyond not in node["target"][-1]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_serious_in_a_report(browser: Any, golden_report: Report, width: int, scheme: str) -> None:
    size = {"width": width, "height": 900}
    with opened(browser, golden_report.html.as_uri(), viewport=size, color_scheme=scheme) as page:
        drawn(page)
        page.locator("details").evaluate_all("all => all.forEach(one => (one.open = true))")
        assert serious(page) == []


def test_nothing_serious_where_there_are_several_problems(browser: Any, tmp_path: Path) -> None:
    with opened(browser, write_report(two_problems(tmp_path)).html.as_uri()) as page:
        drawn(page)
        assert serious(page) == []


def test_what_is_serious_would_be_found(browser: Any, golden_report: Report) -> None:
    with opened(browser, golden_report.html.as_uri()) as page:
        page.locator("img").first.evaluate("picture => { picture.hidden = false; picture.removeAttribute('alt'); }")
        page.locator("p").first.evaluate("line => { line.style.color = '#ddd'; line.style.background = '#fff'; }")
        assert {line.split(":")[0] for line in serious(page)} >= {"image-alt", "color-contrast"}
