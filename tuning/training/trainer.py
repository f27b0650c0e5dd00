"""The one path that trains: a configuration becomes a model, and the model is trained epoch by epoch.

    seed everything -> build -> restore a parent's state -> HyperModel.fit, whose model.fit is ours -> curve, score

Of every model, `fit` is replaced by one that trains whole epochs in compiled calls (`compiled_epoch`) or, if that is
not possible, by Keras' own loop (`keras_loop`), always over the same batches. A watcher, the last of the callbacks,
passes the logs on at the end of each epoch and ends the training on request. It is also given to `HyperModel.fit` as
a callback, so that a user's own training loop that calls its callbacks is counted and ended in the same way.
"""

from __future__ import annotations

import contextlib
import math
from dataclasses import replace
from pathlib import Path

import keras
import keras_tuner
import numpy as np

from tuning.arrays import read
from tuning.batches import is_dataset, is_endless
from tuning.configuration import Configuration
from tuning.errors import StudyError
from tuning.journal.records import FATAL
from tuning.objective import Objective
from tuning.process.silence import silent
from tuning.space.space import Space
from tuning.splits import Part
from tuning.text import error_line
from tuning.training.fit import Fit
from tuning.training.fit_result import score_of
from tuning.training.held_out import scores_on_test
from tuning.training.hypermodel_fit import call_fit
from tuning.training.memory import TooLarge, weights_within
from tuning.training.outcome import Logs, Outcome
from tuning.training.recipe import Recipe, build, has_own_fit
from tuning.training.request import TrainingRequest
from tuning.training.session import clear_session, seeds_of_its_own
from tuning.training.watcher import BestWeights, Stop, Watcher
from tuning.training.winner import anatomy as inspection
from tuning.training.winner import tensorboard_logs
from tuning.training.winner.saving import load_model, save_model


def train_epochs(
    recipe: Recipe,
    space: Space,
    request: TrainingRequest,
    objective: Objective,
    *,
    test: bool = False,
    save: Path | None = None,
    logs: Path | None = None,
) -> Outcome:
    """Trains what a request asks for.

    Args:
        recipe: The problem's recipe.
        space: Space of the request's configuration.
        request: What to train; see `TrainingRequest`.
        objective: Of the problem; it reads the score that a user's `fit` returns.
        test: Whether the weights that count (the best epoch's or the last's) are scored on the test split.
        save, logs: With `test`; see `RetrainingRequest`.

    Returns:
        The outcome. An error in the user's code is stored in its `error`, never raised.
    """
    hp = space.to_hp(request.configuration)
    clear_session()
    keras.utils.set_random_seed(request.seed)
    best = BestWeights(objective) if test else None
    watcher = Watcher(request, best)
    trainer = Fit(recipe, request, watcher, () if logs is None else [tensorboard_logs.callback(logs)])
    outcome = Outcome()
    model = None
    try:
        with seeds_of_its_own(request.seed), trainer.of_every_model(), silent():
            try:
                with weights_within(request.memory):
                    model = build(recipe, hp)
                trainer.attach(model)
                outcome.score = _score(trainer, hp, model, objective)
            except Stop:
                outcome.score = math.nan if len(trainer.ways) > 1 else None
        if best is not None and model is not None:
            with silent():
                _after(outcome, trainer, hp, trainer.trained or model, best, save, logs)
    except keras_tuner.errors.FatalError as error:
        outcome.error = FATAL + error_line(error).removeprefix(FATAL)
    except TooLarge as error:
        outcome.error = str(error)
    except Exception as error:
        outcome.error = error_line(error)
    outcome.fit, outcome.state, outcome.interrupted = trainer.how, watcher.state, watcher.interrupted
    outcome.arrays = watcher.arrays
    if model is not None:
        trainer.detach(model)
    return outcome


def _score(trainer: Fit, hp: keras_tuner.HyperParameters, model: keras.Model, objective: Objective) -> float | None:
    """Calls `HyperModel.fit`; returns the score that it says it has reached, None if its one fit shows it."""
    result = _fit(trainer, hp, model)
    if len(trainer.ways) == 1 and isinstance(result, keras.callbacks.History):
        return None
    return score_of(result, objective)


def _fit(trainer: Fit, hp: keras_tuner.HyperParameters, model: keras.Model) -> object:
    """What `HyperModel.fit` returns, trained by `trainer`."""
    return call_fit(
        trainer.recipe.hypermodel, hp, model, trainer.arguments(), lambda: trainer.has_begun, trainer.withhold
    )


def _after(
    outcome: Outcome,
    trainer: Fit,
    hp: keras_tuner.HyperParameters,
    model: keras.Model,
    best: BestWeights,
    save: Path | None,
    logs: Path | None,
) -> None:
    """Scores a trained model on test; saves and describes it if asked."""
    best.restore(model)
    trainer.detach(model)
    outcome.test, outcome.untested = scores_on_test(trainer, hp, model, best.objective, best.logs)
    if save is None:
        return
    splits = trainer.recipe.splits
    splits = replace(splits, validation=read(splits.validation), test=read(splits.test))
    remarks = [save_model(model, save, trainer.recipe)]
    if outcome.untested:
        remarks.append(f"Not scored on the test split: {outcome.untested}.")
    outcome.anatomy = inspection.anatomy(model, splits, best.objective, [remark for remark in remarks if remark])
    if logs is not None:
        outcome.notes = tensorboard_logs.write(logs, model, splits, best.objective)


def continue_training(
    recipe: Recipe,
    space: Space,
    objective: Objective,
    configuration: Configuration,
    path: Path,
    epochs: int,
    *,
    seed: int,
    save: Path,
) -> Logs:
    """Trains a saved model further, by the recipe of `of_all_data`; see `Problem.continue_training`."""
    clear_session()
    hp = space.to_hp(configuration)
    model = load_model(recipe, hp, path)
    keras.utils.set_random_seed(seed)
    request = TrainingRequest(configuration, seed, epochs, lambda logs: False)
    best = BestWeights(Objective(objective.metric, objective.direction, "last"))
    try:
        trainer = Fit(replace(recipe, callbacks=()), request, Watcher(request, best))
        with trainer.of_every_model(), silent():
            trainer.attach(model)
            with contextlib.suppress(Stop):
                _fit(trainer, hp, model)
        trainer.detach(model)
        save_model(model, save, recipe)
        return scores_on_test(trainer, hp, model, objective, best.logs)[0]
    except Exception as error:
        raise StudyError(f"{path} cannot be trained on: {error_line(error)}") from error


def of_all_data(recipe: Recipe) -> Recipe:
    """The recipe with the validation data among the training data; a user's own `fit` still gets them as such.

    Raises:
        StudyError: The data are batches that cannot be joined.
    """
    train, validation = recipe.splits.train, recipe.splits.validation
    if validation is None:
        whole = train
    elif isinstance(train, tuple):
        size = max(len(train), len(validation))
        parts = zip(_of_length(size, train), _of_length(size, validation), strict=True)
        whole = tuple(keras.tree.map_structure(lambda *both: np.concatenate(both), *both) for both in parts)
    elif is_dataset(train) and not is_endless(train):
        whole = train.concatenate(validation)
    else:
        raise StudyError("batches of one's own, or without end, cannot be joined with validation data to train on")
    watched = validation if has_own_fit(recipe.hypermodel) else None
    return replace(recipe, splits=replace(recipe.splits, train=whole, validation=watched))


def _of_length(size: int, part: Part) -> Part:
    """``(x, y)`` with a weight of 1 for each sample if `size` is 3."""
    return part if len(part) == size else (*part, np.ones(len(keras.tree.flatten(part)[0])))
