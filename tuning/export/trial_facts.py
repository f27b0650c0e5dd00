"""What the journal knows about a trial besides its configuration and its curve, in the words of `trials.csv`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from tuning.configuration import Value
from tuning.journal.journal import Journal, file_of, path_of
from tuning.journal.records import Cell, Trial


@dataclass(frozen=True)
class TrialFacts:
    """A trial, and what is told about it.

    Attributes:
        begun: When its training began; see `facts_of`.
        ended: When it ended.
        entries: By name: its cell, number, state, epochs, seconds, seed, and for a retrained incumbent
            ``retrained_score`` and ``test.<metric>``, means over fresh seeds. What is not known is left out.
    """

    trial: Trial
    begun: datetime
    ended: datetime
    entries: Mapping[str, Value]

    @property
    def name(self) -> str:
        """Unique within the study."""
        return f"{self.trial.cell}/{self.trial.trial}"

    @staticmethod
    def is_score(entry: str) -> bool:
        """Whether an entry is a score, of the search or on fresh seeds."""
        return entry in ("score", "retrained_score") or entry.startswith("test.")


def cells_of(journal: Journal) -> list[Cell]:
    """The cells that have trials, in the order of problems, tuners and replicates."""
    order = {cell: place for place, cell in enumerate(journal.planned_cells())}
    return sorted(
        (cell for cell in order if journal.trials.get(cell)),
        key=lambda cell: (order[cell._replace(replicate=1)], cell.replicate),
    )


def facts_of(journal: Journal, cell: Cell) -> Iterator[TrialFacts]:
    """All trials of a cell, in order.

    A journal holds durations, but no dates: they count back from when it was last written, as if its cells had run side
    by side and ended together.
    """
    trials = journal.trials.get(cell, ())
    file = file_of(journal.directory) or path_of(journal.directory)
    last = datetime.fromtimestamp(file.stat().st_mtime)
    now = last - timedelta(seconds=sum(trial.suggest_seconds + trial.train_seconds for trial in trials))
    retrained = _retrained(journal, cell)
    for trial in trials:
        begun = now + timedelta(seconds=trial.suggest_seconds)
        now = begun + timedelta(seconds=trial.train_seconds)
        yield TrialFacts(trial, begun, now, _entries(trial) | retrained.get(trial.trial, {}))


def _entries(trial: Trial) -> dict[str, Value]:
    known: dict[str, Value] = {
        **trial.cell._asdict(),
        "trial": trial.trial,
        "state": trial.state.value,
        "epochs": trial.epochs,
        "spent_epochs": trial.spent_epochs,
        "train_seconds": trial.train_seconds,
        "suggest_seconds": trial.suggest_seconds,
        "seed": trial.seed,
    }
    if not math.isnan(trial.score):
        known["score"] = trial.score
    if trial.parent is not None:
        known["parent"] = trial.parent
    return known | ({"error": trial.error} if trial.error else {})


def _retrained(journal: Journal, cell: Cell) -> dict[int, dict[str, Value]]:
    """By trial, the mean scores of its retrainings."""
    scores: dict[int, dict[str, list[float]]] = {}
    for done in journal.retrainings.get(cell, ()):
        known = scores.setdefault(done.trial, {})
        tested = {f"test.{metric}": value for metric, value in done.test.items()}
        for name, value in {"retrained_score": done.score, **tested}.items():
            if not math.isnan(value):
                known.setdefault(name, []).append(value)
    return {trial: {name: float(np.mean(values)) for name, values in known.items()} for trial, known in scores.items()}
