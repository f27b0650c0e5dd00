"""Optuna's TPE."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import optuna

from tuning.budget import Budget
from tuning.evaluator import Evaluator
from tuning.problem import TrainingProblem
from tuning.records import FAILED, PRUNED, Configuration, Trial
from tuning.tuners._base import Tuner, require_parallel_trials
from tuning.views import suggest

_STATES = {PRUNED: optuna.trial.TrialState.PRUNED, FAILED: optuna.trial.TrialState.FAIL}


class OptunaTPE(Tuner):
    """`optuna.Study.optimize` with the Tree-structured Parzen Estimator (Bergstra et al., NeurIPS 2011).

    Args:
        label: As in `Tuner`.
        sampler: A function `sampler(seed)` that makes another sampler; a sampler itself would bring a seed of its own.
        pruner: ``None`` (off), or an `optuna.pruners` object, copied for each search. It sees the score so far at
            each epoch; a pruned trial is charged what ran and is never continued.
        n_trials: Ends the search after so many trials, if the budget does not.
        parallel_trials: How many trials are asked for before the result of any of them is told, as by so many workers
            that end together: what Optuna's batches (`Study.ask`, `Study.tell`) let a sampler know. TPE takes those
            under way for bad ones (its `constant_liar`, on by default). They are trained one after another, in the
            order asked for, so the budget holds to the epoch and a search is repeated exactly.
        arguments: Those of `optuna.samplers.TPESampler`, such as ``n_startup_trials=20``.
    """

    name = "optuna-tpe"
    library = "optuna"
    prunes = True
    parallel = True

    def __init__(
        self,
        *,
        label: str | None = None,
        sampler: Callable[[int], optuna.samplers.BaseSampler] | None = None,
        pruner: optuna.pruners.BasePruner | None = None,
        n_trials: int | None = None,
        parallel_trials: int = 1,
        **arguments: Any,
    ) -> None:
        at_once = None if require_parallel_trials(parallel_trials) == 1 else parallel_trials
        given = {
            name: value
            for name, value in (
                ("sampler", sampler), ("pruner", pruner), ("n_trials", n_trials), ("parallel_trials", at_once),
            )
            if value is not None
        }  # fmt: skip
        super().__init__(label=label, **given, **arguments)
        self.make_sampler = sampler or (lambda seed: self.default_sampler(seed, **arguments))
        self.pruner = pruner
        self.n_trials = n_trials
        self.parallel_trials = parallel_trials

    def default_sampler(self, seed: int, **arguments: Any) -> optuna.samplers.BaseSampler:
        return optuna.samplers.TPESampler(seed=seed, **arguments)

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        def evaluate(trial: optuna.Trial, configuration: Configuration) -> Trial:
            def prune(epoch: int, score: float) -> bool:
                trial.report(score, epoch)
                return trial.should_prune()

            return evaluator.evaluate(configuration, prune=prune if self.pruner else None)

        def objective(trial: optuna.Trial) -> float:
            done = evaluate(trial, suggest(problem.space, trial))
            if done.state == PRUNED:
                raise optuna.TrialPruned
            return done.score  # NaN for a FAILED trial, which Optuna records as failed and goes on

        def batches(study: optuna.Study) -> None:
            left = budget.epochs if self.n_trials is None else self.n_trials  # a trial costs at least an epoch
            while left > 0:
                # Suggested one by one, for the sampler sees what is asked for already.
                asked = [(one, suggest(problem.space, one)) for one in _asks(study, min(left, self.parallel_trials))]
                ended = [(trial, evaluate(trial, configuration)) for trial, configuration in asked]
                for trial, done in ended:
                    # A pruned trial's value is its last report, as `optimize` has it; a FAILED one has none.
                    state = _STATES.get(done.state)
                    study.tell(trial, None if state else done.score, state)
                left -= len(asked)

        with warnings.catch_warnings(), _quiet():
            warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
            study = optuna.create_study(
                # Some pruners place a trial by the study's name, which must not differ from run to run.
                study_name=f"{evaluator.cell}/{seed}",
                sampler=self.make_sampler(seed),
                pruner=copy.deepcopy(self.pruner) or optuna.pruners.NopPruner(),
                direction="maximize" if problem.objective.direction == "max" else "minimize",
            )
            if self.parallel_trials == 1:
                study.optimize(objective, n_trials=self.n_trials)
            else:
                batches(study)


def _asks(study: optuna.Study, trials: int) -> Iterator[optuna.Trial]:
    for _ in range(trials):
        yield study.ask()


class _quiet:  # noqa: N801
    """Optuna's own lines about each trial would tear the progress display."""

    def __enter__(self) -> None:
        self._level = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.ERROR)

    def __exit__(self, *_: object) -> None:
        optuna.logging.set_verbosity(self._level)
