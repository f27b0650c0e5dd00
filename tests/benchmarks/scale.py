"""What grows with a study: a report, the HPARAMS logs, the driver's intake, our own time in a long cell.

    python -m tests.benchmarks.scale report      seconds and peak memory of a report from 100,000 trials
    python -m tests.benchmarks.scale browsing    seconds until a report of 10,000 trials is drawn, and is filtered
    python -m tests.benchmarks.scale hparams     trials exported a second
    python -m tests.benchmarks.scale board       seconds until `tuning board` of 10,300 trials is drawn
    python -m tests.benchmarks.scale intake      records a second that a driver takes from two Dask workers
    python -m tests.benchmarks.scale overhead    our time for a trial around trial 1,000 and around trial 10

Each prints JSON. Nothing trains: curves are computed.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

from tests.support.browser import chromium, opened
from tests.support.hparams_page import PAGE, draw_parallel_coordinates, rows
from tests.support.tensorboard_server import board as served
from tests.support.tensorboard_server import session_groups
from tuning import Budget, Study
from tuning.journal.journal import read
from tuning.journal.plan import Manifest, Plan, Session, TunerSettings
from tuning.journal.records import Cell, CellEnd, Trial, TrialState
from tuning.journal.study_record import DataRecord, ProblemRecord, StudyRecord
from tuning.journal.writer import JournalWriter
from tuning.objective import Objective
from tuning.problems.synthetic import SyntheticProblem
from tuning.report.report import write_report
from tuning.runner.dask.executor import run_on_dask
from tuning.runner.runner import Unwatched, run
from tuning.tuners.base import Tuner

EVERY_CHART = "async () => { for (const chart of document.querySelectorAll('.chart')) await chart.drawn; }"
# Seconds of ten changes of the filter. Each is over when a frame has been painted after the charts were drawn anew.
FILTERING = """async () => {
  const place = document.querySelector(".explorer"), said = place.querySelector(".matches");
  const charts = await Promise.all([...place.querySelectorAll(".chart")].map(chart => chart.drawn));
  const painted = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  const seconds = [];
  for (let change = 0; change < 10; change += 1) {
    const before = said.textContent, started = performance.now();
    place.querySelectorAll("form [type=checkbox]")[change >> 1].click();
    while (said.textContent === before) await painted();
    for (const { view } of charts) await view.runAsync();
    await painted();
    seconds.push((performance.now() - started) / 1000);
  }
  return seconds;
}"""
TUNERS = [f"tuner-{number}" for number in range(5)]
EPOCHS = 10
SPACE = [
    {"name": "layers", "type": "Int", "min_value": 1, "max_value": 3, "conditions": []},
    {"name": "width", "type": "Int", "min_value": 16, "max_value": 256, "conditions": []},
    {"name": "rate", "type": "Float", "min_value": 1e-4, "max_value": 1e-1, "sampling": "log", "conditions": []},
    {"name": "optimizer", "type": "Choice", "values": ["sgd", "adam"], "conditions": []},
]


def write_study(
    directory: Path, cells_trials: int, replicates: int, baselines: Mapping[str, int] = MappingProxyType({})
) -> None:
    """A finished study of five tuners, every trial of 10 epochs with four metrics.

    Args:
        baselines: Trials of a cell, by label.
    """
    draw = random.Random(1)
    problem = ProblemRecord(SPACE, Objective("val_accuracy", "max"), EPOCHS, DataRecord("none"))
    by_label = {**dict.fromkeys(TUNERS, cells_trials), **baselines}
    fsync, os.fsync = os.fsync, lambda file: None  # the disk is not what these measure
    try:
        with JournalWriter.create(directory, StudyRecord(study="scale", problems={"p": problem})) as writer:
            tuners, beside = ({name: TunerSettings({"tuner": name}) for name in names} for names in (TUNERS, baselines))
            budget = cells_trials * EPOCHS
            plan = Plan(tuners=tuners, baselines=beside, budget_epochs=budget, replicates=replicates)
            writer.session(Session(plan, Manifest({"command": "tuning run scale.py"})))
            for replicate in range(1, replicates + 1):
                for label, trials in by_label.items():
                    cell, spent = Cell("p", label, replicate), trials * EPOCHS
                    for number in range(trials):
                        writer.trial(_trial(cell, number, draw))
                    writer.cell(CellEnd(cell, "DONE", "the budget is spent", "", trials, spent, 1.0, spent))
    finally:
        os.fsync = fsync


def _trial(cell: Cell, number: int, draw: random.Random) -> Trial:
    values = {
        "layers": draw.randint(1, 3),
        "width": draw.randint(16, 256),
        "rate": 10 ** draw.uniform(-4, -1),
        "optimizer": draw.choice(["sgd", "adam"]),
    }
    height = draw.uniform(0.5, 0.95)
    curve = [
        {
            "accuracy": height * (1 - 0.5**epoch),
            "loss": 2 - height + draw.random() / epoch,
            "val_accuracy": height * (1 - 0.5**epoch) - draw.random() / 20,
            "val_loss": 2 - height + draw.random() / epoch,
        }
        for epoch in range(1, EPOCHS + 1)
    ]
    score = max(epoch["val_accuracy"] for epoch in curve)
    return Trial(
        cell, number, values, TrialState.COMPLETE, score, 0, EPOCHS, curve, (number + 1) * EPOCHS,
        train_seconds=draw.uniform(0.5, 2), suggest_seconds=draw.uniform(0, 0.1), seed=draw.getrandbits(32),
        fit="compiled",
    )  # fmt: skip


def report() -> dict[str, float]:
    """The whole process of `write_report`, imports included; peak memory is that process's."""
    script = (
        "import resource, sys; from tuning.report.report import write_report; write_report(sys.argv[1]); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == 'darwin' else 1024))"
    )
    with tempfile.TemporaryDirectory() as folder:
        write_study(Path(folder), 1000, 20)
        started = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True, check=True)
        seconds = time.perf_counter() - started
    return {"seconds": seconds, "gigabytes": int(done.stdout) / 1e9}


