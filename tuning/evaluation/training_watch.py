"""Watches one training epoch by epoch: gathers its curve, and ends it where it must not go on."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from tuning.journal.records import TrialState

if TYPE_CHECKING:
    from tuning.training.outcome import Logs


class TrainingWatch:
    """What `on_epoch` of a training is, for trials and retrainings alike.

    A training ends FAILED where its loss or objective is not finite, or where it takes too long: its `error` says so.

    Args:
        metric: Of the objective.
        epochs: At which the training is complete; from there on neither `seconds` nor a rule ends it.
        initial_epoch: Epochs of earlier trials that it goes on from.
        repeated: How many epochs are gone through first that were counted before; they are not watched.
        seconds: It may take no longer; None for no limit. The time counts from when this is made.
        on_running: Called now and after each epoch with the curve so far.
        rule: Called with the epoch (of all) after each one that is finite; the state that the training is to end
            with there, or None.

    Attributes:
        curve: Metrics of each epoch, without those before `initial_epoch`.
        error: Why it FAILED, in words; empty where it did not.
        stopped: The state that `rule` ended it with; None where it did not.
        repeated: Epochs that are still to be gone through.
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
        """Takes an epoch's logs; whether the training is to end there."""
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
    """Why an epoch's logs end the training FAILED, in words; empty where they do not."""
    if metric not in logs:
        return f"epoch {epoch} did not report {metric!r}; reported: {', '.join(logs) or 'nothing'}"
    for name in (metric, "loss"):
        if not math.isfinite(logs.get(name, 0.0)):
            return f"{name} is {logs[name]} at epoch {epoch}"
    return ""
