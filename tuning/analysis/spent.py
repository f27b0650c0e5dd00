"""What a study spent: epochs and seconds of its searches, of its baselines, and of retraining.

Counted is what was trained. Equal trainings of a replicate are made once, and count for the first of them in the plan's
order: which one was really trained depends on the order in which cells ran. What cells are charged is in
`curves.cells_frame`.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from tuning.formatting import count, plural, seconds
from tuning.journal.journal import Journal
from tuning.journal.records import CellState, Retraining, Trial

SPENT_COLUMNS = [
    "problem", "tuner", "replicate", "baseline", "done", "epochs", "seconds", "thinking_seconds", "retraining_epochs",
    "retraining_seconds", "shared_epochs",
]  # fmt: skip


@dataclass(frozen=True)
class Cost:
    """Of trainings; seconds of one process."""

    epochs: float
    seconds: float


@dataclass(frozen=True)
class Spent:
    """What so many searches cost.

    Attributes:
        searches: Of the tuners.
        baselines: Their searches, or their own model.
        retraining: Of the incumbents of both.
        thinking_seconds: Of tuners and baselines, between trials.
        shared_epochs: Of trainings that were equal to others, and not made.
    """

    searches: Cost
    baselines: Cost
    retraining: Cost
    thinking_seconds: float
    shared_epochs: float

    @property
    def epochs(self) -> float:
        """Of all."""
        return sum(part.epochs for part in self._parts.values())

    @property
    def seconds(self) -> float:
        """Of all, with thinking."""
        return sum(part.seconds for part in self._parts.values()) + self.thinking_seconds

    @property
    def words(self) -> str:
        """Each part, without a full stop."""
        parts = [f"{name} {_words(cost)}" for name, cost in self._parts.items() if name == "searches" or cost.epochs]
        parts += [f"tuners' own thinking {seconds(self.thinking_seconds)}"] if self.thinking_seconds else []
        parts += [f"shared and not trained again {_epochs(self.shared_epochs)}"] if self.shared_epochs else []
        return "; ".join(parts)

    @property
    def epochs_words(self) -> str:
        """The epochs of all, and of each part if there are several."""
        parts = [f"{name} {count(round(cost.epochs))}" for name, cost in self._parts.items() if cost.epochs]
        apart = f" ({', '.join(parts)})" if len(parts) > 1 else ""
        return f"{_epochs(self.epochs)}{apart}"

    @property
    def _parts(self) -> dict[str, Cost]:
        return {"searches": self.searches, "baselines": self.baselines, "retraining": self.retraining}


def spent_by_cell(journal: Journal) -> pd.DataFrame:
    """A row for each planned cell, in the plan's order.

    Returns:
        (num_cells, 11), `SPENT_COLUMNS`: whether it is a ``baseline``'s and is ``done``; ``epochs`` and ``seconds`` of
        its trials, and of its retrainings, as far as trained for it; ``shared_epochs`` of both that were not. Winners
        that are known without noise cost nothing.
    """
    seen: set[tuple[object, ...]] = set()
    tuners = journal.plan.tuners
    rows = []
    for cell in journal.planned_cells():
        trials = journal.trials.get(cell, ())
        retrained = () if journal.problems[cell.problem].noise_free else journal.retrainings.get(cell, ())
        own = [trial for trial in trials if _is_first(trial, seen)]
        again = [one for one in retrained if _is_first(one, seen)]
        end = journal.ends.get(cell)
        asked = sum(trial.epochs for trial in trials) + sum(one.epochs for one in retrained)
        epochs, again_epochs = sum(trial.epochs for trial in own), sum(one.epochs for one in again)
        rows.append(
            {
                **cell._asdict(),
                "baseline": cell.tuner not in tuners,
                "done": end is not None and end.state == CellState.DONE,
                "epochs": epochs,
                "seconds": sum(trial.train_seconds for trial in own),
                "thinking_seconds": sum(trial.suggest_seconds for trial in trials),
                "retraining_epochs": again_epochs,
                "retraining_seconds": sum(one.train_seconds for one in again),
                "shared_epochs": asked - epochs - again_epochs,
            }
        )
    return pd.DataFrame(rows, columns=SPENT_COLUMNS)


def _is_first(record: Trial | Retraining, seen: set[tuple[object, ...]]) -> bool:
    """Whether no equal training of its replicate was counted; then it is noted in `seen`."""
    name = record.copy_of or f"{record.cell.tuner}/{record.trial}"
    key = (record.cell.problem, record.cell.replicate, name, record.repeat if isinstance(record, Retraining) else 0)
    if key in seen:
        return False
    seen.add(key)
    return True


def spent(cells: pd.DataFrame) -> Spent:
    """The sums over rows of `spent_by_cell`."""
    beside = cells["baseline"].astype(bool)
    searches, baselines = cells[~beside], cells[beside]
    return Spent(
        Cost(float(searches["epochs"].sum()), float(searches["seconds"].sum())),
        Cost(float(baselines["epochs"].sum()), float(baselines["seconds"].sum())),
        Cost(float(cells["retraining_epochs"].sum()), float(cells["retraining_seconds"].sum())),
        float(cells["thinking_seconds"].sum()),
        float(cells["shared_epochs"].sum()),
    )


def a_replicate(cells: pd.DataFrame) -> Spent:
    """What one more replicate may cost: the mean of each tuner's and baseline's finished cells, summed.

    Args:
        cells: One problem's rows of `spent_by_cell`.
    """
    done = cells[cells["done"].astype(bool)]
    numbers = SPENT_COLUMNS[SPENT_COLUMNS.index("epochs") :]
    return spent(done.groupby(["tuner", "baseline"], sort=False)[numbers].mean().reset_index())


def _epochs(epochs: float) -> str:
    return plural(round(epochs), "epoch")


def _words(cost: Cost) -> str:
    return _epochs(cost.epochs) + (f" in {seconds(cost.seconds)}" if cost.seconds else "")