def browsing() -> dict[str, float]:
    """A report of 10,000 trials in headless Chromium: from its address to its last chart, and from a box that is
    unticked, or ticked again, to what is then shown."""
    with tempfile.TemporaryDirectory() as folder:
        write_study(Path(folder), 200, 10)
        address = write_report(Path(folder)).html.as_uri()
        with chromium() as browser:
            started = time.perf_counter()
            with opened(browser, address) as page:
                page.evaluate(EVERY_CHART)
                page.locator(".explorer .matches").filter(has_text="of 10000 trials pass").wait_for()
                seconds = time.perf_counter() - started
                filtered = page.evaluate(FILTERING)
    return {"opened": seconds, "filtered": statistics.median(filtered)}


def hparams() -> dict[str, float]:
    """Export of 5,000 trials from a journal that is read."""
    from tuning.tensorboard.hparams import write_hparams

    with tempfile.TemporaryDirectory() as folder:
        write_study(Path(folder), 500, 2)
        journal = read(Path(folder))
        started = time.perf_counter()
        write_hparams(journal, Path(folder))
        return {"per_second": 5000 / (time.perf_counter() - started)}


def board() -> dict[str, float]:
    """TensorBoard on 10,300 trials of five tuners and two baselines, once it has read its logs: from its address to the
    table's first page and then to the parallel coordinates; of the best trials, and of all."""
    figures = {}
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        study = Path(folder, "study")
        write_study(study, 147, 10, baselines={"random-2x": 294, "default": 1})
        for way, options, trials in (("best", (), PAGE), ("all", ("--all",), 10_300)):
            with served(Path(folder), study, *options) as (url, _):
                session_groups(url, trials)
                started = time.perf_counter()
                with opened(browser, f"{url}#hparams", url, viewport={"width": 1600, "height": 1000}) as page:
                    if rows(page, PAGE) != PAGE:
                        raise SystemExit(f"the table of {trials} trials has no first page of {PAGE}")
                    draw_parallel_coordinates(page, PAGE)
                    figures[way] = time.perf_counter() - started
    return figures


class _Unthinking(Tuner):
    """Asks for the same configuration again and again, so that all time is ours."""

    name, library = "unthinking", "none"

    def search(self, problem, evaluator, *, budget, seed):
        configuration = problem.space.default()
        while True:
            evaluator.evaluate(configuration)


class _Timer(Unwatched):
    """Notes when each trial was recorded."""

    def __init__(self) -> None:
        self.ends: dict[Cell, list[float]] = {}

    def trial(self, trial):
        self.ends.setdefault(trial.cell, []).append(time.perf_counter())


def _problem(epochs: int) -> SyntheticProblem:
    problem = SyntheticProblem(max_epochs=epochs)
    problem.value = lambda configuration, epoch, seed: 0.5  # computing curves is not what is measured
    return problem


def intake() -> dict[str, float]:
    """10,000 trials of one epoch, of two cells on two workers that do nothing else: from the first to the last."""
    tuners = [_Unthinking(label="a"), _Unthinking(label="b")]
    study = Study("intake", _problem(1), tuners, budget=Budget(5000), replicates=1, baselines=(), retrain=0)
    timer = _Timer()
    with tempfile.TemporaryDirectory() as folder:
        run(study, Path(folder), timer, execute=partial(run_on_dask, jobs=2))
    ends = sorted(end for cell in timer.ends.values() for end in cell)
    return {"per_second": (len(ends) - 1) / (ends[-1] - ends[0])}


def overhead() -> dict[str, float]:
    """Seconds of a trial that trains nothing, recorded and exported: median of those around the 10th and the 1,000th.

    Five cells of 1,020 trials of 10 epochs, in this process.
    """
    budget = Budget(1020 * EPOCHS)
    study = Study("overhead", _problem(EPOCHS), [_Unthinking()], budget=budget, replicates=5, baselines=(), retrain=0)
    timer = _Timer()
    with tempfile.TemporaryDirectory() as folder:
        run(study, Path(folder), timer)

    def around(number: int) -> float:
        return statistics.median(
            ends[place] - ends[place - 1]
            for ends in timer.ends.values()
            for place in range(number - 9, number + 10)
            if place > 0
        )

    return {"tenth": around(10), "thousandth": around(1000), "ratio": around(1000) / around(10)}


if __name__ == "__main__":
    benchmarks = {one.__name__: one for one in (report, browsing, hparams, board, intake, overhead)}
    print(json.dumps(benchmarks[sys.argv[1]]()))
