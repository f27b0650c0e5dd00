"""Options that are declared once, as typer and as a command see them."""

import dataclasses
import inspect

import pytest

from tuning.cli.options import Changes, Debug, Named, RunOptions, rule_of, with_options
from tuning.errors import StudyError
from tuning.statistics.sequential import CAP, Rule


def test_a_command_is_shown_the_fields_of_its_options_and_called_with_the_options() -> None:
    calls: list[object] = []

    @with_options
    def command(named: Named, changes: Changes, debug: Debug = False) -> None:
        """What it does."""
        calls.append((named, changes, debug))

    names = [field.name for options in (Named, Changes) for field in dataclasses.fields(options)] + ["debug"]
    parameters = inspect.signature(command).parameters
    assert list(parameters) == list(command.__annotations__) == names
    assert command.__doc__ == "What it does."
    defaults = {name: parameter.default for name, parameter in parameters.items()}
    command(**{**defaults, "budget": 7, "data": "a.py:load"})
    assert calls == [(Named(data="a.py:load"), Changes(budget=7), False)]


def test_a_rule_is_made_of_the_options_and_the_studys_rope() -> None:
    assert rule_of(RunOptions(), 0.1) is None
    assert rule_of(RunOptions(until_decided=True), 0.1) == Rule(CAP, 0.1)
    assert rule_of(RunOptions(until_decided=True, cap=12), None) == Rule(12)
    assert rule_of(RunOptions(until_chosen=0.01, cap=12), 0.1) == Rule(12, 0.1, 0.01)
    assert rule_of(RunOptions(until_chosen=0.01), None) == Rule(CAP, None, 0.01)
    with pytest.raises(StudyError, match="by different rules; give one of them"):
        rule_of(RunOptions(until_chosen=0.01, until_decided=True), None)
    with pytest.raises(StudyError, match="--until-chosen adds replicates by itself"):
        rule_of(RunOptions(until_chosen=0.01, replicates=3), None)
    with pytest.raises(StudyError, match="--cap belongs to --until-decided"):
        rule_of(RunOptions(cap=12), None)
    with pytest.raises(StudyError, match="say how many at most with --cap"):
        rule_of(RunOptions(until_decided=True, replicates=3), None)
