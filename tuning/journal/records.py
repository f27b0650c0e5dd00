"""The records that flow from cells to the journal: their trials, their retrained incumbents, how they ended."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from itertools import chain
from typing import Any, NamedTuple, get_type_hints

import msgspec

from tuning.configuration import Configuration

COMPLETE = "COMPLETE"  # trained for all the epochs its tuner asked for, or stopped early by its own callbacks
PRUNED = "PRUNED"  # stopped by its tuner
FAILED = "FAILED"  # raised, or its loss or objective was not finite; has no score
CUT = "CUT"  # stopped by the budget
STATES = (COMPLETE, PRUNED, FAILED, CUT)


class Cell(NamedTuple):
    """The unit that runs in parallel: one tuner's search on one problem in one replicate (from 1)."""

    problem: str
    tuner: str
    replicate: int

    def __str__(self) -> str:
        return f"{self.problem}/{self.tuner}/{self.replicate}"


@dataclass(frozen=True)
class Trial:
    """One configuration, evaluated.

    Attributes:
        trial: Number within its cell, from 0.
        configuration: Active hyperparameters only.
        state: One of `STATES`.
        score: By the study's objective, over the whole curve (a parent's epochs included); NaN if FAILED.
        initial_epoch: Epochs trained before this trial: 0, or where its parent stopped.
        target_epochs: Cumulative epochs that the tuner asked for.
        curve: One mapping of metrics for each epoch trained by this trial, ``len(curve) == epochs charged``.
        spent_epochs: The cell's charge after this trial.
        train_seconds: Wall-clock of building, training and validating.
        suggest_seconds: Wall-clock of the tuner's own thinking since the previous trial ended.
        parent: Trial whose weights, optimizer state and epoch number this one continued.
        error: One line for a FAILED trial.
        seed: Of initial weights and data order.
        fit: What trained it: ``"compiled"`` (whole epochs), ``"keras: "`` with why Keras' own loop had to, or
            ``"a loop of the user's own"``; several ways with semicolons between.
        rebuilt_epochs: Uncharged epochs retrained because the parent's checkpoint was gone.
    """

    cell: Cell
    trial: int
    configuration: Configuration
    state: str
    score: float
    initial_epoch: int
    target_epochs: int
    curve: Sequence[Mapping[str, float]]
    spent_epochs: int
    train_seconds: float = 0.0
    suggest_seconds: float = 0.0
    parent: int | None = None
    error: str = ""
    seed: int = 0
    fit: str = ""
    rebuilt_epochs: int = 0

    @property
    def epochs(self) -> int:
        """Epochs charged for this trial."""
        return len(self.curve)

    def to_json(self) -> dict[str, Any]:
        """A mapping that `json` writes as strict JSON: numbers that are not finite become strings."""
        return {
            **_to_line(self),
            "score": to_number(self.score),
            "curve": [to_numbers(epoch) for epoch in self.curve],
        }

    @classmethod
    def from_json(cls, line: Mapping[str, Any]) -> Trial:
        """Reverse of `to_json`. Raises KeyError, TypeError, ValueError or AttributeError on anything else."""
        values = _training_of(cls, line, STATES)
        if not isinstance(values.get("parent"), int | None):
            raise ValueError(f"parent is {values['parent']!r}; expected a whole number or null")
        return cls(cell=_cell_of(line), **values)


@dataclass(frozen=True)
class Retraining:
    """An incumbent's configuration trained once more after the search, in full and on a seed of its own.

    Not charged to the search. The weights that count, by the objective's rule (the best epoch's or the last's), are
    scored on the test split.

    Attributes:
        trial: The incumbent whose configuration this is.
        repeat: From 1; each has its own seed.
        state: COMPLETE, or FAILED as a trial is.
        score: By the study's objective, on the validation split; NaN if FAILED.
        test: Metrics on the test split by name, as `keras.Model.evaluate` calls them; empty where there is no such
            split.
        curve: One mapping of metrics for each epoch trained.
        seed: Of initial weights and data order.
        train_seconds: Wall-clock of building, training and testing.
        error: One line for a FAILED retraining.
    """

    cell: Cell
    trial: int
    repeat: int
    configuration: Configuration
    state: str
    score: float
    test: Mapping[str, float]
    curve: Sequence[Mapping[str, float]]
    seed: int = 0
    train_seconds: float = 0.0
    error: str = ""

    @property
    def epochs(self) -> int:
        """Epochs trained."""
        return len(self.curve)

    def to_json(self) -> dict[str, Any]:
        """As `Trial.to_json`."""
        numbers = {"score": to_number(self.score), "test": to_numbers(self.test)}
        return {**_to_line(self), **numbers, "curve": [to_numbers(epoch) for epoch in self.curve]}

    @classmethod
    def from_json(cls, line: Mapping[str, Any]) -> Retraining:
        """Reverse of `to_json`. Raises as `Trial.from_json` does."""
        values = _training_of(cls, line, (COMPLETE, FAILED))
        return cls(cell=_cell_of(line), **{**values, "test": _from_numbers(values["test"])})


