"""What each cell may spend."""

from __future__ import annotations

from dataclasses import dataclass

from tuning.arguments import whole_number


@dataclass(frozen=True)
class Budget:
    """Training epochs charged to each cell, exact to the epoch.

    A failure is charged what it trained, a promotion its increment, early stopping what ran, and a trial of several
    folds or repeats all their epochs. Validation and the tuner's thinking cost no epochs; their seconds are also
    recorded.

    Raises:
        StudyError: Not a whole number of at least one epoch.
    """

    epochs: int

    def __post_init__(self) -> None:
        expected = "a whole number of at least 1 epoch a cell"
        whole_number(self.epochs, f"Budget(epochs={self.epochs!r})", expected=expected)

    def a_training(self, trainings: int) -> Budget:
        """What one training of each trial may spend, rounded up, if every trial is so many trainings."""
        return Budget(-(-self.epochs // trainings))
