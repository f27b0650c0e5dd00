"""Models saved to files, and loaded from them."""

from __future__ import annotations

from pathlib import Path

import keras
import keras_tuner

from tuning.errors import StudyError
from tuning.journal.winner_record import weights_file
from tuning.text import error_line
from tuning.training.recipe import Recipe, build, data_arguments
from tuning.training.state import make_variables


def save_model(model: keras.Model, path: Path, recipe: Recipe) -> str:
    """Saves a model, and its weights next to it; returns a sentence if only the weights could be saved, else ''.

    Args:
        recipe: Its data build a model that was trained without a call.
    """
    if type(model).call is keras.Model.call:
        model.built = True  # its train_step has made what there is, and Keras cannot
    else:
        _make_variables(model, recipe)
    model.save_weights(weights_file(path))
    try:
        model.save(path)
    except Exception as error:  # a user's own class need not tell Keras how to rebuild it
        path.unlink(missing_ok=True)
        return (
            f"Keras cannot save it whole: its weights are saved, for a model built anew from its configuration "
            f"({error_line(error, 150)})."
        )
    return ""


def load_model(recipe: Recipe, hp: keras_tuner.HyperParameters, path: Path) -> keras.Model:
    """The model from a file that `save_model` wrote, compiled, with its optimizer's state.

    Keras' safe mode refuses to run code from the file, such as a lambda, and does not know a user's class that is not
    registered. Such a model, or one that could not be saved whole, is built by `build_model` from `hp`, and its
    weights are loaded.

    Raises:
        StudyError: Both ways fail.
    """
    try:
        if not path.is_file():
            raise FileNotFoundError("Keras could not save it whole")
        return keras.saving.load_model(path, safe_mode=True)
    except Exception as refused:
        try:
            model = build(recipe, hp)
            _make_variables(model, recipe)
            if model.optimizer is not None and not model.optimizer.built:  # it would silently drop its state
                model.optimizer.build(model.trainable_variables)
            model.load_weights(weights_file(path))
        except Exception as error:
            words = f"{error_line(refused, 150)}; built anew: {error_line(error, 150)}"
            raise StudyError(f"{path} cannot be loaded: {words}") from error
        return model


def _make_variables(model: keras.Model, recipe: Recipe) -> None:
    data = data_arguments(recipe)
    make_variables(model, data["x"], data.get("y"))
