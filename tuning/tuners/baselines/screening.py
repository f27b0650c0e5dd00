"""A baseline like successive halving without the halving: one epoch for many, all epochs for the best."""

from __future__ import annotations

from itertools import chain, islice

from tuning.budget import Budget
from tuning.evaluation.evaluator import Evaluator
from tuning.journal.records import TrialState
from tuning.problems.problem import TrainingProblem
from tuning.tuners.base import Tuner

KEPT = 3
"""Trials of a round that are trained in full."""


class Screening(Tuner):
    """One epoch for many random configurations, then the best of them in full; again as long as the budget lasts.

    A round trains `KEPT` times `max_epochs` configurations, drawn without repeats, for one epoch each. Then the best
    `KEPT` continue to `max_epochs` and are charged their further epochs only: half of the epochs screen. Rounds do not
    depend on the budget, so a search can continue when the budget is raised. FAILED trials are not continued; the
    search ends when the space has nothing new to draw.
    """

    name = "screening"
    library = "tuning"
    resumes = True
    starts = True
    baseline = True

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        draws = problem.space.distinct(seed)
        if (start := evaluator.start) is not None:
            draws = chain([start], (drawn for drawn in draws if drawn != start))
        while round_of := list(islice(draws, KEPT * problem.max_epochs)):
            screened = [evaluator.evaluate(configuration, epochs=1) for configuration in round_of]
            ranked = sorted(
                (trial for trial in screened if trial.state != TrialState.FAILED),
                key=lambda trial: trial.score,
                reverse=problem.objective.direction == "max",
            )
            for trial in ranked[:KEPT] if problem.max_epochs > 1 else ():
                evaluator.evaluate(trial.configuration, resume_from=trial.trial)
