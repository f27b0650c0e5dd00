"""The tuners, by name: one file per library, one class per tuner, and one line here for each.

Imports: words, journal, space, training, problems, evaluation.

    base             Tuner: the contract
    keras_tuner      KTRandom, KTHyperband, KTBayesian, KTGrid
    scikit_learn     SklearnRandomized, SklearnHalving, SklearnGrid
    optuna           OptunaTPE, OptunaRandom, OptunaASHA, OptunaQMC and others
    nevergrad        Nevergrad
    smac             SMAC
    smac_internals   private parts of SMAC
    dehb             DEHB
    dehb_internals   private parts of DEHB
    ax               Ax
    table_draws      TableDraws: fills a table of configurations
    baselines/       what tuners are compared with

Third parties register theirs through the entry point group ``tuning.tuners``:

    [project.entry-points."tuning.tuners"]
    my-tuner = "my_package:MyTuner"
"""

from __future__ import annotations

import difflib
import importlib
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from tuning.errors import StudyError
from tuning.text import error_line

if TYPE_CHECKING:
    from tuning.tuners.base import Tuner


GROUP = "tuning.tuners"
# Imported on request: each imports its library.
BUILT_IN = {
    "kt-random": "tuning.tuners.keras_tuner:KTRandom",
    "kt-hyperband": "tuning.tuners.keras_tuner:KTHyperband",
    "kt-bayesian": "tuning.tuners.keras_tuner:KTBayesian",
    "sklearn-randomized": "tuning.tuners.scikit_learn:SklearnRandomized",
    "optuna-tpe": "tuning.tuners.optuna:OptunaTPE",
    "kt-grid": "tuning.tuners.keras_tuner:KTGrid",
    "sklearn-grid": "tuning.tuners.scikit_learn:SklearnGrid",
    "sklearn-halving": "tuning.tuners.scikit_learn:SklearnHalving",
    "optuna-random": "tuning.tuners.optuna:OptunaRandom",
    "optuna-asha": "tuning.tuners.optuna:OptunaASHA",
    "optuna-qmc": "tuning.tuners.optuna:OptunaQMC",
    "optuna-gp": "tuning.tuners.optuna:OptunaGP",
    "optuna-cmaes": "tuning.tuners.optuna:OptunaCmaEs",
    "optuna-tpe-median": "tuning.tuners.optuna:OptunaTPEMedian",
    "optuna-tpe-hyperband": "tuning.tuners.optuna:OptunaTPEHyperband",
    "nevergrad": "tuning.tuners.nevergrad:Nevergrad",
    "dehb": "tuning.tuners.dehb:DEHB",
    "smac": "tuning.tuners.smac:SMAC",
    "ax": "tuning.tuners.ax:Ax",
    "default": "tuning.tuners.baselines.default:Default",
    "random-2x": "tuning.tuners.baselines.random_search:Random2x",
    "screening": "tuning.tuners.baselines.screening:Screening",
}
BASELINES = ("default", "random-2x")
"""What tuners are compared with by default; `screening` is another that `Tuner.baseline` marks."""


def names() -> list[str]:
    """All registered names, the built-in ones first."""
    return [*BUILT_IN, *sorted(point.name for point in entry_points(group=GROUP) if point.name not in BUILT_IN)]


def load(name: str) -> type[Tuner]:
    """The class registered under a name.

    Raises:
        StudyError: No tuner has that name, or a third party's cannot be imported.
    """
    from tuning.tuners.base import Tuner

    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        registered = getattr(importlib.import_module(module), attribute)
    else:
        points = {point.name: point for point in entry_points(group=GROUP)}
        if name not in points:
            close = difflib.get_close_matches(name, names(), n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise StudyError(f"there is no tuner {name!r}; expected one of {', '.join(names())}{hint}")
        try:
            registered = points[name].load()
        except Exception as error:
            raise StudyError(
                f"tuner {name!r} ({points[name].value}) cannot be imported: {error_line(error)}"
            ) from error
    if not (isinstance(registered, type) and issubclass(registered, Tuner)):
        raise StudyError(f"tuner {name!r} is {registered!r}; expected a subclass of tuning.Tuner")
    return registered
