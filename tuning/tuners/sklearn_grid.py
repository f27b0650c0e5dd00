"""scikit-learn's GridSearchCV over scikeras' KerasClassifier or KerasRegressor."""

from __future__ import annotations

import itertools

from sklearn.model_selection import GridSearchCV

from tuning.budget import Budget
from tuning.evaluator import Evaluator
from tuning.problem import TrainingProblem
from tuning.tuners import _scikit_learn
from tuning.tuners._base import Tuner
from tuning.views import grid


class SklearnGrid(Tuner):
    """`GridSearchCV.fit` on a `PredefinedSplit`: all combinations, the last hyperparameter varied first.

    A hyperparameter without steps gives ten values, evenly spaced on its own scale, as KerasTuner's grid does; a
    conditional one is varied where it is active. GridSearchCV takes a grid in its order, the same in every replicate:
    a budget below the size of the grid sees one corner of it. Steps in `build_model` make a grid small.
    """

    name = "sklearn-grid"
    library = "scikit-learn"
    seeded = False

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        # GridSearchCV lists its whole grid first. A trial costs at least an epoch: no search comes further than this.
        reachable = list(itertools.islice(grid(problem.space), budget.epochs))
        _scikit_learn.run(
            GridSearchCV,
            problem,
            lambda configuration, epochs: evaluator.evaluate(configuration, epochs).score,
            reachable,
            **self.arguments,
        )
