"""Every error that `tuning` raises on purpose.

    TuningError                  a user can mend it; the command line prints its one line and exits with 2
    ├── StudyError               the study: unknown tuner, no study in the file, impossible budget
    ├── SpaceError               the search space: `build_model` raises, a declaration no library can map
    ├── DataError                the data: not found, empty, misshapen, NaN
    ├── ObjectiveError           the objective names a metric that the model does not report
    └── JournalError             the study folder: another study's journal, another format, a broken line
        └── ReplayError          a resumed search asks for other trials than the journal holds

Each message is one line: what came, what was expected, and how to mend it.
"""

import re

_TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # Keras writes its messages in bold


class TuningError(Exception):
    """Base of all errors that a user can mend."""


class StudyError(TuningError):
    """The study cannot be run as it is written."""


class SpaceError(TuningError):
    """The search space cannot be recorded, or not be mapped faithfully to every library."""


class DataError(TuningError):
    """The data cannot be found or cannot be used."""


class ObjectiveError(TuningError):
    """The objective names a metric that training does not report."""


class JournalError(TuningError):
    """The study folder holds something other than this study's journal."""


class ReplayError(JournalError):
    """A resumed search asked for another trial than the journal holds at that place."""


def one_line(error: BaseException, limit: int = 300) -> str:
    """`error` as one line of at most `limit` characters: its class, then its message."""
    words = " ".join(_TERMINAL_COLOURS.sub("", str(error)).split())
    line = f"{type(error).__name__}: {words}" if words else type(error).__name__
    return line if len(line) <= limit else line[: limit - 1] + "…"
