"""The same five searches by `tuning`, with a report, as many trials of as many epochs; see `five_loops`.

    python -m tests.benchmarks.five_tuners digits JOBS [REPLICATES [searches | defaults]]

The loops know no baselines and retrain nothing, so neither does this study. With `searches`, each has one budget in
epochs; with `defaults`, baselines and retraining are as a study has them by default.
"""

import json
import sys
import tempfile
from functools import partial
from pathlib import Path

from tuning.process.tensorflow_import import import_tensorflow
from tuning.runner.forkserver import forked

EPOCHS = 72  # of each search, where it has a budget


def main(name: str, jobs: int, replicates: int = 1, beside: str = "") -> None:
    from tests.benchmarks.models import PROBLEMS, make
    from tuning import (
        Budget,
        KTBayesian,
        KTHyperband,
        KTRandom,
        Objective,
        OptunaTPE,
        Problem,
        SklearnRandomized,
        Study,
    )
    from tuning.report.report import write_report
    from tuning.runner.dask.executor import run_on_dask
    from tuning.runner.executor import run_here
    from tuning.runner.runner import run

    benchmark = PROBLEMS[name]
    shape = benchmark.data().train[0].shape[1:]

    def build(hp):
        return make(
            shape,
            hp.Int("n_hidden", 1, 3),
            hp.Int("n_neurons", 16, 128),
            hp.Float("learning_rate", 1e-4, 1e-2, sampling="log"),
        )

    problem = Problem(build, benchmark.data, Objective("val_accuracy", "max"), benchmark.trial_epochs)
    trials = benchmark.trials
    tuners = [
        KTHyperband(hyperband_iterations=1),
        KTRandom(max_trials=trials),
        KTBayesian(max_trials=trials),
        SklearnRandomized(n_iter=trials),
        OptunaTPE(n_trials=trials),
    ]
    alone = {"baselines": (), "retrain": 0}
    study = Study(name, problem, tuners, budget=Budget(1000), replicates=replicates, **alone)
    if beside:
        plan = {} if beside == "defaults" else alone
        study = Study(name, problem, budget=Budget(EPOCHS), replicates=replicates, **plan)
    execute = run_here if jobs == 1 else partial(run_on_dask, jobs=jobs)
    with tempfile.TemporaryDirectory() as folder:
        done = run(study, Path(folder), execute=execute)
        report = write_report(done.directory)
    charged = report.result.tuners().set_index("tuner")["charged_epochs"]  # baselines' are part of what is compared
    print(json.dumps({"epochs": int(charged[[tuner.label for tuner in study.tuners]].sum())}))


if __name__ == "__main__":
    problem_name, jobs, replicates, beside = (*sys.argv[1:], *["", "1", "1", ""][len(sys.argv) - 1 :])
    with forked(int(jobs) > 1):  # as `tuning run` does: workers import while this process does
        import_tensorflow()
        main(problem_name, int(jobs), int(replicates), beside)
