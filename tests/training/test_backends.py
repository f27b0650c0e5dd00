"""Keras' other backends: a study of digits by Keras' own fit, in a process of its own, for a backend is chosen once."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tuning.journal.journal import read

ROOT = Path(__file__).parents[2]
SCRIPT = """
import json, sys
from pathlib import Path

import keras

from tuning import Budget, Holdout, Objective, Problem, Study, datasets
from tuning.journal.journal import read
from tuning.runner.runner import run
from tuning.runner.winner_models import save_winners
from tuning.training.request import TrainingRequest

def build_model(hp):
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(16, activation="relu")])
    if hp.Boolean("dropout"):
        model.add(keras.layers.Dropout(0.3))
    model.add(keras.layers.Dense(10, activation="softmax"))
    rate = hp.Float("learning_rate", 1e-4, 1e-1, sampling="log")
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model

resampling = Holdout(validation=0.2, test=0.2)
problem = Problem(build_model, datasets.digits, Objective("val_accuracy", "max"), 5, resampling=resampling)
study = Study("digits", problem, ["kt-random"], budget=Budget(10), replicates=1, baselines=(), retrain=1)
folder = run(study, Path(sys.argv[1])).directory
save_winners(read(folder), study.problems)

configuration = {**problem.space.default(), "dropout": True}

def curve(epochs, **more):
    logs = []
    request = TrainingRequest(configuration, 5, epochs, lambda epoch: logs.append(epoch), keep_state=True, **more)
    outcome = problem.train(request)
    assert not outcome.error, outcome.error
    return logs, outcome.state

whole, _ = curve(3)
begun, state = curve(2)
rest, _ = curve(3, initial_epoch=2, state=state)
print(json.dumps({"whole": whole, "continued": [*begun, *rest]}))
"""


def compiled_once(folder):
    """Jax compiles quickly rather than for speed, and keeps the result for the next training of the same shapes."""
    return {
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
        "JAX_COMPILATION_CACHE_DIR": str(folder),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "0",
    }


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_a_study_on_another_backend(backend, tmp_path):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        env={**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT), **compiled_once(tmp_path / "compiled")},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    journal = read(tmp_path / "digits")
    assert journal.manifest["backend"] == backend
    assert journal.manifest.versions[backend]
    trials = list(journal.all_trials())
    assert {trial.fit for trial in trials} == {f"keras: the {backend} backend"}
    assert sum(trial.epochs for trial in trials) == 10
    (retrained,) = {retraining.state for of_cell in journal.retrainings.values() for retraining in of_cell}
    assert retrained == "COMPLETE"
    assert (tmp_path / "digits" / "models" / "kt-random.keras").is_file()
    # A training depends on its seed alone, and one that is continued ends bit for bit where one in one go does.
    curves = json.loads(done.stdout.splitlines()[-1])
    assert curves["continued"] == curves["whole"]
