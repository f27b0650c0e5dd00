"""Whether scores were trained or computed, in words: what a surrogate computed is labelled wherever it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuning.wording import count, plural

SURROGATE = "surrogate"
"""Key in a journal's problem, end of such a problem's name, and what trained its trials."""


def words(name: str, problem: Mapping[str, Any]) -> str:
    """A sentence about a problem that was computed, not trained; empty for a trained one.

    Args:
        name: Of the problem.
        problem: As the journal's first line holds it.
    """
    found = problem.get(SURROGATE)
    if not found:
        return ""
    epoch, error = list(found["error by epoch"].items())[-1]
    measures = (("RMSE", "rmse"), ("R²", "r2"), ("rank correlation", "rank_correlation"))
    fit = ", ".join(f"{word} {error[key]:.3g}" for word, key in measures if key in error)
    failed = f", {plural(found['failed'], 'of them', 'of them')} FAILED" if found["failed"] else ""
    return (
        f"{name} is a surrogate: nothing was trained, all curves are computed from the "
        f"{count(found['configurations'])} configurations of {found['table']}{failed}; error of {found['metric']} at "
        f"epoch {epoch} by {found['folds']}-fold cross-validation: {fit}."
    )
