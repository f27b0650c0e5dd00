"""The journal: the append-only truth of a study, from which every table, report and HPARAMS log is made.

One file, `journal/journal.jsonl`, one JSON object a line, by `kind`:

    study    first line: format, the study's name, and for each problem its space, objective, epochs and data
    session  one for each `tuning run`: the plan (tuners, budget, replicates) and the manifest (versions, threads)
    trial    one for each trial, with its epoch curve; a later line for the same cell and number replaces it
    cell     one for each cell that ended

Only the driver writes. A line is flushed to disk before the next one is begun, so a crash costs at most the line
being written; such a torn last line is dropped on the next open, and said.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from tuning.errors import JournalError
from tuning.objective import Objective
from tuning.records import Cell, CellEnd, Trial

FORMAT = 1


@dataclass
class Journal:
    """What a study folder's journal holds.

    Attributes:
        study: The first line: ``study`` (name), ``format``, ``problems`` by name, each with ``space`` (list of
            hyperparameters), ``objective``, ``max_epochs`` and ``data`` (fingerprint and shapes).
        sessions: One mapping for each run, with ``plan`` and ``manifest``.
        trials: By cell, in trial order.
        ends: How each ended cell ended.
        healed: Note about a torn last line, else empty.
    """

    directory: Path
    study: dict[str, Any]
    sessions: list[dict[str, Any]] = field(default_factory=list)
    trials: dict[Cell, list[Trial]] = field(default_factory=dict)
    ends: dict[Cell, CellEnd] = field(default_factory=dict)
    healed: str = ""

    @property
    def name(self) -> str:
        return str(self.study["study"])

    @property
    def plan(self) -> dict[str, Any]:
        """What all runs together set out to do: ``tuners`` (label -> settings), ``budget_epochs``, ``replicates``.

        A run may add tuners, replicates or budget to those before it, and take nothing away.
        """
        plans = [session["plan"] for session in self.sessions]
        return {
            "tuners": {label: settings for plan in plans for label, settings in plan["tuners"].items()},
            "budget_epochs": max((plan["budget_epochs"] for plan in plans), default=0),
            "replicates": max((plan["replicates"] for plan in plans), default=0),
        }

    @property
    def manifest(self) -> dict[str, Any]:
        return dict(self.sessions[-1]["manifest"]) if self.sessions else {}

    @property
    def problems(self) -> dict[str, dict[str, Any]]:
        return dict(self.study["problems"])

    def objective(self, problem: str) -> Objective:
        return Objective.from_json(self.study["problems"][problem]["objective"])

    def planned_cells(self) -> list[Cell]:
        """Every cell of the plan, replicate by replicate, so that an unfinished study is comparable."""
        plan = self.plan
        return [
            Cell(problem, tuner, replicate)
            for replicate in range(1, plan["replicates"] + 1)
            for problem in self.study["problems"]
            for tuner in plan["tuners"]
        ]

    def all_trials(self) -> Iterable[Trial]:
        """Trials of the planned cells, in the plan's order, then in trial order."""
        for cell in self.planned_cells():
            yield from self.trials.get(cell, ())


def path_of(directory: Path) -> Path:
    return Path(directory) / "journal" / "journal.jsonl"


def read(directory: Path) -> Journal:
    """The journal of a study folder.

    A torn last line (no newline, or not JSON) is left out and noted in `Journal.healed`.

    Raises:
        JournalError: No journal there, another format, or a broken line before the last (named by file and line).
    """
    path = path_of(directory)
    if not path.is_file():
        raise JournalError(f"{directory} holds no study: {path} is missing; `tuning run STUDY.py` makes one")
    journal: Journal | None = None
    with path.open("rb") as lines:
        number = 0
        for number, raw in enumerate(lines, start=1):
            try:
                if not raw.endswith(b"\n"):
                    raise ValueError("the line is not ended")
                line = json.loads(raw)
                if not isinstance(line, dict):
                    raise ValueError("not a JSON object")
                if journal is None:
                    journal = _begin(Path(directory), path, line)
                else:
                    _take(journal, line)
            except (ValueError, KeyError, TypeError) as error:
                if lines.read(1):
                    raise JournalError(
                        f"{path}, line {number} is broken ({type(error).__name__}: {error}); "
                        "mend or remove that line, or start in another folder with --out"
                    ) from error
                if journal is None:
                    break
                journal.healed = f"{path.name}: the torn last line ({len(raw)} bytes) was left out"
    if journal is None:
        raise JournalError(f"{path} holds no complete line; remove it to start the study afresh")
    return journal


