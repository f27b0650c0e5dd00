"""Problems that other packages register, by name.

An entry point of the group ``tuning.problems`` is a problem, or a function without arguments that returns one, so that
nothing is built before it is asked for:

    [project.entry-points."tuning.problems"]
    my-problem = "my_package:my_problem"

`tuning problems` lists them, and ``tuning run problem:my-problem --tuners A,B`` searches one.
"""

from __future__ import annotations

import difflib
from importlib.metadata import EntryPoint, entry_points

from tuning.errors import StudyError
from tuning.problems.problem import TrainingProblem
from tuning.text import error_line

GROUP = "tuning.problems"


def points() -> dict[str, EntryPoint]:
    """The entry points by name, in the order of names. Imports none of their packages."""
    return {point.name: point for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)}


def load(name: str) -> TrainingProblem:
    """The problem registered under a name.

    Raises:
        StudyError: None has that name, its package cannot be imported, or it is no problem.
    """
    known = points()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        there = f"expected one of {', '.join(known)}{hint}" if known else "no installed package registers any"
        raise StudyError(f"there is no problem {name!r}; {there}")
    where = f"problem {name!r} ({known[name].value})"
    try:
        made = known[name].load()
        problem: TrainingProblem = made() if callable(made) and not hasattr(made, "max_epochs") else made
    except Exception as error:
        raise StudyError(f"{where} cannot be loaded: {error_line(error)}") from error
    if not hasattr(problem, "max_epochs") or not hasattr(problem, "train"):
        raise StudyError(f"{where} is {problem!r}; expected a tuning.Problem, or a function that returns one")
    return problem
