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
        code = work()
    except TuningError as error:
        if debug:
            raise
        errors().print(f"tuning: {error}", markup=False, highlight=False, soft_wrap=True, style="red")
        code = EXIT_USER
    except OSError as error:  # files: the disk is full, a folder cannot be written
        if debug:
            raise
        errors().print(f"tuning: {error_line(error)}", markup=False, highlight=False, soft_wrap=True)
        code = EXIT_USER
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    sys.stdout.flush()
    raise typer.Exit(code)


EXIT_FAILED = 1  # the command did its work, and something in the study failed
