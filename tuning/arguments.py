"""What users give, checked: each check once, a mistake in one line."""

from __future__ import annotations

from tuning.errors import StudyError


def whole_number(
    given: object, argument: str, *, least: int = 1, expected: str = "a whole number of at least 1"
) -> int:
    """`given`, which is a whole number of at least `least`. True and False are none.

    Args:
        argument: How it was given, for the message: ``Study(replicates=0)``.
        expected: In words.

    Raises:
        StudyError: It is none, or too small.
    """
    if not isinstance(given, int) or isinstance(given, bool) or given < least:
        raise StudyError(f"{argument}: expected {expected}")
    return given
