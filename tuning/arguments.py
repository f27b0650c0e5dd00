"""Checks of what users pass: each check once, each error one line."""

from __future__ import annotations

from tuning.errors import StudyError


def whole_number(
    given: object, argument: str, *, least: int = 1, expected: str = "a whole number of at least 1"
) -> int:
    """`given`, if it is a whole number of at least `least`; True and False are not.

    Args:
        argument: How it was given, for the message: ``Study(replicates=0)``.
        expected: In words.

    Raises:
        StudyError: It is not, or too small.
    """
    if not isinstance(given, int) or isinstance(given, bool) or given < least:
        raise StudyError(f"{argument}: expected {expected}")
    return given
