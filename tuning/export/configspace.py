"""ConfigSpace: each problem's search space as JSON, with its conditions.

    KerasTuner                                ConfigSpace
    Boolean, Choice                           categorical
    Fixed, and a range of one value           constant
    Int and Float with a step                 ordinal: KerasTuner draws each of its values with the same chance
    Int and Float, linear or log              uniform integer and float, linear or log
    Int and Float, reverse_log                uniform on a linear scale; the JSON's ``meta`` says ``reverse_log``

Values and conditions are the same; how ConfigSpace rounds an integer on a log scale is not. Names that are declared
under several conditions are numbered (``momentum [2]``), as in the report. There are no forbidden clauses, as
KerasTuner's spaces have none. ConfigSpace itself rounds a float and its bounds to 13 decimals.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuning.configuration import Value
from tuning.errors import StudyError
from tuning.exploration.dimensions import Dimension, hyperparameters
from tuning.export.place import new_place
from tuning.journal.journal import Journal
from tuning.journal.study_record import Declaration
from tuning.text import file_name

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace


def write_configspace(journal: Journal, target: str) -> str:
    """Writes ``PROBLEM.json`` for each problem into a new folder."""
    spaces = {name: space_of(record.space, name) for name, record in journal.problems.items()}
    files = {name: f"{place}_{file_name(name)}.json" for place, name in enumerate(spaces, start=1)}
    if len(spaces) == 1:
        files = {name: f"{file_name(name)}.json" for name in spaces}
    with new_place(Path(target)) as folder:
        folder.mkdir()
        for name, space in spaces.items():
            space.to_json(folder / files[name])
    return f"{target}: {', '.join(files.values())}"


def space_of(declarations: Sequence[Declaration], name: str) -> ConfigurationSpace:
    """A recorded space as a `ConfigurationSpace`.

    Raises:
        StudyError: A name is declared twice for the same configuration.
    """
    from ConfigSpace import ConfigurationSpace

    found = hyperparameters(declarations)
    for place, one in enumerate(found):
        if any(other.name == one.name and not _exclude_each_other(one, other) for other in found[:place]):
            raise StudyError(f"{one.name!r} is declared twice for the same configuration, which ConfigSpace cannot say")
    space = ConfigurationSpace(name=name)
    made = {one.key: _hyperparameter(one, entry) for one, entry in zip(found, declarations, strict=True)}
    space.add(list(made.values()))
    space.add([_condition(one, found, made) for one in found if one.conditions])
    return space


def _hyperparameter(one: Dimension, entry: Declaration) -> Any:
    from ConfigSpace import (
        CategoricalHyperparameter,
        Constant,
        OrdinalHyperparameter,
        UniformFloatHyperparameter,
        UniformIntegerHyperparameter,
    )

    default = entry.get("default", one.values[0] if one.values else one.low)
    if one.kind == "Fixed" or len(one.values) == 1:
        return Constant(one.key, one.values[0])
    if one.values:
        return CategoricalHyperparameter(one.key, list(one.values), default_value=default)
    if one.low == one.high:
        return Constant(one.key, int(one.low) if one.kind == "Int" else one.low)
    if _is_ordinal(one):
        return OrdinalHyperparameter(one.key, list(one.listed), default_value=_listed(one, default))
    log = one.sampling == "log"
    meta: dict[Hashable, str] = {"sampling": one.sampling}
    if one.kind == "Int":
        low, high = int(one.low), int(one.high)
        return UniformIntegerHyperparameter(one.key, low, high, default_value=int(default), log=log, meta=meta)
    return UniformFloatHyperparameter(one.key, one.low, one.high, default_value=float(default), log=log, meta=meta)


def _is_ordinal(one: Dimension) -> bool:
    """Whether it is a number with a step that ConfigSpace's ranges do not have."""
    return not one.values and one.step is not None and (one.kind, one.step, one.sampling) != ("Int", 1, "linear")


def _listed(one: Dimension, value: Value) -> Value:
    """The value in the list that this one is, up to rounding."""
    return one.listed[int(one.position(value) * len(one.listed))]


def _condition(child: Dimension, found: Sequence[Dimension], made: dict[str, Any]) -> Any:
    """All conditions of a hyperparameter."""
    from ConfigSpace import AndConjunction, InCondition

    conditions = [
        InCondition(made[child.key], made[_parent(name, child, found)], list(values))
        for name, values in child.conditions
    ]
    return conditions[0] if len(conditions) == 1 else AndConjunction(*conditions)


def _parent(name: str, child: Dimension, found: Sequence[Dimension]) -> str:
    """The key of a condition's parent; if several have its name, the one of the innermost enclosing scope."""
    around = {
        one.key: len(one.conditions)
        for one in found
        if one.name == name and all(condition in child.conditions for condition in one.conditions)
    }
    return max(around, key=around.__getitem__, default=name)


def _exclude_each_other(one: Dimension, other: Dimension) -> bool:
    """Whether no configuration has both: they ask different values of one parent."""
    asked = dict(other.conditions)
    return any(name in asked and not set(values) & set(asked[name]) for name, values in one.conditions)
