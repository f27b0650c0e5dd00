"""SMAC's Bayesian optimisation with a random forest."""

from __future__ import annotations

import logging
import math
import tempfile
from pathlib import Path

from tuning.budget import Budget
from tuning.evaluation.evaluator import Evaluator
from tuning.problems.problem import TrainingProblem
from tuning.space.converters import from_numbered, numbered, to_numbered
from tuning.tuners import smac_internals
from tuning.tuners.base import Tuner

NO_LIMIT = 10**6
"""Trials, if only time ends the search."""


class SMAC(Tuner):
    """SMAC3's facade for hyperparameters: a random forest with log expected improvement.

    A fourth of the trials that fit the budget's epochs, at most ten per hyperparameter, are a Sobol design, and ten per
    hyperparameter if only seconds end it; if the budget is raised there may be more of them, and then it cannot
    continue from its journal. It does not know the conditions: it also proposes inactive hyperparameters, which are
    left out. Its forest learns nothing from FAILED trials. It tries no configuration twice; SMAC's own default repeats
    good ones with other seeds.

    Source: Lindauer et al. (2022), SMAC3: A Versatile Bayesian Optimization Package for Hyperparameter Optimization,
    JMLR 23(54).

    Args:
        label: As in `Tuner`.
        retrain_after: Trials between two fits of its forest.
    """

    name = "smac"
    library = "smac"
    starts = True
    plans = True
    needs = "smac"
    requirement = "smac>=2.4.1"

    def __init__(self, *, label: str | None = None, retrain_after: int = 8) -> None:
        super().__init__(label=label, retrain_after=retrain_after)
        self.retrain_after = retrain_after

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        from ConfigSpace import CategoricalHyperparameter, Configuration, ConfigurationSpace, UniformFloatHyperparameter
        from smac import HyperparameterOptimizationFacade, Scenario
        from smac.main.exceptions import ConfigurationSpaceExhaustedException
        from smac.runhistory import StatusType, TrialInfo, TrialValue
        from smac.runhistory.encoder import RunHistoryLogScaledEncoder

        asked = ConfigurationSpace()
        for name, options in numbered(problem.space).items():
            if options is None:
                asked.add(UniformFloatHyperparameter(name, 0.0, 1.0))
            else:
                asked.add(CategoricalHyperparameter(name, range(options)))

        logging.getLogger("smac").setLevel(logging.ERROR)
        sign = -1.0 if problem.objective.direction == "max" else 1.0
        trials = budget.trials(problem.max_epochs) or NO_LIMIT
        with tempfile.TemporaryDirectory() as folder:
            scenario = Scenario(asked, deterministic=True, n_trials=trials, seed=seed, output_directory=Path(folder))
            facade = HyperparameterOptimizationFacade
            smac = facade(
                scenario,
                model=smac_internals.on_one_thread(facade.get_model(scenario)),
                acquisition_maximizer=smac_internals.reproducible(facade.get_acquisition_maximizer(scenario)),
                config_selector=facade.get_config_selector(scenario, retrain_after=self.retrain_after),
                runhistory_encoder=RunHistoryLogScaledEncoder(scenario, considered_states=[StatusType.SUCCESS]),
                logging_level=False,
                overwrite=True,
            )
            start = evaluator.start
            while True:
                try:
                    if start is None:
                        trial = smac.ask()
                        configuration = from_numbered(problem.space, trial.config)
                    else:  # told without having been asked for, as SMAC allows; a deterministic trial has the seed 0
                        trial = TrialInfo(Configuration(asked, to_numbered(problem.space, start)), seed=0)
                        configuration, start = start, None
                except (StopIteration, ConfigurationSpaceExhaustedException):  # it has tried everything
                    return
                score = evaluator.evaluate(configuration).score
                failed = math.isnan(score)
                cost, status = (math.inf, StatusType.CRASHED) if failed else (sign * score, StatusType.SUCCESS)
                smac.tell(trial, TrialValue(cost, status=status), save=False)
