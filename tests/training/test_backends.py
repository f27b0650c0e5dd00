"""Keras' other backends: the digits study by Keras' own fit, in a process of its own, for a backend is chosen once."""

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
from tuning.cli.load import load_study
from tuning.runner.plan import Overrides
from tuning.training.request import TrainingRequest

study = load_study(Path(sys.argv[1]))
study.changed(Overrides(budget=10, replicates=1, tuners=["kt-random"], baselines=False, retrain=1)).run(sys.argv[2])

problem = study.problems[0]
configuration = {**problem.space.default(), "dropout": True, "dropout_rate": 0.3}

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
    """Jax keeps what XLA has compiled for the next training of the same shapes, of which it would know nothing."""
    return {
        "JAX_COMPILATION_CACHE_DIR": str(folder),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "0",
    }


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_digits_on_another_backend(backend, tmp_path):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed; the extra tuning[{backend}] brings it")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(ROOT / "studies" / "digits.py"), str(tmp_path)],
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
