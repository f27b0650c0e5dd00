"""The journal: the append-only truth of a study, from which every table, report and HPARAMS log is made.

One file, `journal/journal.jsonl`, one JSON object a line, by `kind`:

    study       first line: format, the study's name, and for each problem its space, objective, epochs and data
    session     one for each `tuning run`: the plan (tuners, budget, replicates) and the manifest (versions, threads)
    trial       one for each trial, with its epoch curve; a later line for the same cell and number replaces it
    retraining  one for each retrained incumbent, with its epoch curve and its test scores
    cell        one for each cell that ended
    winner      one for each winner that was saved: its layers and what it predicts; a later one replaces it

Only the driver writes. A line is flushed to disk before the next one is begun, those that came together as one, so a
crash costs at most what was being written; a torn last line is cut off by the next run, and said.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import msgspec

from tuning.errors import JournalError, StudyError
from tuning.journal.records import Cell, CellEnd, Retraining, Trial, trial_of
from tuning.journal.winner_record import Winner
from tuning.objective import Objective
from tuning.process.garbage import no_search_for_cycles
from tuning.text import error_line

FORMAT = 1
_START = b'{"kind":"study",'
_decode = msgspec.json.Decoder().decode  # the same values as `json.loads`, in a quarter of the time


@dataclass
class Journal:
    """What a study folder's journal holds.

    Attributes:
        study: The first line: ``study`` (name), ``format``, ``problems`` by name, each with ``space`` (list of
            hyperparameters), ``objective``, ``max_epochs`` and ``data`` (fingerprint and shapes).
        sessions: One mapping for each run, with ``plan`` and ``manifest``.
        trials: By cell, in trial order.
        retrainings: By cell, in the order of the journal.
        ends: How each ended cell ended.
        winners: By problem and tuner, the saved winner.
        healed: Note about a torn last line, else empty.
    """

    directory: Path
    study: dict[str, Any]
    sessions: list[dict[str, Any]] = field(default_factory=list)
    trials: dict[Cell, list[Trial]] = field(default_factory=dict)
    retrainings: dict[Cell, list[Retraining]] = field(default_factory=dict)
    ends: dict[Cell, CellEnd] = field(default_factory=dict)
    winners: dict[tuple[str, str], Winner] = field(default_factory=dict)
    healed: str = ""

    @property
    def name(self) -> str:
        return str(self.study["study"])

    @property
    def plan(self) -> dict[str, Any]:
        """What all runs together set out to do.

        ``tuners`` and ``baselines`` (label -> settings), ``budget_epochs``, ``replicates``, ``retrain`` (how often each
        incumbent), ``rope``, and, where replicates are added by looks, ``until_decided``, the rule (`sequential.Rule`).
        A run may add to those before it, and take nothing away. ``trial_seconds`` is the last run's, where it had one.
        """
        plans = [session["plan"] for session in self.sessions]
        return {
            "tuners": {label: settings for plan in plans for label, settings in plan["tuners"].items()},
            "baselines": {label: settings for plan in plans for label, settings in plan.get("baselines", {}).items()},
            "rope": next((plan["rope"] for plan in reversed(plans) if plan.get("rope") is not None), None),
            "retrain": max((plan.get("retrain", 0) for plan in plans), default=0),
            "budget_epochs": max((plan["budget_epochs"] for plan in plans), default=0),
            "replicates": max((plan["replicates"] for plan in plans), default=0),
            **next(({"until_decided": plan["until_decided"]} for plan in plans if "until_decided" in plan), {}),
            **({"trial_seconds": plans[-1]["trial_seconds"]} if plans and "trial_seconds" in plans[-1] else {}),
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
            for tuner in (*plan["tuners"], *plan["baselines"])
        ]

    def budgets(self) -> dict[str, int]:
        """The epochs that each cell of a tuner or baseline may spend, by label."""
        plan = self.plan
        return dict.fromkeys(plan["tuners"], plan["budget_epochs"]) | {
            label: settings.get("budget_epochs", plan["budget_epochs"] * settings.get("budget_factor", 1))
            for label, settings in plan["baselines"].items()
        }

    def no_search(self) -> dict[str, str]:
        """By label, what the baselines are that search nothing and have a model of their own, in words."""
        return {
            label: str(settings["no_search"])
            for label, settings in self.plan["baselines"].items()
            if "no_search" in settings
        }

    def all_trials(self) -> Iterable[Trial]:
        """Trials of the planned cells, in the plan's order, then in trial order."""
        for cell in self.planned_cells():
            yield from self.trials.get(cell, ())


def path_of(directory: Path) -> Path:
    return Path(directory) / "journal" / "journal.jsonl"


def begun(directory: Path) -> bool:
    """Whether there is a journal; a crash while its first line was written leaves none."""
    path = path_of(directory)
    if not path.exists():
        return False
    with path.open("rb") as file:
        return not is_torn_start(file)


