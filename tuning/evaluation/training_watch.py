"""Watches one training epoch by epoch: collects its curve, and stops it if it must not continue."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from tuning.journal.records import TrialState

if TYPE_CHECKING:
    from tuning.training.outcome import Logs, Outcome


class TrainingWatch:
    """The `on_epoch` callback of a training, for trials and retrainings alike.

    A training ends FAILED if its loss or objective is not finite, or if it takes too long.

    Args:
        metric: Of the objective; None if it need not be reported.
        initial_epoch: Epochs of earlier trials that it continues from.
        repeated: How many epochs, counted before, are repeated first; they are not watched.
        seconds: Time limit, None for no limit.
        begun: When its clock started, by `time.monotonic`; None: when this object is created.
        on_running: Called now and after each epoch with the curve so far.
        rule: Called after each finite epoch with its number (over all trials); returns the state in which the training
            is to end there, or None. It does not matter if no epoch was missing.

    Attributes:
        curve: Metrics of each epoch, without those before `initial_epoch`.
        repeated: Epochs still to be repeated.
    """

    def __init__(
        self,
        metric: str | None,
        *,
        initial_epoch: int = 0,
        repeated: int = 0,
        seconds: float | None = None,
        begun: float | None = None,
        on_running: Callable[[Sequence[Logs]], None] = lambda curve: None,
        rule: Callable[[int], TrialState | None] = lambda epoch: None,
    ) -> None:
        self.curve: list[Logs] = []
        self.repeated = repeated
        self._metric = metric
        self._not_finite = ""
        self._too_late = ""
        self._stopped: TrialState | None = None
        self._initial_epoch = initial_epoch
        self._seconds = seconds
        self._on_running = on_running
        self._rule = rule
        self._begun = time.monotonic() if begun is None else begun
        on_running(())

    def __call__(self, logs: Logs) -> bool:
        """Takes an epoch's logs; returns whether the training is to end there."""
        if self.repeated:
            self.repeated -= 1
            return False
        self.curve.append(logs)
        epoch = self._initial_epoch + len(self.curve)
        self._not_finite = _not_finite(logs, self._metric, epoch)
        if not self._not_finite:
            self._stopped = self._rule(epoch)
            if not self._stopped and self._seconds is not None and time.monotonic() - self._begun > self._seconds:
                self._too_late = time_limit_words(self._seconds)
        self._on_running(tuple(self.curve))
        return bool(self._not_finite or self._stopped or self._too_late)

    def end(self, outcome: Outcome, before: Sequence[Mapping[str, float]] = ()) -> tuple[TrialState, str]:
        """The state in which the training has ended, and the error of a FAILED one in words.

        Args:
            outcome: What the problem says of the training.
            before: The epochs before `initial_epoch`.
        """
        curve = [*before, *self.curve]
        error = self._not_finite or outcome.error or (self._too_late if outcome.interrupted else "")
        if not error and not curve:
            error = "the training ended without one epoch"
        required = self._metric is not None and outcome.score is None
        if not error and required and not any(self._metric in logs for logs in curve):
            reported = ", ".join(dict.fromkeys(name for logs in curve for name in logs)) or "nothing"
            error = f"no epoch reported {self._metric!r}; reported: {reported}"
        if error:
            return TrialState.FAILED, error
        return (self._stopped if outcome.interrupted else None) or TrialState.COMPLETE, ""


def time_limit_words(seconds: float) -> str:
    """The error of a training that took longer than the limit."""
    return f"took longer than {seconds:g} s, the limit of a trial"


def _not_finite(logs: Mapping[str, float], metric: str | None, epoch: int) -> str:
    """Why an epoch's logs make the training FAILED, in words; empty if they do not."""
    for name in (metric, "loss"):
        if name is not None and not math.isfinite(logs.get(name, 0.0)):
            return f"{name} is {logs[name]} at epoch {epoch}"
    return ""
