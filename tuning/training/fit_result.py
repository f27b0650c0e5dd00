"""What a `HyperModel.fit` returned, as the score of its trial: KerasTuner's rules, with the objective's epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real

import keras
import numpy as np

from tuning.objective import Objective


def score_of(result: object, objective: Objective) -> float | None:
    """The score that a `HyperModel.fit` has returned; None if it returned none: then the epochs seen decide.

    Args:
        result: A `History`, by the objective's rule; a number, which is the score; a dict that holds the objective's
            metric, which is averaged if it is a list, as in a `History.history`; a list of these, which is averaged.
        objective: Of the problem.

    Raises:
        ValueError: The objective's metric is missing, or the score is not finite.
        TypeError: `result` is of another type.
    """
    if result is None:
        return None
    score = _score_of(result, objective)
    if not math.isfinite(score):
        raise ValueError(f"HyperModel.fit returned {score} as {objective.metric}")
    return score


def _score_of(result: object, objective: Objective) -> float:
    if isinstance(result, list):
        if not result:
            raise ValueError("HyperModel.fit returned an empty list; expected a score for each of its trainings")
        return float(np.mean([_score_of(part, objective) for part in result]))
    if isinstance(result, Real | np.number) or (isinstance(result, np.ndarray) and result.ndim == 0):
        return float(result)
    if isinstance(result, keras.callbacks.History):
        return _of_history(result, objective)
    if isinstance(result, Mapping):
        if objective.metric not in result:
            raise ValueError(
                f"HyperModel.fit returned the metrics {', '.join(map(str, result)) or '(none)'}; "
                f"expected the objective {objective.metric!r} among them"
            )
        return float(np.mean(result[objective.metric]))
    raise TypeError(
        f"HyperModel.fit returned {type(result).__name__}; expected a History, a number, a dict of metrics, or a list "
        "of these"
    )


def _of_history(history: keras.callbacks.History, objective: Objective) -> float:
    values = history.history.get(objective.metric, ())
    if not len(values):
        known = ", ".join(history.history) or "nothing"
        raise ValueError(f"the History that HyperModel.fit returned has no {objective.metric!r}; it has {known}")
    return objective.score([{objective.metric: float(value)} for value in values])
