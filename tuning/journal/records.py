"""The records that cells send to the journal: their trials, their retrained incumbents, how they ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from tuning.configuration import Configuration

FATAL = "FatalError: "
"""How the error of a trial begins that ended its search: the user's code raised KerasTuner's `FatalError`."""


class TrialState(StrEnum):
    """How a trial ended."""

    COMPLETE = "COMPLETE"  # trained for all the epochs its tuner asked for, or stopped early by its own callbacks
    PRUNED = "PRUNED"  # stopped by its tuner
    FAILED = "FAILED"  # raised an error, or its loss or objective was not finite; has no score
    CUT = "CUT"  # stopped by the budget


class CellState(StrEnum):
    """How a cell ended."""

    DONE = "DONE"  # its search came to an end
    FAILED = "FAILED"  # its tuner raised an error


class Cell(NamedTuple):
    """The unit that runs in parallel: one tuner's search on one problem in one replicate (from 1)."""

    problem: str
    tuner: str
    replicate: int

    def __str__(self) -> str:
        return f"{self.problem}/{self.tuner}/{self.replicate}"


BUDGET_SPENT = "the budget is spent"
SEARCH_ENDED = "the tuner ended its search"
"""Why a search that is DONE came to its end: `CellEnd.reason`."""


class Trial(Struct, frozen=True):
    """One configuration, evaluated.

    Attributes:
        trial: Number within its cell, from 0.
        configuration: Active hyperparameters only.
        state: How it ended.
        score: By the study's objective, over the whole curve (including a parent's epochs), or what the user's own
            `fit` returned; NaN if FAILED, or if such a `fit` was left before it returned.
        initial_epoch: Epochs trained before this trial: 0, or where its parent stopped.
        target_epochs: Cumulative epochs that the tuner asked for.
        curve: One mapping of metrics for each epoch of this trial; the mean over its trainings if there are several.
        spent_epochs: The cell's charge after this trial.
        train_seconds: Wall-clock of building, training and validating; without what an interruption made necessary
            again. A budget in seconds is charged these.
        suggest_seconds: Wall-clock of the tuner's own thinking since the previous trial ended.
        parent: Trial whose weights, optimizer state and epoch number this one continued.
        error: One line for a FAILED trial.
        seed: Of initial weights and data order.
        fit: What trained it: ``"compiled"`` (whole epochs), ``"keras: "`` and the reason for Keras' own loop, or
            ``"a loop of the user's own"``; several ways are separated by semicolons.
        rebuilt_epochs: Uncharged epochs retrained because the parent's checkpoint was missing.
        returned: Whether the user's own `fit` says the score, which then counts when the trial ends; else each epoch's
            metric counts at once.
        members: With repeats or folds, what each training that was begun reported, epoch by epoch; empty without.
        copy_of: Tuner and trial of this replicate, such as ``kt-random/3``, whose equal training this is the record of;
            seconds are those it took there. Empty if it was trained for itself. Which of two was trained depends on the
            order in which cells ran, so tables do not show it: they are the same for any number of jobs.
    """

    cell: Cell
    trial: int
    configuration: Configuration
    state: TrialState
    score: float
    initial_epoch: int
    target_epochs: int
    curve: Sequence[Mapping[str, float]]
    spent_epochs: int
    train_seconds: float = 0.0
    suggest_seconds: float = 0.0
    parent: int | None = None
    error: str = ""
    seed: int = 0
    fit: str = ""
    rebuilt_epochs: int = 0
    returned: bool = False
    members: Sequence[Sequence[Mapping[str, float]]] = ()
    copy_of: str = ""

    @property
    def trainings(self) -> Sequence[Sequence[Mapping[str, float]]]:
        """The curve of each model that was trained: one, or one for each repeat and fold that was begun."""
        return self.members or (self.curve,)

    @property
    def epochs(self) -> int:
        """Epochs charged for this trial, over all its trainings."""
        return sum(map(len, self.trainings))

    def in_full(self, max_epochs: int) -> bool:
        """Whether it was trained for `max_epochs`, or stopped before by its own callbacks alone."""
        return self.target_epochs >= max_epochs and self.state == TrialState.COMPLETE

    @property
    def last_epoch(self) -> int:
        """Where its curve ends, counted from the start of its first ancestor."""
        return self.initial_epoch + len(self.curve)


def seconds_of(trials: Iterable[Trial]) -> float:
    """Seconds that trials of a cell were charged, added in their order, as its evaluator adds them up.

    Not by `sum`, which rounds otherwise from Python 3.12 on: a limit must end a replay where it ended the search.
    """
    seconds = 0.0
    for trial in trials:
        seconds += trial.train_seconds
    return seconds


class Retraining(Struct, frozen=True):
    """An incumbent's configuration, trained again after the search, in full and on its own seed.

    Not charged to the search. The weights that count by the objective's rule (the best epoch's or the last's) are
    scored on the test split.

    Attributes:
        trial: The incumbent whose configuration this is.
        repeat: From 1; each has its own seed.
        state: COMPLETE, or FAILED as for a trial.
        score: As a trial's; NaN if FAILED.
        test: Metrics on the test split by name, as `keras.Model.evaluate` names them; empty without such a split, or
            for the reason in `untested`.
        curve: One mapping of metrics for each epoch trained.
        seed: Of initial weights and data order.
        train_seconds: Wall-clock of building, training and testing.
        error: One line for a FAILED retraining.
        untested: Why there are no metrics on the test split although there is one, in one line.
        copy_of: As a trial's.
        best_of_table: Where it is computed from a table, without noise: the best score that any configuration of the
            replicate's table has; None where it was trained.
    """

    cell: Cell
    trial: int
    repeat: int
    configuration: Configuration
    state: TrialState
    score: float
    test: Mapping[str, float]
    curve: Sequence[Mapping[str, float]]
    seed: int = 0
    train_seconds: float = 0.0
    error: str = ""
    untested: str = ""
    copy_of: str = ""
    best_of_table: float | None = None

    def __post_init__(self) -> None:
        if self.state not in (TrialState.COMPLETE, TrialState.FAILED):
            raise ValueError(f"a retraining of state {self.state!s}; expected COMPLETE or FAILED")

    @property
    def epochs(self) -> int:
        """Epochs trained."""
        return len(self.curve)


class CellEnd(Struct, frozen=True):
    """How a cell ended: DONE (with the reason its search stopped) or FAILED (with the tuner's error).

    Attributes:
        spent_epochs: Charged to its trials.
        seconds: Of the search by the clock, replayed trials at the speed of their replay.
        budget_epochs: That it might spend; None for no limit, 0 in journals of earlier releases.
        budget_seconds: That its trials might train; None for no limit.
        spent_seconds: The sum of its trials' `train_seconds`, added up in their order.
    """

    cell: Cell
    state: CellState
    reason: str = ""
    error: str = ""
    trials: int = 0
    spent_epochs: int = 0
    seconds: float = 0.0
    budget_epochs: int | None = 0
    budget_seconds: int | float | None = None
    spent_seconds: float = 0.0


@dataclass(frozen=True)
class CellResult:
    """All that a cell returns: its records again (a message may have been lost), and how it ended."""

    trials: Sequence[Trial] = field(default_factory=tuple)
    retrainings: Sequence[Retraining] = field(default_factory=tuple)
    end: CellEnd | None = None