@no_search_for_cycles()
def read(directory: Path) -> Journal:
    """The journal of a study folder.

    A torn last line (no newline, or not JSON) is left out and noted in `Journal.healed`. Nothing else is.

    Raises:
        JournalError: No journal there, another format, or a broken line (named by file and line).
    """
    path = path_of(directory)
    if not path.is_file():
        raise _no_study(directory)
    journal: Journal | None = None
    with path.open("rb") as lines:
        for number, raw in enumerate(lines, start=1):
            try:
                # Nearly all lines are trials; a last one without its newline is torn, whatever it says.
                if journal is not None and raw.endswith(b"\n") and (trial := trial_of(raw)) is not None:
                    _take_trial(journal, trial)
                    continue
                line = parse_line(raw)
                if line is None and not lines.read(1):
                    if journal is not None:
                        journal.healed = f"{path.name}: the torn last line ({len(raw)} bytes) was left out"
                    break
                if not isinstance(line, dict):
                    raise ValueError("not a JSON object")
                if journal is None:
                    journal = _begin(Path(directory), path, line)
                else:
                    _take(journal, line)
            except (ValueError, KeyError, TypeError, AttributeError, OverflowError, StudyError) as error:
                raise JournalError(
                    f"{path}, line {number} is broken ({error_line(error)}); "
                    "mend that line, or start in another folder with --out"
                ) from error
    if journal is None:
        raise JournalError(f"{path} holds no complete line: nothing is recorded in it; remove it")
    return journal


def parse_line(raw: bytes) -> Any:
    """A line's JSON; None where the line is torn."""
    if not raw.endswith(b"\n"):
        return None
    try:
        return _decode(raw)
    except (msgspec.DecodeError, ValueError, RecursionError):
        pass  # such as a lone surrogate in a message, which `json` writes and reads
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def is_torn_start(file: IO[bytes]) -> bool:
    """Whether a file is empty or ends within a journal's first line."""
    file.seek(0)
    first = file.readline()
    return not first.endswith(b"\n") and first[: len(_START)] == _START[: len(first)]


def _begin(directory: Path, path: Path, line: dict[str, Any]) -> Journal:
    if line.get("kind") != "study":
        raise JournalError(f"{path} is not a study's journal: its first line is of kind {line.get('kind')!r}")
    if line.get("format") != FORMAT:
        raise JournalError(
            f"{path} has format {line.get('format')!r}, this version of tuning reads format {FORMAT}; "
            "use the version that wrote it, or another folder with --out"
        )
    for problem in line["problems"].values():
        problem["space"], Objective.from_json(problem["objective"]), problem["max_epochs"], problem["data"]
    return Journal(directory, line)


def _take(journal: Journal, line: dict[str, Any]) -> None:
    match line["kind"]:
        case "session":
            line["plan"]["tuners"].items(), line["manifest"].items(), line["manifest"].get("versions", {}).items()
            line["plan"]["budget_epochs"] + line["plan"]["replicates"] + line["plan"].get("retrain", 0)
            line["plan"].get("trial_seconds", 0.0) + 0.0
            line["plan"].get("baselines", {}).items()
            journal.sessions.append(line)
        case "trial":
            _take_trial(journal, Trial.from_json(line))
        case "retraining":
            retraining = Retraining.from_json(line)
            journal.retrainings.setdefault(retraining.cell, []).append(retraining)
        case "cell":
            end = CellEnd.from_json(line)
            journal.ends[end.cell] = end
        case "winner":
            winner = Winner.from_json(line)
            journal.winners[winner.cell[:2]] = winner
        case kind:
            raise ValueError(f"unknown kind {kind!r}")


def _take_trial(journal: Journal, trial: Trial) -> None:
    trials = journal.trials.setdefault(trial.cell, [])
    # A search that goes on with a larger budget trains its CUT trial in full: the later line holds.
    while trials and trials[-1].trial >= trial.trial:
        trials.pop()
    if trial.trial != len(trials):
        raise ValueError(f"trial {trial.trial} of {trial.cell} comes after {len(trials)} trials; one is missing")
    trials.append(trial)
    journal.ends.pop(trial.cell, None)  # the cell goes on


@contextmanager
def locked_if_idle(directory: Path) -> Iterator[bool]:
    """Whether no run holds the journal; if so, none can begin within.

    For what a run keeps up by itself, such as the HPARAMS logs, and nobody else may replace meanwhile.

    Raises:
        JournalError: There is no journal.
    """
    path = path_of(directory)
    try:
        file = path.open("rb")
    except (FileNotFoundError, NotADirectoryError):
        raise _no_study(directory) from None
    with file:
        yield locked(file)


def locked(file: IO[bytes]) -> bool:
    """Locks a file until it is closed; false where another process has it locked."""
    try:
        import fcntl
    except ImportError:  # pragma: no cover  where there are no such locks, two runs are the user's care
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _no_study(directory: Path) -> JournalError:
    return JournalError(f"{directory} holds no study: {path_of(directory)} is missing; `tuning run STUDY.py` makes one")
