"""What replaces `model.fit` during a trial."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import keras
import numpy as np

from tuning import seeds
from tuning.arrays import read
from tuning.batches import fresh, in_batches, is_dataset, is_endless
from tuning.splits import FIELDS, Part
from tuning.training import compiled_epoch, fit_arguments, keras_loop, memory
from tuning.training.internals import keras as keras_internals
from tuning.training.outcome import Logs, scalars
from tuning.training.recipe import Recipe, data_arguments
from tuning.training.request import TrainingRequest
from tuning.training.state import make_variables, write_state
from tuning.training.watcher import Watcher

GivenCallbacks: TypeAlias = (
    keras.callbacks.CallbackList | Sequence[keras.callbacks.Callback] | keras.callbacks.Callback | None
)
"""What a call of `model.fit` may pass as `callbacks`."""


class Fit:
    """What replaces the `fit` of every model during a trial, however many the user's code makes and fits.

    Each fit trains the epochs that it is asked for, but no more than the request's. A training can be continued if it
    was one call of Keras' own `model.fit`, up to the epochs that `HyperModel.fit` was given. A second fit, or a user's
    own loop or optimizer, cannot be entered in the middle.

    Attributes:
        trained: The model that was fitted last.
        models: How many models `HyperModel.fit` has fitted.
        as_given: Whether each fit got the training data of the recipe, unchanged.
    """

    def __init__(
        self,
        recipe: Recipe,
        request: TrainingRequest,
        watcher: Watcher,
        callbacks: Sequence[keras.callbacks.Callback] = (),
    ) -> None:
        self.recipe = recipe
        self.request = request
        self.callbacks = callbacks
        self.watcher = watcher
        self.epoch = request.initial_epoch
        self.ways: list[str] = []
        self.trained: keras.Model | None = None
        self.models = 0
        self.as_given = True
        self._epochs_before = 0
        self._given: fit_arguments.Arguments = {}
        self.withheld: Mapping[str, object] = {}
        """Arguments that the signature of `HyperModel.fit` has no place for: `model.fit` gets them from here."""

    def arguments(self) -> fit_arguments.Arguments:
        """What `HyperModel.fit` gets in addition to `hp` and `model`."""
        self._given = data_arguments(self.recipe)
        arguments = {**self._given, **self.recipe.fit_arguments, "epochs": self.request.epochs}
        return {
            **arguments,
            "callbacks": [*self.recipe.fresh_callbacks(self.request.seed), *self.callbacks, self.watcher],
        }

    def withhold(self, arguments: Mapping[str, object]) -> None:
        self.withheld = arguments

    def attach(self, model: keras.Model) -> None:
        """Now `HyperModel.fit` trains this model, and what was fitted to build it does not count as that."""
        keras_internals.replace_fit(model, lambda *args, **kwargs: self(model, *args, **kwargs))
        self.watcher.set_model(model)
        self.trained, self.models, self.as_given = None, 0, True
        self._epochs_before = self.watcher.epochs

    def detach(self, model: keras.Model) -> None:
        keras_internals.restore_fit(model)

    @contextlib.contextmanager
    def of_every_model(self) -> Iterator[None]:
        """Within, also the models that are not attached are fitted by this."""

        def fit(model: keras.Model, *args: object, **kwargs: object) -> keras.callbacks.History:
            if self.watcher.fitted is not model:
                return self(model, *args, **kwargs)
            arguments = fit_arguments.bind(model, args, kwargs)  # by the `fit` of a subclass
            self.watcher.begin(self._epochs(arguments))
            return keras_internals.original_fit(model, *args, **kwargs)

        with keras_internals.fits_through(fit):
            yield

    @property
    def has_begun(self) -> bool:
        """Whether `HyperModel.fit` has begun to train: by a fit, or by a loop that calls its callbacks."""
        return self.models > 0 or self.watcher.epochs > self._epochs_before

    @property
    def how(self) -> str:
        """What trained the model; each way is named once."""
        return "; ".join(dict.fromkeys(self.ways)) or "a loop of the user's own"

    def __call__(self, model: keras.Model, *args: object, **kwargs: object) -> keras.callbacks.History:
        self.models += model is not self.trained
        self.trained = model
        if type(model).fit is not keras.Model.fit:
            return self._by_its_own_fit(model, args, kwargs)
        arguments = fit_arguments.bind(model, args, kwargs, self.withheld)
        memory.check(model, arguments, self.request.memory)
        self.as_given = self.as_given and self._is_given(arguments)
        arguments["callbacks"] = self._with_watcher(arguments["callbacks"])
        initial_epoch = self.request.initial_epoch
        if initial_epoch and not self.ways:  # HyperModel.fit does not know that it continues
            arguments["initial_epoch"] = initial_epoch
            make_variables(model, arguments["x"], arguments["y"])
            self.watcher.continues = self.request.state or []
            write_state(model, self.watcher.continues)
        reason = compiled_epoch.fallback_reason(model, arguments)
        continuable = arguments["epochs"] == self.request.epochs and arguments["initial_epoch"] == initial_epoch
        # What a user's own batches, or an endless Dataset, give next is known to nobody else.
        whole = is_dataset(arguments["x"]) and arguments["steps_per_epoch"] is None
        continuable = continuable and (whole or fit_arguments.is_arrays(arguments["x"]))
        way = f"keras: {reason}" if reason else "compiled"
        if arguments["epochs"] - arguments["initial_epoch"] > self.request.epochs:
            way += " (for fewer epochs than fit asked for)"
        cached_as = f"fit {len(self.ways)}"  # a later one may train other layers of the same model
        with self._fitting(model, way, continuable):
            self.watcher.begin(self._epochs(arguments))
            if reason:
                return keras_loop.fit_by_keras(model, fit_arguments.with_arrays(arguments), self.next_order)
            return compiled_epoch.fit(model, arguments, self.next_order, self.recipe.resident, cached_as)

    def evaluate(self, model: keras.Model, part: Part) -> Logs:
        """Metrics on a part of the data, with the batch size that `fit` validates with."""
        if in_batches(part):
            steps = self.recipe.fit_arguments.get("validation_steps") if is_endless(part) else None
            return scalars(model.evaluate(fresh(part), steps=steps, return_dict=True, verbose=0))
        sizes = (self.recipe.fit_arguments.get(name) for name in ("validation_batch_size", "batch_size"))
        batch_size = next((size for size in sizes if size), 32)  # Keras' own default
        if self.how == "compiled":
            return scalars(compiled_epoch.evaluate(model, part, batch_size, self.recipe.resident, "fit 0"))
        arrays = fit_arguments.texts_as_tensors(dict(zip(FIELDS, read(part), strict=False)))
        return scalars(model.evaluate(**arrays, batch_size=batch_size, return_dict=True, verbose=0))

    def _epochs(self, arguments: Mapping[str, int]) -> int:
        """How many a fit with these arguments is to train."""
        asked = int(arguments["epochs"]) - int(arguments["initial_epoch"])
        return min(asked, self.request.epochs - (0 if self.ways[1:] else self.request.initial_epoch))

    def _is_given(self, arguments: fit_arguments.Arguments) -> bool:
        """Whether a fit trains on the recipe's own data, and not on what the user's code has made of them."""
        return all(_same(arguments[name], self._given.get(name)) for name in ("x", "y"))

    def _by_its_own_fit(
        self, model: keras.Model, args: Sequence[object], kwargs: dict[str, object]
    ) -> keras.callbacks.History:
        """A subclass's own `fit` may take other arguments and gets them unchanged."""
        kwargs = {**fit_arguments.with_arrays(kwargs), "callbacks": self._with_watcher(kwargs.get("callbacks"))}
        if fit_arguments.takes(type(model).fit, "verbose"):
            kwargs.setdefault("verbose", 0)
        self.as_given = False
        with self._fitting(model, f"keras: {type(model).__name__} has a fit of its own", continuable=False):
            self.watcher.begin(self.request.epochs)
            return type(model).fit(model, *args, **kwargs)

    def _with_watcher(self, callbacks: GivenCallbacks) -> GivenCallbacks:
        """The callbacks, with the watcher last."""
        if isinstance(callbacks, keras.callbacks.CallbackList):
            if self.watcher not in callbacks.callbacks:
                callbacks.append(self.watcher)
            return callbacks
        given = keras.tree.flatten(callbacks) if callbacks else []
        return [callback for callback in given if callback is not self.watcher] + [self.watcher]

    @contextlib.contextmanager
    def _fitting(self, model: keras.Model, way: str, continuable: bool) -> Iterator[None]:
        optimizers = [value for value in vars(model).values() if isinstance(value, keras.optimizers.Optimizer)]
        only_its_own = all(optimizer is model.optimizer for optimizer in optimizers)
        watcher = self.watcher
        outer = (watcher.fitted, watcher.remaining)
        watcher.fitted, watcher.continuable = model, continuable and not self.ways and only_its_own
        self.ways.append(way)
        try:
            yield
        finally:
            watcher.fitted = outer[0]
            if watcher.fitted is not None:  # this was a fit within that one's
                watcher.set_model(watcher.fitted)
                watcher.remaining = outer[1]

    def next_order(self, size: int) -> np.ndarray:
        order = seeds.order_of_epoch(self.request.seed, self.epoch, size)
        self.epoch += 1
        return order


def _same(theirs: fit_arguments.Data, ours: fit_arguments.Data) -> bool:
    """Whether two structures hold the same arrays: the same memory, or the same Dataset."""
    if theirs is ours:
        return True
    theirs, ours = keras.tree.flatten(theirs), keras.tree.flatten(ours)
    return len(theirs) == len(ours) and all(
        one is other
        or (
            isinstance(one, np.ndarray)
            and isinstance(other, np.ndarray)
            and one.__array_interface__ == other.__array_interface__
        )
        for one, other in zip(theirs, ours, strict=True)
    )
