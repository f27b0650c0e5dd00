"""What a training is asked to do: one object, which every problem's `train` and `retrain` take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tuning.configuration import Configuration
from tuning.seeds import FIRST_SPLIT, SplitSeeds

if TYPE_CHECKING:  # this module is imported before Keras is
    from tuning.training.outcome import Logs
    from tuning.training.state import State


@dataclass(frozen=True, eq=False)
class TrainingRequest:
    """One configuration, to be trained up to `epochs` in all.

    Attributes:
        configuration: Active hyperparameters only.
        seed: Of initial weights, data order and everything random; the training depends on no other.
        epochs: Total to be trained, including those already in `state`.
        on_epoch: Called with the logs of each epoch as it ends; true stops the training there.
        initial_epoch: Epochs already trained in `state`.
        state: To continue from: weights, optimizer state, and the state of random layers.
        keep_state: Whether the outcome holds the state after the last epoch.
        split: What the rows are drawn from, if the problem draws them.
        memory: Bytes that it may need, by the estimate of `tuning.training.memory`; None for no limit.
    """

    configuration: Configuration
    seed: int
    epochs: int
    on_epoch: Callable[[Logs], bool]
    initial_epoch: int = 0
    state: State | None = None
    keep_state: bool = False
    split: SplitSeeds = FIRST_SPLIT
    memory: float | None = None


@dataclass(frozen=True, eq=False)
class RetrainingRequest:
    """One configuration, to be trained in full; the weights that count are scored on test, and saved if asked.

    Attributes:
        configuration, seed, on_epoch, split: As in `TrainingRequest`.
        epochs: None for the problem's `max_epochs`; after cross-validation, those of its mean curve's best epoch.
        save: Where to save the model with the weights that count, a file name that ends in ``.keras``; the weights
            alone are saved next to it, see `tuning.journal.winner_record.weights_file`. The outcome then describes it.
        logs: With `save`: folder for TensorBoard's logs of it, see `tuning.training.winner.tensorboard_logs`.
    """

    configuration: Configuration
    seed: int
    on_epoch: Callable[[Logs], bool]
    epochs: int | None = None
    save: Path | None = None
    logs: Path | None = None
    split: SplitSeeds = FIRST_SPLIT

    def training(self, max_epochs: int) -> TrainingRequest:
        """The same as a training: of `epochs`, else of the problem's `max_epochs`."""
        epochs = max_epochs if self.epochs is None else self.epochs
        return TrainingRequest(self.configuration, self.seed, epochs, self.on_epoch, split=self.split)
