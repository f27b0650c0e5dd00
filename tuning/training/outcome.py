"""The result of a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tuning.journal.winner_record import Anatomy
from tuning.training.state import State

Logs = dict[str, float]


@dataclass
class Outcome:
    """The result of a training: `error` in one line (empty: none), what trained it, and what the request asked for.

    Attributes:
        score: What a user's `fit` returned as its score, NaN if it was left before; None: the epochs' metrics decide.
        interrupted: Whether epochs are missing because `on_epoch` asked to end.
        state: To continue from; None if the training cannot be continued, see `Fit`.
        arrays: Shapes of metrics that are not one number, and are not recorded, by name.
        test: Metrics on the test split by name; empty without such a split, or for the reason in `untested`.
        anatomy: Of a saved model.
        notes: What could not be logged of it.
        best_of_table: See `tuning.journal.records.Retraining`.
    """

    error: str = ""
    fit: str = ""
    score: float | None = None
    interrupted: bool = False
    state: State | None = None
    arrays: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    test: Logs = field(default_factory=dict)
    untested: str = ""
    anatomy: Anatomy | None = None
    notes: Sequence[str] = ()
    best_of_table: float | None = None


def scalars(logs: Mapping[str, npt.ArrayLike]) -> Logs:
    """The logs that are one number each; a metric may also report an array, such as a value for each class."""
    return {name: float(np.asarray(value).item()) for name, value in logs.items() if np.size(value) == 1}
