"""How a command ends: exit codes, and a user's mistake in one line."""

from __future__ import annotations

import sys
from collections.abc import Callable

import typer

from tuning.cli.console import errors
from tuning.errors import TuningError
from tuning.text import error_line

EXIT_USER = 2  # a mistake that the user can fix; what was recorded before stays
EXIT_INTERRUPTED = 130  # Ctrl-C; what was recorded stays; 143 by `kill`, 129 if the terminal was closed


def guarded(work: Callable[[], int], debug: bool) -> None:
    """Runs a command; a user's mistake ends in one line and exit code 2."""
    try:
        code = exit_code(work, debug)
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    sys.stdout.flush()
    raise typer.Exit(code)


def exit_code(work: Callable[[], int], debug: bool) -> int:
    """The exit code of a piece of work; that of a user's mistake after the line that says it."""
    try:
        return work()
    except TuningError as error:
        if debug:
            raise
        errors().print(f"tuning: {error}", markup=False, highlight=False, soft_wrap=True, style="red")
    except OSError as error:  # files: the disk is full, a folder cannot be written
        if debug:
            raise
        errors().print(f"tuning: {error_line(error)}", markup=False, highlight=False, soft_wrap=True)
    return EXIT_USER


EXIT_FAILED = 1  # the command did its work, and something in the study failed
