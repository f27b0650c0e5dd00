"""`tuning report`, `tuning compare` and `tuning import`: reports of what other commands, or libraries, have run."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from tuning.cli.status import show_report
from tuning.errors import StudyError
from tuning.journal.importing.folder import nothing_left_of_a_failure
from tuning.journal.importing.importing import import_searches
from tuning.journal.journal import file_of, locked_if_idle, read
from tuning.journal.merge import compared
from tuning.journal.provenance import different_versions
from tuning.report.report import write_report
from tuning.tensorboard.hparams import write_hparams


def report_again(directory: Path, console: Console) -> None:
    """Makes a study's report from its journal, and its HPARAMS logs unless a run is writing them."""
    with locked_if_idle(directory) as nobody_writes:
        journal = read(directory)
        if nobody_writes:
            write_hparams(journal, directory)
        else:
            console.print("The study is running: this is the report so far; its HPARAMS logs are left to the run.")
    if different := different_versions(journal.sessions):
        console.print(different, markup=False, highlight=False)
    show_report(write_report(directory, journal), console)


def report_over_studies(directories: Sequence[Path], out: Path, console: Console) -> None:
    """Makes one report over the problems of several studies.

    Raises:
        StudyError: `out` is the folder of a study; or what `compared` raises.
    """
    journal = compared(directories)
    if file_of(out):
        raise StudyError(f"{out} is the folder of a study; choose another with --out")
    show_report(write_report(out, journal), console)


def report_of_imported(
    sources: Sequence[str],
    out: Path,
    console: Console,
    *,
    epochs: int | None,
    metric: str,
    studies: Sequence[str],
    command: Sequence[str],
) -> None:
    """Makes a study of searches that KerasTuner or Optuna ran, with its report; see `import_searches`."""
    say = partial(console.print, markup=False, highlight=False, soft_wrap=True)
    with nothing_left_of_a_failure(out):
        import_searches(sources, out, epochs=epochs, metric=metric, studies=studies, command=command, say=say)
        journal = read(out)
        write_hparams(journal, out)
        made = write_report(out, journal)
    show_report(made, console)
