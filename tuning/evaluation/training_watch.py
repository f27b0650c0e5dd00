"""Watches one training epoch by epoch: collects its curve, and stops it if it must not continue."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from tuning.journal.records import TrialState

if TYPE_CHECKING:
    from tuning.training.outcome import Logs


class TrainingWatch:
    """The `on_epoch` callback of a training, for trials and retrainings alike.

    A training ends FAILED if its loss or objective is not finite, or if it takes too long: `error` says which.

    Args:
        metric: Of the objective.
        epochs: The training is complete at this epoch; from then on neither `seconds` nor a rule stops it.
        initial_epoch: Epochs of earlier trials that it continues from.
        repeated: How many epochs, counted before, are repeated first; they are not watched.
        seconds: Time limit, None for no limit; the clock starts when this object is created.
        on_running: Called now and after each epoch with the curve so far.
        rule: Called after each finite epoch with its number (over all trials); returns the state in which the training
            is to end there, or None.

    Attributes:
        curve: Metrics of each epoch, without those before `initial_epoch`.
        error: Why it FAILED, in words; empty if it did not.
        stopped: The state with which `rule` ended it; None if it did not.
        repeated: Epochs still to be repeated.
    """

    def __init__(
        self,
        metric: str,
        epochs: int,
        *,
        initial_epoch: int = 0,
        repeated: int = 0,
        seconds: float | None = None,
        on_running: Callable[[Sequence[Logs]], None] = lambda curve: None,
        rule: Callable[[int], TrialState | None] = lambda epoch: None,
    ) -> None:
        self.curve: list[Logs] = []
        self.error = ""
        self.stopped: TrialState | None = None
        self.repeated = repeated
        self._metric = metric
        self._epochs = epochs
        self._initial_epoch = initial_epoch
        self._seconds = seconds
        self._on_running = on_running
        self._rule = rule
        self._begun = time.monotonic()
        on_running(())

    def __call__(self, logs: Logs) -> bool:
        """Takes an epoch's logs; returns whether the training is to end there."""
        if self.repeated:
            self.repeated -= 1
            return False
        self.curve.append(logs)
        epoch = self._initial_epoch + len(self.curve)
        self.error = _not_finite(logs, self._metric, epoch)
        if not self.error:
            self.stopped = self._rule(epoch)
            if not self.stopped and epoch < self._epochs:
                self.error = self._over_time()
        self._on_running(tuple(self.curve))
        return bool(self.error or self.stopped)

    def _over_time(self) -> str:
        if self._seconds is None or time.monotonic() - self._begun <= self._seconds:
            return ""
        return time_limit_words(self._seconds)


def time_limit_words(seconds: float) -> str:
    """The error of a training that took longer than the limit."""
    return f"took longer than {seconds:g} s, the limit of a trial"


def _not_finite(logs: Mapping[str, float], metric: str, epoch: int) -> str:
    """Why an epoch's logs make the training FAILED, in words; empty if they do not."""
    if metric not in logs:
        return f"epoch {epoch} did not report {metric!r}; reported: {', '.join(logs) or 'nothing'}"
    for name in (metric, "loss"):
        if not math.isfinite(logs.get(name, 0.0)):
            return f"{name} is {logs[name]} at epoch {epoch}"
    return ""
