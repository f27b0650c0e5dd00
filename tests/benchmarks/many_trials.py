"""Trains many trials in this process, and prints by how many MB it grows from the tenth to the last, as JSON.

    python -m tests.benchmarks.many_trials keras 200
    python -m tests.benchmarks.many_trials ours 200

One epoch each on digits, every trial another configuration, as one cell of a study trains them.
"""

import itertools
import json
import sys
import tempfile
from pathlib import Path

import keras

from tests.benchmarks.models import PROBLEMS, make
from tuning import Budget, KTRandom, Objective, Problem, Study
from tuning.process.setup import prepare_process
from tuning.runner.runner import run

BEFORE = 10  # what a first few trials load stays, once


def resident_mb() -> float:
    """What this process holds in memory now (Linux)."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def by_keras(trials: int) -> list[float]:
    (x, y), validation = PROBLEMS["digits"].data().train, PROBLEMS["digits"].data().validation
    sizes = []
    for n_hidden, n_neurons in itertools.islice(itertools.product((1, 2, 3), range(16, 129)), trials):
        keras.backend.clear_session()
        model = make(x.shape[1:], n_hidden, n_neurons)
        model.fit(x, y, epochs=1, validation_data=validation, verbose=0)
        sizes.append(resident_mb())
    return sizes


def by_ours(trials: int) -> list[float]:
    prepare_process()

    def build(hp):
        return make((64,), hp.Int("n_hidden", 1, 3), hp.Int("n_neurons", 16, 128))

    sizes = []
    mark = keras.callbacks.LambdaCallback(on_train_end=lambda logs: sizes.append(resident_mb()))
    problem = Problem(build, PROBLEMS["digits"].data, Objective("val_accuracy", "max"), 1, callbacks=lambda: [mark])
    tuner = KTRandom(max_trials=trials)
    study = Study("many", problem, [tuner], budget=Budget(trials), replicates=1, baselines=(), retrain=0)
    with tempfile.TemporaryDirectory() as folder:
        run(study, Path(folder))
    return sizes


if __name__ == "__main__":
    sizes = (by_keras if sys.argv[1] == "keras" else by_ours)(int(sys.argv[2]))
    print(json.dumps({"growth": sizes[-1] - sizes[BEFORE - 1], "trials": len(sizes)}))
