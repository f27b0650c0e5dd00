"""A live view in a notebook: one output that is replaced.

rich's own `Live` needs ipywidgets there, a package with a part that runs in the browser; IPython alone can replace an
output, in every notebook.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

from rich.console import Console, RenderableType

REFRESH_SECONDS = 0.25
COLUMNS = 100
_HTML = '<pre style="white-space: pre; overflow-x: auto; line-height: normal">{code}</pre>'


class NotebookLive:
    """Shows what `picture` returns, at most once every `REFRESH_SECONDS`.

    It is redrawn only when told to: an output that another thread sends may end up in another cell.
    """

    def __init__(self, picture: Callable[[], RenderableType]) -> None:
        self._picture = picture
        self._display: Any = None
        self._drawn = -REFRESH_SECONDS

    def start(self) -> None:
        from IPython.display import display

        self._display = display(self._html(), display_id=True)

    def refresh(self) -> None:
        if time.monotonic() - self._drawn >= REFRESH_SECONDS:
            self._draw()

    def stop(self) -> None:
        """Shows the last state."""
        self._draw()

    def _draw(self) -> None:
        self._drawn = time.monotonic()
        self._display.update(self._html())

    def _html(self) -> object:
        from IPython.display import HTML

        page = Console(
            file=io.StringIO(),
            record=True,
            width=COLUMNS,
            force_jupyter=False,
            force_terminal=True,
            legacy_windows=False,
        )
        page.print(self._picture())
        return HTML(page.export_html(code_format=_HTML, inline_styles=True))
