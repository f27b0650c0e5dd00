"""What replaces `model.fit` during a trial, and the callback that watches it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import keras
import numpy as np
import numpy.typing as npt

from tuning import seeds
from tuning.objective import Objective
from tuning.training import compiled_epoch, fit_arguments, keras_loop
from tuning.training.internals import keras as keras_internals
from tuning.training.outcome import Logs, scalars
from tuning.training.recipe import Recipe, data_arguments
from tuning.training.request import TrainingRequest
from tuning.training.state import State, first_samples, read_state, set_generators, write_state

GivenCallbacks: TypeAlias = (
    keras.callbacks.CallbackList | Sequence[keras.callbacks.Callback] | keras.callbacks.Callback | None
)
"""What a call of `model.fit` may pass as `callbacks`."""


class Stop(BaseException):
    """Leaves a user's own training loop, which knows nothing of `stop_training`."""


class Watcher(keras.callbacks.Callback):
    """Sees each epoch end: passes its logs on, and stops the training at the target or on request."""

    def __init__(self, request: TrainingRequest, best: BestWeights | None = None) -> None:
        super().__init__()
        self.request = request
        self.remaining = request.epochs - request.initial_epoch
        self.best = best
        self.state: State | None = None
        self.fitted: keras.Model | None = None
        """The model whose `fit` is running."""
        self.continuable = False
        """Whether that fit can be continued."""
        self.stopped = False
        self.continues: State = []
        """The state that the next epoch starts from."""

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, npt.ArrayLike] | None = None) -> None:
        if self.stopped:
            raise Stop
        set_generators(self.continues)  # here, because Keras draws from them before its first epoch
        self.continues = []

    def on_epoch_end(self, epoch: int, logs: Mapping[str, npt.ArrayLike] | None = None) -> None:
        if self.stopped:
            raise Stop
        self.remaining -= 1
        seen = scalars(logs or {})
        if self.best is not None:
            self.best.see(seen, self.model)
        self.stopped = self.request.on_epoch(seen) or self.remaining <= 0
        in_fit = self.fitted is not None and self.fitted is self.model
        self.state = None
        if self.request.keep_state and in_fit and self.continuable and (self.stopped or self.model.stop_training):
            # Before on_train_end, where a callback may restore other weights: training continues from these.
            self.state = read_state(self.model)
        if self.stopped:
            self.model.stop_training = True
            if not in_fit:
                raise Stop

    def __copy__(self) -> Watcher:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Watcher:
        return self


class BestWeights:
    """Keeps the weights of the epoch that counts."""

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        self.score = math.nan
        self.weights: list[np.ndarray] | None = None

    def see(self, logs: Logs, model: keras.Model) -> None:
        score = logs.get(self.objective.metric, math.nan)
        if self.objective.epoch == "last" or self.objective.better(score, self.score):
            self.score, self.weights = score, model.get_weights()

    def restore(self, model: keras.Model) -> None:
        """A callback may have set other weights at the end, as EarlyStopping does."""
        if self.weights is not None:
            model.set_weights(self.weights)


class Fit:
    """What replaces `model.fit` during a trial.

    A training can be continued if it was one call of Keras' own `model.fit`, up to the epochs that `HyperModel.fit`
    was given. A second fit, or a user's own loop or optimizer, cannot be entered in the middle.
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
        self.configuration = repr(sorted(request.configuration.items()))
        self.watcher = watcher
        self.epoch = request.initial_epoch
        self.ways: list[str] = []
        self.withheld: Mapping[str, object] = {}
        """Arguments that the signature of `HyperModel.fit` has no place for: `model.fit` gets them from here."""

    def arguments(self) -> fit_arguments.Arguments:
        """What `HyperModel.fit` gets in addition to `hp` and `model`."""
        arguments = {**data_arguments(self.recipe), **self.recipe.fit_arguments, "epochs": self.request.epochs}
        return {**arguments, "callbacks": [*self.recipe.fresh_callbacks(), *self.callbacks, self.watcher]}

    def withhold(self, arguments: Mapping[str, object]) -> None:
        self.withheld = arguments

    def attach(self, model: keras.Model) -> None:
        keras_internals.replace_fit(model, lambda *args, **kwargs: self(model, *args, **kwargs))
        self.watcher.set_model(model)

    def detach(self, model: keras.Model) -> None:
        keras_internals.restore_fit(model)

    @property
    def has_begun(self) -> bool:
        """Whether a fit, or a loop that calls its callbacks, has begun."""
        return bool(self.ways) or self.watcher.remaining < self.request.epochs - self.request.initial_epoch

    @property
    def how(self) -> str:
        """What trained the model; each way is named once."""
        return "; ".join(dict.fromkeys(self.ways)) or "a loop of the user's own"

    def __call__(self, model: keras.Model, *args: object, **kwargs: object) -> keras.callbacks.History:
        if type(model).fit is not keras.Model.fit:
            return self._by_its_own_fit(model, args, kwargs)
        arguments = fit_arguments.bind(model, args, kwargs, self.withheld)
        arguments["callbacks"] = self._with_watcher(arguments["callbacks"])
        initial_epoch = self.request.initial_epoch
        if initial_epoch and not self.ways:  # HyperModel.fit does not know that it continues
            arguments["initial_epoch"] = initial_epoch
            if not model.built:
                model(first_samples(arguments["x"]), training=False)
            self.watcher.continues = self.request.state or []
            write_state(model, self.watcher.continues)
        reason = compiled_epoch.fallback_reason(model, arguments)
        continuable = arguments["epochs"] == self.request.epochs and arguments["initial_epoch"] == initial_epoch
        with self._fitting(model, f"keras: {reason}" if reason else "compiled", continuable):
            if reason:
                return keras_loop.fit_by_keras(model, arguments, self.next_order)
            return compiled_epoch.fit(model, arguments, self.next_order, self.recipe.resident, self.configuration)

    def test(self, model: keras.Model) -> Logs:
        """Metrics on the test split, with the batch size that `fit` validates with; none without such a split."""
        test = self.recipe.splits.test
        if test is None:
            return {}
        sizes = (self.recipe.fit_arguments.get(name) for name in ("validation_batch_size", "batch_size"))
        batch_size = next((size for size in sizes if size), 32)  # Keras' own default
        if self.how == "compiled" and isinstance(test, tuple):
            return scalars(compiled_epoch.evaluate(model, test, batch_size, self.recipe.resident, self.configuration))
        arrays = dict(zip(("x", "y", "sample_weight"), test if isinstance(test, tuple) else (test,), strict=False))
        size = batch_size if isinstance(test, tuple) else None
        return scalars(model.evaluate(**arrays, batch_size=size, return_dict=True, verbose=0))

    def _by_its_own_fit(
        self, model: keras.Model, args: Sequence[object], kwargs: dict[str, object]
    ) -> keras.callbacks.History:
        """A subclass's own `fit` may take other arguments and gets them unchanged."""
        kwargs["callbacks"] = self._with_watcher(kwargs.get("callbacks"))
        if fit_arguments.takes(type(model).fit, "verbose"):
            kwargs.setdefault("verbose", 0)
        with self._fitting(model, f"keras: {type(model).__name__} has a fit of its own", continuable=False):
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
        self.watcher.continuable = continuable and not self.ways and only_its_own
        self.ways.append(way)
        before, self.watcher.fitted = self.watcher.fitted, model
        try:
            yield
        finally:
            self.watcher.fitted = before

    def next_order(self, size: int) -> np.ndarray:
        order = seeds.order_of_epoch(self.request.seed, self.epoch, size)
        self.epoch += 1
        return order
