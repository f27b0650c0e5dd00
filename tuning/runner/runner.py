"""The driver: opens a study's folder, runs its cells, and is the only one that writes results."""

from __future__ import annotations

import math
import sys
import time
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Protocol

from tuning import seeds
from tuning.budget import Budget
from tuning.errors import JournalError
from tuning.evaluation.training_watch import time_limit_words
from tuning.formatting import plural
from tuning.journal import journal as journals
from tuning.journal.journal import Journal
from tuning.journal.lines import normal
from tuning.journal.plan import SEARCH, Manifest, Plan, Session, compared_words, endpoint_words, start_said, start_words
from tuning.journal.records import Cell, CellEnd, CellResult, CellState, Retraining, Trial, TrialState
from tuning.journal.study_record import ProblemRecord, StudyRecord
from tuning.journal.writer import JournalWriter
from tuning.problems.problem import Problem
from tuning.process.manifest import SETTINGS, installed_version, manifest
from tuning.runner.cell import CellTask
from tuning.runner.devices import CPUS, Devices
from tuning.runner.executor import Executor, run_here
from tuning.runner.plan import StudyPlan
from tuning.runner.replicate_trainings import ReplicateTrainings
from tuning.runner.retraining import pending_retrainings
from tuning.runner.schedule import Pace
from tuning.tensorboard.hparams import HparamsWriter, write_hparams

MEND = "choose another folder with --out, or move that one away"
PARTING_SECONDS = 5.0  # for an interrupted run to write pending HPARAMS; a resumed run writes them all


class Watcher(Protocol):
    """Receives a run's progress, to show it."""

    def begin(self, tasks: list[CellTask], pending: list[CellTask], notes: list[str]) -> None: ...
    def note(self, note: str) -> None: ...
    def epoch(self, cell: Cell, spent: int, best: float) -> None: ...
    def trial(self, trial: Trial) -> None: ...
    def retraining(self, retraining: Retraining) -> None: ...
    def end(self, end: CellEnd) -> None: ...


class Unwatched:
    """No-op watcher."""

    def begin(self, tasks: list[CellTask], pending: list[CellTask], notes: list[str]) -> None: ...
    def note(self, note: str) -> None: ...
    def epoch(self, cell: Cell, spent: int, best: float) -> None: ...
    def trial(self, trial: Trial) -> None: ...
    def retraining(self, retraining: Retraining) -> None: ...
    def end(self, end: CellEnd) -> None: ...


@dataclass
class Run:
    """The result of a run: the study's folder, and how the cells of this run ended."""

    directory: Path
    ends: list[CellEnd] = field(default_factory=list)

    @property
    def failed(self) -> list[CellEnd]:
        return [end for end in self.ends if end.state != CellState.DONE]


