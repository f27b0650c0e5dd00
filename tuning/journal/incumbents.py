"""Which trials of a cell were its incumbents: the best so far, when they ended."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tuning.journal.records import Trial, TrialState
from tuning.objective import Objective


def incumbent_trials(trials: Sequence[Trial], objective: Objective) -> list[Trial]:
    """The trials that were the best so far of a cell when they ended, the final incumbent last.

    One trial for each configuration: of a continued one, the last that improved on what was before.
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
