"""Who is compared in a study, at what budget and by what rule: from the plan, alike for all problems."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

from tuning.analysis.looks import rule_of
from tuning.budget import Budget
from tuning.journal.journal import Journal
from tuning.journal.plan import BETTER, SEARCH, TWO_SIDED
from tuning.statistics.sequential import Rule

PERCENT = 100  # where the axis ends over problems of different budgets
RANDOM_SEARCHES = ("kt-random", "sklearn-randomized")  # registered names; the first of a plan is the reference


@dataclass(frozen=True)
class Contest:
    """What a study's plan says about its comparison.

    Attributes:
        tuners: Labels of the contestants, without baselines; see `family`.
        baselines: Labels of the baselines.
        budget: Of a tuner's cell.
        budget_epochs: Where the axis of epochs ends: the budget; if that is in seconds, the most epochs that a tuner's
            search has trained; over problems of different budgets, 100 percent of each.
        trainings: Over problems of different budgets: how many trials in full each pays for. None where one budget is
            that of all problems.
        random_search: The tuner that normalised scores refer to, or None.
        rope: Half the region of practical equivalence, in the metric's unit, or None.
        rule: How replicates are added until every pair is decided; None for one test at the end.
        retrain: Fresh seeds on which the winner of each search is trained again.
        default: Label of the baseline that trains the default configuration; empty without one.
        no_search: Labels of the baselines with their own model.
        endpoint: What the verdict is about, one of `tuning.journal.plan.ENDPOINTS`.
        reference: The tuner that each other is compared with; empty: every two are compared.
        alternative: What is asked of each pair, one of `tuning.journal.plan.ALTERNATIVES`.
        longest_random: The random search with the most epochs: the baseline that has twice the budget, else
            `random_search`, or None.
        extended: Numbers of replicates that its runs planned one after another, if no rule added them.
        declared: Whether the plan said so before the run; journals of earlier releases do not.
        noise_free: Whether no problem was trained: what a winner is worth is its curve without noise.
    """

    tuners: tuple[str, ...]
    baselines: tuple[str, ...]
    budget: Budget
    budget_epochs: int
    random_search: str | None = None
    rope: float | None = None
    rule: Rule | None = None
    retrain: int = 0
    default: str = ""
    no_search: tuple[str, ...] = ()
    endpoint: str = SEARCH
    declared: bool = False
    reference: str = ""
    alternative: str = TWO_SIDED
    extended: tuple[int, ...] = ()
    noise_free: bool = False
    longest_random: str | None = None
    trainings: float | None = None

    @classmethod
    def of(cls, journal: Journal) -> Contest:
        """From the journal's last plan."""
        plan = journal.plan
        rule = rule_of(plan)
        trainings = journal.full_trainings(next(iter(journal.problems))) if _budgets_differ(journal) else None
        labels = {settings.tuner: label for label, settings in reversed(plan.tuners.items())}
        baselines = {settings.tuner: label for label, settings in reversed(plan.baselines.items())}
        random_search = next((labels[name] for name in RANDOM_SEARCHES if name in labels), None)
        return cls(
            tuners=tuple(plan.tuners),
            baselines=tuple(plan.baselines),
            budget=plan.budget,
            budget_epochs=_axis_end(journal) if trainings is None else PERCENT,
            trainings=trainings,
            random_search=random_search,
            longest_random=baselines.get("random-2x", random_search),
            rope=plan.rope if rule is None else rule.rope,
            rule=rule,
            retrain=plan.retrain,
            default=baselines.get("default", ""),
            no_search=tuple(journal.no_search()),
            endpoint=journal.endpoint,
            declared=bool(plan.endpoint),
            reference=plan.reference,
            alternative=plan.alternative,
            extended=journal.extended() if rule is None else (),
            noise_free=all(problem.noise_free for problem in journal.problems.values()),
        )

    def on(self, journal: Journal, problem: str) -> Contest:
        """The same on one problem, which may have a budget of its own."""
        if self.trainings is None:
            return self
        budget = journal.plan_of(problem).budget
        return replace(self, budget=budget, budget_epochs=budget.epochs_of(0), trainings=None)

    @property
    def spent_words(self) -> str:
        """What the axis over the budget counts."""
        return "training epochs spent" if self.trainings is None else "percent of the budget spent"

    @property
    def budget_words(self) -> str:
        """What each tuner's cell may spend."""
        if self.trainings is None:
            return self.budget.words("training epoch")
        return f"the epochs of {self.trainings:.4g} full trainings a cell"

    @property
    def family(self) -> list[tuple[str, str]]:
        """The pairs of tuners that are judged together."""
        if self.reference:
            return [(tuner, self.reference) for tuner in self.tuners if tuner != self.reference]
        return list(combinations(self.tuners, 2))

    @property
    def sides(self) -> int:
        """In how many directions a pair of the family may be shown to differ; in one, only the first may be better."""
        return 1 if self.alternative == BETTER else 2

    @property
    def better_than(self) -> str:
        """The reference, if of each pair only is asked whether the first is better than it; else empty."""
        return self.reference if self.sides == 1 else ""

    @property
    def labels(self) -> list[str]:
        """Tuners, then baselines, in the plan's order."""
        return [*self.tuners, *self.baselines]


def _budgets_differ(journal: Journal) -> bool:
    return len({journal.plan_of(problem).budget for problem in journal.problems}) > 1


def _axis_end(journal: Journal) -> int:
    plan = journal.plan
    if plan.budget_seconds is None and plan.budget_epochs is not None:
        return plan.budget_epochs
    spent = [trials[-1].spent_epochs for cell, trials in journal.trials.items() if cell.tuner in plan.tuners and trials]
    return max(spent, default=1)
