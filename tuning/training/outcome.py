"""What a training leaves."""

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
    """What a training left: `error` in one line (empty: none), what trained it, and what was asked for.

    `state` stays None where the training cannot be continued from it: see `Fit`. `test` holds the metrics on the
    test split, by name; it stays empty where there is no such split. `anatomy` describes a model that
    was saved, `notes` say what could not be logged of it.
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
