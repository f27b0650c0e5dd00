"""TensorBoard's HPARAMS page in a browser: what it shows, once that is there."""

from __future__ import annotations

import time
from typing import Any

import psutil

# The grid lies in shadow roots: Playwright's own selectors go through them, `document.querySelector` does not.
ROWS = "grid => grid.size"
PAGE = 100  # rows that the table shows at a time
USABLE = 120  # seconds until a table or a figure is there, on a busy machine
WORK = 20  # seconds of processor time for both: however busy the machine; of 10,300 trials they take 8, Time Series 30


def rows(page: Any, expected: int) -> int:
    """Rows of the table, once there are as many as expected, or after a while."""
    grid = page.locator("vaadin-grid").first
    grid.wait_for()
    until = time.monotonic() + USABLE
    while (found := int(grid.evaluate(ROWS) or 0)) != expected and time.monotonic() < until:
        page.wait_for_timeout(250)
    return found


def draw_parallel_coordinates(page: Any, curves: int) -> None:
    """Opens the view; it has as many curves, or more."""
    page.get_by_text("Parallel Coordinates View").click()
    page.locator("tf-hparams-parallel-coords-plot .foreground path").nth(curves - 1).wait_for(state="attached")


def work() -> float:
    """Seconds of processor time of all processes that this one has started: browser and TensorBoard."""
    return sum(sum(child.cpu_times()[:2]) for child in psutil.Process().children(recursive=True))
