"""The score of a trained model on the test split, or why there is none.

A `HyperModel.fit` may scale or crop what it trains on, and only it knows how. Its model is scored on the test split as
it is only if it trained on the training split as it is, or if its scores on the validation split can be repeated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Protocol

import keras
import keras_tuner
import numpy as np

from tuning.arrays import read
from tuning.batches import fresh
from tuning.objective import Objective
from tuning.splits import Part
from tuning.text import error_line
from tuning.training.fit import Fit
from tuning.training.fit_arguments import Data
from tuning.training.outcome import Logs, scalars

HOOK = "give the HyperModel an evaluate(hp, model, x, y) that returns its metrics"
_TOLERANCE = 1e-3  # relative: batches of other sizes add up in another order


class _Evaluates(Protocol):
    """A HyperModel that scores its models itself."""

    evaluate: Callable[[keras_tuner.HyperParameters, keras.Model, Data, Data], object]


def scores_on_test(
    trainer: Fit, hp: keras_tuner.HyperParameters, model: keras.Model, objective: Objective, reported: Logs
) -> tuple[Logs, str]:
    """The metrics of a model on the test split; if there are none although there is such a split, why.

    Args:
        trainer: Has trained it.
        hp: Its configuration.
        model: With the weights that count.
        objective: Of the problem.
        reported: What the epoch of these weights reported.
    """
    test = trainer.recipe.splits.test
    if test is None:
        return {}, ""
    hypermodel = trainer.recipe.hypermodel
    try:
        if callable(getattr(hypermodel, "evaluate", None)):
            return _by_hook(hypermodel, hp, model, test, objective), ""
        if reason := _doubt(trainer, model, reported):
            return {}, f"{reason}: {HOOK}"
        return trainer.evaluate(model, test), ""
    except Exception as error:  # a model need not be one that Keras can evaluate
        return {}, f"the model cannot be evaluated on the test split: {error_line(error)}: {HOOK}"


def _by_hook(
    hypermodel: _Evaluates, hp: keras_tuner.HyperParameters, model: keras.Model, test: Part, objective: Objective
) -> Logs:
    x, y = (*read(test), None)[:2] if isinstance(test, tuple) else (fresh(test), None)
    result = hypermodel.evaluate(hp, model, x, y)
    if isinstance(result, Mapping):
        return scalars(result)
    if isinstance(result, list | tuple):
        raise TypeError("its evaluate returned a list; expected a dict of metrics, as from evaluate(return_dict=True)")
    return {objective.test_metric: float(np.asarray(result).item())}


def _doubt(trainer: Fit, model: keras.Model, reported: Logs) -> str:
    """Why it is not known how this model is to be scored; empty if it is."""
    if trainer.models > 1:
        return "HyperModel.fit trained more than one model"
    if trainer.models and trainer.as_given:
        return ""
    own = {name: value for name, value in reported.items() if name.startswith("val_")}
    validation = trainer.recipe.splits.validation
    what = "HyperModel.fit trained on other data than the training split"
    if not own or validation is None:
        return f"{what} and reported no validation metric to compare with"
    again = {f"val_{name}": value for name, value in trainer.evaluate(model, validation).items()}
    differing = [
        f"{name} {value:.6g} in training and {again[name]:.6g} after it"
        for name, value in own.items()
        if name in again and not math.isclose(value, again[name], rel_tol=_TOLERANCE, abs_tol=1e-6)
    ]
    if differing:
        return f"{what} ({differing[0]})"
    return "" if set(own) & set(again) else f"{what} and reported no validation metric to compare with"
