"""scikit-learn's HalvingRandomSearchCV over scikeras' KerasClassifier or KerasRegressor, in epochs."""

from __future__ import annotations

import json
import math
import warnings
from typing import Any

import numpy as np
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingRandomSearchCV

from tuning.budget import Budget
from tuning.evaluator import Evaluator
from tuning.problem import TrainingProblem
from tuning.records import FAILED, Configuration, Trial
from tuning.tuners import _scikit_learn
from tuning.tuners._base import Tuner
from tuning.views import ScikitLearnView


class SklearnHalving(Tuner):
    """`HalvingRandomSearchCV.fit` with epochs as its resource (Karnin et al., ICML 2013; Jamieson & Talwalkar, 2016).

    One halving starts with ``factor ** floor(log(max_epochs, factor))`` random candidates, `factor` 3, and as many
    epochs each as let the last rung come nearest to the problem's `max_epochs` (scikit-learn's ``"exhaust"``); the
    best third goes on. Halvings with new candidates follow one another until the budget is spent. scikit-learn alone
    trains a promoted candidate anew; here it goes on where it stopped and is charged the increment only. `arguments`
    are scikit-learn's: `factor`, `n_candidates`, `min_resources`, `max_resources`, `aggressive_elimination`.
    """

    name = "sklearn-halving"
    library = "scikit-learn"
    resumes = True

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        factor = self.arguments.get("factor", 3)
        settings = {
            "n_candidates": int(factor ** int(math.log(problem.max_epochs + 0.5, factor))),
            "min_resources": "exhaust",
            "max_resources": problem.max_epochs,
            "factor": factor,
            **self.arguments,
        }
        random = np.random.RandomState(seed)
        while True:
            self._halve(problem, evaluator, random_state=random.randint(2**31), **settings)

    def _halve(self, problem: TrainingProblem, evaluator: Evaluator, **settings: Any) -> None:
        last: dict[str, Trial] = {}

        def evaluate(configuration: Configuration, epochs: int) -> float:
            key = json.dumps(configuration)
            parent = last.get(key)
            if parent is not None and parent.state == FAILED:  # promoted for want of candidates that did not fail
                return math.nan
            last[key] = evaluator.evaluate(configuration, epochs, None if parent is None else parent.trial)
            return last[key].score

        with warnings.catch_warnings():
            # Unlike the other searches, this one also asks for the training folds' scores.
            warnings.filterwarnings("ignore", message="One or more of the train scores are non-finite")
            _scikit_learn.run(
                HalvingRandomSearchCV,
                problem,
                evaluate,
                ScikitLearnView(problem.space),
                resource="epochs",
                **settings,
            )
