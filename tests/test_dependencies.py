"""Every package that the tests run with is pinned, and lies in the range that is declared for users."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PINS = {
    canonicalize_name(pin.name): pin
    for line in (ROOT / "constraints.txt").read_text().splitlines()
    if line.strip() and not line.startswith("#") and (pin := Requirement(line))
}
DECLARED = [Requirement(text) for text in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]]


def test_each_pin_is_of_one_version() -> None:
    assert PINS
    for pin in PINS.values():
        (specifier,) = pin.specifier
        assert specifier.operator == "=="
        assert "*" not in specifier.version


@pytest.mark.parametrize("declared", DECLARED, ids=lambda one: one.name)
def test_what_is_declared_is_pinned_within_its_range(declared: Requirement) -> None:
    (specifier,) = PINS[canonicalize_name(declared.name)].specifier
    assert declared.specifier.contains(specifier.version)


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
