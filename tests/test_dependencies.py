"""Every package that the tests run with is pinned, and lies in the range that is declared for users."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def pins(file: str) -> dict[str, Requirement]:
    """What a file of constraints pins, by name."""
    lines = (ROOT / file).read_text().splitlines()
    read = (Requirement(line) for line in lines if line.strip() and not line.startswith("#"))
    return {canonicalize_name(pin.name): pin for pin in read}


PINS, OLDEST = pins("constraints.txt"), pins("constraints-oldest.txt")
EXTRAS = PROJECT["optional-dependencies"]
DECLARED = [Requirement(text) for text in [*PROJECT["dependencies"], *EXTRAS["dev"]]]
BESIDE = [Requirement(text) for text in EXTRAS["export"]]  # in an environment of their own: export/test_beside.py


def test_each_pin_is_of_one_version() -> None:
    assert PINS
    for pin in [*PINS.values(), *OLDEST.values()]:
        (specifier,) = pin.specifier
        assert specifier.operator == "=="
        assert "*" not in specifier.version


@pytest.mark.parametrize("declared", [*DECLARED, *BESIDE], ids=lambda one: one.name)
def test_what_is_declared_is_pinned_within_its_range(declared: Requirement) -> None:
    (specifier,) = PINS[canonicalize_name(declared.name)].specifier
    assert declared.specifier.contains(specifier.version)


@pytest.mark.parametrize("declared", [Requirement(text) for text in PROJECT["dependencies"]], ids=lambda one: one.name)
def test_the_oldest_release_that_is_declared_is_the_one_tested(declared: Requirement) -> None:
    (lowest,) = [one.version for one in declared.specifier if one.operator == ">="]
    (pinned,) = OLDEST[canonicalize_name(declared.name)].specifier
    assert f"{pinned.version}.".startswith(f"{lowest}.")
    assert declared.specifier.contains(pinned.version)


def test_each_pin_is_for_every_release_of_the_oldest_python() -> None:
    """Debian 12 has Python 3.11.2, and a package may want 3.11.5 of its next release."""
    oldest = f"{PROJECT['requires-python'].removeprefix('>=')}.0"
    installed = {
        canonicalize_name(found.metadata["Name"]): found.metadata for found in importlib.metadata.distributions()
    }
    wanted = {name: installed[name].get("Requires-Python") for name in PINS if name in installed}
    assert len(wanted) > 100
    assert {name: want for name, want in wanted.items() if want and not SpecifierSet(want).contains(oldest)} == {}


def test_what_those_need_is_pinned_too() -> None:
    todo, seen = list(DECLARED), set()
    while todo:
        needed = todo.pop()
        name = canonicalize_name(needed.name)
        if name in seen:
            continue
        seen.add(name)
        for text in importlib.metadata.requires(name) or ():
            further = Requirement(text)
            if further.marker is None or any(
                further.marker.evaluate({"extra": extra}) for extra in (needed.extras or {""})
            ):
                todo.append(further)
    assert len(seen) > len(DECLARED)
    missing = seen - PINS.keys()
    assert not missing, f"pin {sorted(missing)} in constraints.txt"


def test_what_is_installed_is_consistent() -> None:
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True)
    ours = [line for line in done.stdout.splitlines() if canonicalize_name(line.split()[0]) in PINS]
    assert done.returncode == 0 or not ours, done.stdout
