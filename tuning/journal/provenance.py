"""Says where scores come from: trained, computed or imported, which is labelled wherever shown; by which libraries."""

from __future__ import annotations

from collections.abc import Sequence

from tuning.formatting import count, names, plural
from tuning.journal.plan import Session
from tuning.journal.study_record import ImportRecord, LookupRecord, ProblemRecord, SurrogateRecord

SURROGATE = "surrogate"
"""Key in a journal's problem, ending of such a problem's name, and the `fit` of its trials."""

IMPORTED = "imported"
"""Likewise for searches run in KerasTuner or Optuna; see `tuning.journal.importing`."""


_TABLES = " Each replicate has a table of its own, drawn from these configurations with replacement."


def prefix(problem: ProblemRecord) -> str:
    """The words before the verdict on a problem that was not trained here."""
    if problem.lookup:
        return "In a table"
    return "Of imported searches" if problem.imported else "On a surrogate"


def words(name: str, problem: ProblemRecord) -> str:
    """What a reader must know about a problem that was not trained here; empty for a trained one.

    Args:
        name: Of the problem.
        problem: Its record in the journal's first line.
    """
    if problem.imported:
        return _imported(name, problem.imported)
    if problem.lookup:
        return _looked_up(name, problem.lookup)
    return _surrogate(name, problem.surrogate) if problem.surrogate else ""


def different_versions(sessions: Sequence[Session]) -> str:
    """What a reader must know if runs of one study had different libraries; empty if all had the same."""
    found: dict[str, dict[str, None]] = {}
    for manifest in (session.manifest for session in sessions):
        for name, version in {"python": manifest.python, **manifest.versions}.items():
            if version:
                found.setdefault(name, {})[version] = None
    different = [f"{name} {' and '.join(versions)}" for name, versions in found.items() if len(versions) > 1]
    return f"Parts of this study ran with different versions: {names(different, most=20)}." if different else ""


def _surrogate(name: str, surrogate: SurrogateRecord) -> str:
    epoch, error = list(surrogate.error_by_epoch.items())[-1]
    measures = (("RMSE", "rmse"), ("R²", "r2"), ("rank correlation", "rank_correlation"))
    fit = ", ".join(f"{word} {error[key]:.3g}" for word, key in measures if key in error)
    best = [f"{word} {error[f'best_{key}']:.3g}" for word, key in measures if f"best_{key}" in error]
    tenth = f"; among the best {count(surrogate.best)} of them {', '.join(best)}" if best else ""
    times = f", {surrogate.trainings / surrogate.configurations:.3g} trainings each" if surrogate.trainings else ""
    failed = f", {plural(surrogate.failed, 'of them', 'of them')} FAILED" if surrogate.failed else ""
    return (
        f"{name} is a surrogate: nothing was trained, all curves are computed from the "
        f"{count(surrogate.configurations)} configurations of {surrogate.table}{times}{failed}; error of "
        f"{surrogate.metric} at epoch {epoch} by {surrogate.folds}-fold cross-validation: {fit}{tenth}."
        f"{_TABLES if surrogate.noise_free else ''}"
    )


def _looked_up(name: str, lookup: LookupRecord) -> str:
    return (
        f"{name} is looked up: nothing was trained here, a trial's score is that of one of the "
        f"{plural(lookup.trainings, 'training')} that {lookup.source} has of each of {count(lookup.configurations)} "
        "configurations, and a winner is worth the mean over all of them. Shorter trainings are not in it."
    )


def _imported(name: str, record: ImportRecord) -> str:
    searches = "; ".join(f"{label}: {source}" for label, source in record.searches.items())
    parts = [
        f"{name} is imported, not trained by tuning ({searches}): one run each, whose data, seeds and budgets nobody "
        "made equal. Learning curves, test scores and times are missing where they were not recorded",
    ]
    if record.told_epochs:
        parts.append(
            f"{record.told_epochs} epochs a trial where the search does not say, as told by whoever imported it"
        )
    if record.unfinished:
        parts.append(f"{plural(record.unfinished, 'unfinished trial')} left out")
    return "; ".join(parts) + "."
