"""The command line of a study whose script is run by itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from tuning.runner.plan import StudyPlan
from tuning.cli.exit import guarded
from tuning.cli.options import (
    Baselines,
    Cap,
    Debug,
    Epochs,
    Jobs,
    Out,
    Replicates,
    Retrain,
    Rope,
    Scheduler,
    TensorBoard,
    TrialSeconds,
    Tuners,
    UntilDecided,
    changed,
    rule_of,
)


def run_script(study: StudyPlan) -> None:
    """The command line of `tuning run` for a study whose script is run by itself."""

    def command(
        budget: Epochs = None,
        replicates: Replicates = None,
        tuners: Tuners = None,
        baselines: Baselines = True,
        retrain: Retrain = None,
        until_decided: UntilDecided = False,
        cap: Cap = None,
        rope: Rope = None,
        trial_seconds: TrialSeconds = None,
        jobs: Jobs = None,
        scheduler: Scheduler = "",
        tensorboard: TensorBoard = None,
        out: Out = Path("reports"),
        debug: Debug = False,
    ) -> None:
        def work() -> int:
            from tuning.cli.launch import run_study

            planned = changed(study, budget, replicates, tuners, baselines, retrain, rope, trial_seconds, tensorboard)
            return run_study(planned, out, jobs, scheduler, rule_of(until_decided, cap, planned.rope, replicates))

        guarded(work, debug)

    command.__doc__ = f"Run the study {study.name!r}, or go on with it, and make its report."
    script = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    script.command()(command)
    script()
