"""The command line's consoles: text from a study never controls the terminal."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from tuning.text import visible


class SafeConsole(Console):
    """A rich console on which control characters are shown, not obeyed.

    A label or an error message may hold an escape sequence, which would colour, move, retitle or wipe the terminal of
    whoever views the study. rich itself removes only five harmless ones.
    """

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(visible(text), **options)


def output() -> SafeConsole:
    """A console on the current standard output; what its encoding lacks is shown as ``?``, on Windows in pipes."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="replace")
    return SafeConsole(file=sys.stdout)


def say_loading(study: Path) -> None:
    """Tells what the next seconds are spent on: importing a study's libraries shows nothing by itself."""
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    library = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}.get(backend, "Keras")
    output().print(f"Loading {library} and {study} ...", markup=False, highlight=False, soft_wrap=True)


def silent() -> SafeConsole:
    """A console that shows nothing."""
    return SafeConsole(file=io.StringIO(), quiet=True)


def errors() -> SafeConsole:
    """A console on the current standard error."""
    return SafeConsole(stderr=True)
