"""Optuna's samplers and pruners in its own `Study.optimize`."""

from __future__ import annotations

import copy
import math
import warnings
from abc import abstractmethod
from collections.abc import Callable, Iterator

import optuna

from tuning.budget import Budget
from tuning.configuration import Configuration
from tuning.evaluation.evaluator import Evaluator
from tuning.journal.records import Trial, TrialState
from tuning.problems.problem import TrainingProblem
from tuning.space.converters import suggest, to_optuna
from tuning.tuners.base import Argument, Tuner, require_parallel_trials

_STATES = {TrialState.PRUNED: optuna.trial.TrialState.PRUNED, TrialState.FAILED: optuna.trial.TrialState.FAIL}


class OptunaTuner(Tuner):
    """`optuna.Study.optimize` with a sampler, and a pruner if one is given.

    Args:
        label: As in `Tuner`.
        sampler: A function `sampler(seed)` that returns another sampler; a sampler object would have its own seed.
        pruner: ``None`` (off), or an `optuna.pruners` object, copied for each search. It sees the score so far at
            each epoch; a pruned trial is charged for the epochs that ran and is never continued.
        n_trials: Ends the search after this many trials, if the budget does not.
        parallel_trials: How many trials are asked for before any of their results is known, as if that many workers
            ended together: the sampler sees what Optuna's batches (`Study.ask`, `Study.tell`) show it. They are trained
            one after another, in the order asked for, so the budget holds to the epoch and a search can be
            repeated exactly.
        arguments: Those of the sampler's class.
    """

    library = "optuna"
    prunes = True
    parallel = True
    starts = True

    def __init__(
        self,
        *,
        label: str | None = None,
        sampler: Callable[[int], optuna.samplers.BaseSampler] | None = None,
        pruner: optuna.pruners.BasePruner | None = None,
        n_trials: int | None = None,
        parallel_trials: int = 1,
        **arguments: Argument,
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

    @abstractmethod
    def default_sampler(self, seed: int, **arguments: Argument) -> optuna.samplers.BaseSampler:
        """The sampler of a search if no other was given."""

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        def ask(trial: optuna.Trial) -> Configuration:
            suggested = suggest(problem.space, trial)
            # Mapped to Optuna's numbers and back, the enqueued one may differ in the last bits.
            return evaluator.start if evaluator.start is not None and trial.number == 0 else suggested

        def evaluate(trial: optuna.Trial, configuration: Configuration) -> Trial:
            def prune(epoch: int, score: float) -> bool:
                trial.report(score, epoch)
                return trial.should_prune()

            return evaluator.evaluate(configuration, prune=prune if self.pruner else None)

        def objective(trial: optuna.Trial) -> float:
            done = evaluate(trial, ask(trial))
            if done.state == TrialState.PRUNED:
                raise optuna.TrialPruned
            return done.score  # NaN for a FAILED trial; Optuna records it as failed and continues

        def batches(study: optuna.Study) -> None:
            left = math.inf if self.n_trials is None else self.n_trials  # the budget ends the search
            while left > 0:
                # Suggested one by one, because the sampler sees the trials already asked for.
                trials = _asks(study, int(min(left, self.parallel_trials)))
                asked = [(trial, ask(trial)) for trial in trials]
                ended = [(trial, evaluate(trial, configuration)) for trial, configuration in asked]
                for trial, done in ended:
                    # A pruned trial's value is its last report, as in `optimize`; a FAILED one has none.
                    state = _STATES.get(done.state)
                    study.tell(trial, None if state else done.score, state)
                left -= len(asked)

        with warnings.catch_warnings(), _quiet():
            warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
            study = optuna.create_study(
                # Some pruners choose a trial's bracket by the study's name, which must not differ between runs.
                study_name=f"{evaluator.cell}/{seed}",
                sampler=self.make_sampler(seed),
                pruner=copy.deepcopy(self.pruner) or optuna.pruners.NopPruner(),
                direction="maximize" if problem.objective.direction == "max" else "minimize",
            )
            if evaluator.start is not None:
                study.enqueue_trial(to_optuna(problem.space, evaluator.start))
            if self.parallel_trials == 1:
                study.optimize(objective, n_trials=self.n_trials)
            else:
                batches(study)


class OptunaTPE(OptunaTuner):
    """`optuna.Study.optimize` with the Tree-structured Parzen Estimator (Bergstra et al., NeurIPS 2011).

    Hyperparameters are modelled together (`multivariate`), and with several trials at a time those still running are
    treated as bad ones (`constant_liar`): Optuna 5's defaults, which Optuna 4 has off. `arguments` are those of
    `optuna.samplers.TPESampler`, such as ``n_startup_trials=20``.
    """

    name = "optuna-tpe"
    random_setting = "n_startup_trials"

    def random_draws(self, problem: TrainingProblem) -> int | None:
        return 0 if "sampler" in self.arguments else int(self.arguments.get("n_startup_trials", 10))

    def default_sampler(self, seed: int, **arguments: Argument) -> optuna.samplers.BaseSampler:
        # Said here, so that the name is one algorithm with every release.
        return optuna.samplers.TPESampler(seed=seed, **{"multivariate": True, "constant_liar": True, **arguments})


class OptunaTPEMedian(OptunaTPE):
    """`optuna-tpe` that stops a trial whose score so far is below the median of earlier trials at that epoch.

    Uses `optuna.pruners.MedianPruner` with its defaults (the first 5 trials are never pruned); for other settings give
    a `pruner`. The median rule is that of Golovin et al. (Vizier, KDD 2017).
    """

    name = "optuna-tpe-median"

    def __init__(self, *, pruner: optuna.pruners.BasePruner | None = None, **arguments: Argument) -> None:
        super().__init__(pruner=pruner or optuna.pruners.MedianPruner(), **arguments)


class OptunaTPEHyperband(OptunaTPE):
    """`optuna-tpe` that stops trials at the rungs of Hyperband's brackets (Li et al., JMLR 18:185, 2018).

    `optuna.pruners.HyperbandPruner` from 1 epoch to the problem's `max_epochs`, `factor` 3; for other settings give a
    `pruner`. Unlike `kt-hyperband`, it never resumes a trial: each is stopped, or continues at once. Every bracket
    learns only from its own trials, so TPE's random start, `n_startup_trials`, is repeated in each.
    """

    name = "optuna-tpe-hyperband"

    def __init__(self, *, pruner: optuna.pruners.BasePruner | None = None, **arguments: Argument) -> None:
        super().__init__(pruner=pruner or optuna.pruners.HyperbandPruner(), **arguments)
        self.sizes_its_brackets = pruner is None

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        sized = copy.copy(self)
        if self.sizes_its_brackets:
            sized.pruner = optuna.pruners.HyperbandPruner(1, problem.max_epochs, 3)
        super(OptunaTPEHyperband, sized).search(problem, evaluator, budget=budget, seed=seed)


class OptunaRandom(OptunaTuner):
    """`optuna.Study.optimize` with independent random draws, each trained in full unless a pruner is given."""

    name = "optuna-random"

    def random_draws(self, problem: TrainingProblem) -> int | None:
        return None

    def default_sampler(self, seed: int, **arguments: Argument) -> optuna.samplers.BaseSampler:
        return optuna.samplers.RandomSampler(seed=seed, **arguments)


class OptunaASHA(OptunaRandom):
    """`optuna-random` that stops trials by asynchronous successive halving (Li et al., MLSys 2020).

    `optuna.pruners.SuccessiveHalvingPruner` from 1 epoch, `reduction_factor` 3: at 1, 3, 9, ... epochs a trial goes on
    if it is among the best third of those that got there so far; for other settings give a `pruner`. Where others wait
    for a rung to fill, it decides at once, and so promotes some that later turn out to be worse.
    """

    name = "optuna-asha"

    def __init__(self, *, pruner: optuna.pruners.BasePruner | None = None, **arguments: Argument) -> None:
        asha = optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)
        super().__init__(pruner=pruner or asha, **arguments)


