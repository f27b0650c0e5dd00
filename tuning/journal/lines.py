"""A line of the journal: from a record to its bytes, and back.

A line is one JSON object, with ``kind`` first. A record of a cell begins with the cell's entries; numbers that are
not finite are strings, because strict JSON does not have them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import cache
from typing import Any, SupportsFloat, TypeAlias, TypeVar, Union, get_type_hints

import msgspec
from msgspec import Struct, structs

from tuning.journal.plan import Session
from tuning.journal.records import Cell, CellEnd, Retraining, Trial
from tuning.journal.study_record import StudyRecord
from tuning.journal.winner_record import Winner

CellRecord = Trial | Retraining | CellEnd | Winner
Record = StudyRecord | Session | CellRecord
AnyRecord = TypeVar("AnyRecord", bound=Record)
KINDS: dict[type[CellRecord], str] = {Trial: "trial", Retraining: "retraining", CellEnd: "cell", Winner: "winner"}

Entries: TypeAlias = dict[str, Any]
"""The content of a line: JSON."""
_Line: TypeAlias = Any
"""A StudyRecord, a Session, or one of the types in `_RECORDS`, which are created when this module is imported."""


def encode(record: Record) -> bytes:
    """A record's line. Raises ValueError or TypeError if JSON cannot hold it."""
    return json.dumps(to_json(record), allow_nan=False, separators=(",", ":")).encode() + b"\n"


def to_json(record: Record) -> Entries:
    """The mapping that a record's line holds."""
    entries: Entries = msgspec.to_builtins(record, enc_hook=_plain)
    if isinstance(record, StudyRecord):
        return entries
    if isinstance(record, Session):
        rare = ("budget_seconds", "trial_seconds", "trial_memory", "until_decided", "start", "own_start", "expected")
        absent = [name for name in rare if entries["plan"][name] in (None, "", [])]
        return {**entries, "plan": {name: value for name, value in entries["plan"].items() if name not in absent}}
    del entries["cell"]
    # Rare ones are written only where they say something.
    for name in ("returned", "untested", "members", "copy_of", "budget_seconds", "spent_seconds"):
        if not entries.get(name):
            entries.pop(name, None)
    if entries.get("best_of_table") is None:
        entries.pop("best_of_table", None)
    return {"kind": KINDS[type(record)], **record.cell._asdict(), **_with_numbers(entries, _to_number)}


def decode(line: bytes) -> Record:
    """The record in a line.

    Raises:
        ValueError, TypeError, AttributeError, OverflowError, StudyError: It is broken or torn.
    """
    if not line.endswith(b"\n"):
        raise ValueError("not a whole line")
    try:
        return _record(_decoder.decode(line))
    except (msgspec.DecodeError, RecursionError):
        # Numbers that are not finite, or a lone surrogate in a message, which `json` can write and read.
        return _record(msgspec.convert(_with_numbers(parse(line), _from_string), _LINE, dec_hook=_made))


def normal(record: AnyRecord) -> AnyRecord:
    """A record as it would be read from the journal: with lists instead of tuples."""
    return decode(encode(record))  # type: ignore[return-value]  # of the same kind


def parse(line: bytes) -> Entries:
    """The mapping in a line. Raises ValueError if there is none."""
    try:
        entries = json.loads(line)
    except (ValueError, RecursionError):
        entries = None
    if not isinstance(entries, dict):
        raise ValueError("not a JSON object")
    return entries


def is_torn(line: bytes) -> bool:
    """Whether a last line was not written completely."""
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return True
    return not line.endswith(b"\n")


def _record(line: _Line) -> Record:
    record = _RECORDS.get(type(line))
    if record is None:
        return line  # type: ignore[no-any-return]  # of the study or a session
    problem, tuner, replicate, *values = structs.astuple(line)
    return record(_cell(problem, tuner, replicate), *values)


@cache
def _cell(problem: str, tuner: str, replicate: int) -> Cell:
    """One object for all records of a cell: texts that are the same object compare faster."""
    return Cell(problem, tuner, replicate)


def _with_numbers(entries: Entries, change: Callable[[float], object]) -> Entries:
    """The entries of a line, with `change` applied to each number that may be not finite."""
    if "score" in entries:
        entries["score"] = change(entries["score"])
    for name in ("test", "continued"):
        if name in entries:
            entries[name] = {metric: change(value) for metric, value in entries[name].items()}
    if "curve" in entries:
        entries["curve"] = [{metric: change(value) for metric, value in epoch.items()} for epoch in entries["curve"]]
    if predictions := entries["anatomy"]["predictions"] if "anatomy" in entries else None:
        predictions |= {name: change(predictions[name]) for name in ("rmse", "mae", "r2") if name in predictions}
    return entries


def _to_number(value: float) -> float | str:
    """Finite numbers as Python floats; NaN and infinities as the strings that `float` reads back."""
    value = float(value)
    return value if math.isfinite(value) else str(value)


def _plain(value: SupportsFloat) -> object:
    """Numpy's numbers as Python's."""
    return value.item() if hasattr(value, "item") else float(value)


def _from_string(value: object) -> object:
    return float(value) if isinstance(value, str) and value in ("nan", "inf", "-inf") else value


def _made(kind: Callable[[Entries], object], entries: object) -> object:
    """Creates what msgspec has no type for: settings and manifests, which are mappings."""
    if not isinstance(entries, dict):
        raise ValueError(f"{entries!r} where an object was expected")
    return kind(entries)


def _line_type(record: type[CellRecord], kind: str) -> type[Struct]:
    """The type of a record's line: the cell's entries, then the record's own, with their types."""
    fields = [
        (entry.name, entry.type) if entry.required else (entry.name, entry.type, _default(entry))
        for entry in structs.fields(record)
        if entry.name != "cell"
    ]
    return msgspec.defstruct(
        f"{record.__name__}Line",
        [*get_type_hints(Cell).items(), *fields],
        tag_field="kind",
        tag=kind,
        forbid_unknown_fields=True,
        gc=False,
    )


def _default(entry: structs.FieldInfo) -> object:
    return msgspec.field(default_factory=entry.default_factory) if entry.default is msgspec.NODEFAULT else entry.default


_RECORDS = {_line_type(record, kind): record for record, kind in KINDS.items()}
_LINE: object = Union[(StudyRecord, Session, *_RECORDS)]
_decoder: msgspec.json.Decoder[_Line] = msgspec.json.Decoder(_LINE, dec_hook=_made)
