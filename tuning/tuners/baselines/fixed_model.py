"""What baselines that are no search have in common: one model of their own, trained once a replicate.

Such a baseline leaves the study's search space alone. In the journal its only trial has an empty configuration, its
label says which model it is, and `no_search` in its settings says so to people.
"""

from __future__ import annotations

from tuning.arguments import whole_number
from tuning.budget import Budget
from tuning.errors import StudyError
from tuning.evaluation.evaluator import Evaluator
from tuning.problems.problem import TrainingProblem
from tuning.splits import Splits
from tuning.tuners.base import Tuner


class PlainBaseline(Tuner):
    """One training of a model that is written out, and then, as every incumbent, again on fresh seeds.

    Args:
        label: Its name in the study.
        epochs: Its own, whatever the study's budget.
        no_search: What it is instead, in words for the report.

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

    def data_of(self, problem: TrainingProblem) -> Splits:
        """The splits of a problem. Raises StudyError where it has none, being computed and not trained."""
        if not hasattr(problem, "splits"):
            raise StudyError(f"problem {problem.name!r} is computed and has no data to train a model of one's own on")
        splits: Splits = problem.splits
        return splits
