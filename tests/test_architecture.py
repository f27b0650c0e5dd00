"""Imports go one way: from what a thing is made of to what is made of it."""

import ast
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tuning

ROOT = Path(tuning.__file__).parent

# Each line may import from the lines above it, and from its own line where the modules of a line stand in order.
LAYERS = [
    ["errors"],
    [
        "records",
        "objective",
        "incumbents",
        "budget",
        "seeds",
        "wording",
        "markup",
        "manifest",
        "garbage",
        "quiet",
        "worker_processes",
        "provenance",
        "terminal",
        "latex",
    ],
    ["winner_record"],
    ["space", "data", "fit_arguments", "traces"],
    ["views", "datasets", "compiled", "surrogate"],
    ["inspection", "winner_logs"],
    ["equality", "process", "training", "probing"],
    ["problem"],
    ["evaluator"],
    ["tuners._base"],
    ["tuners._keras_tuner", "tuners._scikit_learn", "tuners"],
    ["tuners.kt_random", "tuners.kt_hyperband", "tuners.kt_bayesian", "tuners.sklearn_randomized", "tuners.optuna_tpe"],
    ["tuners.kt_grid", "tuners.sklearn_grid", "tuners.sklearn_halving"],
    ["tuners.optuna_random", "tuners.optuna_qmc", "tuners.optuna_gp", "tuners.optuna_cmaes"],
    ["tuners.optuna_tpe_median", "tuners.optuna_tpe_hyperband"],
    ["tuners.nevergrad_ngopt", "tuners.smac_forest", "tuners.ax_botorch"],
    ["tuners.baseline_default", "tuners.baseline_random", "tuners.baseline_screening"],
    ["tuners._plain", "tuners.baseline_keras", "tuners.baseline_sklearn"],
    ["retraining"],
    ["cells"],
    ["testing"],
    ["ordering", "worker", "worker_imports", "executors"],
    ["journal"],
    ["tables", "event_files", "hparams_events", "hparams"],
    ["compare"],
    ["bootstrap", "power", "ranking", "dimensions"],
    ["analysis", "winners", "standing", "targets", "comparison", "verdict", "sequential", "summary"],
    ["hparams_summary"],
    ["coverage", "boundary", "rungs", "importance", "search"],
    ["drawing", "drawing_beside", "layer_graph", "winner_figures", "winner_sections"],
    [
        "comparison_figures",
        "curve_figures",
        "figures",
        "search_figures",
        "trial_figures",
        "search_tables",
        "search_section",
    ],
    ["report_tables", "vega_bundle", "report"],
    ["board", "status", "models"],
    ["lr_range"],
    ["study"],
    ["table"],
    ["importing", "study_files", "named_code", "driver", "until_decided"],
    ["live", "check", "progress", "tuner_list"],
    ["completion", "scaffold", "interruption"],
    ["launch"],
    ["cli"],
]

# `Study.run` and `Study.main` are short ways into the layers above, imported when they are called.
ALLOWED = {("study", "driver"), ("study", "models"), ("study", "report"), ("study", "cli")}

# What makes a report must not need what trains.
WITHOUT_TRAINING = [
    "analysis", "winners", "bootstrap", "power", "ranking", "standing", "targets", "comparison", "verdict",
    "sequential", "wording", "markup", "drawing", "summary", "comparison_figures", "figures", "report",
    "report_tables", "tables", "journal", "records", "objective", "incumbents", "hparams", "status", "board",
    "terminal", "latex", "hparams_events", "hparams_summary", "compare",
    "dimensions", "coverage", "boundary", "rungs", "importance", "search", "search_figures", "search_tables",
    "search_section", "curve_figures", "trial_figures",
    "layer_graph", "winner_record", "winner_figures", "winner_sections", "vega_bundle", "drawing_beside",
    "garbage",
]  # fmt: skip
# Imported where it is called, and a report without it says so.
OPTIONAL = {("importance", "optuna")}
TRAINING = {"keras", "tensorflow", "keras_tuner", "optuna", "sklearn", "scikeras"}


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


def test_every_module_has_its_layer() -> None:
    assert sorted(name for layer in LAYERS for name in layer) == sorted(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_nothing_imports_against_the_direction(name: str) -> None:
    place = {module: (level, LAYERS[level].index(module)) for level in range(len(LAYERS)) for module in LAYERS[level]}
    against = {other for other in own(MODULES[name]) if place[other] >= place[name]}
    assert against <= {above for module, above in ALLOWED if module == name}


def test_every_allowance_is_used() -> None:
    assert {(name, other) for name, other in ALLOWED if other in own(MODULES[name])} == ALLOWED


def reached(name: str) -> set[str]:
    """The module and all of the package that it imports, directly or not."""
    found, todo = set(), {name}
    while todo:
        one = todo.pop()
        found.add(one)
        todo |= own(MODULES[one]) - found
    return found


@pytest.mark.parametrize("name", WITHOUT_TRAINING)
def test_reports_need_nothing_that_trains(name: str) -> None:
    for module in reached(name):
        outside = {imported.split(".")[0] for imported in imports(MODULES[module])}
        assert outside & TRAINING <= {package for user, package in OPTIONAL if user == module}, module


def test_reports_load_nothing_that_trains() -> None:
    script = (
        "import json, sys, tuning.report, tuning.hparams, tuning.status; "
        f"print(json.dumps(sorted(set(sys.modules) & {TRAINING!r})))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_public_names_are_there() -> None:
    for name in tuning.__all__:
        assert getattr(tuning, name) is not None
    assert importlib.import_module("tuning").__version__
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = tuning.nothing
