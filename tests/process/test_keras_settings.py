"""What a study file sets of Keras holds in workers too, is recorded, and is compared when a study goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest
import tensorflow as tf

from tests.support.records import without_times
from tuning.budget import Budget
from tuning.errors import JournalError
from tuning.journal.journal import read
from tuning.objective import Objective
from tuning.problems.problem import Problem
from tuning.process.keras_settings import KerasSettings, in_force, set_in_force
from tuning.process.setup import prepare_process
from tuning.runner.dask.executor import run_on_dask
from tuning.runner.executor import run_here
from tuning.runner.plan import StudyPlan
from tuning.runner.runner import run

prepare_process()


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = in_force()
    yield
    set_in_force(before)


def test_all_that_is_set_is_seen_and_can_be_set_again() -> None:
    before = in_force()
    assert before.described() == {
        "floatx": "float32", "dtype policy": "float32", "image data format": "channels_last",
    }  # fmt: skip
    keras.config.set_floatx("float16")
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    keras.config.set_image_data_format("channels_first")
    keras.config.set_epsilon(1e-3)
    capped = hasattr(keras.config, "set_max_steps_per_epoch")  # since Keras 3.10
    if capped:
        keras.config.set_max_steps_per_epoch(3)
    tf.config.run_functions_eagerly(True)
    there = in_force()
    assert there.described() == {
        "floatx": "float16", "dtype policy": "mixed_bfloat16", "image data format": "channels_first", "epsilon": 1e-3,
        **({"max steps of every epoch": 3} if capped else {}), "functions run eagerly": True,
    }  # fmt: skip
    set_in_force(before)
    assert in_force() == before
    set_in_force(KerasSettings(*json.loads(json.dumps(there))))
    assert in_force() == there


def data() -> Any:
    x = np.random.default_rng(2).normal(size=(48, 3)).astype("float32")
    return (x[:32], x[:32, 0]), (x[32:], x[32:, 0])


def build_model(hp: keras_tuner.HyperParameters) -> keras.Model:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(hp.Int("units", 2, 9)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


@pytest.mark.slow
@pytest.mark.usefixtures("fork_server")
def test_a_precision_gives_the_same_numbers_with_any_number_of_jobs(tmp_path: Path) -> None:
    def trained(policy: str, jobs: int) -> str:
        keras.config.set_dtype_policy(policy)
        problem = Problem(build_model, data, Objective("val_loss", "min"), 1)
        study = StudyPlan("s", problem, ["kt-random"], budget=Budget(2), replicates=2, baselines=(), retrain=0)
        execute = partial(run_on_dask, jobs=jobs) if jobs > 1 else run_here
        directory = run(study, tmp_path / f"{policy}{jobs}", execute=execute).directory
        journal = read(directory)
        assert journal.manifest["dtype policy"] == policy
        return json.dumps(without_times(journal.all_trials()))

    here = trained("mixed_bfloat16", 1)
    assert here == trained("mixed_bfloat16", 2)
    assert here != trained("float32", 1)
    keras.config.set_dtype_policy("mixed_bfloat16")
    problem = Problem(build_model, data, Objective("val_loss", "min"), 1)
    study = StudyPlan("s", problem, ["kt-random"], budget=Budget(4), replicates=2, baselines=(), retrain=0)
    with pytest.raises(JournalError, match="ran with dtype policy float32, now it is mixed_bfloat16; set it as before"):
        run(study, tmp_path / "float321")
