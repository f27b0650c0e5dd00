"""What each cell may spend."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tuning.arguments import positive_number, whole_number
from tuning.errors import StudyError
from tuning.formatting import plural


@dataclass(frozen=True)
class Budget:
    """Training charged to each cell: epochs, exact to the epoch; or seconds; of both, whichever ends first.

    Epochs: a failure is charged what it trained, a promotion its increment, early stopping what ran, and a trial of
    several folds or repeats all their epochs. Validation and the tuner's thinking cost no epochs; their seconds are
    also recorded.

    Seconds: those in which a cell's trials are built, trained and validated, by the clock of the machine, as the
    journal records them in ``train_seconds``, failed trials and all folds and repeats included. Not the tuner's
    thinking, and no retraining of winners. They are looked at when an epoch ends: the epoch that passes the limit is
    charged, and its trial is CUT. A resumed search adds up the seconds in the journal, so it ends where it ended
    before; what an interruption makes it train again costs nothing. The result depends on the machine and on what else
    runs on it, so prefer epochs where you can. Tuners that plan for a number of trials (`smac`, `nevergrad`) need
    epochs too, else they plan for a search without an end.

    Args:
        epochs: None for no limit.
        seconds: None for no limit.

    Raises:
        StudyError: Neither is given; or epochs are not a whole number of at least one, or seconds not a finite number
            above 0.
    """

    epochs: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.epochs is None and self.seconds is None:
            raise StudyError("Budget() has no limit: give epochs=..., or seconds=..., or both: whichever ends first")
        if self.epochs is not None:
            expected = "a whole number of at least 1 epoch a cell"
            whole_number(self.epochs, f"Budget(epochs={self.epochs!r})", expected=expected)
        if self.seconds is not None:
            expected = "seconds of training above 0 a cell"
            positive_number(self.seconds, f"Budget(seconds={self.seconds!r})", expected=expected)

    def __repr__(self) -> str:
        given = {"epochs": self.epochs, "seconds": self.seconds}
        return f"Budget({', '.join(f'{name}={limit!r}' for name, limit in given.items() if limit is not None)})"

    @property
    def limits(self) -> tuple[float, float]:
        """Epochs and seconds; infinite where there is no limit."""
        return (
            math.inf if self.epochs is None else self.epochs,
            math.inf if self.seconds is None else self.seconds,
        )

    def is_spent(self, epochs: int, seconds: float) -> bool:
        """Whether a cell that was charged so much has come to one of its limits."""
        most_epochs, most_seconds = self.limits
        return epochs >= most_epochs or seconds >= most_seconds

    def covers(self, other: Budget) -> bool:
        """Whether no limit of `other` lies beyond this budget's."""
        return all(mine >= theirs for mine, theirs in zip(self.limits, other.limits, strict=True))

    def changed(self, *, epochs: int | None = None, seconds: float | None = None) -> Budget:
        """With other limits; None keeps what there is. Raises what the constructor raises."""
        return Budget(self.epochs if epochs is None else epochs, self.seconds if seconds is None else seconds)

    def times(self, factor: int) -> Budget:
        """So many times as much."""
        return Budget(
            None if self.epochs is None else self.epochs * factor,
            None if self.seconds is None else self.seconds * factor,
        )

    def a_training(self, trainings: int) -> Budget:
        """What one training of each trial may spend, epochs rounded up, if every trial is so many trainings."""
        return Budget(
            None if self.epochs is None else -(-self.epochs // trainings),
            None if self.seconds is None else self.seconds / trainings,
        )

    def epochs_of(self, spent: int) -> int:
        """The epochs that a search may spend which has spent so many; those, if seconds end it."""
        return spent if self.epochs is None or self.seconds is not None else self.epochs

    def trials(self, epochs: int) -> int | None:
        """How many trials of so many epochs it pays for, the last perhaps in part; None if only time ends them."""
        return None if self.epochs is None else -(-self.epochs // epochs)

    def facts(self) -> dict[str, int | float]:
        """Its limits by name, for records."""
        given = {"budget_epochs": self.epochs, "budget_seconds": self.seconds}
        return {name: limit for name, limit in given.items() if limit is not None}

    def words(self, epoch: str = "epoch", each: str = " a cell") -> str:
        """``120 epochs a cell``, ``600 s of training a cell``, or both; `epoch` is what an epoch is called."""
        parts = [
            *([plural(self.epochs, epoch)] if self.epochs is not None else []),
            *([f"{exact_seconds(self.seconds)} of training"] if self.seconds is not None else []),
        ]
        return f"{' or '.join(parts)}{each}{', whichever ends first' if len(parts) > 1 else ''}"


def exact_seconds(seconds: float) -> str:
    """Seconds as they were given, with all their digits."""
    return f"{seconds:.15g} s"
