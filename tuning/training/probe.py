"""What can be learned about a recipe without a search: its space, without training; its metrics, from a few samples."""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Callable
from itertools import chain, repeat

import keras
import keras_tuner

from tuning.batches import is_endless
from tuning.errors import DataError, ObjectiveError, SpaceError
from tuning.objective import Objective
from tuning.process.silence import aside, silent
from tuning.space.beforehand import NOTHING, Beforehand
from tuning.space.recorder import record
from tuning.space.space import Space
from tuning.splits import Splits, head, size
from tuning.training import fit_arguments
from tuning.training.graph_cache import is_of_keras
from tuning.training.hypermodel_fit import call_fit
from tuning.training.internals.keras import fits_through, replace_fit
from tuning.training.outcome import Logs, Outcome
from tuning.training.recipe import Recipe, build, data_arguments, has_own_fit
from tuning.training.request import TrainingRequest
from tuning.training.session import clear_session
from tuning.training.state import first_samples
from tuning.training.trainer import train_epochs

PROBE_SAMPLES = 64


def record_space(recipe: Recipe, max_epochs: int | None = None, beforehand: Beforehand | None = None) -> Space:
    """The search space of a recipe, without training: `model.fit` is called but does nothing.

    What the code prints at its defaults is shown on standard error, what it prints later is not.

    Args:
        recipe: Of the problem.
        max_epochs: Of the problem; a note says if the user's own `fit` asks for more.
        beforehand: What is declared before the code runs.

    Raises:
        SpaceError: See `tuning.space.recorder.record`; also if no compiled model is returned.
    """
    own_fit = has_own_fit(recipe.hypermodel)
    untrained = _UntrainedFit()
    outputs = chain([aside], repeat(silent))

    def declare(hp: keras_tuner.HyperParameters) -> None:
        with next(outputs)():
            run(hp)

    def run(hp: keras_tuner.HyperParameters) -> None:
        clear_session()
        with fits_through(untrained):
            recipe.hypermodel.declare_hyperparameters(hp)
            model = build(recipe, hp)
            _declare_in_call(recipe, model)
            if own_fit:
                _declare_in_fit(recipe, hp, model, untrained)

    space = record(declare, beforehand or NOTHING)
    clear_session()
    if max_epochs is not None and untrained.most_epochs > max_epochs:
        space.notes += (
            f"a model.fit of your code asks for up to {untrained.most_epochs} epochs: it is ended after {max_epochs}, "
            "the problem's max_epochs",
        )
    return space


def probe(recipe: Recipe, space: Space, objective: Objective) -> list[str]:
    """Trains the default configuration for one epoch on a few samples; returns the metrics that it reports.

    Raises:
        ObjectiveError: The objective's metric is not among them, and `HyperModel.fit` returns no score of its own.
        SpaceError: Training with the defaults raises an error.
    """
    curve: list[Logs] = []

    def watch(logs: Logs) -> bool:
        curve.append(logs)
        return False

    outcome = _train_part(recipe, space, objective, PROBE_SAMPLES, 1, watch)
    if not curve:
        raise ObjectiveError(
            "HyperModel.fit ended without one epoch seen by its callbacks; pass the `callbacks` it is given to "
            "model.fit, or call their on_epoch_end(epoch, logs) in a loop of its own"
        )
    reported = list(dict.fromkeys(chain.from_iterable(curve)))
    if objective.metric in outcome.arrays and outcome.score is None:
        raise ObjectiveError(
            f"the objective {objective.metric!r} is an array of shape {outcome.arrays[objective.metric]}, as a number "
            "for each class; expected one number: give the metric an average, such as F1Score(average='macro'), or "
            "return the mean in its result()"
        )
    if objective.metric not in reported and outcome.score is None:
        raise ObjectiveError(
            f"the objective {objective.metric!r} is not reported by the model, which reports {', '.join(reported)}; "
            "name one of these in Objective(...) or add the metric to model.compile (it is needed after every epoch: "
            "validation_freq=1)"
        )
    return reported


def timed(
    recipe: Recipe, space: Space, objective: Objective, samples: int, epochs: int, on_epoch: Callable[[Logs], bool]
) -> int:
    """Trains the default configuration on the first samples of the data; returns the number of samples used.

    Raises:
        SpaceError: Training raises an error.
    """
    _train_part(recipe, space, objective, samples, epochs, on_epoch)
    return min(samples, size(recipe.splits.train) or samples)


def _train_part(
    recipe: Recipe, space: Space, objective: Objective, samples: int, epochs: int, on_epoch: Callable[[Logs], bool]
) -> Outcome:
    request = TrainingRequest(space.default(), 1, epochs, on_epoch)
    outcome = train_epochs(_part(recipe, samples), space, request, objective)
    if outcome.error:
        raise SpaceError(f"the model cannot be trained at its default values: {outcome.error}")
    return outcome


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
    with contextlib.suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Keras says of a model without a `call`
        model(first_samples(data_arguments(_part(recipe, 1))["x"]), training=True)


class _UntrainedFit:
    """Stands for `model.fit` while the space is recorded: trains nothing, and returns a history.

    Attributes:
        calls: How often it was called.
        most_epochs: That any call has asked for.
    """

    def __init__(self) -> None:
        self.calls = 0
        self.most_epochs = 0

    def __call__(self, model: keras.Model, *args: object, **kwargs: object) -> keras.callbacks.History:
        self.calls += 1
        with contextlib.suppress(TypeError):  # a `fit` with other arguments than Keras' own
            asked = fit_arguments.bind(model, args, kwargs)
            self.most_epochs = max(self.most_epochs, int(asked["epochs"]) - int(asked["initial_epoch"]))
        history = keras.callbacks.History()
        history.history = _AnyMetric()
        history.epoch = [0]
        return history


def _declare_in_fit(
    recipe: Recipe, hp: keras_tuner.HyperParameters, model: keras.Model, untrained: _UntrainedFit
) -> None:
    """Runs the user's `fit` on a few samples with fits that do nothing."""
    before = untrained.calls
    replace_fit(model, functools.partial(untrained, model))
    arguments = {**data_arguments(_part(recipe, PROBE_SAMPLES)), **recipe.fit_arguments, "epochs": 1}
    arguments["callbacks"] = [_NoTraining()]
    try:
        call_fit(recipe.hypermodel, hp, model, arguments, lambda: untrained.calls > before)
    except _DeclaredError:
        return
    except SpaceError:
        raise
    except Exception:
        # After model.fit, the user's code has an untrained model and an empty history: its errors mean nothing.
        if untrained.calls == before:
            raise


def _part(recipe: Recipe, samples: int) -> Recipe:
    """The same recipe with the first samples of its data, and as many steps as they give."""
    validation = None if recipe.splits.validation is None else head(recipe.splits.validation, samples)
    splits = Splits(head(recipe.splits.train, samples), validation)
    steps = ("steps_per_epoch", "validation_steps")
    arguments = {name: value for name, value in recipe.fit_arguments.items() if name not in steps}
    return Recipe(recipe.hypermodel, splits, arguments, recipe.callbacks)


def check_ends(recipe: Recipe) -> None:
    """Raises DataError if an epoch of Keras' own `fit` would never end."""
    for name, steps in (("train", "steps_per_epoch"), ("validation", "validation_steps")):
        endless = is_endless(recipe.splits.parts().get(name))
        if endless and not recipe.fit_arguments.get(steps) and not has_own_fit(recipe.hypermodel):
            raise DataError(
                f"{name} never ends, and so an epoch would not; give fit_arguments={{'{steps}': ...}}, the number of "
                "batches that are an epoch, or take(...) some of a Dataset"
            )
