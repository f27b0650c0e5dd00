"""Appends to a study's journal: one process at a time, each line on disk before the next."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO

from tuning.errors import JournalError
from tuning.journal import lines
from tuning.journal.journal import file_of, is_torn_start, path_of, unpack
from tuning.journal.plan import Session
from tuning.journal.records import CellEnd, Retraining, Trial
from tuning.journal.study_record import StudyRecord
from tuning.journal.winner_record import Winner
from tuning.process.system import lock


class JournalWriter:
    """Appends to a study folder's journal; created by `create` or `resume`, used as a context manager."""

    def __init__(self, directory: Path) -> None:
        self.path = path_of(directory)
        self._file: IO[bytes] | None = None
        self._release: Callable[[], None] | None = None
        self._session: Session | None = None
        self._healed = True
        self._holds_back = False

    @classmethod
    def create(cls, directory: Path, study: StudyRecord) -> JournalWriter:
        """Starts a new journal. Raises JournalError if there is one already, or the folder cannot be written."""
        writer = cls(directory)
        if (packed := file_of(directory)) not in (None, writer.path):
            raise JournalError(f"{packed} is there already; it is never overwritten")
        try:
            writer.path.parent.mkdir(parents=True, exist_ok=True)
            writer._file = writer.path.open("a+b")
        except OSError as error:
            raise _not_writable(writer.path, error) from error
        writer._lock()
        if not is_torn_start(writer._file):
            writer.close()
            raise JournalError(f"{writer.path} is there already; it is never overwritten")
        writer._file.truncate(0)
        writer._append(study, "the study")
        return writer

    @classmethod
    def resume(cls, directory: Path) -> JournalWriter:
        """Opens an existing journal for appending; a torn last line is cut off when the first line is appended.

        A packed one is unpacked first.

        Raises:
            JournalError: Another run has it open, or it cannot be written.
        """
        writer = cls(directory)
        try:
            unpack(directory)
            writer._file = writer.path.open("r+b")
        except OSError as error:
            raise _not_writable(writer.path, error) from error
        writer._lock()
        writer._healed = False
        return writer

    def _lock(self) -> None:
        """Locks the journal for this process; the system releases it when the process ends, however it ends."""
        self._release = lock(self._opened)
        if self._release is None:
            self.close()
            raise JournalError(f"{self.path} is in use by another run; wait for its end, or use --out") from None

    @property
    def _opened(self) -> IO[bytes]:
        if self._file is None:
            raise JournalError(f"{self.path} is closed")
        return self._file

    def session(self, session: Session, *, at_once: bool = True) -> None:
        """Begins a run: writes its line now, or with the first record, so that a run without records leaves no line."""
        self._session = session
        if at_once:
            self._write_session()

    def trial(self, trial: Trial) -> None:
        self._write_session()
        self._append(trial, f"trial {trial.trial} of {trial.cell}, {trial.configuration}")

    def retraining(self, retraining: Retraining) -> None:
        self._write_session()
        what = f"trial {retraining.trial} of {retraining.cell}, retrained, {retraining.configuration}"
        self._append(retraining, what)

    def cell(self, end: CellEnd) -> None:
        self._write_session()
        self._append(end, f"the end of {end.cell}")

    def winner(self, winner: Winner) -> None:
        self._write_session()
        self._append(winner, f"the winner of {winner.cell}")

    def _write_session(self) -> None:
        if self._session is not None:
            self._append(self._session, "the run")
            self._session = None

    def heal(self) -> None:
        """Cuts off a torn last line; appending also does so."""
        if not self._healed:
            self._opened.truncate(_end_of_last_line(self._opened))
            self._opened.seek(0, os.SEEK_END)
            self._healed = True

    def _append(self, record: lines.Record, what: str) -> None:
        line = lines.encode(record)
        with self._stops_at_once(what):
            self.heal()
            self._opened.write(line)
        if not self._holds_back:
            self._flush(what)

    def _flush(self, what: str) -> None:
        with self._stops_at_once(what):
            self._opened.flush()
            os.fsync(self._opened.fileno())

    @contextmanager
    def _stops_at_once(self, what: str) -> Iterator[None]:
        """After a failed write (a full disk), nothing more is written: only the last line may be torn."""
        try:
            yield
        except OSError as error:
            with suppress(OSError):
                self.close()
            raise JournalError(
                f"{self.path} cannot be written ({error.strerror}): {what} is not recorded, all before it is; mend "
                "that, and run the same command to go on"
            ) from error

    @contextmanager
    def batched(self) -> Iterator[None]:
        """Flushes all that is appended within to disk together, at its end: waiting for the disk is the slow part."""
        self._holds_back = True
        try:
            yield
        finally:
            self._holds_back = False
            if self._file is not None:  # else it was closed because it could not be written
                self._flush("what came last")

    def close(self) -> None:
        file, self._file = self._file, None
        release, self._release = self._release, None
        try:
            if file is not None:
                file.close()
        finally:
            if release:
                release()

    def __enter__(self) -> JournalWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _end_of_last_line(file: IO[bytes]) -> int:
    """Offset just after the last line, or before it if it is torn."""
    file.seek(0)
    end, last = 0, b""
    for raw in file:
        end += len(raw)
        last = raw
    return end - len(last) if lines.is_torn(last) else end


def _not_writable(path: Path, error: OSError) -> JournalError:
    return JournalError(f"{path} cannot be written ({error.strerror}); choose another folder with --out")
