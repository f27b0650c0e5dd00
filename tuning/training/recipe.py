"""All that training needs besides a configuration: the user's model code, data and arguments."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import keras
import keras_tuner

from tuning.batches import fresh, in_batches
from tuning.errors import SpaceError, StudyError
from tuning.splits import FIELDS, Splits
from tuning.text import error_line
from tuning.training import resident as residents
from tuning.training.fit_arguments import Arguments

BuildModel: TypeAlias = (
    Callable[[keras_tuner.HyperParameters], keras.Model] | keras_tuner.HyperModel | type[keras_tuner.HyperModel]
)
Callbacks: TypeAlias = Callable[[], Sequence[keras.callbacks.Callback]] | Sequence[keras.callbacks.Callback]
"""A function without arguments that returns a list, or a list to be copied."""


@dataclass(frozen=True)
class Recipe:
    """All that training needs besides a configuration.

    Attributes:
        hypermodel: `build(hp)` makes the model, `fit(hp, model, ...)` trains it.
        splits: Training and validation data.
        fit_arguments: Further arguments of `model.fit`, such as ``{"batch_size": 64}``.
        callbacks: A function without arguments that returns a list, or a list to be copied; new ones for each trial.
        resident: Tensors of the data, shared by all trials.
    """

    hypermodel: keras_tuner.HyperModel
    splits: Splits
    fit_arguments: Arguments = field(default_factory=dict)
    callbacks: Callbacks = ()
    resident: residents.Resident = field(default_factory=residents.Resident)

    def fresh_callbacks(self, seed: int) -> list[keras.callbacks.Callback]:
        """For the training of this seed. As in KerasTuner, a copied TensorBoard logs each into a folder of its own.

        Raises:
            StudyError: Those given cannot be copied.
        """
        if callable(self.callbacks):
            made = self.callbacks()
            return [made] if isinstance(made, keras.callbacks.Callback) else list(made)
        try:
            copied = copy.deepcopy(list(self.callbacks))
        except Exception as error:
            raise StudyError(
                f"the callbacks cannot be copied for each trial ({error_line(error)}); give a function that returns "
                "new ones: callbacks=lambda: [...]"
            ) from error
        for callback in copied:
            if isinstance(callback, keras.callbacks.TensorBoard):
                callback.log_dir = str(Path(callback.log_dir) / str(seed))
        return copied


class _FromFunction(keras_tuner.HyperModel):
    """A function `build_model(hp)` as a `kt.HyperModel`, as KerasTuner wraps it."""

    def __init__(self, build: Callable[[keras_tuner.HyperParameters], keras.Model]) -> None:
        super().__init__()
        self.build = build


def hypermodel_of(build_model: object) -> keras_tuner.HyperModel:
    """Makes a `kt.HyperModel` from an object, from its class, or from a function `build_model(hp)`.

    Raises:
        SpaceError: It is none of these.
    """
    if isinstance(build_model, type) and issubclass(build_model, keras_tuner.HyperModel):
        kind = build_model
        try:
            build_model = kind()
        except TypeError as error:
            name = kind.__name__
            raise SpaceError(
                f"{name}() cannot be made ({error_line(error)}); give an object, such as model = {name}(...), and not "
                "the class"
            ) from error
    if isinstance(build_model, keras_tuner.HyperModel):
        return build_model
    if not callable(build_model):
        raise SpaceError(
            f"build_model is {build_model!r} of type {type(build_model).__name__}; "
            "expected a function build_model(hp) that returns a compiled Keras model, or a kt.HyperModel"
        )
    return _FromFunction(build_model)


def has_own_fit(hypermodel: keras_tuner.HyperModel) -> bool:
    return type(hypermodel).fit is not keras_tuner.HyperModel.fit


def build(recipe: Recipe, hp: keras_tuner.HyperParameters) -> keras.Model:
    model = recipe.hypermodel.build(hp)
    if not isinstance(model, keras.Model):
        raise SpaceError(f"build_model returned {type(model).__name__}; expected a compiled keras.Model")
    if not model.compiled and not has_own_fit(recipe.hypermodel):  # the user's own loop needs no compile
        raise SpaceError("build_model returned a model that is not compiled; call model.compile(...) before return")
    return model


def data_arguments(recipe: Recipe) -> Arguments:
    """`x`, `y` and the rest as KerasTuner's users pass them to `search`; batches are passed as `x` alone, made anew."""
    train, validation = recipe.splits.train, recipe.splits.validation
    given = (
        {} if validation is None else {"validation_data": fresh(validation) if in_batches(validation) else validation}
    )
    if in_batches(train):
        return {"x": fresh(train), **given}
    return {**dict(zip(FIELDS, train, strict=False)), **given}
