"""Runs the files that a user names, and finds the study in a script."""

from __future__ import annotations

import importlib.util
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType

import cloudpickle

from tuning.errors import StudyError, TuningError, one_line
from tuning.quiet import import_tensorflow
from tuning.study import Study
from tuning.worker_processes import start_from_nothing


def load_study(path: Path) -> Study:
    """The one `Study` that a script defines.

    Raises:
        StudyError: There is no such file, it raises, or it does not define one study.
    """
    if not path.is_file():
        raise StudyError(f"there is no study file {path}; expected a Python script that defines a tuning.Study")
    module = load_module(path)
    studies = list({id(value): value for value in vars(module).values() if isinstance(value, Study)}.values())
    if not studies:
        raise StudyError(f"{path} defines no study; expected a variable such as study = Study(...)")
    if len(studies) > 1:
        found = ", ".join(study.name for study in studies)
        raise StudyError(f"{path} defines {len(studies)} studies ({found}); expected one: split the file")
    return studies[0]


def load_module(path: Path) -> ModuleType:
    """A user's file, run as Python would run it; its functions travel to workers by themselves.

    Raises:
        StudyError: There is no such file, or it raises.
    """
    if not path.is_file():
        raise StudyError(f"there is no file {path}; expected a Python file")
    name = f"study_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise StudyError(f"{path} is not a Python script; expected a .py file that defines a tuning.Study")
    import_tensorflow()  # which the script would do, with many lines
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    cloudpickle.register_pickle_by_value(module)  # workers cannot import it: its functions travel themselves
    sys.path.insert(0, str(path.resolve().parent))  # as `python path` does; local workers take it over
    environment = dict(os.environ)
    try:
        spec.loader.exec_module(module)
    except TuningError:
        raise
    except (Exception, SystemExit) as error:
        mend = "; run a study only under `if __name__ == '__main__':`" if isinstance(error, SystemExit) else ""
        raise StudyError(f"{path}{_line_of(error, spec.origin)} raises {one_line(error)}{mend}") from error
    if dict(os.environ) != environment:
        start_from_nothing()  # it may mean what libraries read when they are loaded
    return module


def _line_of(error: BaseException, file: str | None) -> str:
    """The line of the script where an error came from, as ``:12``."""
    if isinstance(error, SyntaxError) and error.lineno and error.filename == file:
        return f":{error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return f":{lines[-1]}" if lines else ""
