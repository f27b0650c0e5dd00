"""A problem whose scores are looked up: somebody trained every configuration of a grid, and published the scores."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tuning.configuration import Configuration, Value
from tuning.errors import StudyError
from tuning.journal.study_record import DataRecord, LookupRecord, ProblemRecord
from tuning.objective import Objective
from tuning.problems.computed import Computed
from tuning.problems.problem import described
from tuning.space.hyperparameter import describe, finite_values
from tuning.space.recorder import record
from tuning.training.outcome import Outcome
from tuning.training.request import RetrainingRequest, TrainingRequest

if TYPE_CHECKING:
    import keras_tuner

Floats = npt.NDArray[np.float64]
LOOKED_UP = "looked up"
"""The `fit` of its trials."""


class LookupProblem(Computed):
    """A grid of configurations with the final scores of several trainings of each.

    A trial is one epoch, for which its configuration was trained in full: no scores of shorter trainings are known, so
    tuners that stop trials early have no place here. In one replicate a configuration has the score of one of its
    trainings, whoever tries it; in another replicate it may be another. A winner is worth the mean over all of them.

    Args:
        declare: Asks `hp` for the hyperparameters, as `build_model` would.
        grid: The table's values of each, in the order of the scores' axes. A number that `declare` rounds otherwise
            than the table means the nearest.
        scores: A function without arguments that returns (len(grid[name]) for each name, num_trainings) scores. It is
            a function so that every worker can read them once by itself.
        objective: Its metric is what the scores are called.
        name: Of the problem.
        source: Where the table is from, for the report.

    Raises:
        StudyError: The hyperparameters, or the numbers of their values, are not those of the grid.
    """

    max_epochs = 1

    def __init__(
        self,
        declare: Callable[[keras_tuner.HyperParameters], None],
        grid: Mapping[str, Sequence[Value]],
        scores: Callable[[], Floats],
        objective: Objective,
        *,
        name: str,
        source: str,
    ) -> None:
        self.name = name
        self.objective = objective
        self.source = source
        self.space = record(declare)
        self.grid = {hyperparameter: list(values) for hyperparameter, values in grid.items()}
        self._read = scores
        if {hp.name for hp in self.space.hyperparameters} != set(grid):
            asked = ", ".join(hp.name for hp in self.space.hyperparameters)
            raise StudyError(f"{name}: the grid has {', '.join(grid)}, and the space {asked}; expected the same names")
        for hp in self.space.hyperparameters:
            values, known = finite_values(hp), self.grid[hp.name]
            if values is None or [_nearest(known, value) for value in values] != list(range(len(known))):
                raise StudyError(f"{name}: {hp.name} is {describe(hp)}; expected a value for each of {known}")

    def __repr__(self) -> str:
        return described(self, repr(self.space), f"looked up in {self.source}")

    @cached_property
    def scores(self) -> Floats:
        """Of every training, read once per process. Raises StudyError if they do not fill the grid."""
        scores = np.asarray(self._read(), dtype=float)
        expected = tuple(len(values) for values in self.grid.values())
        if scores.shape[:-1] != expected or not scores.shape[-1] or not np.isfinite(scores).all():
            raise StudyError(
                f"{self.name}: the scores have the shape {scores.shape}; expected finite numbers, {expected} and an "
                "axis of trainings"
            )
        return scores

    @cached_property
    def best(self) -> float:
        """What the best configuration of the grid is worth."""
        return self.objective.best(self.scores.mean(axis=-1).ravel().tolist())

    def trainings(self, configuration: Configuration) -> Floats:
        """(num_trainings,): the scores of a configuration."""
        place = tuple(_nearest(values, configuration[name]) for name, values in self.grid.items())
        found: Floats = self.scores[place]
        return found

    def train(self, request: TrainingRequest) -> Outcome:
        scores = self.trainings(request.configuration)
        outcome = Outcome(fit=LOOKED_UP)
        request.on_epoch({self.objective.metric: float(scores[request.split.own % len(scores)])})
        outcome.state = [np.array([1])] if request.keep_state else None
        return outcome

    def retrain(self, request: RetrainingRequest) -> Outcome:
        """The mean over the configuration's trainings, whatever the seed, and that of the best configuration."""
        request.on_epoch({self.objective.metric: float(self.trainings(request.configuration).mean())})
        return Outcome(fit=LOOKED_UP, best_of_table=self.best)

    def describe(self) -> ProblemRecord:
        fingerprint = f"table {hashlib.sha256(self.scores.tobytes()).hexdigest()[:16]}"
        *_, trainings = self.scores.shape
        return ProblemRecord(
            self.space.to_json(),
            self.objective,
            self.max_epochs,
            DataRecord(fingerprint),
            lookup=LookupRecord(self.source, configurations=self.scores.size // trainings, trainings=trainings),
        )

    def check(self) -> list[str]:
        """Reads the scores."""
        self.trainings(self.space.default())
        return [self.objective.metric]

    def __getstate__(self) -> dict[str, object]:
        """For workers: without the scores, which each worker reads itself."""
        return {name: value for name, value in self.__dict__.items() if name not in ("scores", "best")}


def _nearest(values: Sequence[Value], value: Value) -> int:
    """The place of the nearest value; -1 for a text that is not among them."""
    if value in values or isinstance(value, str):
        return values.index(value) if value in values else -1
    return int(np.argmin([abs(float(known) - float(value)) for known in values]))
