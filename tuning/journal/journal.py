"""The journal: the append-only record of a study, from which every table, report and HPARAMS log is made.

One file, `journal/journal.jsonl`, with one JSON object per line, by `kind`:

    study       first line: format, the study's name, and for each problem its space, objective, epochs and data
    session     one for each `tuning run`: the plan (tuners, budget, replicates) and the manifest (versions, threads)
    trial       one for each trial, with its epoch curve; a later line for the same cell and number replaces it
    retraining  one for each retrained incumbent, with its epoch curve and its test scores
    cell        one for each cell that ended
    winner      one for each winner that was saved: its layers and what it predicts; a later one replaces it

Only the driver writes. A line is flushed to disk before the next one begins (lines that arrive together are flushed
together), so a crash costs at most what was being written. The next run cuts off a torn last line and reports it.

A journal that is published may be packed, a tenth as large: `xz journal.jsonl`. It is read as it is, and a run that
goes on with it unpacks it first.
"""

from __future__ import annotations

import lzma
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from tuning.budget import Budget
from tuning.errors import JournalError, StudyError
from tuning.journal import lines
from tuning.journal.plan import RETRAINED, SEARCH, TEST, Manifest, Plan, Session, merged
from tuning.journal.records import Cell, CellEnd, Retraining, Trial
from tuning.journal.study_record import FORMAT, ProblemRecord, StudyRecord
from tuning.journal.winner_record import Winner
from tuning.objective import Objective
from tuning.process.garbage import no_search_for_cycles
from tuning.process.system import lock
from tuning.text import error_line

_START = b'{"kind":"study",'


@dataclass
class Journal:
    """What a study folder's journal holds.

    Attributes:
        study: The first line.
        sessions: One for each run.
        trials: By cell, in trial order.
        retrainings: By cell, in the order of the journal.
        ends: How each ended cell ended.
        winners: By problem and tuner, the saved winner.
        healed: Note about a torn last line; empty if there was none.
    """

    directory: Path
    study: StudyRecord
    sessions: list[Session] = field(default_factory=list)
    trials: dict[Cell, list[Trial]] = field(default_factory=dict)
    retrainings: dict[Cell, list[Retraining]] = field(default_factory=dict)
    ends: dict[Cell, CellEnd] = field(default_factory=dict)
    winners: dict[tuple[str, str], Winner] = field(default_factory=dict)
    healed: str = ""

    @property
    def name(self) -> str:
        return self.study.study

    @property
    def plan(self) -> Plan:
        """The plan of all runs together."""
        return merged([session.plan for session in self.sessions])

    @property
    def manifest(self) -> Manifest:
        """The last run's."""
        return self.sessions[-1].manifest if self.sessions else Manifest()

    @property
    def problems(self) -> dict[str, ProblemRecord]:
        return self.study.problems

    def objective(self, problem: str) -> Objective:
        return self.problems[problem].objective

    @property
    def endpoint(self) -> str:
        """What the verdict is about, one of `tuning.journal.plan.ENDPOINTS`.

        Journals of earlier releases do not say: then the first for which all problems have scores.
        """
        plan = self.plan
        if plan.endpoint or not plan.retrain:
            return plan.endpoint or SEARCH
        tested = {cell.problem for cell, done in self.retrainings.items() if any(one.test for one in done)}
        return TEST if tested >= self.problems.keys() else RETRAINED

    def planned_cells(self) -> list[Cell]:
        """Every cell of the plan, replicate by replicate, so that an unfinished study can be compared."""
        plan = self.plan
        return [
            Cell(problem, tuner, replicate)
            for replicate in range(1, plan.replicates + 1)
            for problem in self.problems
            for tuner in plan.settings
        ]

    def plan_of(self, problem: str) -> Plan:
        """The plan that a problem's cells follow."""
        return self.plan

    def budgets(self) -> dict[tuple[str, str], Budget]:
        """What each cell may spend, by problem, and label of the tuner or baseline."""
        plans = {problem: self.plan_of(problem) for problem in self.problems}
        return {(problem, label): plan.budget_of(label) for problem, plan in plans.items() for label in plan.settings}

    def full_trainings(self, problem: str) -> float | None:
        """How many trials in full a problem's budget pays for; None if it has a limit in seconds."""
        plan, recorded = self.plan_of(problem), self.problems[problem]
        if plan.budget_epochs is None or plan.budget_seconds is not None:
            return None
        return plan.budget_epochs / (recorded.max_epochs * recorded.folds * recorded.repeats)

    def extended(self) -> tuple[int, ...]:
        """The numbers of replicates that its runs planned, if later ones planned more: what was there could be seen."""
        planned = dict.fromkeys(session.plan.replicates for session in self.sessions)
        return tuple(planned) if len(planned) > 1 and list(planned) == sorted(planned) else ()

    def no_search(self) -> dict[str, str]:
        """Descriptions, by label, of the baselines that search nothing and have their own model."""
        return {label: settings.no_search for label, settings in self.plan.baselines.items() if settings.no_search}

    def all_trials(self) -> Iterable[Trial]:
        """Trials of the planned cells, in the plan's order, then in trial order."""
        for cell in self.planned_cells():
            yield from self.trials.get(cell, ())


def path_of(directory: Path) -> Path:
    return Path(directory) / "journal" / "journal.jsonl"


def file_of(directory: Path) -> Path | None:
    """The file that holds the journal: `path_of`, or that packed by xz; None if there is neither."""
    plain = path_of(directory)
    return next((path for path in (plain, _packed(plain)) if path.is_file()), None)


