"""Which trials of a cell were its incumbents: the best so far, when they ended."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tuning.journal.records import FAILED, Trial
from tuning.objective import Objective


def incumbent_trials(trials: Sequence[Trial], objective: Objective) -> list[Trial]:
    """The trials that were the best so far of a cell when they ended, the final incumbent last.

    One trial for each configuration: of a continued one, the last that improved on what was before.
    """
    best = math.nan
    found: dict[str, Trial] = {}
    for trial in trials:
        if trial.state != FAILED and objective.better(trial.score, best):
            best = trial.score
            key = repr(sorted(trial.configuration.items()))
            found.pop(key, None)
            found[key] = trial
    return list(found.values())
