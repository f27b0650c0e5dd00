"""A study of a model and data that are named on the command line, without a study script.

    tuning run their_file.py:build_model --data their_file.py:load

Whatever was written for KerasTuner stays as it is: a function `build_model(hp)`, a `kt.HyperModel` or its class, and a
function that returns the data. The study is called after the file and the name in it, so the same command resumes it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from tuning.budget import Budget
from tuning.data import EXPECTED
from tuning.errors import StudyError, one_line
from tuning.objective import Objective
from tuning.problem import Problem
from tuning.study import Study
from tuning.study_files import load_module, load_study

OBJECTIVE = "val_loss"  # every compiled model reports it
MAX_EPOCHS = 10
FULL_TRAININGS = 10  # that a cell may spend, where no budget is given
_NAMED = re.compile(r"(?P<file>.*\.py):(?P<name>[^:/\\]*)")


@dataclass(frozen=True)
class Named:
    """What is said of a model that is named on the command line; empty and None where nothing is.

    Attributes:
        data: ``FILE.py:NAME`` of a function that returns the splits.
        objective: A metric, or ``METRIC:min``, ``METRIC:max``; default: `OBJECTIVE`.
        max_epochs: Epochs of one full training; default: `MAX_EPOCHS`.
    """

    data: str = ""
    objective: str = ""
    max_epochs: int | None = None


def find_study(path: Path, named: Named, budget: int | None = None) -> Study:
    """The study of a script, or of a model that is named as ``FILE.py:NAME``.

    Args:
        path: Either of the two.
        named: What belongs to the second.
        budget: Epochs a cell, where the command line says so.

    Raises:
        StudyError: There is no such file or name in it, `named` does not fit, or the objective's direction is unknown.
    """
    found = _NAMED.fullmatch(str(path))
    if found is None:
        if given := [f"--{name.replace('_', '-')}" for name, value in vars(named).items() if value]:
            raise StudyError(
                f"{given[0]} belongs to FILE.py:build_model and {path} is a study script, which says so itself; "
                "name the function, or leave the option out"
            )
        return load_study(path)
    if not named.data:
        raise StudyError(f"{path} is trained on what? Say --data FILE.py:load, a function that returns {EXPECTED}")
    module_of = functools.cache(load_module)  # one file may hold both
    max_epochs = MAX_EPOCHS if named.max_epochs is None else named.max_epochs
    problem = Problem(
        _load(str(path), "build_model", module_of),
        data=_load(named.data, "--data", module_of),
        objective=objective_of(named.objective or OBJECTIVE),
        max_epochs=max_epochs,
        name=_safe(found["name"]),
    )
    name = _safe(f"{Path(found['file']).stem}-{found['name']}")
    return Study(name, problem, budget=Budget(FULL_TRAININGS * max_epochs if budget is None else budget))


def objective_of(words: str) -> Objective:
    """``METRIC``, whose direction KerasTuner infers, or ``METRIC:min`` or ``METRIC:max``.

    Raises:
        StudyError: The direction is not given, and KerasTuner does not know the metric.
    """
    metric, _, direction = words.partition(":")
    if not direction:
        from keras_tuner.src.engine.metrics_tracking import infer_metric_direction

        try:
            direction = infer_metric_direction(metric) or ""
        except Exception:  # it builds the metric it finds, and some want arguments
            direction = ""
    if not direction:
        raise StudyError(
            f"whether {metric!r} is to be high or low is not known to KerasTuner; say --objective {metric}:max or "
            f"--objective {metric}:min"
        )
    return Objective(metric, direction)


def _load(named: str, where: str, module_of: Callable[[Path], ModuleType]) -> Any:
    """The object that ``FILE.py:NAME`` names."""
    found = _NAMED.fullmatch(named)
    if found is None:
        raise StudyError(f"{where} is {named!r}; expected a file and a name in it, as in their_file.py:load")
    module = module_of(Path(found["file"]))
    try:
        return getattr(module, found["name"])
    except AttributeError:
        own = [name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
        raise StudyError(
            f"{found['file']} defines no {found['name']!r}; it defines {', '.join(own[:8]) or 'no function or class'}"
        ) from None
    except Exception as error:  # a module may answer for names by code of its own
        raise StudyError(f"{named} raises {one_line(error)}") from error


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).lstrip("._-")[:100] or "model"
