"""Good practice, item by item, as the journal answers it.

The items are those that guidelines for empirical work on such algorithms share: the question before the run, budgets,
seeds, splits, failures, versions, machines, compute, raw data. See Lindauer and Hutter, "Best Practices for Scientific
Research on Neural Architecture Search", JMLR 21 (2020), and the COSEAL network's guidelines (2025).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET

from tuning.analysis.spent import Spent
from tuning.formatting import names, plural
from tuning.journal.journal import Journal
from tuning.journal.plan import compared_words, endpoint_words
from tuning.journal.records import CellState, TrialState
from tuning.report.tables.base import Table, table

NOT_RECORDED = "not recorded"
_MACHINE = ("platform", "cores", "threads", "gpus")
"""Entries of a manifest that say what a study ran on, where they are there."""


def checklist_table(journal: Journal, spent: Spent) -> Table:
    """An answer to each item; `NOT_RECORDED` where the journal has none."""
    plan = journal.plan
    rows = [
        ("Question stated beforehand", _question(journal)),
        ("Expected beforehand", journal.plan.expected or "nothing stated"),
        ("Difference that matters", "none stated" if plan.rope is None else f"{plan.rope:g}, in the metric's unit"),
        ("Tuners, with all settings", f"{names(list(plan.tuners), most=20)}; settings in the manifest"),
        ("Baselines", names(list(plan.baselines), most=20) or "none"),
        ("Budget, equal for all tuners", plan.budget.words("training epoch", " for each search")),
        ("Replicates", _replicates(journal)),
        ("Seeds", _seeds(journal)),
        ("Data and splits", " ".join(_data(journal))),
        ("Test data unseen by the searches", _tested(journal)),
        ("Failures shown", _failures(journal)),
        ("Versions", _versions(journal)),
        ("Machine", _machine(journal)),
        ("Compute spent", spent.words if spent.epochs else NOT_RECORDED),
        ("Raw records", "journal/journal.jsonl: every trial, with its learning curve"),
    ]
    return table("Good practice", ["Item", "Here"], rows)


def _question(journal: Journal) -> str:
    """What the first run declared; what a later one adds was not stated beforehand."""
    if not journal.sessions or not journal.sessions[0].plan.endpoint:
        return NOT_RECORDED
    plan = journal.sessions[0].plan
    noise_free = all(problem.noise_free for problem in journal.problems.values())
    compared = compared_words(plan.reference, plan.alternative)
    return f"{compared} by {endpoint_words(plan.endpoint, noise_free)}; recorded before the first trial"


def _replicates(journal: Journal) -> str:
    cells = journal.planned_cells()
    done = sum(1 for cell in cells if (end := journal.ends.get(cell)) is not None and end.state == CellState.DONE)
    rule = "; added one at a time by a rule declared beforehand" if journal.plan.until_decided else ""
    beside = ", baselines included" if journal.plan.baselines else ""
    return f"{journal.plan.replicates} of each tuner; {done} of {plural(len(cells), 'cell')} finished{beside}{rule}"


def _seeds(journal: Journal) -> str:
    if not any(trial.seed for trial in journal.all_trials()):
        return NOT_RECORDED
    return "derived from study, problem, replicate and configuration; each trial's is in the journal"


def _data(journal: Journal) -> Sequence[str]:
    return [
        f"{name}: {'fixed splits' if record.data.resampling is UNSET else record.data.resampling}, "
        f"fingerprint {record.data.fingerprint}."
        for name, record in journal.problems.items()
    ]


def _tested(journal: Journal) -> str:
    scored = sum(1 for done in journal.retrainings.values() for one in done if one.test)
    return f"yes: scored only after the searches, by {plural(scored, 'retraining')}" if scored else "no test scores"


def _failures(journal: Journal) -> str:
    trials = list(journal.all_trials())
    failed = sum(trial.state == TrialState.FAILED for trial in trials)
    return f"{failed} of {plural(len(trials), 'trial')} failed; each is charged and kept"


def _versions(journal: Journal) -> str:
    manifest = journal.manifest
    known = {"python": manifest.python, **manifest.versions}
    return ", ".join(f"{name} {version}" for name, version in known.items() if version) or NOT_RECORDED


def _machine(journal: Journal) -> str:
    known = {name: journal.manifest[name] for name in _MACHINE if name in journal.manifest}
    return ", ".join(f"{name}: {value}" for name, value in known.items()) or NOT_RECORDED