def run(
    study: StudyPlan,
    out: Path,
    watcher: Watcher | None = None,
    command: Sequence[str] = (),
    execute: Executor = run_here,
    devices: Devices = CPUS,
) -> Run:
    """Runs the cells of a study that are not done yet, into ``<out>/<study>/``.

    Checks all that it can before the first epoch, so that a mistake costs only seconds and changes no file.

    Raises:
        DataError, SpaceError, ObjectiveError: A problem cannot be searched.
        JournalError: The folder holds another study, or this one with other settings, or is in use.
        ReplayError: A resumed search asks for other trials than the journal holds.
    """
    from tuning.process.setup import prepare_process

    watcher = watcher or Unwatched()
    facts = {**prepare_process(), **devices.described()}
    study.check_budget()
    for problem in study.problems:
        problem.check()
        if isinstance(problem, Problem):
            for replicate in range(1, study.replicates + 1):
                problem.resampled.check(seeds.of_splits(study.name, problem.name, replicate, {}))
        for tuner in (*study.tuners, *study.baselines):
            tuner.check(problem)
    directory = out / study.name
    description, plan = normal(study.describe()), study.plan()
    begun = journals.begun(directory)
    with JournalWriter.resume(directory) if begun else JournalWriter.create(directory, description) as writer:
        known = journals.read(directory)
        _check_same(known, description)
        packages = [name for tuner in (*study.tuners, *study.baselines) for name in tuner.distributions]
        session = normal(Session(plan, Manifest(manifest(facts, command, packages))))
        _check_settings(known, session.manifest)
        _check_plan(known, session.plan)
        noise_free = all(problem.noise_free for problem in description.problems.values())
        declared = "" if begun else f"The verdict will be about {endpoint_words(plan.endpoint, noise_free)}."
        begins, newer = start_said(plan.start, plan.own_start), _newer(known.manifest, session.manifest)
        notes = [note for note in (known.healed, declared, begins, newer) if note]
        writer.session(session, at_once=not begun)  # a search that cannot continue must change nothing
        known.sessions.append(session)
        tasks = study.tasks(known)
        pending = [task for task in tasks if not _is_done(known.ends.get(task.cell), task)]
        watcher.begin(tasks, pending, notes)
        hparams = write_hparams(known, directory)
        trainings = ReplicateTrainings(known, tasks, pending)
        recorder = _Recorder(writer, hparams, watcher, pending, Pace(known.all_trials()), trainings)
        try:
            execute(pending, recorder)
        except BaseException:
            with suppress(JournalError):  # the error that ended the run is the one to report
                recorder.catch_up_with_all(PARTING_SECONDS)
            raise
        recorder.catch_up_with_all()
        writer.heal()
    return Run(directory, recorder.ends)


class _Recorder:
    """Writes the cells' results, and informs the watcher."""

    def __init__(
        self,
        writer: JournalWriter,
        hparams: HparamsWriter,
        watcher: Watcher,
        tasks: Iterable[CellTask],
        pace: Pace,
        trainings: ReplicateTrainings,
    ) -> None:
        self.writer = writer
        self.hparams = hparams
        self.watcher = watcher
        self.trials = {task.cell: list(task.recorded) for task in tasks}
        self.retrainings = {task.cell: list(task.retrained) for task in tasks}
        self.ends: list[CellEnd] = []
        self.batched = writer.batched
        self.on_note = watcher.note
        self.pace = pace
        self.with_known_trainings = trainings.told
        self._trainings = trainings
        self.unshown: deque[Trial | Retraining] = deque()  # recorded, but not in the HPARAMS logs yet

    def trials_of(self, cell: Cell) -> list[Trial]:
        return self.trials[cell]

    def retrainings_of(self, cell: Cell) -> list[Retraining]:
        return self.retrainings[cell]

    def on_epoch(self, cell: Cell, spent: int, best: float) -> None:
        self.watcher.epoch(cell, spent, best)

    def on_trial(self, trial: Trial) -> None:
        self.writer.trial(trial)
        # A trial that an earlier, smaller budget had cut is replaced.
        self.trials[trial.cell][trial.trial :] = [trial]
        self.unshown.append(trial)
        self.pace.add(trial)
        self.watcher.trial(trial)

    def on_retraining(self, retraining: Retraining) -> None:
        known = self.retrainings[retraining.cell]
        # A worker that was given up may still send messages, and a cell's result repeats everything.
        if any((done.configuration, done.repeat) == (retraining.configuration, retraining.repeat) for done in known):
            return
        self.writer.retraining(retraining)
        known.append(retraining)
        self.unshown.append(retraining)
        self.watcher.retraining(retraining)

    def catch_up(self) -> bool:
        """Writes the HPARAMS of one record; false if none is left."""
        if self.unshown:
            record = self.unshown.popleft()
            try:
                if isinstance(record, Trial):
                    self.hparams.write(record)
                else:
                    self.hparams.retrained(record)
            except OSError as error:  # a library would treat it as a failed trial
                raise JournalError(
                    f"the HPARAMS logs cannot be written ({error.strerror}), all trials that ended are recorded; mend "
                    "that, and run the same command to go on"
                ) from error
        return bool(self.unshown)

    def catch_up_with_all(self, seconds: float = math.inf) -> None:
        until = time.monotonic() + seconds
        while self.catch_up() and time.monotonic() < until:
            pass

    def on_result(self, task: CellTask, result: CellResult) -> None:
        for trial in result.trials[len(self.trials[task.cell]) :]:  # those whose message was lost
            self.on_trial(trial)
        for retraining in result.retrainings:
            self.on_retraining(retraining)
        if result.end is not None:
            self.writer.cell(result.end)
            self.ends.append(result.end)
            self._trainings.ended(task, result)
            self.trials[task.cell], self.retrainings[task.cell] = [], []  # no longer needed: a run may have millions
            best = task.problem.objective.best(trial.score for trial in result.trials)
            self.watcher.epoch(task.cell, result.end.spent_epochs, best)
            self.watcher.end(result.end)


