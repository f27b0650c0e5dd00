"""The tuners, by name. A tuner is one file with one class, and one line here.

Third parties register theirs through the entry point group ``tuning.tuners``:

    [project.entry-points."tuning.tuners"]
    my-tuner = "my_package:MyTuner"
"""

from __future__ import annotations

import difflib
import importlib
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from tuning.errors import StudyError, one_line

if TYPE_CHECKING:
    from tuning.tuners._base import Tuner

GROUP = "tuning.tuners"

# Imported when asked for: each brings its library along.
BUILT_IN = {
    "kt-random": "tuning.tuners.kt_random:KTRandom",
    "kt-hyperband": "tuning.tuners.kt_hyperband:KTHyperband",
    "kt-bayesian": "tuning.tuners.kt_bayesian:KTBayesian",
    "sklearn-randomized": "tuning.tuners.sklearn_randomized:SklearnRandomized",
    "optuna-tpe": "tuning.tuners.optuna_tpe:OptunaTPE",
    "kt-grid": "tuning.tuners.kt_grid:KTGrid",
    "sklearn-grid": "tuning.tuners.sklearn_grid:SklearnGrid",
    "sklearn-halving": "tuning.tuners.sklearn_halving:SklearnHalving",
    "optuna-random": "tuning.tuners.optuna_random:OptunaRandom",
    "optuna-qmc": "tuning.tuners.optuna_qmc:OptunaQMC",
    "optuna-gp": "tuning.tuners.optuna_gp:OptunaGP",
    "optuna-cmaes": "tuning.tuners.optuna_cmaes:OptunaCmaEs",
    "optuna-tpe-median": "tuning.tuners.optuna_tpe_median:OptunaTPEMedian",
    "optuna-tpe-hyperband": "tuning.tuners.optuna_tpe_hyperband:OptunaTPEHyperband",
    "nevergrad": "tuning.tuners.nevergrad_ngopt:Nevergrad",
    "smac": "tuning.tuners.smac_forest:SMAC",
    "ax": "tuning.tuners.ax_botorch:Ax",
    "default": "tuning.tuners.baseline_default:Default",
    "random-2x": "tuning.tuners.baseline_random:Random2x",
    "screening": "tuning.tuners.baseline_screening:Screening",
}

BASELINES = ("default", "random-2x", "screening")
"""What tuners are measured against; see `Tuner.baseline`."""


def names() -> list[str]:
    """All registered names, the built-in ones first."""
    return [*BUILT_IN, *sorted(point.name for point in entry_points(group=GROUP) if point.name not in BUILT_IN)]


def load(name: str) -> type[Tuner]:
    """The class registered under a name.

    Raises:
        StudyError: No tuner has that name, or a third party's cannot be imported.
    """
    from tuning.tuners._base import Tuner

    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        found = getattr(importlib.import_module(module), attribute)
    else:
        points = {point.name: point for point in entry_points(group=GROUP)}
        if name not in points:
            close = difflib.get_close_matches(name, names(), n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise StudyError(f"there is no tuner {name!r}; expected one of {', '.join(names())}{hint}")
        try:
            found = points[name].load()
        except Exception as error:
            raise StudyError(f"tuner {name!r} ({points[name].value}) cannot be imported: {one_line(error)}") from error
    if not (isinstance(found, type) and issubclass(found, Tuner)):
        raise StudyError(f"tuner {name!r} is {found!r}; expected a subclass of tuning.Tuner")
    return found
