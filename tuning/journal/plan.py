"""The plan of a run, as in the journal's session lines, and the versions it ran with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from tuning.budget import Budget
from tuning.formatting import names

TEST = "test"  # the retrained winner's score on test
RETRAINED = "retrained"  # its score on validation
SEARCH = "search"  # the best score that the search saw
ENDPOINTS = {
    TEST: "the mean test score of the searches' winners, retrained on fresh seeds",
    RETRAINED: "the mean validation score of the searches' winners, retrained on fresh seeds",
    SEARCH: "the best validation score that each search saw: luck and skill of a search together",
}
"""What a study's verdict and choice may be about, in words; a study takes the first that it can give."""


def endpoint_words(endpoint: str, noise_free: bool) -> str:
    """What a verdict is about; `noise_free`: no problem is trained, and a winner's curve is known without noise."""
    if noise_free and endpoint != SEARCH:
        return "the mean score of the searches' winners without noise, as the table gives it"
    return ENDPOINTS[endpoint]


TWO_SIDED = "two-sided"  # whether two tuners differ, whichever is better
BETTER = "better"  # only whether a tuner is better than the reference
ALTERNATIVES = (TWO_SIDED, BETTER)


def compared_words(reference: str, alternative: str) -> str:
    """Which pairs of tuners a study compares, from a plan's entries."""
    if not reference:
        return "every two tuners"
    return f"each tuner against {reference}" + (", one-sided (better or not)" if alternative == BETTER else "")


AT_DEFAULT = "default"
"""`Plan.start` where searches begin with the default configuration."""


class TunerSettings(dict[str, object]):
    """A tuner's or baseline's description of itself, by name, JSON-able; the entries used elsewhere are typed.

    Attributes:
        tuner: Its registered name.
        parallel_trials: How many trials it asks for before it knows any of their results.
        budget_factor: Its cells may spend this many times the study's budget.
        budget_epochs: What they may spend, if that does not depend on the study's budget.
        no_search: What it is, in words, if it searches nothing and has its own model.

    Raises:
        msgspec.ValidationError: One of these is of another type.
    """

    def __init__(self, entries: Mapping[str, object]) -> None:
        super().__init__(entries)
        known = msgspec.convert(self, _Known)
        self.tuner = known.tuner
        self.parallel_trials = known.parallel_trials
        self.budget_factor = known.budget_factor
        self.budget_epochs = known.budget_epochs
        self.no_search = known.no_search


class _Known(Struct):
    tuner: str = ""
    parallel_trials: int = 1
    budget_factor: int = 1
    budget_epochs: int | None = None
    no_search: str = ""


class Looks(Struct, frozen=True, omit_defaults=True):
    """The rule for adding replicates, with a look after each; `tuning.statistics.sequential.Rule` implements it.

    Attributes:
        cap: Number of replicates at the last look.
        rope: Differences smaller than this, in the metric's unit, do not matter.
        level: The chance of an error over all looks.
        spending_power: Exponent that gives the share of the level spent after a share of the looks.
        loss: Expected loss of the best choice that ends the looks; None if they end when every pair is decided.
    """

    cap: int
    rope: int | float | None
    level: float
    spending_power: int | float
    loss: int | float | None = None


