"""Trains in K processes that share one GPU, and prints the seconds an epoch takes them together, as JSON.

    python -m tests.benchmarks.on_gpu keras fashion_mnist 1
    python -m tests.benchmarks.on_gpu ours fashion_cnn 4
    python -m tests.benchmarks.on_gpu deterministic fashion_cnn 1        ours, with operations that repeat their bits

Epochs a second are the sum over the processes, each by its median epoch; all of them train for as many epochs.
"""

import json
import os
import subprocess
import sys

from tuning.process.gpus import visible
from tuning.runner.devices import Devices

EPOCHS = 8
WAYS = {"keras": {"TF_FORCE_GPU_ALLOW_GROWTH": "true"}, "ours": {}, "deterministic": {"TF_DETERMINISTIC_OPS": "1"}}
"""Variables that each needs besides those of a worker."""


def main(way: str, name: str, workers: int) -> None:
    devices = Devices(visible()[:1], workers)
    command = [sys.executable, "-m", "tests.benchmarks.one_trial", "keras" if way == "keras" else "ours"]
    processes = [
        subprocess.Popen(
            [*command, name, str(EPOCHS)],
            env={**os.environ, **devices.environment(worker), **WAYS[way]},
            stdout=subprocess.PIPE,
            text=True,
        )
        for worker in range(workers)
    ]
    outputs = [process.communicate()[0] for process in processes]
    if any(process.returncode for process in processes):
        raise SystemExit(f"{way} {name}: a process of {workers} failed")
    rate = sum(1 / json.loads(output.splitlines()[-1])["epoch"] for output in outputs)
    print(json.dumps({"epoch": 1 / rate}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
