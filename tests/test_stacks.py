"""`.ci/stacks`, as far as it installs nothing: its stacks lie in the declared ranges, and its table keeps its rows."""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.test_dependencies import PROJECT, ROOT, pins


def loaded() -> ModuleType:
    loader = SourceFileLoader("stacks", str(ROOT / ".ci" / "stacks"))
    spec = importlib.util.spec_from_loader("stacks", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    sys.modules["stacks"] = module  # its dataclasses look for it there
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


STACKS = loaded()


@pytest.mark.parametrize("stack", STACKS.STACKS, ids=lambda stack: stack.name)
def test_a_stack_lies_in_the_declared_ranges(stack) -> None:  # type: ignore[no-untyped-def]
    given = {canonicalize_name(pin.name): pin for pin in map(Requirement, stack.pins)}
    pinned = pins(stack.constraints) | given
    for declared in map(Requirement, PROJECT["dependencies"]):
        (specifier,) = pinned[canonicalize_name(declared.name)].specifier
        assert declared.specifier.contains(specifier.version), declared.name


def test_each_python_that_is_declared_is_tried() -> None:
    named = "Programming Language :: Python :: "
    declared = {one.removeprefix(named) for one in PROJECT["classifiers"] if one.startswith(named)}
    assert declared == {stack.python for stack in STACKS.STACKS}


def test_a_row_takes_the_place_of_an_earlier_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "stacks.md"
    page.write_text("before\n<!-- table -->\n<!-- end -->\nafter\n")
    monkeypatch.setattr(STACKS, "PAGE", page)
    cells = ["x"] * (len(STACKS.HEADER) - 1)
    for name, last in (("oldest", "1 failed"), ("newest", "2 passed"), ("oldest", "3 passed")):
        STACKS.write([[name, *cells[:-1], last]])
    before, header, _, *rows, after = [line for line in page.read_text().splitlines() if not line.startswith("<!--")]
    assert (before, after, header.count("|")) == ("before", "after", len(STACKS.HEADER) + 1)
    assert [(row.split(" | ")[0], row.split(" | ")[-1]) for row in rows] == [
        ("| newest", "2 passed |"),
        ("| oldest", "3 passed |"),
    ]


def test_trials_are_compared_with_the_committed_ones(tmp_path: Path) -> None:
    text = (ROOT / "reports" / "digits-quick-start" / "trials.csv").read_text()
    header, *rows = text.splitlines()
    (tmp_path / "trials.csv").write_text("\n".join([header, *rows]))
    assert STACKS.compared(tmp_path) == f"the same trials; {len(rows)} of {len(rows)} scores are equal"
    first = rows[0].split(",")
    score, value = header.split(",").index("score"), header.split(",").index("hp.n_neurons")
    first[score], first[value] = "0.5", "1"
    (tmp_path / "trials.csv").write_text("\n".join([header, ",".join(first), *rows[1:]]))
    assert STACKS.compared(tmp_path) == f"other trials by kt-random; {len(rows) - 1} of {len(rows)} scores are equal"
