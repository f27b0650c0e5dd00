"""KerasTuner's own hypermodels of known architectures, on small pictures, through all five tuners; each night.

HyperEfficientNet always asks for ImageNet's weights, which Keras would download: here it is given Keras' own model
without them.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest
from keras_tuner.src.applications import efficientnet

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


# The smallest of each, as its user would choose for small pictures; with larger rates, some losses are not finite.
SMALLEST = {
    "HyperResNet": {"conv3_depth": 4, "conv4_depth": 6, "learning_rate": 0.001},
    "HyperEfficientNet": {"version": "B0", "top_dropout_rate": 0.2},
    "HyperXception": {"conv2d_num_filters": 32, "sep_num_filters": 128, "num_residual_blocks": 2},
}


@pytest.mark.nightly
@pytest.mark.parametrize("kind", SMALLEST)
def test_an_application_is_searched_by_all_five(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_weights = functools.partial(keras.applications.EfficientNetB0, weights=None)
    monkeypatch.setitem(efficientnet.EFFICIENTNET_MODELS, "B0", without_weights)
    hypermodel = getattr(keras_tuner.applications, kind)(input_shape=SHAPE, classes=CLASSES)
    smallest = keras_tuner.HyperParameters()
    for name, value in SMALLEST[kind].items():
        smallest.Fixed(name, value)
    problem = Problem(
        hypermodel,
        pictures,
        Objective("val_accuracy", "max"),
        1,
        fit_arguments={"batch_size": 9},
        hyperparameters=smallest,
    )
    study = StudyPlan("applications", problem, FIVE, budget=Budget(1), replicates=1, baselines=(), retrain=0)
    done = run(study, tmp_path)
    assert not done.failed
    trials = list(read(done.directory).all_trials())
    assert [(trial.state, trial.epochs) for trial in trials] == [(TrialState.COMPLETE, 1)] * len(FIVE)
    assert {*SMALLEST[kind]} < {*problem.space.names}
    assert {trial.configuration[name] for trial in trials for name in SMALLEST[kind]} == {*SMALLEST[kind].values()}
