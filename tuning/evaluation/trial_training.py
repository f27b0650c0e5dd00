"""Trains one trial: its members one after another, each watched epoch by epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tuning.evaluation.members import Curve, Member, curve_so_far, mean_curve
from tuning.evaluation.states import States
from tuning.evaluation.training_watch import TrainingWatch
from tuning.journal.records import Trial, TrialState
from tuning.problems.problem import TrainingProblem
from tuning.training.request import TrainingRequest

if TYPE_CHECKING:
    from tuning.training.outcome import Outcome


class TrialTraining:
    """One trial while it trains.

    The members train one after another, so their mean is known only while the last of them trains: what watches the
    score, such as a pruner, sees it then. If a trial ends before, its mean curve has no epoch of its own.

    Args:
        problem: Trains.
        trial: As it begins: FAILED, without epochs.
        members: Its trainings.
        lineage: Its ancestors, the first first.
        states: Where the members' states are kept; None if nothing is continued.
        is_spent: Whether the cell has come to the end of its budget, if this trial is charged so many epochs and
            seconds. At least one epoch is trained.
        seconds: Time limit of the whole trial, None for no limit.
        memory: Bytes that each training may need, None for no limit.
        returns: Whether earlier trials got their score from what the user's `fit` returned.
        on_running: Called when a member begins, and after each epoch, with the trial as it would be if the process
            died now.
        on_epoch: Called after each epoch with the epochs charged and the score so far, NaN if not known yet.
        prune: As in `Evaluator.evaluate`.
    """

    def __init__(
        self,
        problem: TrainingProblem,
        trial: Trial,
        members: Sequence[Member],
        lineage: Sequence[Trial],
        states: States | None,
        *,
        is_spent: Callable[[int, float], bool],
        seconds: float | None,
        memory: float | None,
        returns: bool,
        on_running: Callable[[Trial], None],
        on_epoch: Callable[[int, float], None],
        prune: Callable[[int, float], bool] | None,
    ) -> None:
        self.problem = problem
        self.trial = trial
        self.members = members
        self.before: Sequence[Curve] = [curve_so_far(lineage, place) for place in range(len(members))]
        self.parent = lineage[-1] if lineage else None
        self.curves: list[Curve] = []
        self.rebuilt = 0
        self._states = states
        self._is_spent = is_spent
        self._seconds = seconds
        self._memory = memory
        self._returns = returns
        self._on_running = on_running
        self._on_epoch = on_epoch
        self._prune = prune
        self._begun = time.monotonic()

    def run(self) -> Trial:
        """Trains the members and returns the trial that is to be recorded."""
        state, error = TrialState.COMPLETE, ""
        outcomes: list[Outcome] = []
        for member in self.members:
            if self.curves and self._is_over():
                state = TrialState.CUT
                break
            outcome, state, error = self._train(member)
            outcomes.append(outcome)
            if state != TrialState.COMPLETE:
                break
        trial = self._so_far(ended=state == TrialState.COMPLETE)
        score, returned = self._score(trial, outcomes)
        return replace(
            trial,
            state=state,
            score=math.nan if state == TrialState.FAILED else score,
            train_seconds=self._seconds_gone(),
            error=error,
            fit="; ".join(dict.fromkeys(outcome.fit for outcome in outcomes)),
            rebuilt_epochs=self.rebuilt,
            returned=returned,
        )

    def _train(self, member: Member) -> tuple[Outcome, TrialState, str]:
        """Trains one member: its outcome, and its state and error as a trial's."""
        place = len(self.curves)
        before = self.before[place]
        state, rebuilt = (None, 0)
        if self.parent is not None and self._states is not None:
            asked = time.monotonic()
            state, rebuilt = self._states.after(self.parent, place)
            if rebuilt:  # an interruption made it necessary: it is charged neither epochs nor seconds
                self._begun += time.monotonic() - asked
        self.curves.append(())

        def on_running(curve: Curve) -> None:
            self.curves[place] = curve
            self._on_running(self._so_far())

        watch = TrainingWatch(
            self.problem.objective.metric,
            initial_epoch=len(before),
            # A training that leaves no state cannot be continued: it is repeated from the start, then continues.
            repeated=len(before) if state is None else 0,
            seconds=self._seconds,
            begun=self._begun,
            on_running=on_running,
            rule=lambda epoch: self._rule(epoch, watch.curve),
        )
        request = TrainingRequest(
            self.trial.configuration,
            member.seed,
            self.trial.target_epochs,
            watch,
            initial_epoch=0 if state is None else len(before),
            state=state,
            keep_state=self._states is not None,
            split=member.split,
            memory=self._memory,
        )
        outcome = self.problem.train(request)
        if self._states is not None:
            self._states.keep(self.trial.trial, place, outcome)
        self.curves[place] = watch.curve
        self.rebuilt += rebuilt + (len(before) - watch.repeated if state is None else 0)
        status, error = watch.end(outcome, before)
        if error and member.name:
            error += f" ({member.name})"
        return outcome, status, error

    def _rule(self, epoch: int, curve: Curve) -> TrialState | None:
        """Whether the member that trains is to end after this epoch."""
        self.curves[-1] = curve
        charged = self._charged
        whole = len(self.curves) == len(self.members)
        score = self.problem.objective.score(self._mean(epoch)) if whole else math.nan
        self._on_epoch(charged, score)
        if self._prune is not None and whole and epoch <= self.trial.target_epochs and self._prune(epoch, score):
            return TrialState.PRUNED
        return TrialState.CUT if self._is_over() else None

    @property
    def _charged(self) -> int:
        return sum(map(len, self.curves))

    def _seconds_gone(self) -> float:
        return time.monotonic() - self._begun

    def _is_over(self) -> bool:
        return self._is_spent(self._charged, self._seconds_gone())

    def _whole_curves(self) -> list[Curve]:
        """Of every member, also of those that have not begun, with the ancestors' epochs first."""
        begun = [*self.curves, *[()] * (len(self.members) - len(self.curves))]
        return [[*before, *curve] for before, curve in zip(self.before, begun, strict=True)]

    def _mean(self, length: int) -> list[Mapping[str, float]]:
        return mean_curve(self._whole_curves(), length)

    def _so_far(self, ended: bool = False) -> Trial:
        """The trial with the epochs trained so far; `ended`: all members have come to their end."""
        length = self.trial.initial_epoch
        if len(self.curves) == len(self.members):
            lengths = list(map(len, self._whole_curves()))
            length = max(lengths) if ended else lengths[-1]
        return replace(
            self.trial,
            curve=self._mean(length)[self.trial.initial_epoch :],
            members=tuple(self.curves) if len(self.members) > 1 else (),
            spent_epochs=self.trial.spent_epochs + self._charged,
        )

    def _score(self, trial: Trial, outcomes: Sequence[Outcome]) -> tuple[float, bool]:
        """The trial's score, and whether the user's own `fit` has said it."""
        objective = self.problem.objective
        told = [outcome.score for outcome in outcomes]
        if any(score is not None for score in told):
            curves = self._whole_curves()
            scores = [
                objective.score(curve) if score is None else score for score, curve in zip(told, curves, strict=False)
            ]
            return (sum(scores) / len(scores) if len(scores) == len(self.members) else math.nan), True
        if self._returns and any(outcome.interrupted for outcome in outcomes):
            return math.nan, True  # what `fit` would have returned is not known
        return objective.score(self._mean(trial.last_epoch)), False
