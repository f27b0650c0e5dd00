"""The command line of a study's own script."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tuning.cli.exit import guarded
from tuning.cli.options import RunOptions, changed, with_options

if TYPE_CHECKING:
    from tuning.runner.plan import StudyPlan


def run_script(study: StudyPlan) -> None:
    """The command line of `tuning run`, for a study whose script is run directly; in a notebook, without options."""

    def command(options: RunOptions) -> None:
        def work() -> int:
            from tuning.cli.launch import run_study
            from tuning.runner.devices import choose

            devices = choose(options.device, options.per_gpu, options.deterministic, options.scheduler)
            return run_study(changed(study, options), options.out, options.jobs, options.scheduler, devices)

        guarded(work, options.debug)

    command.__doc__ = f"Run the study {study.name!r}, or go on with it, and make its report."
    script = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    script.command()(with_options(command))
    script(args=[] if _in_notebook() else None, standalone_mode=not _in_notebook())


def _in_notebook() -> bool:
    """Whether the arguments of this process are those of a notebook's kernel, and not a user's."""
    return Path(sys.argv[0]).name == "ipykernel_launcher.py"
