"""The baseline that is successive halving without the halving: one epoch for many, all epochs for the best."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from tuning.budget import Budget
from tuning.evaluator import Evaluator
from tuning.problem import TrainingProblem
from tuning.records import FAILED, Configuration
from tuning.space import Space
from tuning.tuners._base import Tuner

REPEATS = 100
"""Draws in a row that gave nothing new, after which a space counts as drawn empty."""


class Screening(Tuner):
    """One epoch for many random configurations, then the best of them in full, as far as the budget goes.

    Half of the budget (rounded up; less where one full training would not fit into the rest) goes to one-epoch trials
    of configurations drawn without repeats. They are then continued in the order of their scores, each charged its
    further epochs only; FAILED ones are not. Where all were continued and epochs are left, a new round begins with
    those; a space with nothing new to draw ends the search. The rounds are cut to the budget, so a search cannot go
    on from its journal under a raised one.
    """

    name = "screening"
    library = "tuning"
    resumes = True
    baseline = True

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        draws = _without_repeats(problem.space, seed)
        while True:
            left = budget.epochs - evaluator.spent_epochs
            screening_ends = evaluator.spent_epochs + max(1, min(-(-left // 2), left - problem.max_epochs + 1))
            screened = []
            while evaluator.spent_epochs < screening_ends and (configuration := next(draws, None)) is not None:
                screened.append(evaluator.evaluate(configuration, epochs=1))
            if not screened:
                return
            ranked = sorted(
                (trial for trial in screened if trial.state != FAILED),
                key=lambda trial: trial.score,
                reverse=problem.objective.direction == "max",
            )
            for trial in ranked if problem.max_epochs > 1 else ():
                evaluator.evaluate(trial.configuration, resume_from=trial.trial)


def _without_repeats(space: Space, seed: int) -> Iterator[Configuration]:
    """Random configurations, each once, until the space seems to hold no more."""
    uniform = random.Random(seed).random
    seen: set[str] = set()
    repeats = 0
    while repeats < REPEATS:
        configuration = space.sample(uniform)
        known = json.dumps(configuration)
        if known in seen:
            repeats += 1
            continue
        repeats = 0
        seen.add(known)
        yield configuration
