"""What intervals cover where that is less than they say, in the words of headings and sentences.

Each kind has its simulation in `tests/simulations`: intervals of a mean hold fewer of the means of skewed scores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tuning.statistics.bootstrap import CONFIDENCE
from tuning.statistics.intervals import student_coverage

WORTH_SAYING = 0.93  # an interval that covers less says so


def students(sizes: Iterable[int]) -> str:
    """Student's intervals of several means, by their numbers of values, with what they cover where that is short."""
    return f"Student's {CONFIDENCE:.0%} intervals{short_of(sizes)}"


def short_of(
    sizes: Iterable[int],
    of: Callable[[int], float] = student_coverage,
    what: str = "means of skewed scores",
    hold: str = "hold",
) -> str:
    """What the widest miss of several intervals is, as the end of a phrase; empty where they cover enough.

    Args:
        sizes: The number of values of each; one value has no interval.
        of: What an interval of so many values covers.
        what: The intervals are of, and of which scores.
        hold: The verb, for one or for many.
    """
    coverage = min((of(int(n)) for n in sizes if n > 1), default=1.0)
    return f", which {hold} {coverage:.0%} of the {what}" if coverage < WORTH_SAYING else ""
