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

    `state` stays None if the training cannot be continued: see `Fit`. `test` holds the metrics on the test split, by
    name; it stays empty without such a split. `anatomy` describes a saved model, and `notes` list what could not be
    logged of it.
    """

    error: str = ""
    fit: str = ""
    state: State | None = None
    test: Logs = field(default_factory=dict)
    anatomy: Anatomy | None = None
    notes: Sequence[str] = ()


def scalars(logs: Mapping[str, npt.ArrayLike]) -> Logs:
    """The logs that are one number each; a metric may also report an array, such as a value for each class."""
    return {name: float(np.asarray(value).item()) for name, value in logs.items() if np.size(value) == 1}