def _packed(plain: Path) -> Path:
    return plain.with_name(f"{plain.name}.xz")


def _opened(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", lzma.open(path)) if path.suffix == ".xz" else path.open("rb")


@contextmanager
def _unpacks(path: Path) -> Iterator[None]:
    try:
        yield
    except (EOFError, lzma.LZMAError) as error:
        raise JournalError(f"{path} cannot be unpacked ({error_line(error)}); fetch it again") from error


def unpack(directory: Path) -> None:
    """Puts a packed journal into its plain file, to which lines can be appended; else does nothing.

    Raises:
        JournalError: The packed file is damaged, or in use.
    """
    plain = path_of(directory)
    packed, partial = _packed(plain), plain.with_suffix(".partial")
    if file_of(directory) != packed:
        return
    with packed.open("rb") as file, _unpacks(packed):
        release = lock(file)
        if release is None:
            raise JournalError(f"{packed} is in use; wait for its end, or use --out")
        try:
            with lzma.open(file) as lines_of, partial.open("wb") as unpacked:
                shutil.copyfileobj(lines_of, unpacked)
                unpacked.flush()
                os.fsync(unpacked.fileno())
            partial.replace(plain)
            packed.unlink()
        finally:
            partial.unlink(missing_ok=True)
            release()


def begun(directory: Path) -> bool:
    """Whether there is a journal; one whose first line was cut off by a crash does not count."""
    path = file_of(directory)
    if path is None:
        return False
    with _opened(path) as file, _unpacks(path):
        return not is_torn_start(file)


@no_search_for_cycles()
def read(directory: Path) -> Journal:
    """The journal of a study folder.

    A torn last line (no newline, or not JSON) is left out and noted in `Journal.healed`. No other line is left out.

    Raises:
        JournalError: There is no journal, it has another format, or a line is broken (file and line are named).
    """
    path = file_of(directory)
    if path is None:
        raise _no_study(directory)
    journal: Journal | None = None
    with _opened(path) as file, _unpacks(path):
        for number, raw in enumerate(file, start=1):
            try:
                if journal is None:
                    journal = _begin(Path(directory), path, raw)
                else:
                    _take(journal, lines.decode(raw))
            except (ValueError, KeyError, TypeError, AttributeError, OverflowError, StudyError) as error:
                if lines.is_torn(raw) and not file.read(1):
                    if journal is not None:
                        journal.healed = f"{path.name}: the torn last line ({len(raw)} bytes) was left out"
                    break
                raise JournalError(
                    f"{path}, line {number} is broken ({error_line(error)}); "
                    "mend that line, or start in another folder with --out"
                ) from error
    if journal is None:
        raise JournalError(f"{path} holds no complete line: nothing is recorded in it; remove it")
    return journal


def is_torn_start(file: IO[bytes]) -> bool:
    """Whether a file is empty or ends within a journal's first line."""
    file.seek(0)
    first = file.readline()
    return not first.endswith(b"\n") and first[: len(_START)] == _START[: len(first)]


def _begin(directory: Path, path: Path, raw: bytes) -> Journal:
    """The journal with its first line. Raises JournalError if that is missing or of another format."""
    first = lines.parse(raw)
    if first.get("kind") != "study":
        raise JournalError(f"{path} is not a study's journal: its first line is of kind {first.get('kind')!r}")
    if first.get("format") != FORMAT:
        raise JournalError(
            f"{path} has format {first.get('format')!r}, this version of tuning reads format {FORMAT}; "
            "use the version that wrote it, or another folder with --out"
        )
    study = lines.decode(raw)
    if not isinstance(study, StudyRecord):
        raise TypeError(f"{study!r} where the study was expected")
    return Journal(directory, study)


def _take(journal: Journal, record: lines.Record) -> None:
    match record:
        case Trial():
            _take_trial(journal, record)
        case Retraining():
            journal.retrainings.setdefault(record.cell, []).append(record)
        case CellEnd():
            journal.ends[record.cell] = record
        case Winner():
            journal.winners[record.cell[:2]] = record
        case Session():
            journal.sessions.append(record)
        case StudyRecord():
            raise ValueError("a second line of the study")


def _take_trial(journal: Journal, trial: Trial) -> None:
    trials = journal.trials.setdefault(trial.cell, [])
    # A search resumed with a larger budget trains its CUT trial in full: the later line counts.
    while trials and trials[-1].trial >= trial.trial:
        trials.pop()
    if trial.trial != len(trials):
        raise ValueError(f"trial {trial.trial} of {trial.cell} comes after {len(trials)} trials; one is missing")
    trials.append(trial)
    journal.ends.pop(trial.cell, None)  # the cell continues


@contextmanager
def locked_if_idle(directory: Path) -> Iterator[bool]:
    """Whether no run holds the journal; if so, none can begin within.

    For files that a run keeps up to date and nobody else may replace meanwhile, such as the HPARAMS logs.

    Raises:
        JournalError: There is no journal.
    """
    path = file_of(directory) or path_of(directory)
    try:
        file = path.open("rb")
    except (FileNotFoundError, NotADirectoryError):
        raise _no_study(directory) from None
    release = lock(file)
    try:
        yield release is not None
    finally:
        file.close()
        if release:
            release()


def _no_study(directory: Path) -> JournalError:
    return JournalError(f"{directory} holds no study: {path_of(directory)} is missing; `tuning run STUDY.py` makes one")
