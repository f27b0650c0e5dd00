"""What must hold of a case."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Holds:
    """What must hold when a case is searched by all five tuners.

    Attributes:
        names: Of the space, in its order.
        objective: As `tuning run --objective` takes it.
        max_epochs: Of one full training.
        budget: Epochs that each tuner has.
        charged: Epochs that each tuner is charged; None for the whole budget.
        columns: Of HPARAMS, besides `tuner` and `replicate`; None if they are the names.
        failed: Whether some configurations cannot be trained, which are FAILED trials and nothing worse.
        as_native: Whether KerasTuner itself gives the first configuration that random search has tried in full the same
            score, from the same seed.
        passes_epochs: Whether the user passes `epochs` to KerasTuner's `search`.
        refused: The line that refuses the case (a regular expression); empty if it is searched.
    """

    names: tuple[str, ...] = ()
    objective: str = "val_loss"
    max_epochs: int = 2
    budget: int = 2
    charged: int | None = None
    columns: tuple[str, ...] | None = None
    failed: bool = False
    as_native: bool = True
    passes_epochs: bool = True
    refused: str = ""
