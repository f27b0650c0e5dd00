"""Problems that packages register: found by name, made when they are asked for, refused in one line."""

from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from tuning.cli.load import find_study
from tuning.cli.options import Changes, Named
from tuning.cli.problem_list import look
from tuning.errors import StudyError
from tuning.problems import registered
from tuning.problems.synthetic import SyntheticProblem

PROBLEM = SyntheticProblem(name="ready")


def made() -> SyntheticProblem:
    return SyntheticProblem(name="made", max_epochs=3)


def nothing() -> None:
    return None


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    here = __name__
    points = {
        "ready": f"{here}:PROBLEM",
        "made": f"{here}:made",
        "nothing": f"{here}:nothing",
        "gone": "no_such_package:problem",
    }
    found = EntryPoints(EntryPoint(name, value, registered.GROUP) for name, value in points.items())
    monkeypatch.setattr(registered, "entry_points", lambda group: found.select(group=group))


def test_a_problem_or_a_function_that_returns_one() -> None:
    assert registered.load("ready") is PROBLEM
    assert registered.load("made").name == "made"
    assert list(registered.points()) == ["gone", "made", "nothing", "ready"]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("reddy", "there is no problem 'reddy'; expected one of gone, made, nothing, ready; did you mean 'ready'?"),
        ("gone", r"problem 'gone' \(no_such_package:problem\) cannot be loaded: .*No module named"),
        ("nothing", "is None; expected a tuning.Problem, or a function that returns one"),
    ],
)
def test_what_cannot_be_loaded_is_refused(name: str, error: str) -> None:
    with pytest.raises(StudyError, match=error):
        registered.load(name)


def test_one_is_a_study_by_its_name() -> None:
    study = find_study(Path("problem:made"), Named())
    assert (study.name, study.budget.epochs, len(study.tuners)) == ("made", 30, 5)
    assert find_study(Path("problem:made"), Named(), Changes(budget=9)).budget.epochs == 9
    with pytest.raises(StudyError, match="and problem:made is a registered problem, which says so itself"):
        find_study(Path("problem:made"), Named(max_epochs=3))


def test_they_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    known = registered.points()
    monkeypatch.setattr(registered, "points", lambda: {name: known[name] for name in ("made", "ready")})
    assert look() == [
        {"problem": "made", "package": "", "metric": "metric", "direction": "max", "max_epochs": 3},
        {"problem": "ready", "package": "", "metric": "metric", "direction": "max", "max_epochs": 9},
    ]
