"""From a study to its finished run, on a terminal: progress, message on interruption, verdict, exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tuning.cli.console import output
from tuning.cli.exit import EXIT_FAILED
from tuning.cli.progress import ProgressView
from tuning.cli.signals import Interruption
from tuning.cli.status import show_report
from tuning.formatting import count, plural, seconds
from tuning.journal.journal import Journal, read
from tuning.journal.provenance import words
from tuning.journal.records import TrialState
from tuning.problems.table import TableProblem
from tuning.process.keras_settings import make_deterministic
from tuning.process.system import shell_line
from tuning.report.report import Report, write_report
from tuning.runner.dask.cluster import default_jobs, require_scheduler
from tuning.runner.dask.executor import on_dask
from tuning.runner.dask.winners import save_winners_on
from tuning.runner.devices import CPUS, Devices
from tuning.runner.executor import run_here
from tuning.runner.runner import Run, command_line, run
from tuning.runner.table_study import table_study
from tuning.runner.until_decided import before_first_look, until_decided
from tuning.runner.winner_models import save_winners

if TYPE_CHECKING:
    from rich.console import Console

    from tuning.runner.cell import CellTask
    from tuning.runner.plan import StudyPlan


def run_study(
    study: StudyPlan,
    out: Path,
    jobs: int | None,
    scheduler: str,
    devices: Devices = CPUS,
    command: Sequence[str] | None = None,
) -> int:
    """Runs or resumes a study, and makes its report; returns the exit code.

    Args:
        jobs: Processes; None for one per core, or one for each place on a GPU.
        scheduler: Address of a Dask cluster to use instead; empty for none.
        devices: What processes of this machine train on.
        command: The words of its command, for the journal; None: those of this process.
    """
    console = output()
    command = command_line() if command is None else command
    with _interruptible(out / study.name, console):
        done, journal, report = carry_out(study, out, jobs, scheduler, devices, console, command)
    show_report(report, console)
    return _failed(done, journal, console)


def carry_out(
    study: StudyPlan,
    out: Path,
    jobs: int | None,
    scheduler: str,
    devices: Devices,
    console: Console,
    command: Sequence[str] = (),
) -> tuple[Run, Journal, Report]:
    """Runs what is left of a study, saves its winners and makes its report.

    Args:
        jobs: Processes; None for one per core.
        scheduler: Address of a Dask cluster to use instead; empty for none.
        devices: What the processes train on.
        console: Shows the progress.
        command: The words of the command line, if that began it.
    """
    done = _cells(study, out, jobs, scheduler, devices, console, command)
    journal = read(done.directory)
    full = study.tensorboard == "full"
    say = partial(console.print, markup=False, highlight=False, soft_wrap=True)
    if devices.gpus:
        save_winners_on(devices, done.directory, study.problems, study.continue_winners, full=full, say=say)
        journal = read(done.directory)
    else:
        save_winners(journal, study.problems, study.continue_winners, full=full, say=say)
    return done, journal, write_report(done.directory, journal)


def train_table(
    study: StudyPlan, configurations: int, repeats: int, out: Path, jobs: int | None, scheduler: str, devices: Devices
) -> int:
    """Trains a table of a study's space, and shows how well a surrogate fits; the exit code."""
    console = output()
    trained = table_study(study, configurations, repeats)
    with _interruptible(out / trained.name, console):
        done = _cells(trained, out, jobs, scheduler, devices, console, command_line())
        journal = read(done.directory)
    problems = [TableProblem(done.directory, problem.name) for problem in study.problems]
    for problem in problems:
        console.print(words(problem.name, problem.describe()), markup=False, highlight=False)
    epochs = study.budget.epochs or "epochs=..."  # a table takes no time
    made = [f'TableProblem("{done.directory.as_posix()}", "{problem.name}")' for problem in study.problems]
    console.print(
        f"Table: {done.directory}. A study that is computed from it:\n\n"
        "    from tuning import Budget, Study, TableProblem\n"
        f"    problem = {made[0] if len(made) == 1 else '[' + ', '.join(made) + ']'}\n"
        f'    study = Study("{study.name}-surrogate", problem, budget=Budget({epochs}), replicates=200)',
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    return _failed(done, journal, console)


def _cells(
    study: StudyPlan,
    out: Path,
    jobs: int | None,
    scheduler: str,
    devices: Devices,
    console: Console,
    command: Sequence[str],
) -> Run:
    """Runs a study's cells, with progress."""
    rule = study.until_decided
    if rule is not None:
        study = before_first_look(study)
        until = "decided" if rule.loss is None else f"choosing is expected to cost at most {rule.loss:g}"
        console.print(f"Until {until}: what follows, then one replicate at a time, at most {rule.cap}.")
    tasks = study.tasks()
    cells = len(tasks)
    jobs = int(min(jobs or default_jobs(cells, devices), cells, devices.workers))
    # A hanging training can only be ended with its process, and this one sees no GPU.
    apart = bool(scheduler) or jobs > 1 or bool(devices.gpus) or study.trial_seconds is not None
    executor = on_dask(jobs=jobs, scheduler=scheduler, devices=devices) if apart else nullcontext(run_here)
    where = f"the Dask cluster at {scheduler}" if scheduler else plural(jobs, "process", "processes") + devices.words()
    _announce(study, tasks, where, console)
    if devices.note:
        console.print(devices.note, style="yellow", markup=False, highlight=False, soft_wrap=True)
    if devices.deterministic:
        make_deterministic()
    if scheduler:
        require_scheduler(scheduler)  # before there is a folder
    with executor as execute:
        if rule is None:
            with ProgressView(console) as view:
                return run(study, out, view, command, execute, devices)
        watch, say = partial(ProgressView, console), partial(console.print, markup=False, highlight=False)
        at_once = max(1, jobs * study.replicates // cells)
        on_look = partial(say, soft_wrap=True)
        return until_decided(study, out, watch, command, execute, devices=devices, at_once=at_once, on_look=on_look)


def _announce(study: StudyPlan, tasks: Sequence[CellTask], where: str, console: Console) -> None:
    cells, trained = plural(len(tasks), "cell"), sum(task.budget.seconds or 0 for task in tasks)
    work = f"{count(sum(task.budget.epochs or 0 for task in tasks))} epochs"
    work = f"at most {seconds(trained)} of training" if study.budget.seconds is not None else work
    who = plural(len(study.tuners), "tuner")
    who += f" and {plural(len(study.baselines), 'baseline')}" if study.baselines else ""
    again = f", and {plural(study.retrain, 'retraining')} of each winner" if study.retrain else ""
    console.print(
        f"Study {study.name}: {who}, {plural(study.replicates, 'replicate')}, "
        f"{study.budget.words()}: {cells}, {work}{again}, on {where}.",
        highlight=False,
    )


@contextmanager
def _interruptible(directory: Path, console: Console) -> Iterator[None]:
    """Ctrl-C, `kill` or a closed terminal end the command, which then says how to resume it."""
    with Interruption() as interruption:
        try:
            yield
        except (KeyboardInterrupt, OSError) as error:
            if not isinstance(error, KeyboardInterrupt) and not interruption.number:
                raise
            how = f" by {interruption.name}" if interruption.name not in ("", "SIGINT") else ""
            with suppress(OSError):  # there may be no terminal any more
                console.print(
                    f"\nInterrupted{how}. All trials that ended are in {directory}/journal. Go on with:\n\n"
                    f"    {_as_typed()}",
                    markup=False,
                    highlight=False,
                    soft_wrap=True,
                )
            raise typer.Exit(interruption.exit_code) from None


def _as_typed() -> str:
    """This run's command line, to type it again."""
    program = Path(sys.argv[0])
    return shell_line([*(["python", str(program)] if program.suffix == ".py" else [program.name]), *sys.argv[1:]])


def _failed(done: Run, journal: Journal, console: Console) -> int:
    """Names failed cells, and counts other failures; returns the exit code."""
    for end in done.failed:
        console.print(f"{end.cell} FAILED: {end.error}", style="red", markup=False, highlight=False)
    counts = {
        "trial": sum(trial.state == TrialState.FAILED for trial in journal.all_trials()),
        "retraining": sum(done.state == TrialState.FAILED for cell in journal.retrainings.values() for done in cell),
    }
    if failed := [plural(number, what) for what, number in counts.items() if number]:
        line = f"{' and '.join(failed)} FAILED; `tuning report {journal.directory}` shows which, and why."
        console.print(line, style="red", markup=False, highlight=False, soft_wrap=True)
    return EXIT_FAILED if done.failed or failed else 0
