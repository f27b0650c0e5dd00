"""The one path that trains: a configuration becomes a model, and the model is trained epoch by epoch.

    seed everything -> build -> restore a parent's state -> HyperModel.fit, whose model.fit is ours -> curve

On each model, `model.fit` is replaced by one that trains whole epochs in compiled calls (`compiled_epoch`) or, if that
is not possible, by Keras' own loop (`keras_loop`), always over the same batches. A watcher, the last of the callbacks,
passes the logs on at the end of each epoch and stops the training on request. It is also given to `HyperModel.fit` as
a callback, so that a user's own training loop that calls its callbacks is counted and stopped in the same way.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import keras
import numpy as np

from tuning.configuration import Configuration
from tuning.errors import StudyError
from tuning.objective import Objective
from tuning.space.space import Space
from tuning.text import error_line
from tuning.training.fit import BestWeights, Fit, Stop, Watcher
from tuning.training.hypermodel_fit import call_fit
from tuning.training.outcome import Logs, Outcome
from tuning.training.recipe import Recipe, build
from tuning.training.request import TrainingRequest
from tuning.training.session import clear_session, seeds_of_its_own
from tuning.training.winner import anatomy as inspection
from tuning.training.winner import tensorboard_logs
from tuning.training.winner.saving import load_model, save_model


def train_epochs(
    recipe: Recipe,
    space: Space,
    request: TrainingRequest,
    *,
    test_by: Objective | None = None,
    save: Path | None = None,
    logs: Path | None = None,
) -> Outcome:
    """Trains what a request asks for.

    Args:
        recipe: The problem's recipe.
        space: Space of the request's configuration.
        request: What to train; see `TrainingRequest`.
        test_by: Its rule chooses the weights to score on the test split (the best epoch's or the last's).
        save, logs: With `test_by`; see `RetrainingRequest`.

    Returns:
        The outcome. An error in the user's code is stored in its `error`, never raised.
    """
    hp = space.to_hp(request.configuration)
    clear_session()
    keras.utils.set_random_seed(request.seed)
    best = None if test_by is None else BestWeights(test_by)
    watcher = Watcher(request, best)
    trainer = Fit(recipe, request, watcher, () if logs is None else [tensorboard_logs.callback(logs)])
    outcome = Outcome()
    model = None
    try:
        with seeds_of_its_own(request.seed):
            model = build(recipe, hp)
            trainer.attach(model)
            with contextlib.suppress(Stop):
                call_fit(recipe.hypermodel, hp, model, trainer.arguments(), lambda: trainer.has_begun, trainer.withhold)
            if best is not None:
                best.restore(model)
                outcome.test = trainer.test(model)
            if save is not None and test_by is not None:
                trainer.detach(model)
                remark = save_model(model, save)
                outcome.anatomy = inspection.anatomy(model, recipe.splits, test_by, [remark] if remark else [])
                if logs is not None:
                    outcome.notes = tensorboard_logs.write(logs, model, recipe.splits, test_by)
    except Exception as error:
        outcome.error = error_line(error)
    outcome.fit, outcome.state = trainer.how, watcher.state
    if model is not None:
        trainer.detach(model)
    return outcome


def continue_training(
    recipe: Recipe, space: Space, configuration: Configuration, path: Path, epochs: int, *, seed: int, save: Path
) -> Logs:
    """Trains a saved model further on training and validation data together; see `Problem.continue_training`."""
    train, validation = recipe.splits.train, recipe.splits.validation
    clear_session()
    model = load_model(recipe, space.to_hp(configuration), path)
    keras.utils.set_random_seed(seed)
    request = TrainingRequest(configuration, seed, epochs, lambda logs: False)
    trainer = Fit(recipe, request, Watcher(request))
    try:
        if isinstance(train, tuple):
            parts = zip(train, validation, strict=True)
            arrays = [keras.tree.map_structure(lambda *both: np.concatenate(both), *both) for both in parts]
            data = dict(zip(("x", "y", "sample_weight"), arrays, strict=False))
        else:
            data = {"x": train.concatenate(validation)}
        model.fit(**data, **recipe.fit_arguments, epochs=epochs, verbose=0)
        save_model(model, save)
        return trainer.test(model)
    except Exception as error:
        raise StudyError(f"{path} cannot be trained on: {error_line(error)}") from error