@dataclass(frozen=True)
class CellEnd:
    """How a cell ended: DONE (with the reason why its search stopped) or FAILED (with the tuner's error)."""

    cell: Cell
    state: str
    reason: str = ""
    error: str = ""
    trials: int = 0
    spent_epochs: int = 0
    seconds: float = 0.0
    budget_epochs: int = 0

    def to_json(self) -> dict[str, Any]:
        return _to_line(self)

    @classmethod
    def from_json(cls, line: Mapping[str, Any]) -> CellEnd:
        """Reverse of `to_json`. Raises as `Trial.from_json` does."""
        values = _fields_of(cls, line)
        return cls(cell=_cell_of(line), **values)


@dataclass(frozen=True)
class CellResult:
    """All that a cell sends back: its records again (a message may have been lost), and how it ended."""

    trials: Sequence[Trial] = field(default_factory=tuple)
    retrainings: Sequence[Retraining] = field(default_factory=tuple)
    end: CellEnd | None = None


def trial_of(line: bytes) -> Trial | None:
    """The trial of a journal's line, as `Trial.from_json` gives it, in half the time.

    None for every other line, and where a number is written as a string: those go the long way, by `json` and
    `from_json`, which also says what is wrong with a line.
    """
    try:
        found = _trial_decoder().decode(line)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    problem, tuner, replicate, number, configuration, state, *values = msgspec.structs.astuple(found)
    if state not in STATES:
        return None
    return Trial(_same_cell(problem, tuner, replicate), number, configuration, sys.intern(state), *values)


@cache
def _same_cell(problem: str, tuner: str, replicate: int) -> Cell:
    """One object for all trials of a cell: texts that are the same object are compared and counted at once."""
    return Cell(problem, tuner, replicate)


@cache
def _trial_decoder() -> msgspec.json.Decoder[msgspec.Struct]:
    """Of a trial's line: its cell's entries, then those of `Trial`, in their order and of their types."""
    types = get_type_hints(Cell) | get_type_hints(Trial)
    del types["cell"]
    line = msgspec.defstruct(
        "TrialLine",
        list(types.items()),
        namespace={entry.name: entry.default for entry in fields(Trial) if entry.default is not MISSING},
        tag_field="kind",
        tag="trial",
        forbid_unknown_fields=True,
        gc=False,
    )
    return msgspec.json.Decoder(line)


_APART = frozenset(("kind", *Cell._fields))


@cache
def _names(kind: type[Any]) -> tuple[set[str], list[str]]:
    """The entries of a record, and those of them that are whole numbers."""
    entries = fields(kind)
    return {entry.name for entry in entries}, sorted(entry.name for entry in entries if entry.type == "int")


def _fields_of(kind: type[Trial] | type[Retraining] | type[CellEnd], line: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of a line, those that name its cell apart. Raises where one is unknown, or no whole number."""
    known, whole = _names(kind)  # type: ignore[arg-type]  # a class can be hashed
    values = {name: value for name, value in line.items() if name not in _APART}
    if not values.keys() <= known:
        raise ValueError(f"unknown entry {min(values.keys() - known)!r}")
    for name in whole:
        if type(values.get(name, 0)) is not int:
            raise ValueError(f"{name} is {values[name]!r}; expected a whole number")
    return values


def _training_of(
    kind: type[Trial] | type[Retraining], line: Mapping[str, Any], states: Sequence[str]
) -> dict[str, Any]:
    """What a trial's line and a retraining's have in common, as Python's values. Raises as `_fields_of` does."""
    values = _fields_of(kind, line)
    values["score"] = float(values["score"])
    # `_from_numbers` for those that need it only: there may be millions of epochs.
    if set(map(type, chain.from_iterable(epoch.values() for epoch in values["curve"]))) - {float}:
        values["curve"] = [_from_numbers(epoch) for epoch in values["curve"]]
    if values["state"] not in states:
        raise ValueError(f"state {values['state']!r} is none of {', '.join(states)}")
    values["configuration"] = dict(values["configuration"].items())
    return values


def _cell_of(line: Mapping[str, Any]) -> Cell:
    return _same_cell(line["problem"], line["tuner"], int(line["replicate"]))


def _to_line(record: Trial | Retraining | CellEnd) -> dict[str, Any]:
    """A record's entries by name, those that name its cell first."""
    entries = {entry.name: getattr(record, entry.name) for entry in fields(record) if entry.name != "cell"}
    return {**record.cell._asdict(), **entries}


def to_numbers(metrics: Mapping[str, float]) -> dict[str, float | str]:
    """Metrics by name, as strict JSON knows them; see `to_number`."""
    return {name: to_number(value) for name, value in metrics.items()}


def _from_numbers(metrics: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in metrics.items()}


def to_number(value: float) -> float | str:
    """Floats as they are, numpy's as Python's, and NaN and infinities as the strings that `float` reads back."""
    value = float(value)
    return value if math.isfinite(value) else str(value)