def _is_done(end: CellEnd | None, task: CellTask) -> bool:
    """Whether a cell needs no more work: it ended at this budget or a larger one, and is retrained."""
    if end is None or end.state != CellState.DONE:
        return False
    epochs = task.budget.epochs_of(end.spent_epochs)
    if pending_retrainings(task.recorded, task.retrained, task.problem.objective, task.retrain, epochs):
        return False
    if task.budget.is_spent(end.spent_epochs, end.spent_seconds):
        return True
    known = end.budget_epochs != 0  # earlier releases did not record it
    return known and Budget(end.budget_epochs, end.budget_seconds).covers(task.budget)


def _check_same(known: Journal, description: StudyRecord) -> None:
    """Raises JournalError if the folder's journal is of another study."""
    where = f"{known.directory} holds another study"
    if known.name != description.study:
        raise JournalError(f"{where}, {known.name!r}; {MEND}")
    for name in known.problems.keys() | description.problems.keys():
        before, now = known.problems.get(name), description.problems.get(name)
        if before is None or now is None:
            raise JournalError(
                f"{where}: problem {name!r} is {'only in that folder' if now is None else 'only in your study'}; {MEND}"
            )
        if difference := _difference(before, now):
            raise JournalError(f"{where}: problem {name!r} has {difference}; {MEND}")


def _difference(before: ProblemRecord, now: ProblemRecord) -> str:
    """What differs in a problem, in words; empty if nothing does."""
    if before.space != now.space:
        there = {str(entry["name"]): entry for entry in before.space}
        here = {str(entry["name"]): entry for entry in now.space}
        names = [name for name in {**there, **here} if there.get(name) != here.get(name)]
        words = f"they differ in {', '.join(names[:5])}" if names else "in another order"
        return f"another search space there ({words})"
    if before.objective != now.objective:
        return f"another objective there ({before.objective.to_json()}, yours {now.objective.to_json()})"
    if before.max_epochs != now.max_epochs:
        return f"another max_epochs there ({before.max_epochs}, yours {now.max_epochs})"
    if before.repeats != now.repeats:
        return f"another number of repeats there ({before.repeats}, yours {now.repeats})"
    for what in ("resampling", "preprocess"):
        known, asked = (getattr(record.data, what) or "none" for record in (before, now))
        if known != asked:
            return f"another {what} there ({known}, yours {asked})"
    if (before.data.fingerprint, before.data.shapes) != (now.data.fingerprint, now.data.shapes):
        return f"other data there (fingerprint {before.data.fingerprint}, yours {now.data.fingerprint})"
    return ""


def _check_plan(known: Journal, plan: Plan) -> None:
    """Raises JournalError if the folder's journal has other settings of the study."""
    before = known.plan
    ran = before.settings
    for label, settings in plan.settings.items():
        if label in ran and ran[label] != settings:
            raise JournalError(
                f"{known.directory}: tuner {label!r} ran there with {ran[label]}, now it has {settings}; "
                "give it another label=..., or choose another folder with --out"
            )
    _check_limit(known, plan.trial_seconds)
    _check_endpoint(known, plan)
    if known.sessions and before.start != plan.start:
        raise JournalError(
            f"{known.directory} was begun with searches that begin {start_words(before)}, now they would begin "
            f"{start_words(plan)}; the first trials are compared too: keep Study(start={before.start or None!r}), or "
            f"{MEND}"
        )
    if known.sessions and not plan.budget.covers(before.budget):
        raise JournalError(
            f"{known.directory} was begun with a budget of {before.budget.words()}, now it is {plan.budget.words()}; "
            f"a study goes on with the same budget or a larger one: {MEND}"
        )


