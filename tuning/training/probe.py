"""What can be learned about a recipe without a search: its space, without training; its metrics, from a few samples."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import keras
import keras_tuner

from tuning.errors import ObjectiveError, SpaceError
from tuning.space.recorder import record
from tuning.space.space import Space
from tuning.splits import Splits, head, size
from tuning.training.graph_cache import is_of_keras
from tuning.training.hypermodel_fit import call_fit
from tuning.training.internals.keras import replace_fit
from tuning.training.outcome import Logs
from tuning.training.recipe import Recipe, build, data_arguments, has_own_fit
from tuning.training.request import TrainingRequest
from tuning.training.session import clear_session
from tuning.training.state import first_samples
from tuning.training.trainer import train_epochs

PROBE_SAMPLES = 64


def record_space(recipe: Recipe) -> Space:
    """The search space of a recipe, without training: `model.fit` is called but does nothing.

    Raises:
        SpaceError: See `tuning.space.recorder.record`; also if no compiled model is returned.
    """
    own_fit = has_own_fit(recipe.hypermodel)

    def declare(hp: keras_tuner.HyperParameters) -> None:
        clear_session()
        recipe.hypermodel.declare_hyperparameters(hp)
        model = build(recipe, hp)
        _declare_in_call(recipe, model)
        if own_fit:
            _declare_in_fit(recipe, hp, model)

    return record(declare)


def probe(recipe: Recipe, space: Space, metric: str) -> list[str]:
    """Trains the default configuration for one epoch on a few samples; returns the metrics that it reports.

    Raises:
        ObjectiveError: `metric` is not among them.
        SpaceError: Training with the defaults raises an error.
    """
    curve: list[Logs] = []

    def watch(logs: Logs) -> bool:
        curve.append(logs)
        return False

    train_part(recipe, space, PROBE_SAMPLES, 1, watch)
    if not curve:
        raise ObjectiveError(
            "HyperModel.fit ended without one epoch seen by its callbacks; pass the `callbacks` it is given to "
            "model.fit, or call their on_epoch_end(epoch, logs) in a loop of its own"
        )
    if metric not in curve[0]:
        raise ObjectiveError(
            f"the objective {metric!r} is not reported by the model, which reports {', '.join(curve[0])}; "
            "name one of these in Objective(...) or add the metric to model.compile (it is needed after every epoch: "
            "validation_freq=1)"
        )
    return list(curve[0])


def train_part(recipe: Recipe, space: Space, samples: int, epochs: int, on_epoch: Callable[[Logs], bool]) -> int:
    """Trains the default configuration on the first samples of the data; returns the number of samples used.

    Raises:
        SpaceError: Training raises an error.
    """
    part = _part(recipe, samples)
    outcome = train_epochs(part, space, TrainingRequest(space.default(), 1, epochs, on_epoch))
    if outcome.error:
        raise SpaceError(f"the model cannot be trained at its default values: {outcome.error}")
    return size(part.splits.train) or 0


class _DeclaredError(Exception):
    """Ends `HyperModel.fit` while the space is recorded, at the point where a user's own loop would begin to train."""


class _NoTraining(keras.callbacks.Callback):
    def on_train_begin(self, logs: object = None) -> None:
        raise _DeclaredError

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        raise _DeclaredError

    on_epoch_end = on_epoch_begin

    def __deepcopy__(self, memo: dict[int, object]) -> _NoTraining:
        return self


class _AnyMetric(dict[str, list[float]]):
    """A history that has every metric, so that code after `model.fit` can continue."""

    def __missing__(self, name: str) -> list[float]:
        return [0.0]


def _declare_in_call(recipe: Recipe, model: keras.Model) -> None:
    """Calls a model of the user's own classes once: its `call` may ask for hyperparameters.

    Its errors mean nothing: the user's own `fit` may give it other data.
    """
    if model.built or all(map(is_of_keras, [model, *model.layers])):
        return
    with contextlib.suppress(Exception):
        model(first_samples(data_arguments(_part(recipe, 1))["x"]), training=True)


def _declare_in_fit(recipe: Recipe, hp: keras_tuner.HyperParameters, model: keras.Model) -> None:
    """Runs the user's `fit` on a few samples with a `model.fit` that does nothing."""
    fitted = False

    def fit(*args: object, **kwargs: object) -> keras.callbacks.History:
        nonlocal fitted
        fitted = True
        history = keras.callbacks.History()
        history.history = _AnyMetric()
        history.epoch = [0]
        return history

    replace_fit(model, fit)
    arguments = {**data_arguments(_part(recipe, PROBE_SAMPLES)), **recipe.fit_arguments, "epochs": 1}
    try:
        call_fit(recipe.hypermodel, hp, model, {**arguments, "callbacks": [_NoTraining()]}, lambda: fitted)
    except _DeclaredError:
        return
    except SpaceError:
        raise
    except Exception:
        # After model.fit, the user's code has an untrained model and an empty history: its errors mean nothing.
        if not fitted:
            raise


def _part(recipe: Recipe, samples: int) -> Recipe:
    """The same recipe with the first samples of its data."""
    splits = Splits(head(recipe.splits.train, samples), head(recipe.splits.validation, samples))
    return Recipe(recipe.hypermodel, splits, recipe.fit_arguments, recipe.callbacks)
