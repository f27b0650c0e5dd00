"""The command line of a study's own script."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from tuning.cli.exit import guarded
from tuning.cli.options import RunOptions, changed, with_options

if TYPE_CHECKING:
    from tuning.runner.plan import StudyPlan


def run_script(study: StudyPlan) -> None:
    """The command line of `tuning run`, for a study whose script is run directly."""

    def command(options: RunOptions) -> None:
        def work() -> int:
            from tuning.cli.launch import run_study

            return run_study(changed(study, options), options.out, options.jobs, options.scheduler)

        guarded(work, options.debug)

    command.__doc__ = f"Run the study {study.name!r}, or go on with it, and make its report."
    script = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    script.command()(with_options(command))
    script()
