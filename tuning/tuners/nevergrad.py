"""Nevergrad's optimisers."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping

from tuning.budget import Budget
from tuning.configuration import Value
from tuning.evaluation.evaluator import Evaluator
from tuning.problems.problem import TrainingProblem
from tuning.space.converters import flat, from_flat
from tuning.tuners.base import Tuner

NO_LIMIT = 10**6


class Nevergrad(Tuner):
    """Nevergrad's `Optimizer.minimize`, by default with NGOpt, which picks an algorithm by space and budget.

    It starts at a random point instead of Nevergrad's centre of the space, because NGOpt would otherwise take the same
    path in all replicates: with few numbers its algorithm is Cobyla, which draws nothing. It does not know the
    conditions: it also proposes inactive hyperparameters, which are left out. A FAILED trial's loss is infinite. If
    the budget is raised, NGOpt may pick another algorithm; then it cannot continue from its journal. If only seconds
    end the search, it picks one for a very long search.

    Args:
        label: As in `Tuner`.
        optimizer: Name in `nevergrad.optimizers.registry`, such as ``"OnePlusOne"``, ``"DE"`` or ``"PSO"``.
    """

    name = "nevergrad"
    library = "nevergrad"
    plans = True
    needs = "nevergrad"
    requirement = "nevergrad>=1.0.12"

    def __init__(self, *, label: str | None = None, optimizer: str = "NGOpt") -> None:
        super().__init__(label=label, optimizer=optimizer)
        self.optimizer = optimizer

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        import nevergrad

        sign = -1.0 if problem.objective.direction == "max" else 1.0

        def loss(**answers: Mapping[str, Value]) -> float:
            score = evaluator.evaluate(from_flat(problem.space, answers["values"])).score
            return math.inf if math.isnan(score) else sign * score

        values = nevergrad.p.Dict(
            **{
                key: nevergrad.p.Scalar(lower=0.0, upper=1.0) if options is None else nevergrad.p.Choice(list(options))
                for key, options in flat(problem.space).items()
            }
        )
        asked = nevergrad.p.Instrumentation(values=values)
        asked.random_state.seed(seed)
        trials = budget.trials(problem.max_epochs) or NO_LIMIT
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=nevergrad.errors.NevergradWarning)  # of infinite losses
            optimizer = nevergrad.optimizers.registry[self.optimizer](asked.sample(), budget=trials)
            # On first access NGOpt picks its algorithm, by the expected number of trials. Only the evaluator ends the
            # search.
            getattr(optimizer, "optim", None)
            optimizer.budget = NO_LIMIT
            optimizer.minimize(loss)