def _check_endpoint(known: Journal, plan: Plan) -> None:
    """Raises JournalError if the verdict was declared to be about something else, or was looked at with fewer seeds."""
    before = known.plan
    if before.endpoint not in ("", plan.endpoint):
        raise JournalError(
            f"{known.directory} was begun with endpoint {before.endpoint!r}, now it is {plan.endpoint!r} with "
            f"{plural(plan.retrain, 'retraining')} of each winner; a study's verdict stays about what was declared "
            f"before it ran: keep it (--endpoint {before.endpoint}), or {MEND}"
        )
    if known.sessions and (before.reference, before.alternative) != (plan.reference, plan.alternative):
        was, now = (compared_words(of.reference, of.alternative) for of in (before, plan))
        raise JournalError(
            f"{known.directory} was begun to compare {was}, now it is {now}; what is compared is declared before the "
            f"run: keep Study(reference={before.reference or None!r}, alternative={before.alternative!r}), or {MEND}"
        )
    if before.until_decided is not None and before.endpoint != SEARCH and before.retrain != plan.retrain:
        raise JournalError(
            f"{known.directory} was looked at with {plural(before.retrain, 'retraining')} of each winner, now there "
            f"are to be {plan.retrain}; scores that change between looks would raise the error rate above 5%: give "
            f"--retrain {before.retrain}, or {MEND}"
        )


def _check_settings(known: Journal, now: Manifest) -> None:
    """Raises JournalError if Keras is set otherwise than in the run before, so that its models would be others."""
    before = known.manifest
    if "floatx" not in before:  # of an earlier release
        return
    for name in SETTINGS:
        if before.get(name) != now.get(name):
            raise JournalError(
                f"{known.directory} ran with {name} {before.get(name, 'as Keras has it')}, now it is "
                f"{now.get(name, 'as Keras has it')}; set it as before, or {MEND}"
            )


def _newer(before: Manifest, now: Manifest) -> str:
    """Libraries that have changed since the last run, because their changes affect the results."""
    old, new = ({"python": made.python, **made.versions, "GPUs": _gpus(made)} for made in (before, now))
    changed = [f"{name} {old[name]}, now {new[name]}" for name in old if name in new and old[name] != new[name]]
    changed += [f"{name} {old[name]}, now gone" for name in old if name not in new and not installed_version(name)]
    if not before or not changed:
        return ""
    return f"The run before had {'; '.join(changed)}. If that changes what is searched, this run says so and stops."


def _gpus(manifest: Manifest) -> str:
    found = manifest.get("GPUs")
    return "; ".join(map(str, found)) if isinstance(found, list) else "none"


def _check_limit(known: Journal, limit: float | None) -> None:
    """Raises JournalError if the new limit of a trial's seconds would have led to other records."""
    before = known.plan.trial_seconds
    if not known.sessions or before == limit:
        return
    was, now = ("no limit" if seconds is None else f"{seconds:g} s" for seconds in (before, limit))
    records: list[Trial | Retraining] = [*known.all_trials(), *chain.from_iterable(known.retrainings.values())]
    for record in records:
        if record.state == TrialState.FAILED:
            differs = before is not None and record.error.startswith(time_limit_words(before))
        else:
            differs = limit is not None and record.train_seconds > limit
        if differs:
            raise JournalError(
                f"{known.directory} ran with {was} as the time limit of a trial, now it is {now}, by which trial "
                f"{record.trial} of {record.cell}, of {record.train_seconds:.0f} s, would have ended otherwise; keep "
                "the limit, or choose another folder with --out"
            )


def command_line(without: Collection[str] = ()) -> list[str]:
    """The words of this run's command, without paths of this machine: a journal may be published.

    Args:
        without: Words to leave out: the other studies of a command that runs several.
    """
    words = [Path(sys.argv[0]).name, *(word for word in sys.argv[1:] if word not in without)]
    return [Path(word).name if Path(word).is_absolute() else word for word in words]
