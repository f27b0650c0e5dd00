"""What other searches of a replicate have trained: an equal training is not made again.

A training depends on its configuration, its seed and its epochs; in one replicate of a problem, the seed depends on the
configuration alone. So two searches that try the same configuration get the same curve, and both are charged for it.
"""

from __future__ import annotations

from collections.abc import Iterable

from tuning.configuration import Configuration, key_of
from tuning.journal.records import Retraining, Trial, TrialState


class KnownTrainings:
    """Records of one problem and replicate, found by what their trainings depend on.

    Args:
        records: In any order; those that no other training can equal are left out (`can_be_equalled`).
    """

    def __init__(self, records: Iterable[Trial | Retraining] = ()) -> None:
        self._trials: dict[tuple[str, int, int], Trial] = {}
        self._retrainings: dict[tuple[str, int], Retraining] = {}
        for record in records:
            self.add(record)

    def add(self, record: Trial | Retraining) -> None:
        """Remembers a record that has ended."""
        if not can_be_equalled(record):
            return
        if isinstance(record, Trial):
            self._trials.setdefault((key_of(record.configuration), record.seed, record.target_epochs), record)
        else:
            self._retrainings.setdefault((key_of(record.configuration), record.seed), record)

    def trial(self, configuration: Configuration, seed: int, epochs: int) -> Trial | None:
        """The known trial of this configuration and seed, asked for so many epochs from the start."""
        return self._trials.get((key_of(configuration), seed, epochs))

    def retraining(self, configuration: Configuration, seed: int) -> Retraining | None:
        """The known retraining of this configuration on this fresh seed."""
        return self._retrainings.get((key_of(configuration), seed))


def can_be_equalled(record: Trial | Retraining) -> bool:
    """Whether it was trained to its end from its own seed, and by nobody's choice but its configuration's."""
    return record.state == TrialState.COMPLETE and (isinstance(record, Retraining) or record.parent is None)


def name_of(record: Trial | Retraining) -> str:
    """What is recorded of a copy: the tuner and the trial that were trained, such as ``kt-random/3``."""
    return record.copy_of or f"{record.cell.tuner}/{record.trial}"
