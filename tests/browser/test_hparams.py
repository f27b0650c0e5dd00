"""TensorBoard's HPARAMS page in headless Chromium, over a study's logs as `tuning board` serves them."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support import hparams_journal as made_up
from tests.support.browser import WAIT, opened
from tests.support.hparams_page import PAGE, USABLE, WORK, draw_parallel_coordinates, rows, work
from tests.support.tensorboard_server import BOARD, board, session_groups
from tests.support.web_server import serving
from tuning.journal.records import TrialState
from tuning.tensorboard.hparams import write_hparams

pytestmark = [pytest.mark.slow, pytest.mark.waits]

FIVE = ("kt-random", "kt-hyperband", "kt-bayesian", "sklearn-randomized", "optuna-tpe")
BASELINES = ("default", "random-2x")
# A board for which a hundred trials are many.
FEW_CURVES = f"import tuning.tensorboard.server as server; server.MOST_WITH_CURVES = {PAGE}; {BOARD}"


def test_rows_filters_and_parallel_coordinates(browser: Any, tmp_path: Path) -> None:
    from playwright.sync_api import expect

    journal = made_up.journal(tmp_path / "study", trials=5)
    trials = list(journal.all_trials())
    write_hparams(journal, tmp_path / "study")
    with board(tmp_path, tmp_path / "study", "--all") as (url, _):
        session_groups(url, len(trials))
        with opened(browser, f"{url}#hparams", url, viewport={"width": 1600, "height": 1000}) as page:
            assert rows(page, len(trials)) == len(trials)
            shown = page.locator("vaadin-grid-cell-content:visible")
            assert shown.filter(has_text="kt-random").count() > 0
            titles = [text.strip() for text in shown.all_inner_texts()][:20]
            assert [name for name in titles if name in ("tuner", "replicate", "n_hidden")][:2] == ["replicate", "tuner"]

            page.locator("paper-checkbox", has_text="kt-random").first.click()
            kept = [trial for trial in trials if trial.cell.tuner != "kt-random"]
            assert rows(page, len(kept)) == len(kept)
            assert shown.filter(has_text="kt-random").count() == 0
            assert shown.filter(has_text="optuna-tpe").count() > 0

            page.get_by_text("Parallel Coordinates View").click()
            with_score = [trial for trial in kept if trial.state != TrialState.FAILED]
            curves = page.locator("tf-hparams-parallel-coords-plot .foreground path")
            expect(curves).to_have_count(len(with_score), timeout=WAIT)
            assert curves.first.bounding_box()["width"] > 500  # over all columns


@pytest.mark.parametrize("trials", [300, pytest.param(1500, marks=pytest.mark.nightly)])
def test_many_trials_stay_usable(browser: Any, tmp_path: Path, trials: int) -> None:
    tuners = ("kt-random", "kt-bayesian", "optuna-tpe")
    journal = made_up.journal(tmp_path / "study", trials=trials // 30, tuners=tuners, replicates=10)
    write_hparams(journal, tmp_path / "study")
    with board(tmp_path, tmp_path / "study", "--all") as (url, _):
        session_groups(url, trials)
        begun = time.monotonic()
        with opened(browser, f"{url}#hparams", url, viewport={"width": 1600, "height": 1000}) as page:
            assert rows(page, PAGE) == PAGE
            page.get_by_text(f"of matching session groups: {trials}").wait_for()
            assert time.monotonic() - begun < USABLE
            begun = time.monotonic()
            page.locator("paper-checkbox", has_text="kt-random").first.click()
            page.get_by_text(f"of matching session groups: {2 * trials // 3}").wait_for()
            assert time.monotonic() - begun < USABLE
            draw_parallel_coordinates(page, 1)
            assert time.monotonic() - begun < USABLE


def titles(page: Any) -> list[str]:
    """Of the table's columns, as far as the page has drawn them."""
    return [text.strip() for text in page.locator("vaadin-grid-cell-content:visible").all_inner_texts() if text.strip()]


@pytest.mark.parametrize("trials", [980, pytest.param(10_360, marks=pytest.mark.nightly)])
def test_of_many_trials_the_first_page_holds_the_best_of_every_tuner(browser: Any, tmp_path: Path, trials: int) -> None:
    made_up.journal(tmp_path / "study", trials=trials // 70, tuners=FIVE, baselines=BASELINES, replicates=10)
    with board(tmp_path, tmp_path / "study") as (url, _):
        session_groups(url, PAGE)
        begun = work()
        with opened(browser, f"{url}#hparams", url, viewport={"width": 1600, "height": 1000}) as page:
            assert rows(page, PAGE) == PAGE
            shown = " ".join(titles(page))
            assert all(tuner in shown for tuner in FIVE)
            assert shown.index("replicate") < shown.index("kt-")
            draw_parallel_coordinates(page, PAGE)
            assert work() - begun < WORK


@pytest.mark.parametrize(
    ("trials", "board_code"), [(140, FEW_CURVES), pytest.param(10_360, BOARD, marks=pytest.mark.nightly)]
)
def test_a_board_of_very_many_trials_leaves_curves_to_the_menu(
    browser: Any, tmp_path: Path, trials: int, board_code: str
) -> None:
    made_up.journal(tmp_path / "study", trials=trials // 70, tuners=FIVE, baselines=BASELINES, replicates=10)
    log = tmp_path / "board.log"
    with serving(log, sys.executable, "-c", board_code, tmp_path / "study", "--all") as (url, _):
        session_groups(url, trials)
        assert "Time Series and Scalars are slow" in log.read_text()
        begun = work()
        with opened(browser, url, url, viewport={"width": 1600, "height": 1000}) as page:
            assert rows(page, PAGE) == PAGE  # HPARAMS is what opens, without its name in the address
            tabs = page.locator("mat-tab-header, [role=tablist]").first
            assert tabs.inner_text().split() == ["HPARAMS"]
            page.locator("vaadin-grid paper-checkbox:visible").first.click()
            page.locator("tf-hparams-session-group-details .line").first.wait_for(state="attached")
            draw_parallel_coordinates(page, 1)
            assert work() - begun < WORK

            page.locator("mat-select").first.click()
            page.get_by_text("Time Series", exact=True).last.click()
            page.locator("scalar-card").first.wait_for()
