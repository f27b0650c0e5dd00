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

    It starts at a random place instead of Nevergrad's middle, for else NGOpt would go one way in all replicates: on
    few numbers its algorithm is Cobyla, which draws nothing. Conditions are not told to it: it proposes inactive
    hyperparameters too, which are left out. A FAILED trial's loss is infinite. Under a raised budget NGOpt may pick
    another algorithm, and then does not go on from its journal.

    Args:
        label: As in `Tuner`.
        optimizer: Name in `nevergrad.optimizers.registry`, such as ``"OnePlusOne"``, ``"DE"`` or ``"PSO"``.
    """

    name = "nevergrad"
    library = "nevergrad"
    needs = "nevergrad"
    extra = "nevergrad"

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
        trials = -(-budget.epochs // problem.max_epochs)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=nevergrad.errors.NevergradWarning)  # of infinite losses
            optimizer = nevergrad.optimizers.registry[self.optimizer](asked.sample(), budget=trials)
            # NGOpt picks its algorithm when it is first asked for: by the trials that are likely. The evaluator
            # alone ends the search.
            getattr(optimizer, "optim", None)
            optimizer.budget = NO_LIMIT
            optimizer.minimize(loss)
