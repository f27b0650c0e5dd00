"""Optuna's TPE."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import optuna

from tuning.budget import Budget
from tuning.evaluator import Evaluator
from tuning.problem import TrainingProblem
from tuning.records import PRUNED
from tuning.tuners._base import Tuner
from tuning.views import suggest


class OptunaTPE(Tuner):
    """`optuna.Study.optimize` with the Tree-structured Parzen Estimator (Bergstra et al., NeurIPS 2011).

    Args:
        label: As in `Tuner`.
        sampler: A function `sampler(seed)` that makes another sampler; a sampler itself would bring a seed of its own.
        pruner: ``None`` (off), or an `optuna.pruners` object, copied for each search. It sees the score so far at
            each epoch; a pruned trial is charged what ran and is never continued.
        n_trials: Ends the search after so many trials, if the budget does not.
        arguments: Those of `optuna.samplers.TPESampler`, such as ``n_startup_trials=20``.
    """

    name = "optuna-tpe"
    library = "optuna"
    prunes = True

    def __init__(
        self,
        *,
        label: str | None = None,
        sampler: Callable[[int], optuna.samplers.BaseSampler] | None = None,
        pruner: optuna.pruners.BasePruner | None = None,
        n_trials: int | None = None,
        **arguments: Any,
    ) -> None:
        given = {
            name: value
            for name, value in (("sampler", sampler), ("pruner", pruner), ("n_trials", n_trials))
            if value is not None
        }
        super().__init__(label=label, **given, **arguments)
        self.make_sampler = sampler or (lambda seed: self.default_sampler(seed, **arguments))
        self.pruner = pruner
        self.n_trials = n_trials

    def default_sampler(self, seed: int, **arguments: Any) -> optuna.samplers.BaseSampler:
        return optuna.samplers.TPESampler(seed=seed, **arguments)

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        def objective(trial: optuna.Trial) -> float:
            def prune(epoch: int, score: float) -> bool:
                trial.report(score, epoch)
                return trial.should_prune()

            done = evaluator.evaluate(suggest(problem.space, trial), prune=prune if self.pruner else None)
            if done.state == PRUNED:
                raise optuna.TrialPruned
            return done.score  # NaN for a FAILED trial, which Optuna records as failed and goes on

        with warnings.catch_warnings(), _quiet():
            warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
            study = optuna.create_study(
                # Some pruners place a trial by the study's name, which must not differ from run to run.
                study_name=f"{evaluator.cell}/{seed}",
                sampler=self.make_sampler(seed),
                pruner=copy.deepcopy(self.pruner) or optuna.pruners.NopPruner(),
                direction="maximize" if problem.objective.direction == "max" else "minimize",
            )
            study.optimize(objective, n_trials=self.n_trials)


class _quiet:  # noqa: N801
    """Optuna's own lines about each trial would tear the progress display."""

    def __enter__(self) -> None:
        self._level = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.ERROR)

    def __exit__(self, *_: object) -> None:
        optuna.logging.set_verbosity(self._level)
