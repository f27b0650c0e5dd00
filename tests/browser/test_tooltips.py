"""Every figure that has a tooltip, under a real pointer in headless Chromium."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.browser.test_report import drawn
from tests.report.test_first_screen import two_problems
from tests.support.browser import opened
from tests.support.golden_journal import write_scores, write_search
from tuning.report.report import Report, write_report

pytestmark = [pytest.mark.slow, pytest.mark.waits]

TRIED = 40  # places of a figure that the pointer visits
WANTED = 3  # of them that must say something, if a figure has as many marks
MIDDLES = """
chart => [...chart.querySelectorAll('.role-mark path, .role-mark rect, .role-mark circle')]
  .map(mark => mark.getBoundingClientRect()).map(box => [box.x + box.width / 2, box.y + box.height / 2])
"""


def said(page: Any, name: str) -> list[str]:
    """What the tooltip of a figure says at the places of its marks."""
    chart = page.locator(f".chart[data-chart='{name}']")
    chart.locator("xpath=ancestor::*[@hidden]").evaluate_all("all => all.forEach(one => (one.hidden = false))")
    chart.scroll_into_view_if_needed()
    places = chart.evaluate(MIDDLES)
    found: list[str] = []
    tooltip = page.locator("#vg-tooltip-element.visible")
    for x, y in places[:: max(1, len(places) // TRIED)]:
        page.mouse.move(x, y)
        page.wait_for_timeout(30)
        if tooltip.count():
            found.append(tooltip.inner_text())
        if len(found) >= WANTED:
            break
    return found


def with_tooltips(page: Any) -> list[str]:
    """Names of the figures whose charts have a tooltip."""
    specs: dict[str, object] = page.evaluate("charts")
    return [name for name, spec in specs.items() if '"tooltip"' in json.dumps(spec)]


def checked(page: Any) -> list[str]:
    """Names of the figures with a tooltip, after each has said a value for every title."""
    names = with_tooltips(page)
    for name in names:
        texts = said(page, name)
        assert texts, name
        for text in texts:
            assert not {"undefined", "NaN", "null", "[object Object]"} & set(text.split()), (name, text)
    return names


def test_every_tooltip_says_a_value_for_each_of_its_titles(browser: Any, golden_report: Report) -> None:
    with opened(browser, golden_report.html.as_uri()) as page:
        drawn(page)
        assert {
            "best_so_far", "wall_clock", "what_one_gets", "final_scores", "rank_over_budget", "improvement",
            "fixed_targets", "speed_up", "slices", "coverage",
        } <= set(checked(page))  # fmt: skip


def test_panels_of_many_tuners_have_tooltips_too(browser: Any, tmp_path: Path) -> None:
    write_scores(tmp_path, {f"tuner-{place}": [0.5 + place / 100, 0.6, 0.7] for place in range(8)}, budget=6)
    with opened(browser, write_report(tmp_path).html.as_uri()) as page:
        drawn(page)
        assert page.locator(".chart[data-chart='best_so_far'] svg .role-title").count() == 8
        assert "best_so_far" in checked(page)


def test_what_problems_say_together_has_tooltips_too(browser: Any, tmp_path: Path) -> None:
    with opened(browser, write_report(two_problems(tmp_path)).html.as_uri()) as page:
        drawn(page)
        assert {"differences_all", "rank_over_budget_all"} <= set(checked(page))


def test_what_a_search_depends_on_has_tooltips_too(browser: Any, tmp_path: Path) -> None:
    write_search(tmp_path, trials=30)
    with opened(browser, write_report(tmp_path).html.as_uri()) as page:
        drawn(page)
        assert {"importance", "partial_dependence", "contour"} <= set(checked(page))
