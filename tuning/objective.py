"""What a search optimises: one number per trial, by one rule for every tuner."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tuning.errors import StudyError


@dataclass(frozen=True)
class Objective:
    """A metric, its direction, and which epoch of a trial counts.

    KerasTuner scores a trial by its best epoch, scikeras by its last: comparing their own numbers
    compares two rules. Here one rule holds for all.

    Args:
        metric: Name of an entry of Keras' epoch logs, such as ``"val_accuracy"``.
        direction: ``"min"`` or ``"max"``.
        epoch: ``"best"``: the best epoch of the trial counts (KerasTuner's rule); ``"last"``: its last.

    Raises:
        StudyError: `direction` or `epoch` is none of the words above.
    """

    metric: str
    direction: str
    epoch: str = "best"

    def __post_init__(self) -> None:
        if not isinstance(self.metric, str) or not self.metric:
            raise StudyError(f"Objective(metric={self.metric!r}): expected a metric's name, such as 'val_accuracy'")
        if self.direction not in ("min", "max"):
            raise StudyError(f"Objective({self.metric!r}, direction={self.direction!r}): expected 'min' or 'max'")
        if self.epoch not in ("best", "last"):
            raise StudyError(f"Objective({self.metric!r}, epoch={self.epoch!r}): expected 'best' or 'last'")

    def score(self, curve: Sequence[Mapping[str, float]]) -> float:
        """The score of a trial with this curve (one mapping of metrics per epoch); NaN for no epochs.

        Epochs that do not report the metric, found in imported searches, are ignored.

        Continued trials are scored over their whole curve, with the parent's epochs, so that 3 + 6 epochs
        score like 9 epochs at once.
        """
        values = [float(epoch[self.metric]) for epoch in curve if self.metric in epoch]
        if not values:
            return math.nan
        if self.epoch == "last":
            return values[-1]
        return max(values, key=lambda value: self.sign * value)

    @property
    def test_metric(self) -> str:
        """What `keras.Model.evaluate` calls this metric."""
        return self.metric.removeprefix("val_")

    def best(self, scores: Iterable[float]) -> float:
        """The best of these scores; NaN, a FAILED trial's, is ignored, and returned only if nothing else is left."""
        known = [score for score in scores if not math.isnan(score)]
        return max(known, key=lambda score: self.sign * score, default=math.nan)

    @property
    def sign(self) -> float:
        """+1 if higher is better, -1 if lower is: the factor that makes higher scores always better."""
        return 1.0 if self.direction == "max" else -1.0

    def better(self, score: float, other: float) -> bool:
        """Whether `score` is strictly better than `other`; NaN never is, and any number is better than NaN."""
        if math.isnan(score):
            return False
        if math.isnan(other):
            return True
        return self.sign * score > self.sign * other

    def to_json(self) -> dict[str, str]:
        return {"metric": self.metric, "direction": self.direction, "epoch": self.epoch}
