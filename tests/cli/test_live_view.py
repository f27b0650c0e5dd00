"""The drawing of the live view; tests/test_progress.py has the view as it stands in a terminal."""

import math

import pytest

from tuning.cli.live_view import sparkline


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
