"""The evaluator: every tuner calls it to evaluate a configuration, and it counts epochs and seconds.

    trial = evaluator.evaluate(configuration, epochs, resume_from)

It trains with the problem's `train`, counts each epoch as it ends, scores by the objective's one rule, stops at the
budget to the epoch (in seconds: at the end of the epoch that passes it), and turns a failure into a FAILED trial; so it
does with a configuration outside of the space, of which it records what lies inside. It answers from recorded trials
first: an interrupted search starts again from its seed and gets the same answers up to the point of interruption
(replay).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from tuning.budget import Budget
from tuning.configuration import Configuration
from tuning.errors import ReplayError, StudyError, TuningError
from tuning.evaluation.known_trainings import KnownTrainings, name_of
from tuning.evaluation.members import Member, curve_so_far, lineage_of, mean_curve, members_of
from tuning.evaluation.states import States
from tuning.evaluation.trial_training import TrialTraining
from tuning.journal.records import FATAL, Cell, Trial, TrialState
from tuning.problems.problem import TrainingProblem

MAX_FAILURES = 20
"""Trials in a row that may fail before their first epoch. They cost no epochs: without a limit, a model that never
builds would be tried forever."""


class SearchOver(BaseException):
    """The budget is spent: leaves the tuner's loop.

    Not an Exception, because the libraries catch those: KerasTuner and scikit-learn count them as failed trials.
    """


class SearchBroken(BaseException):
    """Carries the error that ends a search through libraries that treat any Exception as a failed trial.

    `error` is a `ReplayError`, or a `StudyError` if the tuner asked for something impossible or nothing can be trained.
    """

    def __init__(self, error: TuningError) -> None:
        super().__init__(str(error))
        self.error = error


class Evaluator:
    """Evaluates the configurations of one cell.

    Args:
        problem: Gives the space, the objective and `train`.
        cell: The cell.
        study: Name of the study, part of the seeds.
        budget: What the cell may spend.
        start: The configuration with which a tuner that can is to begin; None: it begins as it does by itself.
        recorded: The cell's trials from the journal, in order.
        on_trial: Called with each newly trained trial, as soon as it ends.
        on_epoch: Called with the epochs spent and the incumbent's score, to show progress.
        on_running: Called when a training begins and after each of its epochs, with the trial to be recorded if the
            process dies now: FAILED, with the epochs so far.
        keep_states: Whether trials may be continued later, so that their states must be kept.
        trial_seconds: A trial that takes longer is FAILED at the end of its epoch; None for no limit.
        trial_memory: A trial that needs more GB, by an estimate, is FAILED before it trains; None for no limit.
        known_trainings: Of this replicate: a trial that would be equal to one is recorded and charged as if it had been
            trained. This search's own are added. None: each is trained.
    """

    def __init__(
        self,
        problem: TrainingProblem,
        cell: Cell,
        *,
        study: str,
        budget: Budget,
        start: Configuration | None = None,
        recorded: Sequence[Trial] = (),
        on_trial: Callable[[Trial], None] = lambda trial: None,
        on_epoch: Callable[[int, float], None] = lambda spent, best: None,
        on_running: Callable[[Trial], None] = lambda trial: None,
        keep_states: bool = False,
        trial_seconds: float | None = None,
        trial_memory: float | None = None,
        known_trainings: KnownTrainings | None = None,
    ) -> None:
        self.problem = problem
        self.cell = cell
        self.study = study
        self.budget = budget
        self.start = start
        self.trials: list[Trial] = []
        self.spent_epochs = 0
        self.spent_seconds = 0.0
        self.best_score = math.nan
        self._recorded = list(recorded)
        self._on_trial = on_trial
        self._on_epoch = on_epoch
        self._on_running = on_running
        self._trial_seconds = trial_seconds
        self._trial_bytes = None if trial_memory is None else trial_memory * 1e9
        self._known_trainings = known_trainings
        self._states = States(problem, self.trials, self._members_of) if keep_states else None
        self._failures = 0
        self._asked_at = time.perf_counter()

    def evaluate(
        self,
        configuration: Configuration,
        epochs: int | None = None,
        resume_from: int | None = None,
        prune: Callable[[int, float], bool] | None = None,
    ) -> Trial:
        """Trains a configuration and returns its trial.

        Args:
            configuration: Active hyperparameters only, plain types.
            epochs: Total to be trained, including a parent's; default: the problem's `max_epochs`.
            resume_from: Trial of this cell to continue: its weights, optimizer state and epoch number.
            prune: Called after each epoch with the epoch (from 1) and the score so far; true ends the trial PRUNED.

        Returns:
            The trial. A FAILED one has the score NaN.

        Raises:
            SearchOver: The budget is spent (after the trial was recorded).
            SearchBroken: With a StudyError if the parent is not a trial of this cell, the user's code raised
                KerasTuner's FatalError, or `MAX_FAILURES` trials in a row failed before their first epoch; with a
                ReplayError if the journal holds a different trial at this place.
        """
        try:
            return self._evaluate(configuration, epochs, resume_from, prune)
        except TuningError as error:
            raise SearchBroken(error) from error

    def close(self) -> None:
        """Removes the states kept for continuing."""
        if self._states is not None:
            self._states.close()

    def _evaluate(
        self,
        configuration: Configuration,
        epochs: int | None,
        resume_from: int | None,
        prune: Callable[[int, float], bool] | None,
    ) -> Trial:
        suggest_seconds = time.perf_counter() - self._asked_at
        if self._is_spent():  # a library has swallowed the end
            raise SearchOver
        target = self.problem.max_epochs if epochs is None else int(epochs)
        mismatch = self.problem.space.mismatch(configuration)
        if mismatch:
            configuration = self.problem.space.part_of(configuration)
        self._check(configuration, target, resume_from)
        number = len(self.trials)
        parent = None if resume_from is None else self.trials[resume_from]
        trial = self._replay(number, configuration, target, resume_from, prune)
        if trial is None:
            trial = self._train(number, configuration, target, parent, prune, mismatch)
            trial = replace(trial, suggest_seconds=suggest_seconds)
            self._on_trial(trial)
        if self._known_trainings is not None:
            self._known_trainings.add(trial)
        self.trials.append(trial)
        self.spent_epochs = trial.spent_epochs
        self.spent_seconds += trial.train_seconds
        if trial.state != TrialState.FAILED and self.problem.objective.better(trial.score, self.best_score):
            self.best_score = trial.score
        self._on_epoch(self.spent_epochs, self.best_score)
        self._end_if_hopeless(trial)
        self._asked_at = time.perf_counter()
        if self._is_spent():
            raise SearchOver
        return trial

    def _is_spent(self, epochs: int = 0, seconds: float = 0.0) -> bool:
        """Whether the budget is spent once a trial that runs is charged so much."""
        return self.budget.is_spent(self.spent_epochs + epochs, self.spent_seconds + seconds)

    def _check(self, configuration: Configuration, target: int, resume_from: int | None) -> None:
        if target < 1:
            raise StudyError(f"tuner {self.cell.tuner!r} asked for {target} epochs; expected at least 1")
        if resume_from is None:
            return
        if self._states is None:
            raise StudyError(f"tuner {self.cell.tuner!r} continues trials but does not declare `resumes = True`")
        if not 0 <= resume_from < len(self.trials):
            raise StudyError(f"tuner {self.cell.tuner!r} asked to continue trial {resume_from}, which is not there")
        if self.trials[resume_from].configuration != configuration:
            raise StudyError(
                f"tuner {self.cell.tuner!r} asked to continue trial {resume_from} with another configuration; "
                "a continued trial keeps its hyperparameters"
            )

    def _train(
        self,
        number: int,
        configuration: Configuration,
        target: int,
        parent: Trial | None,
        prune: Callable[[int, float], bool] | None,
        mismatch: str,
    ) -> Trial:
        members = self._members_of(configuration)
        trial = Trial(
            cell=self.cell,
            trial=number,
            configuration=configuration,
            state=TrialState.FAILED,
            score=math.nan,
            initial_epoch=0 if parent is None else parent.last_epoch,
            target_epochs=target,
            curve=[],
            spent_epochs=self.spent_epochs,
            parent=None if parent is None else parent.trial,
            seed=members[0].seed,
        )
        if mismatch:
            return replace(trial, error=f"the tuner asked for a configuration outside of the space: {mismatch}")
        if parent is not None and min(trial.initial_epoch, parent.target_epochs) >= target:
            return replace(trial, state=TrialState.COMPLETE, score=parent.score, returned=parent.returned)
        if parent is None and prune is None and (equal := self._equal_to(trial)) is not None:
            return equal
        return TrialTraining(
            self.problem,
            trial,
            members,
            lineage_of(parent, self.trials),
            self._states,
            is_spent=self._is_spent,
            seconds=self._trial_seconds,
            memory=self._trial_bytes,
            returns=any(known.returned for known in self.trials),
            on_running=self._on_running,
            on_epoch=self._tell_epoch,
            prune=prune,
        ).run()

    def _equal_to(self, trial: Trial) -> Trial | None:
        """The record of a trial that is to begin from its seed, if an equal one is known and its record is enough."""
        may_be_continued = self._states is not None and trial.target_epochs < self.problem.max_epochs
        if self._known_trainings is None or may_be_continued:
            return None
        known = self._known_trainings.trial(trial.configuration, trial.seed, trial.target_epochs)
        if known is None or self._is_spent(known.epochs, known.train_seconds):
            return None
        spent = self.spent_epochs + known.epochs
        return replace(known, cell=trial.cell, trial=trial.trial, spent_epochs=spent, copy_of=name_of(known))

    def _tell_epoch(self, charged: int, score: float) -> None:
        """An epoch has ended of a trial that has been charged this many, with its score so far."""
        best = score if self.problem.objective.better(score, self.best_score) else self.best_score
        self._on_epoch(self.spent_epochs + charged, best)

    def _members_of(self, configuration: Configuration) -> list[Member]:
        return members_of(self.problem, self.study, self.cell.replicate, configuration)

    def _replay(
        self,
        number: int,
        configuration: Configuration,
        target: int,
        resume_from: int | None,
        prune: Callable[[int, float], bool] | None,
    ) -> Trial | None:
        """The recorded trial at this place, or None if it must be trained.

        Raises:
            ReplayError: A different trial is recorded there.
        """
        if number >= len(self._recorded):
            return None
        known = self._recorded[number]
        asked = {"configuration": configuration, "epochs": target, "parent": resume_from}
        holds = {"configuration": known.configuration, "epochs": known.target_epochs, "parent": known.parent}
        if asked != holds:
            raise ReplayError(
                f"{self.cell}: the search asks for trial {number} with {asked}, the journal holds {holds}; a library "
                "or the study has changed since: use the versions in its manifest, or another folder with --out"
            )
        if known.state == TrialState.CUT and not self._is_spent(known.epochs, known.train_seconds):
            # It was cut by a smaller budget than today's. It is trained again from its seed, in full.
            del self._recorded[number:]
            return None
        if prune is not None:
            self._replay_pruning(known, target, prune)
        return known

    def _replay_pruning(self, known: Trial, target: int, prune: Callable[[int, float], bool]) -> None:
        """Shows a pruner what it saw when this trial was trained."""
        number = len(self._members_of(known.configuration))
        if len(known.trainings) < number:  # it ended before its mean was known
            return
        lineage = lineage_of(known, self.trials)
        curves = [curve_so_far(lineage, place) for place in range(number)]
        before = len(curves[-1]) - len(known.trainings[-1])
        for epoch in range(before + 1, min(len(curves[-1]), target) + 1):
            prune(epoch, self.problem.objective.score(mean_curve([*curves[:-1], curves[-1][:epoch]], epoch)))

    def _end_if_hopeless(self, trial: Trial) -> None:
        if trial.error.startswith(FATAL):
            raise StudyError(f"trial {trial.trial} ended the search: {trial.error}")
        self._failures = self._failures + 1 if trial.state == TrialState.FAILED and not trial.epochs else 0
        if self._failures >= MAX_FAILURES:
            raise StudyError(
                f"{self._failures} trials in a row failed before their first epoch, the last with: {trial.error}"
            )
