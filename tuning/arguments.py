"""Checks of what users pass: each check once, each error one line."""

from __future__ import annotations

import math

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


def positive_number(given: object, argument: str, *, expected: str) -> float:
    """`given`, if it is a finite number above 0; True is not.

    Args:
        argument: How it was given, for the message: ``Study(trial_seconds=0)``.
        expected: In words.

    Raises:
        StudyError: It is not.
    """
    if not isinstance(given, int | float) or isinstance(given, bool) or not 0 < given < math.inf:
        raise StudyError(f"{argument}: expected {expected}")
    return given


def share(given: object, argument: str) -> float | None:
    """`given`, if it is a share of the data, between 0 and 1; None for None and for 0.

    Raises:
        StudyError: It is not.
    """
    if given is None or (given == 0 and not isinstance(given, bool)):
        return None
    if not isinstance(given, float) or not 0 < given < 1:
        raise StudyError(f"{argument}: expected a share of the data between 0 and 1, such as 0.2")
    return given
