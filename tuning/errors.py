"""Every error that `tuning` raises on purpose.

    TuningError                  users can fix it; the command line prints its one line and exits with 2
    ├── StudyError               the study: unknown tuner, no study in the file, impossible budget
    ├── SpaceError               the search space: `build_model` raises, a declaration no library can map
    ├── DataError                the data: not found, empty, misshapen, NaN
    ├── ObjectiveError           the objective names a metric that the model does not report
    └── JournalError             the study folder: another study's journal, another format, a broken line
        └── ReplayError          a resumed search asks for other trials than the journal holds

Each message is one line: what was given, what was expected, how to fix it.
"""

from __future__ import annotations


class TuningError(Exception):
    """Base of all errors that users can fix."""


class StudyError(TuningError):
    """The study cannot be run as it is written."""


class SpaceError(TuningError):
    """The search space cannot be recorded, or cannot be mapped exactly to every library."""


class DataError(TuningError):
    """The data cannot be found or cannot be used."""


class ObjectiveError(TuningError):
    """The objective names a metric that training does not report."""


class JournalError(TuningError):
    """The study folder holds something other than this study's journal."""


class ReplayError(JournalError):
    """A resumed search asked for a different trial than the journal holds there."""
