"""The drawing of the live view, and how a notebook shows it; test_progress.py has it as it stands in a terminal."""

from __future__ import annotations

import math

import pytest
from rich.text import Text

from tuning.cli import notebook_view
from tuning.cli.live_view import sparkline
from tuning.cli.notebook_view import NotebookLive


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([0, 1, 2, 3, 4, 5, 6, 7], "▁▂▃▄▅▆▇█"),
        ([3, 1, 1], "█▁▁"),
        ([math.nan, 2, 2], " ▅▅"),
        ([math.inf, 0, 1, math.nan], " ▁█ "),
        ([math.nan, math.nan], "  "),
        ([], ""),
    ],
)
def test_sparklines(values: list[float], shown: str) -> None:
    assert sparkline(values) == shown


def test_a_notebook_has_one_output_that_is_replaced_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    clock = iter([0.0, 0.1, 0.2, 1.0, 2.0, 3.0])

    class Handle:
        def update(self, page) -> None:
            shown.append(page.data)

    def display(page, display_id: bool) -> Handle:
        assert display_id
        shown.append(page.data)
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr(notebook_view.time, "monotonic", lambda: next(clock))
    words = iter(["begun", "one", "two <b>", "three"])
    view = NotebookLive(lambda: Text(next(words), style="red"))
    view.start()
    for _ in range(3):  # at 0.0, 0.2 (too early) and 1.0 s
        view.refresh()
    view.stop()
    assert [page.count("<pre") for page in shown] == [1] * 4
    assert ["begun" in shown[0], "one" in shown[1], "two &lt;b&gt;" in shown[2], "three" in shown[3]] == [True] * 4
