"""Numbers and names in words, for reports: one way to write a score, a duration, a list."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

MISSING = "–"
MAX_DECIMALS = 8
SIGNIFICANT = 3  # digits that show the spread of a column's scores
LARGE = 1e7  # from here on, scores have an exponent


def decimals_for(scores: Iterable[float]) -> int:
    """Decimals that show the differences between `scores` to `SIGNIFICANT` digits; 4 if there are none."""
    known = [float(score) for score in scores if math.isfinite(score)]
    spread = max(known) - min(known) if known else 0.0
    if spread <= 0:
        return 4
    return max(0, min(MAX_DECIMALS, SIGNIFICANT - 1 - math.floor(math.log10(spread))))


def number(value: float, decimals: int = 4, signed: bool = False) -> str:
    """`value` with this many decimals, a real minus sign, and `MISSING` for NaN."""
    if value is None or math.isnan(value):
        return MISSING
    form = f"{'+' if signed else ''}.{decimals}{'e' if math.isinf(value) or abs(value) >= LARGE else 'f'}"
    return format(value, form).replace("-", "−") if value else format(0.0, f".{decimals}f")


def interval(low: float, high: float, decimals: int) -> str:
    return MISSING if math.isnan(low) or math.isnan(high) else f"{number(low, decimals)} to {number(high, decimals)}"


def count(value: float) -> str:
    """A whole number with a thin space between thousands."""
    return f"{int(value):,}".replace(",", "\u202f")


def p_value(p: float) -> str:
    """Three decimals, four below 0.1, and ``< 0.0001`` if even those would show zero."""
    if math.isnan(p):
        return MISSING
    if p < 0.0001:
        return "< 0.0001"
    return f"{p:.4f}" if p < 0.1 else f"{p:.3f}"


def seconds(value: float) -> str:
    """A duration by its size: ``0.4 s``, ``75 s``, ``12 min``, ``3 h 20 min``; `MISSING` if not measured."""
    if math.isnan(value) or value == 0:  # work always takes time: 0 means none recorded, as in KerasTuner's trials
        return MISSING
    if value < 10:
        return f"{value:.1f} s"
    if value < 120:
        return f"{value:.0f} s"
    minutes = round(value / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02d} min"


def setting(value: Any) -> str:
    """A hyperparameter's value, short enough to read; tables and `summary.json` hold all its digits."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return MISSING
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def plural(value: int, singular: str, many: str = "") -> str:
    """``1 cell``, ``2 cells``; `many` for a plural that is not the singular plus s."""
    return f"{count(value)} {singular if value == 1 else many or singular + 's'}"


def names(words: Sequence[str], most: int = 6) -> str:
    """``a``, ``a and b``, ``a, b and c``; beyond `most`, the number of others."""
    shown = list(words)
    if len(shown) > most:
        shown = [*shown[: most - 1], f"{len(shown) - most + 1} others"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else ""
