"""Search spaces made at random by hypothesis: every kind of hyperparameter, conditions within conditions."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import keras_tuner
from hypothesis import strategies as st


@dataclass(frozen=True)
class Declaration:
    """One call of `hp`, inside of the scopes of all its conditions."""

    kind: str
    name: str
    arguments: dict[str, Any]
    conditions: tuple[tuple[str, tuple[Any, ...]], ...]

    def is_active(self, configuration: Mapping[str, Any]) -> bool:
        return all(configuration.get(parent, None) in values for parent, values in self.conditions)


@dataclass(frozen=True)
class Plan:
    """What a model-building function declares."""

    declarations: tuple[Declaration, ...]

    def __call__(self, hp: keras_tuner.HyperParameters) -> None:
        for declaration in self.declarations:
            with ExitStack() as scopes:
                for parent, values in declaration.conditions:
                    scopes.enter_context(hp.conditional_scope(parent, list(values)))
                getattr(hp, declaration.kind)(declaration.name, **declaration.arguments)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    made: list[Declaration] = []
    for number in range(draw(st.integers(1, 6))):
        kind, arguments = draw(st.one_of(_ints(), _floats(), _others()))
        parents = [(one, values) for one in made if (values := _values(one))]
        conditions: tuple[tuple[str, tuple[Any, ...]], ...] = ()
        if parents and draw(st.booleans()):
            parent, values = draw(st.sampled_from(parents))
            wanted = draw(st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True))
            conditions = (*parent.conditions, (parent.name, tuple(wanted)))
        made.append(Declaration(kind, f"h{number}", arguments, conditions))
    return Plan(tuple(made))


def _values(declaration: Declaration) -> list[Any]:
    match declaration.kind:
        case "Choice":
            return list(declaration.arguments["values"])
        case "Boolean":
            return [False, True]
        case _:
            return []


@st.composite
def _ints(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    sampling = draw(st.sampled_from(["linear", "log", "reverse_log"]))
    low = draw(st.integers(-50 if sampling == "linear" else 1, 50))
    step = draw(st.one_of(st.none(), st.integers(1 if sampling == "linear" else 2, 9)))
    return "Int", {
        "min_value": low,
        "max_value": low + draw(st.integers(0, 300)),
        "step": step,
        "sampling": sampling,
    }


@st.composite
def _floats(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    sampling = draw(st.sampled_from(["linear", "log", "reverse_log"]))
    low = draw(st.floats(-10.0, 10.0) if sampling == "linear" else st.floats(1e-6, 10.0))
    if sampling == "linear":
        high = low + draw(st.floats(0.0, 20.0))
        step = draw(st.one_of(st.none(), st.floats(0.05, 30.0)))
    else:
        high = low * draw(st.floats(1.0, 1e5))
        step = draw(st.one_of(st.none(), st.floats(1.5, 10.0)))
    return "Float", {"min_value": low, "max_value": high, "step": step, "sampling": sampling}


def _others() -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    texts = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4, unique=True)
    numbers = st.lists(st.integers(-5, 5), min_size=1, max_size=4, unique=True)
    floats = st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=4, unique=True)
    return st.one_of(
        st.one_of(texts, numbers, floats).map(lambda values: ("Choice", {"values": values})),
        st.booleans().map(lambda default: ("Boolean", {"default": default})),
        st.one_of(st.integers(-5, 5), st.booleans(), st.just("mse"), st.floats(-1.0, 1.0)).map(
            lambda value: ("Fixed", {"value": value})
        ),
    )
