"""The consoles that the command line prints on: text from a study never commands the terminal."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from tuning.text import visible


class SafeConsole(Console):
    """A rich console on which control characters are shown, not obeyed.

    A label or an error message may hold an escape sequence, which would colour, move, retitle or wipe the terminal of
    whoever looks at the study. rich itself takes out five harmless ones only.
    """

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(visible(text), **options)


def output() -> SafeConsole:
    """A console on today's standard output."""
    return SafeConsole(file=sys.stdout)


def errors() -> SafeConsole:
    """A console on today's standard error."""
    return SafeConsole(stderr=True)
