"""Imports go one way: from what a thing is made of to what is made of it.

Each folder says in its `__init__` what it may import; here that is held against the code, functions and type checkers'
imports included.
"""

import ast
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import tuning

ROOT = Path(tuning.__file__).parent
WORDS = "words"
"""The modules at the top that all share; ways into the whole package stand there too."""
FACADES = {"study", "testing", "lr_range", "datasets", "__main__"}
TRAINING = {"keras", "tensorflow", "keras_tuner", "optuna", "sklearn", "scikeras"}
# Imported where it is called; what is made without it says so.
OPTIONAL = {("exploration.importance", "optuna"), ("export.optuna", "optuna")}


def modules() -> dict[str, ast.Module]:
    """By name within the package; the package's own `__init__` is left out, for it names what there is."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name:
            found[name] = ast.parse(path.read_text())
    return found


MODULES = modules()
ROOMS = sorted(
    ".".join(path.parent.relative_to(ROOT).parts) for path in ROOT.rglob("__init__.py") if path.parent != ROOT
)


def imports(tree: ast.Module) -> Iterator[str]:
    """Dotted names of all that is imported, within functions and for type checkers too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports are not followed"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own(tree: ast.Module) -> set[str]:
    """Modules of the package that are imported."""
    found = set()
    for name in imports(tree):
        parts = name.split(".")
        if parts[0] == "tuning":
            inner = [".".join(parts[1:length]) for length in range(len(parts), 1, -1)]
            found.update([one for one in inner if one in MODULES][:1])
    return found


def room(module: str) -> str:
    """The folder at the top that a module is in; the words that all share are one room."""
    top = module.partition(".")[0]
    return top if (ROOT / top).is_dir() else WORDS


def declared(folder: str) -> set[str]:
    """What a folder's `__init__` says that it may import."""
    text = ast.get_docstring(MODULES[folder]) or ""
    found = re.search(r"^Imports: ([\w,\s]+)\.$", text, re.MULTILINE)
    assert found, f"tuning/{folder}/__init__.py has no line `Imports: ...`"
    return set(re.split(r",\s+", found[1])) - {"nothing"}


@pytest.mark.parametrize("name", [name for name in MODULES if name not in FACADES])
def test_nothing_imports_against_the_direction(name: str) -> None:
    reached = {room(other) for other in own(MODULES[name])} - {room(name)}
    folder = name if name in ROOMS else name.rpartition(".")[0]
    allowed = declared(folder) - {room(name)} if folder else set()
    assert reached <= allowed
    assert not own(MODULES[name]) & FACADES, "the façades stand above all rooms"


@pytest.mark.parametrize("folder", ROOMS)
def test_a_folder_imports_all_that_it_declares(folder: str) -> None:
    inside = [name for name in MODULES if name == folder or name.startswith(f"{folder}.")]
    reached = {room(other) for name in inside for other in own(MODULES[name])}
    assert declared(folder) - reached - {room(folder)} == set()


def test_there_is_no_circle_of_folders_or_files() -> None:
    folders = {folder: declared(folder) - {folder} for folder in ROOMS if "." not in folder}
    assert list(TopologicalSorter(folders).static_order())
    assert list(TopologicalSorter({name: own(tree) for name, tree in MODULES.items()}).static_order())


@pytest.mark.parametrize("folder", ROOMS)
def test_a_folder_names_what_lives_there(folder: str) -> None:
    """Each module and subfolder has a line in the `__init__`, and there is none for what is not there."""
    place = ROOT / folder.replace(".", "/")
    there = {path.stem for path in place.glob("*.py")} - {"__init__"}
    there |= {f"{path.parent.name}/" for path in place.glob("*/__init__.py")}
    listed = re.findall(r"^    ([a-z_]+/?)(?:   .*)?$", ast.get_docstring(MODULES[folder]) or "", re.MULTILINE)
    assert sorted(listed) == sorted(there)


@pytest.mark.parametrize("folder", ROOMS)
def test_a_folder_names_only_what_is_there(folder: str) -> None:
    """Whatever looks like a name of code in a module's line is defined in that module."""
    for line in (ast.get_docstring(MODULES[folder]) or "").splitlines():
        module, _, words = line.strip().partition("   ")
        if f"{folder}.{module}" not in MODULES:
            continue
        tree = MODULES[f"{folder}.{module}"]
        defined = {name for node in tree.body for name in names(node)}
        told = re.findall(r"\b[a-z]+_[a-z_]+\b|\b[A-Z][a-z]+[A-Z]\w*", words)
        products = {"build_model", "KerasTuner", "TensorBoard", "TensorFlow", "LaTeX"}
        assert set(told) - products <= defined, f"{folder}.{module}"


def names(node: ast.stmt) -> list[str]:
    """What a statement defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def reached(name: str) -> set[str]:
    """The module and all of the package that it imports, directly or not."""
    found, todo = set(), {name}
    while todo:
        one = todo.pop()
        found.add(one)
        todo |= own(MODULES[one]) - found
    return found


WITHOUT_TRAINING = ("statistics", "journal", "analysis", "exploration", "tensorboard", "report", "export")


@pytest.mark.parametrize(
    "name", [name for name in MODULES if room(name) in WITHOUT_TRAINING and not name.startswith("journal.importing.")]
)
def test_reports_need_nothing_that_trains(name: str) -> None:
    for module in reached(name):
        outside = {imported.split(".")[0] for imported in imports(MODULES[module])}
        assert outside & TRAINING <= {package for user, package in OPTIONAL if user == module}, module


def test_reports_load_nothing_that_trains() -> None:
    script = (
        "import json, sys, tuning.report.report, tuning.tensorboard.hparams, tuning.cli.status, tuning.export.export; "
        f"print(json.dumps(sorted(set(sys.modules) & {TRAINING!r})))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_tuners_of_libraries_that_may_be_missing_import_them_only_to_search() -> None:
    for name in ("smac", "smac_internals", "dehb", "dehb_internals", "ax", "nevergrad"):
        first = [node for node in MODULES[f"tuners.{name}"].body if isinstance(node, ast.Import | ast.ImportFrom)]
        outside = {imported.split(".")[0] for node in first for imported in imports(ast.Module([node], []))}
        assert outside <= {*sys.stdlib_module_names, "tuning"}, name


def test_public_names_are_there() -> None:
    for name in tuning.__all__:
        assert getattr(tuning, name) is not None
    assert importlib.import_module("tuning").__version__
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = tuning.nothing
