"""The states at the end of a cell's trials, to continue them; a missing state is computed again by training."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tuning.configuration import Configuration
from tuning.errors import StudyError
from tuning.evaluation.checkpoints import Checkpoints
from tuning.journal.records import Trial
from tuning.problems.problem import TrainingProblem
from tuning.seeds import SplitSeeds
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
        split_of: What the rows of a configuration are drawn from.
    """

    def __init__(
        self, problem: TrainingProblem, trials: Sequence[Trial], split_of: Callable[[Configuration], SplitSeeds]
    ) -> None:
        self.checkpoints = Checkpoints()
        self._problem = problem
        self._trials = trials
        self._split_of = split_of
        self._stateless: set[int] = set()  # trials whose training leaves no state

    def keep(self, trial: int, outcome: Outcome) -> None:
        """Keeps the state at the end of a trial. Raises StudyError if there is no room for it."""
        if outcome.state is None:
            self._stateless.add(trial)
            return
        try:
            self.checkpoints.put(trial, outcome.state)
        except OSError as error:  # else a library would treat it as a failed trial
            raise StudyError(
                f"the state of trial {trial}, which may be continued, cannot be kept: {error_line(error)}; make "
                f"room in {tempfile.gettempdir()}, or set TMPDIR to another folder"
            ) from error

    def after(self, trial: Trial) -> tuple[State | None, int]:
        """The state at the end of a trial, and the uncharged epochs trained again for it if it was missing.

        None if the training leaves no state to continue from.
        """
        if trial.trial in self._stateless or not trial.initial_epoch + trial.epochs:
            return None, 0
        if (state := self.checkpoints.get(trial.trial)) is not None:
            return state, 0
        before: State | None = None
        rebuilt = 0
        if trial.parent is not None and trial.initial_epoch:
            before, rebuilt = self.after(self._trials[trial.parent])
            if before is None or not trial.epochs:
                return before, rebuilt
        trained = 0

        def on_epoch(logs: Logs) -> bool:
            nonlocal trained
            trained += 1
            return trained >= trial.epochs

        request = TrainingRequest(
            trial.configuration,
            trial.seed,
            trial.target_epochs,
            on_epoch,
            initial_epoch=trial.initial_epoch,
            state=before,
            keep_state=True,
            split=self._split_of(trial.configuration),
        )
        outcome = self._problem.train(request)
        self.keep(trial.trial, outcome)
        return outcome.state, rebuilt + trained

    def close(self) -> None:
        self.checkpoints.close()
