"""The columns of the HPARAMS table: where a trial comes from, then its hyperparameters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tensorboard.plugins.hparams import api_pb2

from tuning.configuration import Value
from tuning.journal.plan import Plan
from tuning.journal.study_record import Declaration
from tuning.tensorboard.messages import encodable, finite
from tuning.tensorboard.names import column_names

_FEW = 10  # with this many values or more, the page filters by a regular expression, and refuses one for numbers
_DATA_TYPES = {
    "number": api_pb2.DATA_TYPE_FLOAT64,
    "boolean": api_pb2.DATA_TYPE_BOOL,
    "text": api_pb2.DATA_TYPE_STRING,
}


@dataclass(frozen=True)
class Column:
    """A hyperparameter column of the HPARAMS table.

    Attributes:
        name: Its name in TensorBoard, unique.
        kind: ``"number"``, ``"boolean"`` or ``"text"``; one for all trials, since a column of mixed types hides rows
            (tensorboard#3597).
        values: All values it can have, if they are few; else empty.
        bounds: Smallest and largest value of a number, if `values` is empty.
        leading: Whether it says where a trial comes from, and is placed before the hyperparameters.
    """

    name: str
    kind: str
    values: tuple[Value, ...] = ()
    bounds: tuple[float, float] | None = None
    leading: bool = False

    def fit(self, value: Value) -> Value | None:
        """`value` as this column's type; None if that is impossible (then it is left out, like an inactive one)."""
        match self.kind:
            case "text":
                return encodable(str(value))
            case "boolean":
                return bool(value)
        return finite(value)

    def to_proto(self) -> api_pb2.HParamInfo:
        # TensorBoard 2.21 does not keep the order given: it sorts by `differs`, then by name
        # (`_sort_and_reduce_to_hparams_limit`). Set for the leading columns only, `differs` keeps them first.
        info = api_pb2.HParamInfo(name=self.name, type=_DATA_TYPES[self.kind], differs=self.leading)
        if self.values:
            info.domain_discrete.extend(self.values)
        elif self.bounds is not None:
            info.domain_interval.min_value, info.domain_interval.max_value = self.bounds
        return info


def leading_columns(problems: Sequence[str], plan: Plan | None) -> list[Column]:
    """Where a trial comes from: `replicate` and `tuner`, then `problem` if there are several.

    In parallel coordinates the first axis' labels are cut off, which numbers can bear.
    """
    labels = tuple(map(encodable, plan.settings)) if plan else ()
    replicates = plan.replicates if plan else 0
    columns = [
        Column("replicate", "number", *_numbers(range(1, replicates + 1)), leading=True),
        Column("tuner", "text", labels, leading=True),
    ]
    if len(problems) > 1:
        columns.append(Column("problem", "text", tuple(encodable(name) for name in problems), leading=True))
    return columns


def hyperparameter_columns(spaces: Iterable[Sequence[Declaration]], order: Sequence[str] = ()) -> dict[str, Column]:
    """Columns by hyperparameter name: those in `order`, then in that of the spaces; each name once.

    Those that a trial may lack, because of a condition or in another problem, come last: the page's parallel
    coordinates leave out every trial that lacks a ticked column, and at first the first five are ticked.
    `tuning.tensorboard.names` says what they are called.
    """
    spaces = list(spaces)
    declared: dict[str, list[Declaration]] = {}
    for space in spaces:
        for entry in space:
            declared.setdefault(entry["name"], []).append(entry)
    columns = {name: _column(column, declared[name]) for name, column in column_names(declared).items()}
    always = {
        name
        for name, entries in declared.items()
        if len(entries) == len(spaces) and not any(entry.get("conditions") for entry in entries)
    }
    places = {name: place for place, name in enumerate(order)}
    return dict(sorted(columns.items(), key=lambda item: (item[0] not in always, places.get(item[0], len(places)))))


def _column(name: str, entries: Sequence[Declaration]) -> Column:
    """One column for all declarations of a name: a number only if all are, text if their types differ."""
    values: list[Value] = []
    bounds: list[float] = []
    for entry in entries:
        match entry["type"]:
            case "Int" | "Float":
                bounds += [entry["min_value"], entry["max_value"]]
            case "Boolean":
                values += [False, True]
            case "Choice":
                values += entry["values"]
            case _:
                values.append(entry["value"] if "value" in entry else entry["default"])
    kinds = {_kind(value) for value in [*values, *bounds]}
    kind = kinds.pop() if len(kinds) == 1 else "text"
    if kind == "number":
        return Column(name, kind, *_numbers(values, bounds))
    if bounds:
        return Column(name, kind)
    return Column(name, kind, tuple(dict.fromkeys(v if kind == "boolean" else encodable(str(v)) for v in values)))


def _numbers(
    values: Iterable[Value], bounds: Sequence[float] = ()
) -> tuple[tuple[Value, ...], tuple[float, float] | None]:
    """The domain of a number column: its values if they are few, else the interval that contains all."""
    known = sorted({number for value in values if (number := finite(value)) is not None})
    ends = [*known, *(number for value in bounds if (number := finite(value)) is not None)]
    if not ends:
        return (), None
    if not bounds and len(known) < _FEW:
        return tuple(known), None
    return (), (min(ends), max(ends))


def _kind(value: Value) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else "text"
