"""The contract of a tuner: a name, what it can do, and one method."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from importlib.util import find_spec
from typing import Any, ClassVar, TypeAlias

from tuning.arguments import whole_number
from tuning.budget import Budget
from tuning.errors import StudyError, TuningError
from tuning.evaluation.evaluator import Evaluator
from tuning.problems.problem import TrainingProblem

Argument: TypeAlias = Any
"""One of a library's own arguments, of the type that the library takes there."""


class Tuner(ABC):
    """A search strategy, run in its library's own loop.

    Args:
        label: Name in the study, so that one tuner can be compared under two settings; default: `name`.
        arguments: The library's own arguments, such as ``KTHyperband(factor=4)``.

    Raises:
        StudyError: The module that it `needs` is not installed.
    """

    name: ClassVar[str]
    """Registered name."""
    library: ClassVar[str]
    """Distribution that provides the loop."""
    resumes: ClassVar[bool] = False
    """Whether it continues trials, so that their states must be kept."""
    prunes: ClassVar[bool] = False
    """Whether it can stop a trial early, judging by its curve."""
    parallel: ClassVar[bool] = False
    """Whether it can ask for several trials before it knows the results of any (`parallel_trials`)."""
    seeded: ClassVar[bool] = True
    """Whether its seed matters; if not, replicates differ only in their trainings."""
    starts: ClassVar[bool] = False
    """Whether its search can begin with the configuration `evaluator.start`, if there is one."""
    needs: ClassVar[str] = ""
    """Module that it imports and that is not installed with `tuning` itself."""
    requirement: ClassVar[str] = ""
    """What pip installs it from, such as ``smac>=2.4.1``; default: `needs`."""
    baseline: ClassVar[bool] = False
    """Whether it is a yardstick for the others, not a competitor."""
    budget_factor: ClassVar[int] = 1
    """Its cells may spend this many times the study's budget; `search` gets the product."""
    random_setting: ClassVar[str] = ""
    """Its argument that says how many configurations it draws at random first; empty if there is none."""
    draws_like: ClassVar[str] = ""
    """Label of the tuner whose seed it has too, so that both draw the same configurations; empty: a seed of its own."""
    plans: ClassVar[bool] = False
    """Whether it plans for the number of trials that the budget's epochs pay for."""
    epochs: int | None = None
    """What its cells spend, if that does not depend on the study's budget."""

    def __init__(self, *, label: str | None = None, **arguments: Argument) -> None:
        if not self.is_installed():
            raise StudyError(
                f"tuner {self.name!r} needs {self.needs!r}, which is not installed; install it with: "
                f'python -m pip install "{self.requirement or self.needs}"'
            )
        self.label = label or self.name
        self.arguments = arguments

    @property
    def distributions(self) -> tuple[str, ...]:
        """The installed packages that decide what it does: that of its loop, and what that needs besides."""
        return (self.library, *([re.split(r"[\s<>=!~\[]", self.requirement)[0]] if self.requirement else []))

    def __repr__(self) -> str:
        given = [f"{name}={value!r}" for name, value in sorted(self.arguments.items()) if value is not None]
        return f"<{type(self).__name__} {self.label!r}{': ' if given else ''}{', '.join(given)}>"

    @classmethod
    def is_installed(cls) -> bool:
        """Whether the module that it `needs` is installed."""
        return not cls.needs or find_spec(cls.needs) is not None

    def random_draws(self, problem: TrainingProblem) -> int | None:
        """How many of its first configurations it draws at random, learning nothing yet; None: all it ever tries."""
        return 0

    @abstractmethod
    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        """Searches until the evaluator ends it, or until the strategy itself is done.

        Call ``evaluator.evaluate(configuration, epochs, resume_from)`` for each trial and use its score; that of a
        FAILED trial is NaN. Let `SearchOver`, which it raises at the end of the budget, pass through. A tuner that
        `starts` begins with ``evaluator.start`` where that is not None, in the way of its library.

        Args:
            problem: Its `space` is searched; its `objective` says which scores are better.
            evaluator: Trains, and counts epochs and seconds.
            budget: What the search may spend, for strategies that must know it beforehand; where a trial is several
                trainings (folds, repeats), the part of one of them, so that trials cost `problem.max_epochs`. Its
                `epochs` are None if only seconds end the search.
            seed: Of all the strategy's own randomness.
        """

    def problem_of(self, problem: TrainingProblem) -> TrainingProblem:
        """The problem that its cells train: the study's, except for a baseline with its own model."""
        return problem

    def check(self, problem: TrainingProblem) -> None:
        """Raises a TuningError that begins with its label if it has its own model and that cannot be trained."""
        try:
            if (cell_problem := self.problem_of(problem)) is not problem:
                cell_problem.check()
        except TuningError as error:
            raise type(error)(f"baseline {self.label!r}: {error}") from error

    def describe(self) -> dict[str, object]:
        """For the journal: the registered name and the arguments, JSON-able."""
        return {"tuner": self.name, **{name: _readable(value) for name, value in sorted(self.arguments.items())}}


def require_parallel_trials(given: object) -> int:
    """`parallel_trials` unchanged. Raises StudyError if it is not a number of trials."""
    return whole_number(given, f"parallel_trials={given!r}")


def _readable(value: object) -> object:
    """A value that JSON can hold: numbers and texts unchanged, other things by name."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return getattr(value, "__name__", None) or type(value).__name__
