"""Finds what the command line names: a study in a script, or a model and data without a script."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import cloudpickle

from tuning.budget import Budget
from tuning.cli.options import Changes, Named
from tuning.errors import StudyError, TuningError
from tuning.objective import Objective
from tuning.problems import registered
from tuning.problems.problem import Problem, trainings_of
from tuning.process.tensorflow_import import import_tensorflow
from tuning.runner.forkserver import start_from_nothing
from tuning.runner.plan import StudyPlan
from tuning.splits import EXPECTED
from tuning.text import error_line, file_name

OBJECTIVE = "val_loss"  # every compiled model reports it
MAX_EPOCHS = 10
PROBLEM = "problem:"
FULL_TRAININGS = 10  # that a cell may spend, if no budget is given
_NAMED = re.compile(r"(?P<file>.*\.py):(?P<name>[^:/\\]*)")


def find_study(path: Path, named: Named, changes: Changes | None = None) -> StudyPlan:
    """The study of a script, of a model that is named as ``FILE.py:NAME``, or of a registered ``problem:NAME``.

    Args:
        path: Script, model or problem.
        named: Options of a model.
        changes: What the command line changes; of these only the budget counts here, which a model has none of.

    Raises:
        StudyError: The file or name does not exist, `named` does not fit, or the objective's direction is unknown.
    """
    match = _NAMED.fullmatch(str(path))
    if match is None:
        problem_name = str(path).removeprefix(PROBLEM) if str(path).startswith(PROBLEM) else ""
        if given := [name for name, value in vars(named).items() if value != getattr(Named, name)]:
            option, what = given[0].replace("_", "-"), "a registered problem" if problem_name else "a study script"
            raise StudyError(
                f"--{option} belongs to FILE.py:build_model and {path} is {what}, which says so itself; "
                "name the function, or leave the option out"
            )
        return study_of_problem(problem_name, changes) if problem_name else load_study(path)
    if not named.data:
        raise StudyError(f"{path} is trained on what? Say --data FILE.py:load, a function that returns {EXPECTED}")
    module_of = functools.cache(load_module)  # one file may hold all
    max_epochs = MAX_EPOCHS if named.max_epochs is None else named.max_epochs
    problem = Problem(
        _load(str(path), "build_model", module_of),
        data=_load(named.data, "--data", module_of),
        objective=objective_of(named.objective or OBJECTIVE),
        max_epochs=max_epochs,
        name=_study_name(match["name"]),
        callbacks=_load(named.callbacks, "--callbacks", module_of) if named.callbacks else (),
        fit_arguments=_made(named.fit_arguments, "--fit-arguments", module_of),
        hyperparameters=_made(named.hyperparameters, "--hyperparameters", module_of),
        tune_new_entries=named.tune_new_entries,
        allow_new_entries=named.allow_new_entries,
    )
    name = _study_name(f"{Path(match['file']).stem}-{match['name']}")
    return StudyPlan(name, problem, budget=_budget(changes, max_epochs))


def study_of_problem(name: str, changes: Changes | None = None) -> StudyPlan:
    """A study of a registered problem, with everything else as a study has it by default.

    Raises:
        StudyError: There is no such problem, or it cannot be loaded.
    """
    import_tensorflow()  # its package would, but with many lines
    problem = registered.load(name)
    return StudyPlan(_study_name(name), problem, budget=_budget(changes, problem.max_epochs * trainings_of(problem)))


def _budget(changes: Changes | None, epochs: int) -> Budget:
    """What the command line gives; without, so many epochs for each of `FULL_TRAININGS`."""
    if changes is None or (changes.budget is None and changes.budget_seconds is None):
        return Budget(FULL_TRAININGS * epochs)
    return Budget(changes.budget, changes.budget_seconds)


def objective_of(words: str) -> Objective:
    """``METRIC``, whose direction KerasTuner infers, or ``METRIC:min`` or ``METRIC:max``.

    Raises:
        StudyError: The direction is not given, and KerasTuner does not know the metric.
    """
    metric, _, direction = words.partition(":")
    if not direction:
        from tuning.space.keras_tuner_internals import metric_direction

        direction = metric_direction(metric)
    if not direction:
        raise StudyError(
            f"whether {metric!r} is to be high or low is not known to KerasTuner; say --objective {metric}:max or "
            f"--objective {metric}:min"
        )
    return Objective(metric, direction)


def _load(named: str, where: str, module_of: Callable[[Path], ModuleType]) -> Any:
    """The object that ``FILE.py:NAME`` names."""
    match = _NAMED.fullmatch(named)
    if match is None:
        raise StudyError(f"{where} is {named!r}; expected a file and a name in it, as in their_file.py:load")
    module = module_of(Path(match["file"]))
    try:
        return getattr(module, match["name"])
    except AttributeError:
        names = [name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
        defined = ", ".join(names[:8]) or "no function or class"
        raise StudyError(f"{match['file']} defines no {match['name']!r}; it defines {defined}") from None
    except Exception as error:  # a module's own `__getattr__`, say
        raise StudyError(f"{named} raises {error_line(error)}") from error


def _made(named: str, where: str, module_of: Callable[[Path], ModuleType]) -> Any:
    """What a name stands for, or what the function of that name returns; None without a name."""
    if not named:
        return None
    value = _load(named, where, module_of)
    if not callable(value):
        return value
    try:
        return value()
    except Exception as error:
        raise StudyError(f"{where} {named} raises {error_line(error)}") from error


def _study_name(name: str) -> str:
    return file_name(name, keep="._-", trim="._-", limit=100) or "model"


def load_study(path: Path) -> StudyPlan:
    """The one `Study` that a script defines.

    Raises:
        StudyError: There is no such file, it raises, or it does not define one study.
    """
    if not path.is_file():
        raise StudyError(f"there is no study file {path}; expected a Python script that defines a tuning.Study")
    module = load_module(path)
    studies = list({id(value): value for value in vars(module).values() if isinstance(value, StudyPlan)}.values())
    if not studies:
        raise StudyError(f"{path} defines no study; expected a variable such as study = Study(...)")
    if len(studies) > 1:
        names = ", ".join(study.name for study in studies)
        raise StudyError(f"{path} defines {len(studies)} studies ({names}); expected one: split the file")
    return studies[0]


def load_module(path: Path) -> ModuleType:
    """A user's file, run as Python would run it; its functions are pickled by value for workers.

    Raises:
        StudyError: There is no such file, or it raises.
    """
    if not path.is_file():
        raise StudyError(f"there is no file {path}; expected a Python file")
    name = f"study_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise StudyError(f"{path} is not a Python script; expected a .py file that defines a tuning.Study")
    import_tensorflow()  # the script would, but with many lines
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    cloudpickle.register_pickle_by_value(module)  # as workers cannot import it
    sys.path.insert(0, str(path.resolve().parent))  # as `python path` does; local workers inherit it
    environment = dict(os.environ)
    try:
        spec.loader.exec_module(module)
    except TuningError:
        raise
    except (Exception, SystemExit) as error:
        mend = "; run a study only under `if __name__ == '__main__':`" if isinstance(error, SystemExit) else ""
        raise StudyError(f"{path}{_line_of(error, spec.origin)} raises {error_line(error)}{mend}") from error
    if dict(os.environ) != environment:
        start_from_nothing()  # libraries may read it when they are loaded
    return module


def _line_of(error: BaseException, file: str | None) -> str:
    """The script's line where an error came from, as ``:12``."""
    if isinstance(error, SyntaxError) and error.lineno and error.filename == file:
        return f":{error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return f":{lines[-1]}" if lines else ""