def _begin(directory: Path, path: Path, line: dict[str, Any]) -> Journal:
    if line.get("kind") != "study":
        raise JournalError(f"{path} is not a study's journal: its first line is of kind {line.get('kind')!r}")
    if line.get("format") != FORMAT:
        raise JournalError(
            f"{path} has format {line.get('format')!r}, this version of tuning reads format {FORMAT}; "
            "use the version that wrote it, or another folder with --out"
        )
    return Journal(directory, line)


def _take(journal: Journal, line: dict[str, Any]) -> None:
    match line["kind"]:
        case "session":
            line["plan"]["tuners"], line["manifest"]
            journal.sessions.append(line)
        case "trial":
            trial = Trial.from_json(line)
            trials = journal.trials.setdefault(trial.cell, [])
            # A search that goes on with a larger budget trains its CUT trial in full: the later line holds.
            while trials and trials[-1].trial >= trial.trial:
                trials.pop()
            trials.append(trial)
        case "cell":
            end = CellEnd.from_json(line)
            journal.ends[end.cell] = end
        case kind:
            raise ValueError(f"unknown kind {kind!r}")


class JournalWriter:
    """Appends to a study folder's journal; made by `create` or `resume`, used as a context manager."""

    def __init__(self, directory: Path) -> None:
        self.path = path_of(directory)
        self._file: IO[bytes] | None = None

    @classmethod
    def create(cls, directory: Path, study: Mapping[str, Any]) -> JournalWriter:
        """Starts a new journal. Raises JournalError where there is one already."""
        writer = cls(directory)
        writer.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            writer._file = writer.path.open("xb")
        except FileExistsError:
            raise JournalError(f"{writer.path} is there already; it is never overwritten") from None
        writer._lock()
        writer._append({"kind": "study", "format": FORMAT, **study})
        return writer

    @classmethod
    def resume(cls, directory: Path) -> JournalWriter:
        """Opens an existing journal for appending, cutting off a torn last line."""
        writer = cls(directory)
        writer._file = writer.path.open("r+b")
        writer._lock()
        content_end = _end_of_last_line(writer._file)
        writer._file.truncate(content_end)
        writer._file.seek(content_end)
        return writer

    def _lock(self) -> None:
        """Holds the journal for this process; the system lets go of it when the process ends, however it ends."""
        try:
            import fcntl
        except ImportError:  # pragma: no cover  where there are no such locks, two runs are the user's care
            return
        try:
            fcntl.flock(self._opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.close()
            raise JournalError(f"{self.path} is in use by another run; wait for its end, or use --out") from None

    @property
    def _opened(self) -> IO[bytes]:
        if self._file is None:
            raise JournalError(f"{self.path} is closed")
        return self._file

    def session(self, plan: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
        self._append({"kind": "session", "plan": dict(plan), "manifest": dict(manifest)})

    def trial(self, trial: Trial) -> None:
        self._append({"kind": "trial", **trial.to_json()})

    def cell(self, end: CellEnd) -> None:
        self._append({"kind": "cell", **end.to_json()})

    def _append(self, line: Mapping[str, Any]) -> None:
        file = self._opened
        file.write(json.dumps(line, allow_nan=False, separators=(",", ":")).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> JournalWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _end_of_last_line(file: IO[bytes]) -> int:
    """Offset just behind the last line that is whole JSON."""
    file.seek(0)
    end = 0
    for raw in file:
        if not raw.endswith(b"\n"):
            break
        try:
            json.loads(raw)
        except ValueError:
            break
        end += len(raw)
    return end
