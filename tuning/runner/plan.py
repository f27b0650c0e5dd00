"""The plan of a study: checked, changed by a run's options, recorded, and split into cells."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import comb
from typing import Self

from tuning import tuners as registry
from tuning.arguments import positive_number, whole_number
from tuning.budget import Budget
from tuning.errors import StudyError
from tuning.formatting import names, plural
from tuning.journal.journal import Journal
from tuning.journal.plan import (
    ALTERNATIVES,
    AT_DEFAULT,
    BETTER,
    ENDPOINTS,
    RETRAINED,
    SEARCH,
    TEST,
    TWO_SIDED,
    Looks,
    Plan,
    TunerSettings,
)
from tuning.journal.records import Trial, TrialState, seconds_of
from tuning.journal.study_record import StudyRecord
from tuning.problems.computed import Computed
from tuning.problems.problem import Problem, TrainingProblem, trainings_of
from tuning.runner.cell import CellTask
from tuning.statistics.sequential import SPENDING_POWER, Rule
from tuning.statistics.signed_rank import LEVEL
from tuning.text import is_file_name
from tuning.tuners.base import Tuner

FIVE = ("kt-random", "kt-hyperband", "kt-bayesian", "sklearn-randomized", "optuna-tpe")
TENSORBOARD = ("curves", "full")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """What a run changes in a study, like the command line's options of the same names; None keeps the study's value.

    Attributes:
        budget: Epochs per cell; the study's limit in seconds stays.
        budget_seconds: Seconds of training per cell; the study's limit in epochs stays.
        tuners: Labels of the study's tuners, or registered names.
        baselines: False leaves all of them out.
        reuse: False trains each trial, also one that is equal to another tuner's.
        until_decided: The rule by which replicates are added.
    """

    budget: int | None = None
    budget_seconds: float | None = None
    replicates: int | None = None
    tuners: Sequence[str] | None = None
    baselines: bool = True
    reuse: bool = True
    retrain: int | None = None
    endpoint: str | None = None
    start: str | None = None
    rope: float | None = None
    trial_seconds: float | None = None
    trial_memory: float | None = None
    tensorboard: str | None = None
    until_decided: Rule | None = None


class StudyPlan:
    """What to run, checked: problems, tuners and baselines, budget and replicates; see `tuning.Study`."""

    def __init__(
        self,
        name: str,
        problem: TrainingProblem | Sequence[TrainingProblem],
        tuners: Sequence[str | Tuner] = FIVE,
        *,
        budget: Budget,
        replicates: int = 10,
        baselines: Sequence[str | Tuner] = registry.BASELINES,
        retrain: int = 2,
        endpoint: str | None = None,
        reference: str | None = None,
        alternative: str = TWO_SIDED,
        start: str | None = None,
        expected: str = "",
        reuse: bool = True,
        rope: float | None = None,
        continue_winners: int = 0,
        trial_seconds: float | None = None,
        trial_memory: float | None = None,
        tensorboard: str = "curves",
    ) -> None:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise StudyError(f"Study({name!r}): expected a name of letters, digits, dot, dash and underscore")
        if not is_file_name(name):
            raise StudyError(f"Study({name!r}): Windows has no folder of this name; choose another")
        self.name = name
        self.problems: list[TrainingProblem] = list(problem) if isinstance(problem, Sequence) else [problem]
        self.tuners = _tuners(tuners)
        self.baselines = _tuners(baselines)
        self.budget = budget
        self.replicates = replicates
        self.given_retrain = retrain
        self.given_endpoint = endpoint
        self.reference = reference
        self.alternative = alternative
        self.start = start
        self.expected = expected
        self.reuse = reuse
        self.rope = rope
        self.continue_winners = continue_winners
        self.trial_seconds = trial_seconds
        self.trial_memory = trial_memory
        self.tensorboard = tensorboard
        self.until_decided: Rule | None = None
        """The rule by which replicates are added; None for a fixed number."""
        self._check()

    def _check(self) -> None:
        if not isinstance(self.budget, Budget):
            raise StudyError(f"Study(budget={self.budget!r}): expected Budget(epochs=...), Budget(seconds=...) or both")
        whole_number(self.replicates, f"Study(replicates={self.replicates!r})")
        for name, number, unit in (
            ("retrain", self.given_retrain, "seeds"),
            ("continue_winners", self.continue_winners, "epochs"),
        ):
            expected = f"a whole number of {unit}, or 0 for none"
            whole_number(number, f"Study({name}={number!r})", least=0, expected=expected)
        if self.tensorboard not in TENSORBOARD:
            raise StudyError(f"Study(tensorboard={self.tensorboard!r}): expected {' or '.join(map(repr, TENSORBOARD))}")
        if self.given_endpoint not in (None, *ENDPOINTS):
            raise StudyError(
                f"Study(endpoint={self.given_endpoint!r}): expected {', '.join(map(repr, ENDPOINTS))}, or None for the "
                "first of them that the study can give"
            )
        if self.given_endpoint in (TEST, RETRAINED) and not self.retrain:
            raise StudyError(
                f"Study(endpoint={self.given_endpoint!r}, retrain=0): that needs retrained winners; give retrain=1 or "
                f"more, or endpoint={SEARCH!r}"
            )
        if self.start not in (None, AT_DEFAULT):
            raise StudyError(
                f"Study(start={self.start!r}): expected {AT_DEFAULT!r}, for the default configuration as the first "
                "trial of each search, or None for what each tuner begins with by itself"
            )
        if not isinstance(self.expected, str):
            raise StudyError(f"Study(expected={self.expected!r}): expected a text, what you expect to find")
        if self.rope is not None:
            expected = "a difference above 0 in the metric's unit, or None"
            positive_number(self.rope, f"Study(rope={self.rope!r})", expected=expected)
        labels = [tuner.label for tuner in self.tuners]
        if self.reference is not None and self.reference not in labels:
            raise StudyError(f"Study(reference={self.reference!r}): expected one of its tuners, {', '.join(labels)}")
        if self.alternative not in ALTERNATIVES:
            raise StudyError(
                f"Study(alternative={self.alternative!r}): expected {' or '.join(map(repr, ALTERNATIVES))}"
            )
        if self.alternative == BETTER and self.reference is None:
            raise StudyError(
                f"Study(alternative={BETTER!r}) without a reference: it asks whether each tuner is better than one of "
                f"them; give reference=..., or leave it out"
            )
        if plain := [tuner.label for tuner in self.tuners if tuner.epochs]:
            raise StudyError(f"{plain[0]!r} is no search, and no tuner to be compared: give it in baselines=[...]")
        for name, unit in (("trial_seconds", "seconds"), ("trial_memory", "GB")):
            if (limit := getattr(self, name)) is not None:
                expected = f"{unit} above 0, or None for no limit"
                positive_number(limit, f"Study({name}={limit!r})", expected=expected)
        for problem in self.problems:
            if not hasattr(problem, "max_epochs"):
                raise StudyError(f"Study(problem={problem!r}): expected a Problem, or several")
        for kind, given in (
            ("problem", [problem.name for problem in self.problems]),
            ("tuner", [tuner.label for tuner in [*self.tuners, *self.baselines]]),
        ):
            if not given or (kind == "tuner" and not self.tuners):
                raise StudyError(f"study {self.name!r} has no {kind}; give at least one")
            if unusable := [name for name in given if not isinstance(name, str) or not name.isprintable() or not name]:
                raise StudyError(f"a {kind} is called {unusable[0]!r}; expected a name of printable characters")
            if twice := sorted({name for name in given if given.count(name) > 1}):
                argument = "name" if kind == "problem" else "label"
                raise StudyError(f"two {kind}s are called {twice[0]!r}; give one another {argument}=...")
        for problem in self.problems:
            _check_room(self.budget, problem.name, problem.max_epochs * problem.repeats)
            if self.budget.seconds is not None and isinstance(problem, Computed):
                raise StudyError(
                    f"{self.budget!r}: problem {problem.name!r} is computed from a table, in no time; give "
                    "Budget(epochs=...) alone"
                )

    def __repr__(self) -> str:
        parts = [
            f"problem{'s' if len(self.problems) > 1 else ''} {names([problem.name for problem in self.problems])}",
            f"tuners {names([tuner.label for tuner in self.tuners])}",
            *([f"baselines {names([tuner.label for tuner in self.baselines])}"] if self.baselines else []),
            plural(self.replicates, "replicate"),
            self.budget.words(),
        ]
        return f"<Study {self.name!r}: {'; '.join(parts)}>"

    def changed(self, overrides: Overrides) -> Self:
        """This plan with other settings; what `overrides` does not name stays the same."""
        plan = copy.copy(self)
        by_label = {tuner.label: tuner for tuner in self.tuners}
        if overrides.retrain is not None:
            plan.given_retrain = overrides.retrain
        numbers = ("replicates", "rope", "trial_seconds", "trial_memory")
        for name in (*numbers, "start", "tensorboard", "until_decided"):
            if (value := getattr(overrides, name)) is not None:
                setattr(plan, name, value)
        if overrides.endpoint is not None:
            plan.given_endpoint = overrides.endpoint
        plan.budget = self.budget.changed(epochs=overrides.budget, seconds=overrides.budget_seconds)
        if overrides.tuners is not None:
            plan.tuners = _tuners([by_label.get(label, label) for label in overrides.tuners])
        if not overrides.baselines:
            plan.baselines = []
        plan.reuse = self.reuse and overrides.reuse
        plan._check()
        return plan

    @property
    def retrain(self) -> int:
        """Seeds on which each incumbent is retrained: as given; one if all curves are computed, without noise."""
        return min(self.given_retrain, 1) if self.noise_free else self.given_retrain

    @property
    def noise_free(self) -> bool:
        """Whether all curves are computed, so that winners are judged without noise."""
        return all(isinstance(problem, Computed) for problem in self.problems)

    @property
    def endpoint(self) -> str:
        """What the verdict is about: as given, or the first of `ENDPOINTS` that the study can give. Loads data.

        Raises:
            StudyError: It is to be about test scores, and a problem has no test part.
            DataError: A problem's data cannot be loaded.
        """
        if self.given_endpoint in (RETRAINED, SEARCH) or not self.retrain:
            return self.given_endpoint or SEARCH
        untested = [problem.name for problem in self.problems if not problem.has_test]
        if untested and self.given_endpoint == TEST:
            raise StudyError(
                f"Study(endpoint={TEST!r}): problem {untested[0]!r} has no test data; add a test part, or give "
                f"endpoint={RETRAINED!r} for the retrained winners' validation scores"
            )
        return RETRAINED if untested else TEST

    @property
    def own_start(self) -> list[str]:
        """Labels of the searches that cannot begin at the default configuration, if they are to."""
        searches = [tuner for tuner in (*self.tuners, *self.baselines) if tuner.epochs is None]
        return [tuner.label for tuner in searches if not tuner.starts] if self.start else []

    @property
    def num_pairs(self) -> int:
        """Pairs of tuners that are judged together."""
        return len(self.tuners) - 1 if self.reference else comb(len(self.tuners), 2)

    @property
    def sides(self) -> int:
        """In how many directions a pair may be shown to differ."""
        return 1 if self.alternative == BETTER else 2

    def check_budget(self) -> None:
        """Raises StudyError if a trial of all folds costs more than the budget; unlike the constructor, loads data."""
        for problem in self.problems:
            _check_room(self.budget, problem.name, problem.max_epochs * trainings_of(problem))

    def budget_of(self, tuner: Tuner, problem: TrainingProblem) -> Budget:
        """What each cell of a tuner may spend on a problem; a baseline's own model is trained on all folds too."""
        if tuner.epochs is not None:
            return Budget(tuner.epochs * trainings_of(problem))
        return self.budget.times(tuner.budget_factor)

    def plan(self) -> Plan:
        """For the journal. Raises what `endpoint` raises."""
        rule = self.until_decided
        return Plan(
            tuners={tuner.label: TunerSettings(tuner.describe()) for tuner in self.tuners},
            baselines={
                tuner.label: TunerSettings({**tuner.describe(), "budget_factor": tuner.budget_factor})
                for tuner in self.baselines
            },
            budget_epochs=self.budget.epochs,
            budget_seconds=self.budget.seconds,
            replicates=self.replicates,
            retrain=self.retrain,
            rope=self.rope,
            trial_seconds=self.trial_seconds,
            trial_memory=self.trial_memory,
            endpoint=self.endpoint,
            reference=self.reference or "",
            alternative=self.alternative,
            random_draws={
                tuner.label: {problem.name: tuner.random_draws(problem) for problem in self.problems}
                for tuner in self.tuners
            },
            start=self.start or "",
            own_start=self.own_start,
            expected=" ".join(self.expected.split()),
            until_decided=None if rule is None else Looks(rule.cap, rule.rope, LEVEL, SPENDING_POWER, rule.loss),
        )

    def describe(self) -> StudyRecord:
        """For the journal's first line. Loads data and records spaces."""
        return StudyRecord(study=self.name, problems={problem.name: problem.describe() for problem in self.problems})

    def tasks(self, journal: Journal | None = None) -> list[CellTask]:
        """The cells to run, replicate by replicate, with each one's records from the journal."""
        tasks = [
            CellTask(
                self.name,
                problem,
                tuner,
                replicate,
                self.budget_of(tuner, problem),
                retrain=self.retrain,
                trial_seconds=self.trial_seconds,
                trial_memory=self.trial_memory,
                starts_at_default=self.start == AT_DEFAULT,
                known_trainings=() if self.reuse and isinstance(problem, Problem) and tuner.epochs is None else None,
            )
            for replicate in range(1, self.replicates + 1)
            for problem in self.problems
            for tuner in (*self.tuners, *self.baselines)
        ]
        if journal is None:
            return tasks
        return [
            replace(
                task,
                recorded=_kept(journal.trials.get(task.cell, ()), task.budget),
                retrained=tuple(journal.retrainings.get(task.cell, ())),
            )
            for task in tasks
        ]


def _check_room(budget: Budget, problem: str, epochs: int) -> None:
    if budget.epochs is not None and budget.epochs < epochs:
        raise StudyError(
            f"the budget of {budget.epochs} epochs is below one full trial of problem {problem!r} ({epochs} epochs); "
            "raise the budget or lower max_epochs"
        )


def _kept(recorded: Sequence[Trial], budget: Budget) -> tuple[Trial, ...]:
    """The trials that are valid at this budget: one that a smaller budget had cut is trained again, in full."""
    cut = bool(recorded) and recorded[-1].state == TrialState.CUT
    if cut and not budget.is_spent(recorded[-1].spent_epochs, seconds_of(recorded)):
        recorded = recorded[:-1]
    return tuple(recorded)


def _tuners(given: str | Tuner | Sequence[str | Tuner]) -> list[Tuner]:
    return [_tuner(tuner) for tuner in ([given] if isinstance(given, str | Tuner) else given)]


def _tuner(given: str | Tuner) -> Tuner:
    if isinstance(given, Tuner):
        return given
    if isinstance(given, str):
        return registry.load(given)()
    raise StudyError(f"tuner {given!r}: expected a registered name ({', '.join(registry.names())}) or a Tuner object")
