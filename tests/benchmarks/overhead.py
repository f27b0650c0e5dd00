"""Runs a cell and prints the share of its time that is our own, as JSON.

    python -m tests.benchmarks.overhead fashion_mnist full
    python -m tests.benchmarks.overhead fashion_mnist short

Everything counts as ours (`own` seconds) that is neither the user's `build_model`, nor what stands for `model.fit`
(`training`), nor the tuner's thinking: setting up a trial, judging its arguments, counting, scoring, the journal,
HPARAMS. `full`: two trials of 10 epochs, as long as those of `studies/fashion_mnist.py`. `short`: Hyperband over 3
epochs, whose trials of one to three epochs are promoted, so that their states are kept and put back.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.models import PROBLEMS, make
from tuning import Budget, KTHyperband, KTRandom, Objective, Problem, Study
from tuning.journal import journal
from tuning.runner.executor import run_here
from tuning.runner.runner import run
from tuning.training import compiled_epoch

SEARCHES = {"full": (KTRandom(), 10, 20), "short": (KTHyperband(hyperband_iterations=2), 3, 22)}
"""Tuner, epochs of a full trial, and budget."""


class Clock:
    """Sums up the seconds spent in the functions that it wraps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self, function):
        def timed(*arguments, **named):
            started = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                self.seconds += time.perf_counter() - started

        return timed


def main(name: str, length: str) -> None:
    tuner, max_epochs, budget = SEARCHES[length]
    benchmark, whole, training = PROBLEMS[name], Clock(), Clock()
    shape = benchmark.data().train[0].shape[1:]

    def build(hp):
        return make(shape, 0, 0, hp.Float("learning_rate", 1e-4, 1e-2, sampling="log"), benchmark.layers)

    @whole
    def execute(tasks, listener):
        training.seconds = 0.0  # the checks before have built and trained as well
        run_here(tasks, listener)

    compiled_epoch.fit = training(compiled_epoch.fit)
    problem = Problem(training(build), benchmark.data, Objective("val_accuracy", "max"), max_epochs)
    study = Study(name, problem, [tuner], budget=Budget(budget), replicates=1, baselines=(), retrain=0)
    with tempfile.TemporaryDirectory() as folder:
        done = run(study, Path(folder), execute=execute)
        trials = list(journal.read(done.directory).all_trials())
    if not trials or any(trial.state == "FAILED" for trial in trials):
        raise SystemExit(f"{len(trials)} trials: {[trial.error for trial in trials]}")
    thinking = sum(trial.suggest_seconds for trial in trials)
    own = whole.seconds - training.seconds - thinking
    print(json.dumps({"whole": whole.seconds, "training": training.seconds, "thinking": thinking, "own": own}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
