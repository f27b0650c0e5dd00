"""Runs a study in processes that are killed at random points, each by SIGKILL, until one comes to its end.

    python -m tests.simulations.kill_points FOLDER SEED JOBS REPLICATES FOLDS TUNER...

Each process is forked from this one, which has imported everything and trained nothing, so that a kill costs
milliseconds. Where it is killed is drawn from the seed: within a training, before a line reaches the journal, when half
of it has, or when all of it has. With several jobs, a worker of each run dies within a training besides, and all of
them with their driver; starting workers costs seconds, so there are fewer and later kills. What was trained is written
to FOLDER/trained, a line a training.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import signal
import sys
import traceback
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tuning import tuners as registry
from tuning.budget import Budget
from tuning.configuration import Configuration
from tuning.journal.writer import JournalWriter
from tuning.problems.synthetic import SyntheticProblem, mixed_space
from tuning.runner.dask.executor import run_on_dask
from tuning.runner.runner import run
from tuning.study import Study

MAX_KILLS = 200
LINES = ["before", "torn", "after"]


class Dying:
    """Counts trainings and lines of this process, and kills it at one of them."""

    def __init__(self, log: Path, kind: str = "", count: int = 0, once: Path | None = None) -> None:
        self.log, self.kind, self.left = log, kind, count
        self.once = once  # of several processes, that which makes this file first is killed

    def due(self, kind: str) -> bool:
        self.left -= kind == self.kind
        return kind == self.kind and not self.left and self._is_first()

    def _is_first(self) -> bool:
        try:
            if self.once:
                self.once.touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def training(self, configuration: Configuration) -> None:
        with self.log.open("a") as file:
            file.write(json.dumps(configuration, sort_keys=True) + "\n")
        if self.due("training"):
            _die()

    def install(self) -> None:
        """Into the writer of the journal, between the line and the disk."""
        flush = JournalWriter._flush

        def dying(writer: JournalWriter, what: str) -> None:
            if self.due("before"):
                _die()
            length = writer.path.stat().st_size
            flush(writer, what)
            if self.due("torn"):
                grown = writer.path.stat().st_size - length
                os.truncate(writer.path, length + grown // 2)
                _die()
            if self.due("after"):
                _die()

        JournalWriter._flush = dying  # type: ignore[method-assign]


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Searches:
    """What the study runs: so many replicates of each tuner, on problems of so many folds."""

    tuners: list[str]
    replicates: int
    folds: int

    def study(self, problem: Any) -> Study:
        budget = Budget(12 * self.folds)
        return Study("killed", problem, self.tuners, budget=budget, replicates=self.replicates, baselines=(), retrain=1)


def run_once(folder: Path, searches: Searches, dying: Dying, worker: Dying | None = None, jobs: int = 1) -> bool:
    """Runs the study in a fork; whether it came to its end."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            dying.install()
            fail = (worker or dying).training
            problem = SyntheticProblem(mixed_space, max_epochs=3, folds=searches.folds, fail=fail)
            run(searches.study(problem), folder, **({"execute": partial(run_on_dask, jobs=jobs)} if jobs > 1 else {}))
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return False
    if os.WEXITSTATUS(status):
        sys.exit("the run failed")
    return True


def main(folder: Path, seed: int, jobs: int, searches: Searches) -> None:
    for name in searches.tuners:
        if needed := registry.load(name).needs:
            importlib.import_module(needed)  # here, not in each fork
    generator = random.Random(seed)
    log = folder / "trained"
    kills: list[tuple[str, int]] = []
    over = False
    while not over and len(kills) < MAX_KILLS:
        if jobs == 1:
            kind, count = generator.choice(["training", *LINES]), generator.randint(1, 9)
            over = run_once(folder, searches, Dying(log, kind, count))
        else:
            kind, count = generator.choice(LINES), generator.randint(1, 6 * len(searches.tuners))
            at = generator.randint(1, 2 * len(searches.tuners))
            worker = Dying(log, "training", at, once=folder / f"once-{len(kills)}")
            over = run_once(folder, searches, Dying(log, kind, count), worker, jobs)
            if worker.once and worker.once.exists():
                kills.append(("training", at))
        if not over:
            kills.append((kind, count))
    alone = folder / "alone"
    alone.mkdir()
    run_once(alone, searches, Dying(alone / "trained"))
    print(json.dumps(kills))


if __name__ == "__main__":
    seed_of_kills, processes, replicates, folds = map(int, sys.argv[2:6])
    main(Path(sys.argv[1]), seed_of_kills, processes, Searches(sys.argv[6:], replicates, folds))
