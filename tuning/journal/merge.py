"""Several studies as one: the input of `tuning compare`.

Together they are read as one study of all their problems, so that every statistic over the problems of a study (ranks,
normalised scores, the critical difference) covers all of them. Nothing is adjusted: tuners that are not in every study
with the same settings are left out and named. Budgets must be equal in epochs, or pay for as many full trainings of
each problem; others are refused, because a tuner that plans for 10 trainings is not the first half of one that plans
for 20.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from msgspec.structs import asdict, replace

from tuning.errors import JournalError
from tuning.formatting import names
from tuning.journal import journal as journals
from tuning.journal.journal import Journal
from tuning.journal.plan import (
    BETTER,
    ENDPOINTS,
    SEARCH,
    TWO_SIDED,
    Looks,
    Manifest,
    Plan,
    Session,
    TunerSettings,
    start_words,
)
from tuning.journal.records import Cell, Retraining, Trial
from tuning.journal.study_record import StudyRecord

Kind = TypeVar("Kind", Trial, Retraining)
SAME = ("space", "objective", "max_epochs", "data")  # problems that agree in these are the same


@dataclass
class Compared(Journal):
    """Several studies' journals as one.

    Attributes:
        plans: Its study's, by problem.
        weakest: The last of `tuning.journal.plan.ENDPOINTS` that one of the studies has.
    """

    plans: Mapping[str, Plan] = field(default_factory=dict)
    weakest: str = SEARCH

    @property
    def endpoint(self) -> str:
        """The best that all studies can give."""
        return self.weakest

    def plan_of(self, problem: str) -> Plan:
        return self.plans[problem]

    def planned_cells(self) -> list[Cell]:
        """Every cell of every study's plan whose tuner is compared."""
        plan = self.plan
        return [
            Cell(problem, tuner, replicate)
            for replicate in range(1, plan.replicates + 1)
            for problem, own in self.plans.items()
            if replicate <= own.replicates
            for tuner in plan.settings
        ]


def compared(directories: Sequence[Path]) -> Compared:
    """The studies in these folders as one, with notes on what was left out in `Journal.healed`.

    A problem keeps its name; if several studies have it, it is called ``<study>: <problem>``.

    Raises:
        JournalError: There are fewer than two folders, one twice, or one without a study; budgets or rules for adding
            replicates differ; or fewer than two tuners are in common.
    """
    if len({Path(directory).resolve() for directory in directories}) < max(2, len(directories)):
        raise JournalError(f"compare was given {names(list(map(str, directories)))}; expected two studies or more")
    studies = [journals.read(Path(directory)) for directory in directories]
    plans = [study.plan for study in studies]
    trainings = {study.full_trainings(problem) for study in studies for problem in study.problems}
    if len(trainings) > 1 or None in trainings:
        _refuse_other("a budget of {}", studies, [plan.budget.words() for plan in plans])
    _refuse_other("searches that begin {}", studies, [start_words(plan) for plan in plans])
    _refuse_other("the rule {} for adding replicates", studies, [_rule_words(plan.until_decided) for plan in plans])
    tuners, baselines = _common([plan.tuners for plan in plans]), _common([plan.baselines for plan in plans])
    if len(tuners) < 2:
        raise JournalError(
            f"{names([str(study.directory) for study in studies])} have {len(tuners)} tuners with equal settings in "
            "common; expected two or more to compare"
        )
    labels = _labels(studies)
    weakest = max((study.endpoint for study in studies), key=list(ENDPOINTS).index)
    references = {plan.reference for plan in plans}
    ropes = {plan.rope for plan in plans}
    reference = plans[0].reference if plans[0].reference in tuners and len(references) == 1 else ""
    one_sided = bool(reference) and all(plan.alternative == BETTER for plan in plans)
    plan = replace(
        plans[0],
        tuners=tuners,
        baselines=baselines,
        rope=plans[0].rope if len(ropes) == 1 else None,
        retrain=min(plan.retrain for plan in plans),
        replicates=max(plan.replicates for plan in plans),
        endpoint=weakest if all(plan.endpoint == weakest for plan in plans) else "",
        reference=reference,
        alternative=BETTER if one_sided else TWO_SIDED,
        random_draws={
            tuner: {
                label: plans[at].random_draws[tuner][name]
                for (at, name), label in labels.items()
                if name in plans[at].random_draws.get(tuner, {})
            }
            for tuner in tuners
        },
    )
    problems = {
        labels[at, name]: problem for at, study in enumerate(studies) for name, problem in study.problems.items()
    }
    kept = {*tuners, *baselines}
    return Compared(
        directory=Path(directories[0]),
        study=StudyRecord(study=names([study.name for study in studies]), problems=problems),
        sessions=[Session(plan, Manifest({"command": _command(directories), **_manifests(studies)}))],
        trials=_merged(labels, [study.trials for study in studies], kept),
        retrainings=_merged(labels, [study.retrainings for study in studies], kept),
        ends={
            cell: replace(end, cell=cell)
            for at, study in enumerate(studies)
            for old, end in study.ends.items()
            if old.tuner in kept
            for cell in [old._replace(problem=labels[at, old.problem])]
        },
        healed=" ".join(_notes(studies, kept, labels, rope_differs=plan.rope is None and ropes != {None})),
        plans={label: plans[at] for (at, _), label in labels.items()},
        weakest=weakest,
    )


