"""What each cell may spend."""

from __future__ import annotations

from dataclasses import dataclass

from tuning.errors import StudyError


@dataclass(frozen=True)
class Budget:
    """Training epochs charged to each cell, to the epoch.

    Failures are charged what they trained, a promotion its increment, early stopping what ran. Validation and the
    tuner's own thinking cost no epochs; their seconds are recorded beside.

    Raises:
        StudyError: Not a whole number of at least one epoch.
    """

    epochs: int

    def __post_init__(self) -> None:
        if not isinstance(self.epochs, int) or isinstance(self.epochs, bool) or self.epochs < 1:
            raise StudyError(f"Budget(epochs={self.epochs!r}): expected a whole number of at least 1 epoch a cell")