class OptunaQMC(OptunaTuner):
    """`optuna.Study.optimize` over a scrambled Sobol sequence, which covers the space more evenly than chance.

    It is scrambled (Optuna's default is not), because otherwise every replicate would get the same points. Choices,
    booleans and hyperparameters that the first trial did not have are drawn at random. `arguments` are those of
    `optuna.samplers.QMCSampler`.
    """

    name = "optuna-qmc"

    def default_sampler(self, seed: int, **arguments: Argument) -> optuna.samplers.BaseSampler:
        settings = {"scramble": True, "warn_independent_sampling": False, **arguments}
        return optuna.samplers.QMCSampler(seed=seed, **settings)


class OptunaGP(OptunaTuner):
    """`optuna.Study.optimize` with a Gaussian process and log expected improvement.

    The first `n_startup_trials` (10) are random. Hyperparameters that are not active in every trial are drawn at
    random: the process models only those that all trials share. Optuna does not show it FAILED trials, so it may ask
    for a failing configuration again and again. `arguments` are those of `optuna.samplers.GPSampler`.
    """

    name = "optuna-gp"
    random_setting = "n_startup_trials"
    requirement = "torch>=2.4"
    needs = "torch"

    def random_draws(self, problem: TrainingProblem) -> int | None:
        return 0 if "sampler" in self.arguments else int(self.arguments.get("n_startup_trials", 10))

    def default_sampler(self, seed: int, **arguments: Argument) -> optuna.samplers.BaseSampler:
        import torch

        torch.set_num_threads(1)  # like `one_blas_thread`, which does not reach PyTorch
        return optuna.samplers.GPSampler(seed=seed, **{"warn_independent_sampling": False, **arguments})


class OptunaCmaEs(OptunaTuner):
    """`optuna.Study.optimize` with covariance matrix adaptation (Hansen, arXiv:1604.00772).

    It evolves the numeric hyperparameters that every trial has; choices, booleans and conditional ones are drawn at
    random. `arguments` are those of `optuna.samplers.CmaEsSampler`.
    """

    name = "optuna-cmaes"
    requirement = "cmaes>=0.12"
    needs = "cmaes"

    def default_sampler(self, seed: int, **arguments: Argument) -> optuna.samplers.BaseSampler:
        return optuna.samplers.CmaEsSampler(seed=seed, **{"warn_independent_sampling": False, **arguments})


def _asks(study: optuna.Study, trials: int) -> Iterator[optuna.Trial]:
    for _ in range(trials):
        yield study.ask()


class _quiet:  # noqa: N801
    """Optuna's own lines about each trial would break the progress display."""

    def __enter__(self) -> None:
        self._level = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.ERROR)

    def __exit__(self, *_: object) -> None:
        optuna.logging.set_verbosity(self._level)
