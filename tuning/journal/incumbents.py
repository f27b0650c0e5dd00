"""Which trials of a cell were its incumbents: the best so far at their end."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from tuning.configuration import key_of
from tuning.journal.records import Trial, TrialState
from tuning.objective import Objective

SHARES = (0.25, 0.5, 1.0)
"""Of the budget, at which tuners are described."""


def incumbent_trials(trials: Sequence[Trial], objective: Objective) -> list[Trial]:
    """A cell's trials that were the best so far at their end, the final incumbent last.

    One trial for each configuration: if it was continued, the last trial that was an improvement.
    """
    return _last_of_each(_improvements(trials, objective))


def described_incumbents(trials: Sequence[Trial], objective: Objective, budget_epochs: int) -> list[Trial]:
    """Those of `incumbent_trials` that are needed to describe the cell at `SHARES`, the final incumbent last.

    At each share that is the last incumbent whose trial had ended, and one whose trial was going on: after some of its
    epochs it may have been the best.
    """
    improvements = list(_improvements(trials, objective))
    needed = [trial.configuration for trial in improvements[-1:]]
    for share in SHARES[:-1]:
        spent = share * budget_epochs
        ended = [trial for trial in improvements if trial.spent_epochs <= spent]
        going_on = [trial for trial in improvements if trial.spent_epochs - trial.epochs < spent < trial.spent_epochs]
        needed += [trial.configuration for trial in (*ended[-1:], *going_on)]
    return [trial for trial in _last_of_each(improvements) if trial.configuration in needed]


def _last_of_each(improvements: Iterable[Trial]) -> list[Trial]:
    """The last trial of each configuration, in their order."""
    incumbents: dict[str, Trial] = {}
    for trial in improvements:
        key = key_of(trial.configuration)
        incumbents.pop(key, None)
        incumbents[key] = trial
    return list(incumbents.values())


def _improvements(trials: Sequence[Trial], objective: Objective) -> Iterator[Trial]:
    sign, best = objective.sign, math.nan
    for trial in trials:
        worth = sign * trial.score
        if worth <= best or math.isnan(worth) or trial.state == TrialState.FAILED:
            continue
        best = worth
        yield trial
