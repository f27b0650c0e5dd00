"""What baselines without a search have in common: their own model, trained once per replicate.

Such a baseline does not use the study's search space. In the journal its only trial has an empty configuration, its
label names the model, and `no_search` in its settings describes it for readers.
"""

from __future__ import annotations

from tuning.arguments import whole_number
from tuning.budget import Budget
from tuning.errors import StudyError
from tuning.evaluation.evaluator import Evaluator
from tuning.problems.problem import Problem, TrainingProblem
from tuning.problems.problem_data import ProblemData
from tuning.tuners.base import Tuner


class PlainBaseline(Tuner):
    """One training of a fixed model; it is then retrained on fresh seeds, like every winner.

    Args:
        label: Its name in the study.
        epochs: Its own number, independent of the study's budget.
        no_search: What it is instead of a search, in words for the report.

    Raises:
        StudyError: `epochs` is below one.
    """

    library = "tuning"
    seeded = False
    baseline = True

    def __init__(self, label: str, *, epochs: int, no_search: str) -> None:
        super().__init__(label=label)
        self.epochs = whole_number(epochs, f"baseline {label!r} has epochs={epochs!r}")
        self.no_search = no_search

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        evaluator.evaluate({})

    def describe(self) -> dict[str, object]:
        return {**super().describe(), "budget_epochs": self.epochs, "no_search": self.no_search}

    def data_of(self, problem: TrainingProblem) -> ProblemData:
        """The data of a problem. Raises StudyError if it has none because it is computed, not trained."""
        if not isinstance(problem, Problem):
            raise StudyError(f"problem {problem.name!r} is computed and has no data to train a model of one's own on")
        return problem.resampled
