"""A soak: many small cells through Dask while its workers are killed at random, against the same cells undisturbed.

    python -m tests.simulations.soak [CELLS] [JOBS] [SECONDS BETWEEN KILLS]

prints what it took and found; `tests/faults/test_soak.py` runs 30 cells, and 200 every night.
"""

from __future__ import annotations

import collections
import contextlib
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from tuning.budget import Budget
from tuning.journal.frames import epochs_frame, retrainings_frame, trials_frame
from tuning.journal.journal import path_of, read
from tuning.journal.records import CellEnd
from tuning.problems.synthetic import SyntheticProblem, mixed_space
from tuning.runner.cell import CellTask
from tuning.runner.dask import executor
from tuning.runner.dask.executor import run_on_dask
from tuning.runner.runner import Unwatched, run
from tuning.study import Study

TUNERS = ("kt-hyperband", "optuna-tpe")
TRIAL_SECONDS = 0.01
START_SECONDS = 10.0  # in which another worker begins in the place of a dead one
TIMES = ["train_seconds", "suggest_seconds", "rebuilt_epochs"]


@dataclass
class Figures:
    """What a soak found."""

    cells: int = 0
    trials: int = 0
    seconds: float = 0.0
    kills: int = 0
    starting: int = 0  # of those killed, the ones that had only begun
    failed: int = 0  # cells and trials
    twice: int = 0  # records that the journal has more than once
    lost: int = 0  # cells that have no end
    same: bool = False  # the tables are those of the undisturbed run
    megabytes: list[float] = field(default_factory=list)  # of the driver, at each tenth of the cells


class Leaving:
    """Stands in a problem for what fails: takes a while, and leaves the number of its process."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def __call__(self, configuration: dict[str, Any]) -> None:
        if self.folder is not None:
            (self.folder / str(os.getpid())).touch()
            time.sleep(TRIAL_SECONDS)


class Killer(threading.Thread):
    """Kills one of the workers that have trained something, every few seconds, by a seeded generator.

    Every other time it kills what comes in its place too, before that has come to anything.
    """

    def __init__(self, folder: Path, seconds: float, seed: int) -> None:
        super().__init__(daemon=True)
        self.folder, self.between = folder, seconds
        self.random = random.Random(seed)
        self.over = threading.Event()
        self.kills = self.starting = 0

    def run(self) -> None:
        while not self.over.wait(self.random.uniform(0.5, 1.5) * self.between):
            alive = sorted(path for path in self.folder.iterdir() if psutil.pid_exists(int(path.name)))
            if alive:
                chosen = self.random.choice(alive)
                chosen.unlink()
                before = self.processes()
                self.kill(int(chosen.name))
                if self.random.random() < 0.5:
                    self.kill_next(before)

    def kill_next(self, before: set[int]) -> None:
        until = time.monotonic() + START_SECONDS
        while not (new := self.processes() - before) and time.monotonic() < until:
            self.over.wait(0.001)
        self.over.wait(self.random.choice((0.0, self.random.uniform(0.0, 0.4))))  # it may just have come up
        for process in new:
            self.kill(process)
            self.starting += 1

    def kill(self, process: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
            self.kills += 1

    def processes(self) -> set[int]:
        """All that this process has begun, and those have, down to the workers."""
        return {process.pid for process in psutil.Process().children(recursive=True)}


class Watching(Unwatched):
    """Sees cells end, and how much memory the driver has then."""

    def __init__(self, figures: Figures, shown: bool) -> None:
        self.figures, self.shown = figures, shown
        self.ended = 0

    def begin(self, tasks: list[CellTask], pending: list[CellTask], notes: list[str]) -> None:
        self.every = max(1, len(tasks) // 10)

    def end(self, end: CellEnd) -> None:
        self.ended += 1
        if self.ended % self.every == 0:
            self.figures.megabytes.append(psutil.Process().memory_info().rss / 1e6)
            if self.shown:
                print(f"{self.ended} cells, driver {self.figures.megabytes[-1]:.0f} MB", flush=True)


def study(cells: int, folder: Path | None) -> Study:
    problem = SyntheticProblem(mixed_space, max_epochs=3, fail=Leaving(folder))
    replicates = cells // len(TUNERS)
    return Study("soak", problem, TUNERS, budget=Budget(12), replicates=replicates, baselines=(), retrain=1)


def soak(cells: int, jobs: int, kill_seconds: float, out: Path, *, seed: int = 1, shown: bool = False) -> Figures:
    """Runs so many cells with a worker killed every so many seconds, and once more in this process, undisturbed."""
    found = Figures()
    workers = out / "workers"
    workers.mkdir(parents=True)
    killer = Killer(workers, kill_seconds, seed)
    begun = time.monotonic()
    killer.start()
    # A trial may be hit several times in a row here by chance alone, and is not to be taken for what kills its workers.
    executor.MAX_LOST_WORKERS, most = 20, executor.MAX_LOST_WORKERS
    done = run(study(cells, workers), out, Watching(found, shown), execute=partial(run_on_dask, jobs=jobs))
    executor.MAX_LOST_WORKERS = most
    killer.over.set()
    killer.join()
    found.seconds, found.kills, found.starting = time.monotonic() - begun, killer.kills, killer.starting

    journal = read(done.directory)
    alone = read(run(study(cells, None), out / "alone").directory)
    records = collections.Counter()
    for text in path_of(done.directory).read_text().splitlines():
        line = json.loads(text)
        cell = tuple(line.get(name) for name in ("problem", "tuner", "replicate"))
        part = {"trial": ("trial",), "retraining": ("trial", "repeat")}.get(line["kind"], ())
        if line["kind"] in ("trial", "retraining", "cell"):
            records[line["kind"], cell, *(line[name] for name in part)] += 1
    found.cells = len(journal.ends)
    found.trials = sum(map(len, journal.trials.values()))
    found.twice = sum(times - 1 for times in records.values())
    found.lost = len(set(journal.planned_cells()) - set(journal.ends))
    found.failed = sum(end.state != "DONE" for end in journal.ends.values())
    found.failed += sum(trial.state == "FAILED" for trial in journal.all_trials())
    found.same = all(
        frame(journal).drop(columns=TIMES, errors="ignore").equals(frame(alone).drop(columns=TIMES, errors="ignore"))
        for frame in (trials_frame, epochs_frame, retrainings_frame)
    )
    return found


def main(cells: int = 2000, jobs: int = 4, kill_seconds: float = 4.0) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = soak(cells, jobs, kill_seconds, Path(folder), shown=True)
    growth = found.megabytes[-1] - found.megabytes[0]
    print(
        f"{found.cells} cells, {found.trials} trials, in {found.seconds:.0f} s on {jobs} workers, "
        f"{found.kills} of which were killed, {found.starting} as they started; {found.lost} cells lost, "
        f"{found.twice} records twice, {found.failed} failed; "
        f"tables {'the same' if found.same else 'NOT the same'} as undisturbed; "
        f"driver {found.megabytes[0]:.0f} MB after a tenth of the cells, {found.megabytes[-1]:.0f} MB at the end "
        f"({growth:+.0f} MB)."
    )
    if found.lost or found.twice or found.failed or not found.same:
        sys.exit(1)


if __name__ == "__main__":
    given = sys.argv[1:]
    main(*(kind(word) for kind, word in zip((int, int, float), given, strict=False)))
