"""Which trials of a cell were its incumbents: the best so far at their end."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tuning.journal.records import Trial, TrialState
from tuning.objective import Objective


def incumbent_trials(trials: Sequence[Trial], objective: Objective) -> list[Trial]:
    """A cell's trials that were the best so far at their end, the final incumbent last.

    One trial for each configuration: if it was continued, the last trial that was an improvement.
    """
    best = math.nan
    incumbents: dict[str, Trial] = {}
    for trial in trials:
        if trial.state != TrialState.FAILED and objective.better(trial.score, best):
            best = trial.score
            key = repr(sorted(trial.configuration.items()))
            incumbents.pop(key, None)
            incumbents[key] = trial
    return list(incumbents.values())
