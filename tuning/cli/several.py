"""`tuning run`: one study, or several one after the other, each in its own folder and resumable by itself.

A study that fails, or cannot be loaded, does not stop the others. Each uses all the processes; the worst exit code is
that of the command. After an interruption the same command goes on: studies that are done have nothing left to run.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tuning.cli.console import output
from tuning.cli.exit import EXIT_FAILED, EXIT_USER, exit_code
from tuning.cli.load import find_study
from tuning.cli.options import Named, RunOptions, changed
from tuning.errors import StudyError
from tuning.runner.devices import Devices
from tuning.runner.plan import StudyPlan

ENDS = {0: "done", EXIT_FAILED: "done, with failures", EXIT_USER: "NOT RUN to its end"}


def run_studies(paths: Sequence[Path], named: Named, options: RunOptions, devices: Devices) -> int:
    """Runs the studies that paths name, in their order, on the same devices; returns the exit code.

    Raises:
        StudyError: A path is given twice; or what running the study raises, if it is one.
    """
    if len(paths) == 1:
        return _run(changed(find_study(paths[0], named, options), options), options, devices)
    if twice := [path for path in paths if paths.count(path) > 1]:
        raise StudyError(f"{twice[0]} is given twice; each study runs once")
    begun: dict[str, Path] = {}  # by the study's name, which is that of its folder

    def one(path: Path) -> int:
        study = changed(find_study(path, named, options), options)
        if study.name in begun:
            raise StudyError(f"{path} and {begun[study.name]} both define a study {study.name!r}; rename one of them")
        begun[study.name] = path
        return _run(study, options, devices, [str(other) for other in paths if other != path])

    codes = {}
    for number, path in enumerate(paths, 1):
        _say(f"\n{path}, study {number} of {len(paths)}")
        codes[path] = exit_code(partial(one, path), options.debug)
    _say("")
    for path, code in codes.items():
        _say(f"{path}: {ENDS[code]}")
    folders = [(options.out / name).as_posix() for name, path in begun.items() if codes[path] != EXIT_USER]
    if len(folders) > 1:
        _say(f"In one report: {shlex.join(['tuning', 'compare', *folders])}")
    return max(codes.values())


def _run(study: StudyPlan, options: RunOptions, devices: Devices, others: Sequence[str] = ()) -> int:
    """Runs a study, with a command in its journal that does not name the others."""
    # They import TensorFlow, which `find_study` has imported quietly.
    from tuning.cli.launch import run_study
    from tuning.runner.runner import command_line

    words = command_line(without=others)
    return run_study(study, options.out, options.jobs, options.scheduler, devices, words)


def _say(line: str) -> None:
    output().print(line, markup=False, highlight=False, soft_wrap=True)
