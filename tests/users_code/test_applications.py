"""KerasTuner's own hypermodels of known architectures, on small pictures, through all five tuners; each night.

HyperEfficientNet is not among them: it always asks for ImageNet's weights, which Keras would download.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras_tuner
import numpy as np
import pytest

from tuning.budget import Budget
from tuning.journal.journal import read
from tuning.journal.records import TrialState
from tuning.objective import Objective
from tuning.problems.problem import Problem
from tuning.runner.plan import FIVE, StudyPlan
from tuning.runner.runner import run

SHAPE, CLASSES = (32, 32, 3), 3


def pictures() -> Any:
    random = np.random.default_rng(5)
    labels = np.arange(24) % CLASSES
    x = random.random((24, *SHAPE)).astype("float32") + labels[:, None, None, None] / 4
    y = np.eye(CLASSES, dtype="float32")[labels]
    return (x[:18], y[:18]), (x[18:], y[18:])


@pytest.mark.nightly
@pytest.mark.parametrize("kind", ["HyperResNet", "HyperXception"])
def test_an_application_is_searched_by_all_five(kind: str, tmp_path: Path) -> None:
    hypermodel = getattr(keras_tuner.applications, kind)(input_shape=SHAPE, classes=CLASSES)
    problem = Problem(hypermodel, pictures, Objective("val_loss", "min"), 1, fit_arguments={"batch_size": 9})
    study = StudyPlan("applications", problem, FIVE, budget=Budget(1), replicates=1, baselines=(), retrain=0)
    done = run(study, tmp_path)
    assert not done.failed
    trials = list(read(done.directory).all_trials())
    assert [(trial.state, trial.epochs) for trial in trials] == [(TrialState.COMPLETE, 1)] * len(FIVE)
    assert len(problem.space.names) > 5