def _refuse_other(what: str, studies: Sequence[Journal], values: Sequence[object]) -> None:
    """Raises JournalError if studies differ in what they must share."""
    for study, value in zip(studies[1:], values[1:], strict=True):
        if value != values[0]:
            first, second = (what.format("none" if given is None else given) for given in (values[0], value))
            raise JournalError(
                f"{studies[0].directory} has {first}, {study.directory} has {second}; only studies that share it can "
                "be compared: run one of them again like the other, in another folder with --out"
            )


def _rule_words(looks: Looks | None) -> Mapping[str, object] | None:
    return None if looks is None else asdict(looks)


def _common(settings: Sequence[Mapping[str, TunerSettings]]) -> dict[str, TunerSettings]:
    """What all have with equal settings, in the first one's order."""
    return {
        label: given for label, given in settings[0].items() if all(other.get(label) == given for other in settings[1:])
    }


def _labels(studies: Sequence[Journal]) -> dict[tuple[int, str], str]:
    """The name of each study's problem in the comparison."""
    problems = [(at, study.name, problem) for at, study in enumerate(studies) for problem in study.problems]
    every = [problem for _, _, problem in problems]
    labels = {
        (at, problem): problem if every.count(problem) == 1 else f"{study}: {problem}"
        for at, study, problem in problems
    }
    taken = list(labels.values())
    return {
        key: label if taken.count(label) == 1 else f"{label} ({studies[key[0]].directory})"
        for key, label in labels.items()
    }


def _merged(
    labels: Mapping[tuple[int, str], str], parts: Iterable[Mapping[Cell, Sequence[Kind]]], kept: set[str]
) -> dict[Cell, list[Kind]]:
    """Records by cell, renamed to the cells of the comparison."""
    return {
        cell: [replace(record, cell=cell) for record in records]
        for at, part in enumerate(parts)
        for old, records in part.items()
        if old.tuner in kept
        for cell in [old._replace(problem=labels[at, old.problem])]
    }


def _manifests(studies: Sequence[Journal]) -> dict[str, Manifest]:
    return {f"study {study.name} ({at})": study.manifest for at, study in enumerate(studies, start=1)}


def _notes(
    studies: Sequence[Journal], kept: set[str], labels: Mapping[tuple[int, str], str], *, rope_differs: bool
) -> Iterable[str]:
    """What a reader must know about the combined studies."""
    left = [f"{label} ({study.name})" for study in studies for label in study.plan.settings if label not in kept]
    if left:
        yield f"Not in every study with the same settings, and left out: {names(left, most=20)}."
    if len({study.plan.replicates for study in studies}) > 1:
        many = [f"{study.name} {study.plan.replicates}" for study in studies]
        yield f"Replicates differ: {names(many, most=20)}."
    if len({study.endpoint for study in studies}) > 1:
        about = [f"{study.name} {study.endpoint}" for study in studies]
        yield f"Endpoints differ ({names(about, most=20)}); compared is what all of them have."
    if len({study.plan.reference for study in studies}) > 1:
        yield "References differ or are set for some studies only: every two tuners are compared."
    elif len({study.plan.alternative for study in studies}) > 1:
        yield "Only some studies ask in one direction alone: tests are two-sided."
    if rope_differs:
        yield "Regions of practical equivalence differ or are set for some studies only, and were not used."
    known: list[tuple[str, list[object]]] = []
    for at, study in enumerate(studies):
        for name, problem in study.problems.items():
            what = [getattr(problem, part) for part in SAME]
            for label, other in known:
                if other == what:
                    yield f"{label} and {labels[at, name]} are the same problem; over problems they count as one."
            known.append((labels[at, name], what))
    for study in studies:
        if study.healed:
            yield f"{study.name}: {study.healed}."


def _command(directories: Sequence[Path]) -> str:
    folders = [Path(directory) for directory in directories]
    return shlex.join(
        ["tuning", "compare", *(folder.name if folder.is_absolute() else folder.as_posix() for folder in folders)]
    )