class Plan(Struct, frozen=True, kw_only=True):
    """The plan of a run.

    Attributes:
        tuners: By label.
        baselines: By label.
        budget_epochs: Epochs that a tuner's cell may spend; None for no limit.
        budget_seconds: Seconds that its trials may train; None for no limit, and in journals of earlier releases.
        replicates: Searches of each tuner on each problem.
        retrain: How often the winner of each search is retrained.
        rope: Differences smaller than this, in the metric's unit, do not matter; None if not set.
        trial_seconds: A trial that takes longer is FAILED; None for no limit.
        trial_memory: A trial that needs more GB, by an estimate, is FAILED; None for no limit.
        until_decided: The rule for adding replicates; None for a fixed number.
        endpoint: What the verdict is about, one of `ENDPOINTS`; empty in journals of earlier releases.
        reference: The tuner that each other is compared with; empty: every two are compared.
        alternative: What is asked of each pair, one of `ALTERNATIVES`.
        random_draws: By tuner and problem, how many of its first configurations a tuner draws at random; None for all.
            Empty in journals of earlier releases.
        start: `AT_DEFAULT` if the first trial of each search is the default configuration; empty if each tuner begins
            as it does by itself, and in journals of earlier releases.
        own_start: The tuners and baselines that cannot, and begin as they do by themselves nevertheless.
        expected: What its author expects to find, in their words; of the first run, as later ones may know more.
    """

    tuners: dict[str, TunerSettings]
    baselines: dict[str, TunerSettings] = {}
    budget_epochs: int | None
    budget_seconds: int | float | None = None
    replicates: int
    retrain: int = 0
    rope: int | float | None = None
    trial_seconds: int | float | None = None
    trial_memory: int | float | None = None
    until_decided: Looks | None = None
    endpoint: str = ""
    reference: str = ""
    alternative: str = TWO_SIDED
    random_draws: dict[str, dict[str, int | None]] = {}
    start: str = ""
    own_start: list[str] = []
    expected: str = ""

    def starts_at_default(self, label: str) -> bool:
        """Whether the searches of a tuner begin with the default configuration."""
        return self.start == AT_DEFAULT and label not in self.own_start

    @property
    def budget(self) -> Budget:
        """Of a tuner's cell; at least one epoch, which an imported search may not have trained."""
        return Budget(
            self.budget_epochs if self.budget_epochs is None else max(self.budget_epochs, 1), self.budget_seconds
        )

    def budget_of(self, label: str) -> Budget:
        """Of the cells of a tuner or baseline."""
        settings = self.settings[label]
        if settings.budget_epochs is not None:
            return Budget(settings.budget_epochs)
        return self.budget.times(settings.budget_factor)

    @property
    def settings(self) -> dict[str, TunerSettings]:
        """Settings by label: those of tuners, then those of baselines."""
        return {**self.tuners, **self.baselines}


def start_words(plan: Plan) -> str:
    """Where the searches of a plan begin, after "begin"."""
    return "at the default configuration" if plan.start == AT_DEFAULT else "as their tuners do by themselves"


def start_said(start: str, own_start: Sequence[str]) -> str:
    """A sentence on where searches begin, from a plan's entries; empty if each begins as it does by itself."""
    if start != AT_DEFAULT:
        return ""
    but = f", except with {names(own_start)}" if own_start else ""
    return f"The first trial of each search is the default configuration{but}."


def merged(plans: Sequence[Plan]) -> Plan:
    """The plan of all runs together.

    A run may add to the earlier ones, but remove nothing; the limits of a trial are the last run's, and so is the
    budget, which never became smaller.
    """
    return Plan(
        tuners={label: settings for plan in plans for label, settings in plan.tuners.items()},
        baselines={label: settings for plan in plans for label, settings in plan.baselines.items()},
        budget_epochs=plans[-1].budget_epochs if plans else 0,
        budget_seconds=plans[-1].budget_seconds if plans else None,
        replicates=max((plan.replicates for plan in plans), default=0),
        retrain=max((plan.retrain for plan in plans), default=0),
        rope=next((plan.rope for plan in reversed(plans) if plan.rope is not None), None),
        trial_seconds=plans[-1].trial_seconds if plans else None,
        trial_memory=plans[-1].trial_memory if plans else None,
        until_decided=next((plan.until_decided for plan in plans if plan.until_decided is not None), None),
        endpoint=next((plan.endpoint for plan in plans if plan.endpoint), ""),
        reference=plans[0].reference if plans else "",
        alternative=plans[0].alternative if plans else TWO_SIDED,
        random_draws={label: draws for plan in plans for label, draws in plan.random_draws.items()},
        start=plans[0].start if plans else "",
        own_start=list(dict.fromkeys(label for plan in plans for label in plan.own_start)),
        expected=plans[0].expected if plans else "",
    )


class Manifest(dict[str, object]):
    """The versions and settings a run used, by name, JSON-able; the entries used elsewhere are typed.

    Attributes:
        command: The words of the run's command; a single text in journals of earlier releases.
        python: Python's version.
        versions: Of libraries, by name.

    Raises:
        msgspec.ValidationError: One of these is of another type.
    """

    def __init__(self, entries: Mapping[str, object] = {}) -> None:
        super().__init__(entries)
        known = msgspec.convert(self, _Made)
        self.command, self.python, self.versions = known.command, known.python, known.versions


class _Made(Struct):
    command: str | list[str] = []
    python: str | None = None
    versions: dict[str, str] = {}


class Session(Struct, frozen=True, tag_field="kind", tag="session"):
    """A run: its plan, and the versions it ran with."""

    plan: Plan
    manifest: Manifest
