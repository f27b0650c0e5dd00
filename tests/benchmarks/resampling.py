"""Trains a trial of a resampled Fashion MNIST and prints what resampling costs it, as JSON.

    python -m tests.benchmarks.resampling holdout
    python -m tests.benchmarks.resampling folds

A trial of 10 epochs, on a hold-out or on five folds. `whole`: its seconds; `resampling`: of these, drawing rows and
making the arrays of each part; `peak`: resident memory of this process at its most, GB.
"""

import json
import resource
import sys
import time

import numpy as np

from tests.benchmarks.models import make
from tests.benchmarks.overhead import Clock
from tuning import Budget, CrossValidation, Holdout, Objective, Problem, datasets
from tuning.evaluation.evaluator import Evaluator
from tuning.journal.records import Cell
from tuning.problems.problem_data import ProblemData
from tuning.process.setup import prepare_process

EPOCHS = 10
WAYS = {"holdout": Holdout(validation=0.2), "folds": CrossValidation(5)}


def development():
    splits = datasets.fashion_mnist()
    x, y = (np.concatenate([splits.train[side], splits.validation[side]]) for side in range(2))
    return x, y


def main(way: str) -> None:
    prepare_process()
    making = Clock()
    ProblemData._made = making(ProblemData._made)
    problem = Problem(
        lambda hp: make((28, 28), 0, 0, hp.Float("learning_rate", 1e-4, 1e-2, sampling="log"), (300, 100)),
        development,
        Objective("val_accuracy", "max"),
        EPOCHS,
        resampling=WAYS[way],
    )
    evaluator = Evaluator(problem, Cell("d", "t", 1), study="benchmark", budget=Budget(1000))
    problem.resampled.samples  # noqa: B018 (loaded here, for loading is no price of resampling)
    problem.space  # noqa: B018
    making.seconds = 0.0
    started = time.perf_counter()
    trial = evaluator.evaluate({"learning_rate": 1e-3})
    whole = time.perf_counter() - started
    if trial.error:
        raise SystemExit(trial.error)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({"whole": whole, "resampling": making.seconds, "peak": peak}))


if __name__ == "__main__":
    main(sys.argv[1])
