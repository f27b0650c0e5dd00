"""One study gives one table: over processes, threads that draw random numbers beside it, and ways of running."""

from __future__ import annotations

import random
import threading
from functools import partial
from pathlib import Path
from typing import Any

import keras
import pandas as pd
import pytest

from tests.support.fixed_data import digits
from tuning import Objective, Problem, Study
from tuning.cli.load import load_study
from tuning.journal.frames import epochs_frame, retrainings_frame, trials_frame
from tuning.journal.journal import read
from tuning.runner.dask.executor import run_on_dask
from tuning.runner.plan import Overrides
from tuning.runner.runner import run
from tuning.training.request import TrainingRequest

ROOT = Path(__file__).parents[2]
TIMES = ["train_seconds", "suggest_seconds"]


def tables(study: Study, folder: Path, **how: Any) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """What a run of the study records, timings aside."""
    journal = read(run(study, folder, **how).directory)
    trials, retrainings = trials_frame(journal).drop(columns=TIMES), retrainings_frame(journal)
    return trials, epochs_frame(journal), retrainings.drop(columns="train_seconds")


@pytest.mark.slow
@pytest.mark.usefixtures("fork_server")
def test_one_process_and_two_give_the_same_tables(tmp_path: Path) -> None:
    names = ["kt-hyperband", "sklearn-randomized", "optuna-tpe"]
    study = load_study(ROOT / "studies" / "digits.py").changed(
        Overrides(budget=12, replicates=1, tuners=names, retrain=1)
    )
    by_one = tables(study, tmp_path / "one")
    by_two = tables(study, tmp_path / "two", execute=partial(run_on_dask, jobs=2))
    trials, _, retrainings = by_one
    searched = trials[trials["tuner"] != "default"]
    assert (searched.groupby(["tuner", "replicate"])["epochs"].sum() == 12).all()
    assert len(retrainings.groupby(["tuner", "replicate"])) == 4
    assert retrainings["test"].notna().all()
    for table, other in zip(by_one, by_two, strict=True):
        pd.testing.assert_frame_equal(table, other, check_exact=True)


def test_a_thread_that_draws_random_numbers_changes_no_training() -> None:
    def build(hp):
        hp.Fixed("width", 8)
        model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(8), keras.layers.Dropout(0.5)])
        model.add(keras.layers.Dense(10, activation="softmax"))
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    problem = Problem(build, digits, Objective("val_accuracy", "max"), max_epochs=1)

    def curve() -> list[dict[str, float]]:
        epochs: list[dict[str, float]] = []
        problem.train(TrainingRequest(problem.space.default(), 3, 1, lambda logs: epochs.append(logs) or False))
        return epochs

    quiet = curve()
    over = threading.Event()

    def draw() -> None:
        while not over.wait(1e-4):
            random.random()

    thread = threading.Thread(target=draw)
    thread.start()
    try:
        disturbed = [curve() for _ in range(3)]
    finally:
        over.set()
        thread.join()
    assert quiet
    assert disturbed == [quiet] * 3
