"""Ax's Bayesian optimisation with BoTorch."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from tuning.budget import Budget
from tuning.evaluation.evaluator import Evaluator
from tuning.problems.problem import TrainingProblem
from tuning.space.converters import from_numbered, numbered
from tuning.tuners.base import Tuner


class Ax(Tuner):
    """Ax's client with its own choice of strategy: a Gaussian process of BoTorch and log expected improvement.

    It starts with a Sobol sequence, without the centre of the space that Ax would try first, which would be the same in
    all replicates. It does not know the conditions: it also proposes inactive hyperparameters, which are left out.
    FAILED trials are marked as such.

    Source: Olson et al. (2025), Ax: A Platform for Adaptive Experimentation, AutoML 2025; Balandat et al. (2020),
    BoTorch, NeurIPS 33.

    Args:
        label: As in `Tuner`.
        initialization_budget: Trials before the Gaussian process takes over; None for Ax's own choice.
    """

    name = "ax"
    library = "ax-platform"
    needs = "ax"
    requirement = "ax-platform>=1.3.1"

    def __init__(self, *, label: str | None = None, initialization_budget: int | None = None) -> None:
        super().__init__(label=label, initialization_budget=initialization_budget)
        self.initialization_budget = initialization_budget

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        with _quiet():
            import torch
            from ax.api.client import Client
            from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig
            from ax.exceptions.core import OptimizationComplete

            torch.set_num_threads(1)  # like `one_blas_thread`, which does not reach PyTorch
            client = Client(random_seed=seed)
            client.configure_experiment(
                [
                    RangeParameterConfig(name, (0.0, 1.0), "float")
                    if options is None
                    else ChoiceParameterConfig(name, list(range(options)), "int", is_ordered=False)
                    for name, options in numbered(problem.space).items()
                ]
            )
            client.configure_optimization("score" if problem.objective.direction == "max" else "-score")
            client.configure_generation_strategy(
                initialization_budget=self.initialization_budget,
                initialization_random_seed=seed,
                initialize_with_center=False,
            )
        while True:
            try:
                with _quiet():
                    ((trial, answers),) = client.get_next_trials(1).items()
            except OptimizationComplete:  # it has tried everything
                return
            score = evaluator.evaluate(from_numbered(problem.space, answers)).score
            with _quiet():
                if math.isnan(score):
                    client.mark_trial_failed(trial)
                else:
                    client.complete_trial(trial, {"score": score})


@contextmanager
def _quiet() -> Iterator[None]:
    """Silences Ax's log of each trial and PyTorch's warnings of future changes; errors are still raised."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
