"""The callback that watches a training: passes its epochs on, counts them, and ends it."""

from __future__ import annotations

import math
from collections.abc import Mapping

import keras
import numpy as np
import numpy.typing as npt

from tuning.objective import Objective
from tuning.training.outcome import Logs, scalars
from tuning.training.request import TrainingRequest
from tuning.training.state import State, read_state, set_generators


class Stop(BaseException):
    """Leaves the user's own code where another epoch would begin: the training was told to end.

    Not an Exception, because a user's code may catch those.
    """


class Watcher(keras.callbacks.Callback):
    """Sees each epoch end, in whatever code trains: passes its logs on, and ends the training on request.

    Each fit, or loop of the user's own, may train `request.epochs` epochs. A training that is told to end leaves the
    fit that runs as if it had come to its end, and what follows goes on; another epoch does not begin.
    """

    def __init__(self, request: TrainingRequest, best: BestWeights | None = None) -> None:
        super().__init__()
        self.request = request
        self.best = best
        self.epochs = 0
        """Seen so far, in all fits."""
        self.remaining = request.epochs - request.initial_epoch
        """Epochs that the fit which runs may still train."""
        self.fitted: keras.Model | None = None
        """The model whose `fit` is running."""
        self.continuable = False
        """Whether that fit can be continued."""
        self.state: State | None = None
        self.continues: State = []
        """The state that the next epoch starts from."""
        self.arrays: dict[str, tuple[int, ...]] = {}
        """Metrics that are arrays, by name: their shapes."""
        self.stopped = False
        self.interrupted = False
        """Whether epochs are missing because the training was told to end."""

    def begin(self, epochs: int) -> None:
        """A fit of this many epochs begins."""
        self.remaining = epochs
        self.state = None
        if self.best is not None:
            self.best.forget()

    def on_train_begin(self, logs: Mapping[str, npt.ArrayLike] | None = None) -> None:
        if self.fitted is None and self.epochs:  # a further loop of the user's own
            self.begin(self.request.epochs)

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, npt.ArrayLike] | None = None) -> None:
        self._leave_if_over()
        set_generators(self.continues)  # here, because Keras draws from them before its first epoch
        self.continues = []

    def on_epoch_end(self, epoch: int, logs: Mapping[str, npt.ArrayLike] | None = None) -> None:
        self._leave_if_over()
        self.epochs += 1
        self.remaining -= 1
        seen = scalars(logs or {})
        self.arrays |= {name: np.shape(value) for name, value in (logs or {}).items() if name not in seen}
        if self.best is not None:
            self.best.see(seen, self.model)
        self.stopped = self.request.on_epoch(seen)
        self.interrupted = self.stopped and self.remaining > 0
        in_fit = self.fitted is not None and self.fitted is self.model
        if not in_fit:
            if self.interrupted:
                raise Stop
            return
        if self.stopped or self.remaining <= 0:
            self.model.stop_training = True
        self.state = None
        if self.request.keep_state and self.continuable and self.model.stop_training:
            # Before on_train_end, where a callback may restore other weights: training continues from these.
            self.state = read_state(self.model)

    def _leave_if_over(self) -> None:
        if self.stopped:
            self.interrupted = True
        if self.stopped or self.remaining <= 0:
            raise Stop

    def __copy__(self) -> Watcher:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Watcher:
        return self


class BestWeights:
    """Keeps the weights of the epoch that counts in the last fit.

    Attributes:
        logs: What that epoch reported.
    """

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        self.forget()

    def forget(self) -> None:
        self.logs: Logs = {}
        self.score = math.nan
        self.weights: list[np.ndarray] | None = None

    def see(self, logs: Logs, model: keras.Model) -> None:
        """An epoch's weights. If only `fit` itself knows the score, the last epoch counts."""
        score = logs.get(self.objective.metric, math.nan)
        latest = self.objective.epoch == "last" or self.objective.metric not in logs
        if latest or self.objective.better(score, self.score):
            self.logs, self.score, self.weights = logs, score, model.get_weights()

    def restore(self, model: keras.Model) -> None:
        """A callback may have set other weights at the end, as EarlyStopping does."""
        if self.weights is not None:
            model.set_weights(self.weights)
