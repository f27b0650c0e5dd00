"""The states at the end of a cell's trials, to continue them; a missing state is computed again by training."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tuning.configuration import Configuration
from tuning.errors import StudyError
from tuning.evaluation.checkpoints import Checkpoints
from tuning.evaluation.members import Member, curve_so_far, lineage_of
from tuning.journal.records import Trial
from tuning.problems.problem import TrainingProblem
from tuning.text import error_line
from tuning.training.request import TrainingRequest

if TYPE_CHECKING:
    from tuning.training.outcome import Logs, Outcome
    from tuning.training.state import State


class States:
    """The training states of a cell's trials.

    Args:
        problem: Trains a trial again if its state is missing.
        trials: Those of the cell so far; the caller appends to them.
        members_of: The trainings of a configuration.
    """

    def __init__(
        self, problem: TrainingProblem, trials: Sequence[Trial], members_of: Callable[[Configuration], Sequence[Member]]
    ) -> None:
        self.checkpoints = Checkpoints()
        self._problem = problem
        self._trials = trials
        self._members_of = members_of
        self._stateless: set[tuple[int, int]] = set()  # trainings that leave no state

    def keep(self, trial: int, member: int, outcome: Outcome) -> None:
        """Keeps the state at the end of a trial's member (from 0). Raises StudyError if there is no room for it."""
        if outcome.state is None:
            self._stateless.add((trial, member))
            return
        try:
            self.checkpoints.put(trial, member, outcome.state)
        except OSError as error:  # else a library would treat it as a failed trial
            raise StudyError(
                f"the state of trial {trial}, which may be continued, cannot be kept: {error_line(error)}; make "
                f"room in {tempfile.gettempdir()}, or set TMPDIR to another folder"
            ) from error

    def after(self, trial: Trial, member: int) -> tuple[State | None, int]:
        """A member's state at the end of a trial, and the uncharged epochs trained again for it if it was missing.

        None if the training leaves no state to continue from.
        """
        lineage = lineage_of(trial, self._trials)
        epochs = len(trial.trainings[member]) if member < len(trial.trainings) else 0
        initial_epoch = len(curve_so_far(lineage[:-1], member))
        if (trial.trial, member) in self._stateless or not initial_epoch + epochs:
            return None, 0
        if (state := self.checkpoints.get(trial.trial, member)) is not None:
            return state, 0
        before: State | None = None
        rebuilt = 0
        if initial_epoch:
            before, rebuilt = self.after(lineage[-2], member)
            if before is None or not epochs:
                return before, rebuilt
        trained = 0

        def on_epoch(logs: Logs) -> bool:
            nonlocal trained
            trained += 1
            return trained >= epochs

        training = self._members_of(trial.configuration)[member]
        request = TrainingRequest(
            trial.configuration,
            training.seed,
            trial.target_epochs,
            on_epoch,
            initial_epoch=initial_epoch,
            state=before,
            keep_state=True,
            split=training.split,
        )
        outcome = self._problem.train(request)
        self.keep(trial.trial, member, outcome)
        return outcome.state, rebuilt + trained

    def close(self) -> None:
        self.checkpoints.close()
