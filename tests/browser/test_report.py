"""The HTML report in headless Chromium: it draws, sorts, toggles and can be used by keyboard, without any network."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.report.test_first_screen import two_problems
from tests.support.browser import WAIT, opened
from tests.support.golden_journal import BASELINES, TUNERS, session, trial, write_scores, write_search
from tuning.journal.records import Cell, CellEnd
from tuning.journal.study_record import DataRecord, ProblemRecord, StudyRecord
from tuning.journal.writer import JournalWriter
from tuning.objective import Objective
from tuning.report.report import Report, write_report

pytestmark = [pytest.mark.slow, pytest.mark.waits]


@pytest.fixture
def page_address(golden_report: Report) -> str:
    return golden_report.html.as_uri()


def drawn(page: Any) -> int:
    """Unfolds all and waits until each figure is a chart and its still picture is put away; how many there are."""
    page.locator("details:has(.chart)").evaluate_all("all => all.forEach(one => (one.open = true))")
    page.wait_for_function(
        "[...document.querySelectorAll('.chart')].every(c => c.querySelector('svg') && c.querySelector('img').hidden)"
    )
    return int(page.locator(".chart svg").count())


@pytest.fixture(scope="module")
def page(browser: Any, golden_report: Report) -> Iterator[Any]:
    """The golden report with all its figures, for tests that leave no more behind than a table in another order."""
    with opened(browser, golden_report.html.as_uri()) as shown:
        drawn(shown)
        yield shown


def table(page: Any, caption: str) -> Any:
    return page.locator("table", has=page.locator("caption", has_text=caption)).first


def first_column(shown: Any) -> list[str]:
    return [text.strip() for text in shown.locator("tbody tr > :first-child").all_inner_texts()]


def marks(page: Any) -> int:
    """How many strokes of the first figure can be seen."""
    seen = "path => path.getAttribute('d') && ['opacity', 'stroke-opacity'].every(a => path.getAttribute(a) !== '0')"
    strokes = f"chart => [...chart.querySelectorAll('.role-mark path')].filter({seen}).length"
    found: int = page.locator(".chart").first.evaluate(strokes)
    return found


def test_every_figure_is_drawn_and_has_its_numbers(page: Any) -> None:
    assert drawn(page) == page.locator("figure:has(.chart)").count() > 0
    shapes = page.locator(".chart svg").evaluate_all("all => all.map(s => s.querySelectorAll('path').length)")
    assert min(shapes) > 3
    assert page.locator("figure details table tbody tr").count() > 0
    assert page.locator(".chart svg").first.inner_html() != ""


def test_tables_sort_by_mouse_and_by_keyboard(page: Any) -> None:
    tuners = table(page, "sums over all replicates")
    title = tuners.locator("thead th", has_text="Median best")
    before = first_column(tuners)
    assert before == [*TUNERS, *BASELINES]
    title.locator("button").click()
    upward = first_column(tuners)
    assert upward == ["default", "kt-random", "kt-hyperband", "random-2x", "optuna-tpe"]
    assert title.get_attribute("aria-sort") == "ascending"
    title.locator("button").focus()
    page.keyboard.press("Enter")
    assert first_column(tuners) == upward[::-1]
    assert title.get_attribute("aria-sort") == "descending"
    page.keyboard.press("Space")
    assert first_column(tuners) == upward


def marks_once(page: Any, wanted: Callable[[int], bool]) -> int:
    """Number of marks, once it is as wanted and the page draws no more."""
    deadline, before, number = time.monotonic() + WAIT / 1000, -1, marks(page)
    while number != before or not wanted(number):
        assert time.monotonic() < deadline, number
        page.wait_for_timeout(250)
        before, number = number, marks(page)
    return number


def test_tuners_are_ticked_on_and_off_by_mouse_and_by_keyboard(page: Any) -> None:
    boxes = page.locator("fieldset", has_text="Tuners").first.locator("input[type=checkbox]")
    boxes.first.wait_for()
    assert boxes.count() == len([*TUNERS, *BASELINES])
    everything = marks(page)
    boxes.first.click()
    without = marks_once(page, lambda number: 0 < number < everything)
    boxes.nth(1).focus()
    page.keyboard.press("Space")
    marks_once(page, lambda number: 0 < number < without)
    page.keyboard.press("Space")
    boxes.first.click()
    marks_once(page, lambda number: number == everything)


def test_all_that_can_be_worked_is_reached_by_the_tab_key(browser: Any, page_address: str) -> None:
    with opened(browser, page_address) as page:
        drawn(page)
        wanted = page.locator("th button:visible, summary:visible, .scroll:visible, pre:visible").count()
        page.evaluate(
            "() => { window.seen = new Set(); document.addEventListener('focusin', e => seen.add(e.target)) }"
        )
        for _ in range(3 * wanted):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement === document.body"):
                break
        selector = "th button, summary, .scroll, pre"
        assert page.evaluate(f"[...seen].filter(e => e.matches('{selector}')).length") == wanted
        summary = page.locator("summary:visible").first
        summary.focus()
        page.keyboard.press("Enter")
        assert summary.evaluate("s => s.parentElement.open")


def test_the_contents_bar_stays_and_leads_to_its_places(page: Any) -> None:
    bar = page.locator("nav.contents")
    bar.get_by_role("link", name="Search").click()
    heading = page.locator("#search")
    assert 0 <= bar.bounding_box()["y"] <= 1
    assert bar.bounding_box()["height"] <= heading.bounding_box()["y"] < 200
    bar.get_by_role("link", name="Method").focus()
    page.keyboard.press("Enter")
    assert page.locator("#method").bounding_box()["y"] < page.viewport_size["height"]


def test_what_is_folded_opens_by_its_link_and_is_drawn_then(browser: Any, tmp_path: Path) -> None:
    with opened(browser, write_report(two_problems(tmp_path)).html.as_uri()) as page:
        page.locator("nav.contents a", has_text="the other").click()
        problem = page.locator("details.problem").nth(1)
        problem.locator(".chart svg:visible").first.wait_for()
        assert problem.evaluate("one => one.open")
        assert not page.locator("details.problem").first.evaluate("one => one.open")
        chart = problem.locator(".chart svg").first.bounding_box()
        assert chart["width"] > 400


@pytest.mark.parametrize("size", [(1280, 900), (360, 700)], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_its_window(browser: Any, page_address: str, size: tuple[int, int], scheme: str) -> None:
    viewport = {"width": size[0], "height": size[1]}
    with opened(browser, page_address, viewport=viewport, color_scheme=scheme) as page:
        drawn(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        paper, ink = page.evaluate(
            "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
        )
        dark = [
            sum(map(int, colour.removeprefix("rgb(").removesuffix(")").split(","))) < 384 for colour in (paper, ink)
        ]
        assert dark == ([True, False] if scheme == "dark" else [False, True])


@pytest.mark.parametrize("width", [1280, 390])
def test_no_number_of_a_legend_touches_another(browser: Any, tmp_path: Path, width: int) -> None:
    write_search(tmp_path, trials=30)
    with opened(browser, write_report(tmp_path).html.as_uri(), viewport={"width": width, "height": 800}) as page:
        drawn(page)
        legends = page.locator(".chart:has(.role-legend-label)")
        names = legends.evaluate_all("all => all.map(one => one.dataset.chart)")
        assert {"contour", "fixed_targets", "speed_up"} <= set(names)
        boxes = """chart => [...chart.querySelectorAll('.role-legend-label text')]
          .filter(text => text.textContent && text.getAttribute('opacity') !== '0')
          .map(text => [text.textContent, text.getBoundingClientRect()])
          .map(([words, box]) => [words, box.left, box.right, box.top, box.bottom])"""
        for name, legend in zip(names, legends.all(), strict=True):
            found = legend.evaluate(boxes)
            assert found, name
            for (one, left, right, top, bottom), (other, its_left, its_right, its_top, its_bottom) in combinations(
                found, 2
            ):
                apart = max(its_left - right, left - its_right), max(its_top - bottom, top - its_bottom)
                assert apart[0] >= 4 or apart[1] >= 0, f"{name}: {one!r} and {other!r}"
            assert max(box[2] for box in found) <= width, name


def test_no_label_of_an_axis_touches_another_on_a_phone(browser: Any, page_address: str) -> None:
    with opened(browser, page_address, viewport={"width": 390, "height": 800}) as page:
        drawn(page)
        boxes = """charts => charts.flatMap(chart => [...chart.querySelectorAll('.role-axis-label')].map(axis =>
          [chart.dataset.chart, [...axis.querySelectorAll('text')]
            .filter(text => text.textContent && text.getAttribute('opacity') !== '0')
            .map(text => [text.textContent, text.getBoundingClientRect()])
            .map(([words, box]) => [words, box.left, box.right, box.top, box.bottom])]))"""
        axes = page.locator(".chart").evaluate_all(boxes)
        assert {"what_one_gets", "best_so_far"} <= {name for name, _ in axes}
        for name, labels in axes:
            for (one, left, right, top, bottom), (other, its_left, its_right, its_top, its_bottom) in combinations(
                labels, 2
            ):
                apart = max(its_left - right, left - its_right), max(its_top - bottom, top - its_bottom)
                assert apart[0] >= 1 or apart[1] >= -2, f"{name}: {one!r} and {other!r}"


CUT = """charts => charts.flatMap(chart => {
  const svg = chart.querySelector('svg'), own = svg.getBoundingClientRect();
  return [...svg.querySelectorAll('text')].filter(text => text.textContent && text.getAttribute('opacity') !== '0')
    .map(text => [text.textContent, text.getBoundingClientRect()])
    .filter(([_, box]) => box.width && Math.max(
      own.left - box.left, box.right - own.right, own.top - box.top, box.bottom - own.bottom) > 1)
    .map(([words]) => `${chart.dataset.chart}: ${words}`);
})"""


def many_dimensions(folder: Path) -> str:
    """The address of a report of twenty hyperparameters and seven tuners, all with long names."""
    names = [*(f"layer_{place}_activation" for place in range(16)), *(f"rate_{place}" for place in range(4))]
    options = ["leaky_relu", "hard_sigmoid", "exponential", "softplus"]
    space: list[dict[str, Any]] = [
        {"name": name, "type": "Choice", "values": options}
        if "layer" in name
        else {"name": name, "type": "Float", "min_value": 0.0, "max_value": 1.0, "sampling": "linear"}
        for name in names
    ]
    data = DataRecord("sha256:0123456789abcdef", {"train": [[1000, 64], [1000]]})
    record = ProblemRecord(space, Objective("val_accuracy", "max", "best"), 4, data)
    tuners = [f"sklearn-randomized-{place}" for place in range(1, 8)]
    with JournalWriter.create(folder, StudyRecord(study="many", problems={"digits": record})) as writer:
        session(writer, tuners, 32, 3)
        for count, (tuner, replicate) in enumerate(product(tuners, (1, 2, 3))):
            for number in range(8):
                at = 8 * count + number
                settings = {
                    name: options[(at * (place + 3) // 2) % 4] if "layer" in name else (at * (place + 7) % 101) / 100
                    for place, name in enumerate(names)
                }
                scores = [0.5 + (37 * at % 101) / 250] * 4
                cell = Cell("digits", tuner, replicate)
                one = trial(cell, number, scores, 4 * (number + 1))
                writer.trial(replace(one, configuration=settings))
            writer.cell(CellEnd(cell, "DONE", "the budget is spent", "", 8, 32, 1.0))
    return write_report(folder).html.as_uri()


@pytest.fixture(scope="module")
def wide_report(tmp_path_factory: pytest.TempPathFactory) -> str:
    return many_dimensions(tmp_path_factory.mktemp("many"))


@pytest.mark.parametrize("width", [800, 360])
def test_no_text_of_a_figure_is_cut(browser: Any, wide_report: str, width: int) -> None:
    with opened(browser, wide_report, viewport={"width": width, "height": 800}) as page:
        drawn(page)
        page.locator(".explorer .matches").filter(has_text="trials pass").first.wait_for()
        page.wait_for_timeout(500)  # the last labels find their place
        page.locator(".alternatives > *").evaluate_all("all => all.forEach(one => (one.hidden = false))")
        charts = page.locator(".chart:visible")
        names = charts.evaluate_all("all => all.map(one => one.dataset.chart)")
        assert {"slices", "importance", "pairwise"} <= set(names)
        assert charts.evaluate_all(CUT) == []


@pytest.mark.parametrize("width", [800, 390])
def test_what_is_wider_or_longer_than_paper_is_laid_in_pieces(browser: Any, wide_report: str, width: int) -> None:
    with opened(browser, wide_report, viewport={"width": width, "height": 900}) as page:
        drawn(page)
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 680, "height": 900})
        # (width, height, shown at this share of its size) of all that is printed in one part
        sizes = """all => all.map(one => [one.getBoundingClientRect(), one.viewBox.baseVal])
          .map(([box, view]) => [box.width, box.height, Math.min(box.width / view.width, box.height / view.height)])"""
        pictures = page.locator(".chart svg:visible, .picture svg:visible").evaluate_all(sizes)
        assert max(size[0] for size in pictures) <= 681
        assert max(size[1] for size in pictures) <= 880
        assert min(size[2] for size in pictures) > 0.5, "its text is too small to read"
        for name, pieces in (("parallel", 4), ("slices", {800: 7, 390: 20}[width])):
            chart = page.locator(f".chart[data-chart={name}]")
            assert chart.locator(".piece:visible").count() == pieces
            assert chart.locator("svg:visible:not(.piece)").count() == 0
        page.evaluate("window.dispatchEvent(new Event('afterprint'))")
        page.emulate_media(media="screen")
        assert page.locator(".piece").count() == 0
        assert page.locator(".chart[data-chart=slices] svg:visible").count() == 1


def test_on_paper_no_heading_of_a_table_is_stacked_by_letters(browser: Any, wide_report: str) -> None:
    with opened(browser, wide_report, viewport={"width": 1280, "height": 900}) as page:
        drawn(page)
        page.locator("details").evaluate_all("all => all.forEach(one => (one.open = true))")
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 680, "height": 900})
        best = table(page, "The best trials that pass")
        assert best.locator("thead th").count() > 20
        assert best.bounding_box()["width"] <= 681
        # Letters for each line of a heading, whichever way that is written.
        stacked = """cells => cells.filter(cell => cell.textContent.trim().length > 3).map(cell => {
          const words = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), range = document.createRange();
          while (words.nextNode()) {
            if (words.currentNode.textContent.trim()) range.selectNodeContents(words.currentNode);
          }
          const across = getComputedStyle(cell).writingMode !== 'horizontal-tb';
          const lines = new Set([...range.getClientRects()].map(box => Math.round(across ? box.left : box.top)));
          return [cell.textContent.trim(), lines.size];
        }).filter(([words, lines]) => words.length / lines < 3)"""
        assert page.locator("thead th:visible").evaluate_all(stacked) == []


def test_on_paper_nothing_is_cut_and_no_filter_is_printed(browser: Any, page_address: str) -> None:
    width = 680  # pixels of A4 within its margins
    with opened(browser, page_address, viewport={"width": 1280, "height": 900}, color_scheme="dark") as page:
        drawn(page)
        page.emulate_media(media="print")
        page.set_viewport_size({"width": width, "height": 900})
        inside = f"all => all.filter(one => one.getBoundingClientRect().right > {width} + 1).map(one => one.outerHTML)"
        assert page.locator("table:visible, .chart svg:visible, pre:visible").evaluate_all(inside) == []
        assert page.locator(".filters:visible, nav:visible, input:visible").count() == 0
        swatches = page.locator(".swatch:visible")
        exact = "all => all.map(one => getComputedStyle(one).printColorAdjust)"
        assert set(swatches.evaluate_all(exact)) == {"exact"}
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_a_page_without_scripts_still_shows_its_pictures(browser: Any, page_address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(page_address)
        pictures = page.locator(".chart img")
        assert pictures.count() == page.locator("figure:has(.chart)").count() > 0
        assert pictures.first.is_visible()
    finally:
        context.close()


def test_fifty_replicates_of_twelve_tuners_stay_usable(browser: Any, tmp_path: Path) -> None:
    scores: dict[str, list[float | None]] = {
        f"tuner-{place}": [0.5 + 0.01 * place + 0.001 * (7 * replicate % 13) for replicate in range(50)]
        for place in range(12)
    }
    write_scores(tmp_path, scores, budget=4)
    with opened(browser, write_report(tmp_path).html.as_uri()) as page:
        drawn(page)  # within `browser.WAIT`
        tuners = table(page, "sums over all replicates")
        tuners.locator("thead th button").first.click()
        assert first_column(tuners) == sorted(scores)


class TestExplorer:
    """The search: what is set in the form, or dragged over a chart, decides which trials are shown."""

    def passing(self, page: Any) -> tuple[int, int]:
        """How many trials of how many pass, as the page says it."""
        said = page.locator(".explorer .matches").first.inner_text()
        passed, all_of_them = re.match(r"(\d+) of (\d+) trials pass", said).groups()  # type: ignore[union-attr]
        return int(passed), int(all_of_them)

    def form(self, page: Any) -> None:
        """Opens the form."""
        page.locator(".explorer .filtering > summary").first.click()
        page.locator(".explorer form").first.wait_for()

    def fieldset(self, page: Any, title: str) -> Any:
        legend = page.locator("legend", has_text=re.compile(f"^{title}$"))
        return page.locator(".explorer form fieldset", has=legend).first

    def filtered(self, page: Any, before: int) -> int:
        """Waits until another number of trials passes."""
        page.locator(".explorer .matches").filter(has_not_text=re.compile(f"^{before} of")).first.wait_for()
        return self.passing(page)[0]

    def test_the_form_filters_charts_and_table(self, browser: Any, page_address: str) -> None:
        with opened(browser, page_address) as page:
            drawn(page)
            self.form(page)
            passed, everything = self.passing(page)
            assert passed == everything > 0
            best = table(page, "The best trials that pass")
            first = first_column(best)
            titles = [title.strip() for title in best.locator("thead th").all_inner_texts()]
            rates = best.locator(f"tbody td:nth-child({titles.index('learning_rate') + 1})")
            seen = [float(text) for text in rates.all_inner_texts()]
            self.fieldset(page, "learning_rate").get_by_label("learning_rate from").fill(str(max(seen)))
            few = self.filtered(page, everything)
            assert 0 < few < everything
            assert min(float(text) for text in rates.all_inner_texts()) >= max(seen) > min(seen)
            page.get_by_role("button", name="Show all").first.click()
            assert self.filtered(page, few) == everything
            assert first_column(best) == first
            self.fieldset(page, "Tuners").get_by_label(first[0]).uncheck()
            assert 0 < self.filtered(page, everything) < everything
            assert first[0] not in first_column(best)

    def test_dragging_over_an_axis_filters_by_it(self, browser: Any, page_address: str) -> None:
        with opened(browser, page_address) as page:
            drawn(page)
            self.form(page)
            everything = self.passing(page)[1]
            chart = page.locator(".explorer .chart svg").first
            chart.scroll_into_view_if_needed()
            # The upper half of the last axis is the better half of the scores.
            box = chart.locator(".mark-group.role-frame > g > path.background").first.bounding_box()
            right = box["x"] + box["width"]
            page.mouse.move(right - 80, box["y"] + 2)
            page.mouse.down()
            page.mouse.move(right - 40, box["y"] + 0.25 * box["height"], steps=4)
            page.mouse.move(right - 2, box["y"] + 0.5 * box["height"], steps=4)
            page.mouse.up()
            assert 0 < self.filtered(page, everything) < everything
