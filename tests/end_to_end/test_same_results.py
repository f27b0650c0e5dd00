"""One study gives one table: over processes, threads that draw random numbers beside it, and ways of running."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path

import keras
import pandas as pd
import pytest

from tuning import Objective, Problem, datasets
from tuning.training.request import TrainingRequest

ROOT = Path(__file__).parents[2]
TIMES = ["train_seconds", "suggest_seconds"]


def run(out: Path, *arguments: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Runs the digits study in processes of its own; its tables, timings aside."""
    command = [
        sys.executable,
        "-m",
        "tuning.cli.main",
        "run",
        "studies/digits.py",
        "--budget",
        "12",
        "--replicates",
        "1",
    ]
    command += ["--tuners", "kt-hyperband,sklearn-randomized,optuna-tpe", "--retrain", "1"]
    command += ["--out", str(out), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    trials, epochs, retrainings = (
        pd.read_csv(out / "digits" / f"{name}.csv") for name in ("trials", "epochs", "retrainings")
    )
    return trials.drop(columns=TIMES), epochs, retrainings.drop(columns="train_seconds")


@pytest.mark.slow
def test_one_process_and_two_give_the_same_tables(tmp_path: Path) -> None:
    by_one = run(tmp_path / "one", "--jobs", "1")
    by_two = run(tmp_path / "two", "--jobs", "2")
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

    problem = Problem(build, datasets.digits, Objective("val_accuracy", "max"), max_epochs=1)

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
