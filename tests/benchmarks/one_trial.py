"""Times one way of training in this process, and prints it as JSON.

    python -m tests.benchmarks.one_trial keras digits EPOCHS
    python -m tests.benchmarks.one_trial ours digits EPOCHS
    python -m tests.benchmarks.one_trial raw digits EPOCHS
    python -m tests.benchmarks.one_trial worker digits EPOCHS       ours, in a process begun as workers are

Three trials are trained, the last two of one configuration on two seeds. The second is timed, for a search's first
trial pays for warming up: `trial` is the seconds of the whole trial, `epoch` the median of its epochs but the first,
`besides` what the trial took besides as many such epochs (building, tracing). `again` is the seconds of the third,
and `peak` the largest resident set of the process in GB.
"""

import itertools
import json
import multiprocessing
import resource
import statistics
import sys
import time

import keras

from tests.benchmarks.models import PROBLEMS, make
from tests.benchmarks.raw_loop import by_raw_loop
from tuning import Objective, Problem
from tuning.process.setup import prepare_process
from tuning.runner.forkserver import forked, start_method
from tuning.training.request import TrainingRequest


def by_keras(name: str, epochs: int) -> list[list[float]]:
    problem = PROBLEMS[name]
    splits = problem.data()
    trials = []
    for _ in range(3):
        keras.backend.clear_session()
        trials.append(ends := [time.perf_counter()])
        model = make(splits.train[0].shape[1:], 0, 0, layers=problem.layers, convolutions=problem.convolutions)
        mark = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: ends.append(time.perf_counter()))
        model.fit(*splits.train, epochs=epochs, validation_data=splits.validation, verbose=0, callbacks=[mark])
    return trials


def by_ours(name: str, epochs: int) -> list[list[float]]:
    benchmark = PROBLEMS[name]
    prepare_process()

    def build(hp):
        hp.Int("configuration", 1, 2)
        shape = problem.splits.train[0].shape[1:]
        return make(shape, 0, 0, layers=benchmark.layers, convolutions=benchmark.convolutions)

    problem = Problem(build, benchmark.data, Objective("val_accuracy", "max"), epochs)
    trials = []
    for seed, configuration in ((1, 1), (2, 2), (3, 2)):
        trials.append(ends := [time.perf_counter()])
        outcome = problem.train(
            TrainingRequest(
                {"configuration": configuration}, seed, epochs, lambda logs: bool(ends.append(time.perf_counter()))
            )
        )
        if outcome.fit != "compiled":
            raise SystemExit(f"trained by {outcome.fit}: {outcome.error}")
    return trials


def measured(way: str, name: str, epochs: int) -> dict[str, float]:
    _, ends, last = {"keras": by_keras, "ours": by_ours, "raw": by_raw_loop}[way](name, epochs)
    steps = [after - before for before, after in itertools.pairwise(ends)]
    trial, epoch = ends[-1] - ends[0], statistics.median(steps[1:])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9  # the unit is kB on Linux
    figures = {"trial": trial, "epoch": epoch, "besides": trial - epochs * epoch, "again": last[-1] - last[0]}
    return {**figures, "peak": peak}


def measured_in_worker(name: str, epochs: int) -> dict[str, float]:
    with forked(), multiprocessing.get_context(start_method()).Pool(1) as pool:
        return pool.apply(measured, ("ours", name, epochs))


if __name__ == "__main__":
    way, name, epochs = sys.argv[1], sys.argv[2], int(sys.argv[3])
    print(json.dumps(measured_in_worker(name, epochs) if way == "worker" else measured(way, name, epochs)))
