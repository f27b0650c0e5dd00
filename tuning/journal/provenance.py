"""Whether scores were trained here, computed or imported, in words: what was not trained is labelled wherever shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuning.formatting import count, plural

SURROGATE = "surrogate"
"""Key in a journal's problem, end of such a problem's name, and what trained its trials."""

IMPORTED = "imported"
"""The same for searches that KerasTuner or Optuna ran by themselves; see `tuning.journal.importing`."""


def prefix(problem: Mapping[str, Any]) -> str:
    """What stands before the verdict on a problem of which `words` says something."""
    return "Of imported searches" if IMPORTED in problem else "On a surrogate"


def words(name: str, problem: Mapping[str, Any]) -> str:
    """What a reader must know of a problem that was computed or imported; empty for one that was trained.

    Args:
        name: Of the problem.
        problem: As the journal's first line holds it.
    """
    if IMPORTED in problem:
        return _imported(name, problem[IMPORTED])
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


def _imported(name: str, found: Mapping[str, Any]) -> str:
    searches = "; ".join(f"{label}: {source}" for label, source in found["searches"].items())
    told = found["epochs a trial, as told"]
    epochs = f"{told} epochs a trial where the search does not say, as told by whoever imported it" if told else ""
    left_out = found["unfinished, left out"]
    parts = [
        f"{name} is imported, not trained by tuning ({searches}): one run each, whose data, seeds and budgets nobody "
        "made equal. Learning curves, test scores and times are missing where they were not recorded",
        *([epochs] if epochs else []),
        *([f"{plural(left_out, 'unfinished trial')} left out"] if left_out else []),
    ]
    return "; ".join(parts) + "."
