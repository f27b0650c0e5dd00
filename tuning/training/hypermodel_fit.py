"""A user's `HyperModel.fit`, called as KerasTuner calls it.

`Tuner.search(x, y, validation_data=...)` passes its arguments on as it got them: data by position, the rest by name,
`epochs` and `verbose` only if the caller named them, `callbacks` always. So here data are passed by name only if the
signature names `x` and `y`; `verbose` is passed only if the signature demands it; and `epochs` is left out if `fit`
gives `model.fit` its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping

import keras
import keras_tuner

Call = tuple[tuple[object, ...], dict[str, object]]
"""Arguments by position, and by name."""

OURS = ("epochs", "callbacks", "validation_data")  # what a `fit` may leave out of its signature


def call_fit(
    hypermodel: keras_tuner.HyperModel,
    hp: keras_tuner.HyperParameters,
    model: keras.Model,
    arguments: Mapping[str, object],
    has_begun: Callable[[], bool],
    withhold: Callable[[Mapping[str, object]], object] = lambda arguments: None,
) -> object:
    """What `hypermodel.fit(hp, model, ...)` returns.

    Args:
        hypermodel, hp, model: As KerasTuner has them.
        arguments: Those of `model.fit`, by name, without ``verbose``.
        has_begun: Whether training has begun: after that, an error never leads to another attempt.
        withhold: Called before each attempt with the arguments that the signature has no place for, but which
            `model.fit` must still get.
    """
    refused: Exception | None = None
    for positional, named in _ways(hypermodel, arguments):
        given = {id(value) for value in positional}
        withhold(
            {
                name: value
                for name, value in arguments.items()
                if name in OURS
                and name not in named
                and not (isinstance(value, tuple) and given >= set(map(id, value)))
            }
        )
        try:
            return hypermodel.fit(hp, model, *positional, **named)
        except (TypeError, KeyError, IndexError) as error:  # it may take its arguments in another way
            if has_begun():
                raise
            refused = refused or error
    raise refused or TypeError("no way to call fit")


def _ways(hypermodel: keras_tuner.HyperModel, arguments: Mapping[str, object]) -> Iterator[Call]:
    """The most likely way first; the others are for a `fit` with ``**kwargs``, whose signature does not tell."""
    if type(hypermodel).fit is keras_tuner.HyperModel.fit:
        yield (), dict(arguments)
        return
    parameters = list(inspect.signature(hypermodel.fit).parameters.values())[2:]
    kinds = {parameter.kind for parameter in parameters}
    takes_any_name = inspect.Parameter.VAR_KEYWORD in kinds
    by_name = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    slots = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    named = {name: value for name, value in arguments.items() if takes_any_name or name in by_name or name not in OURS}
    if any(p.name == "verbose" and p.default is inspect.Parameter.empty for p in parameters):
        named["verbose"] = 0
    data = [name for name in ("x", "y") if name in arguments]
    positional = _by_position(data, slots, by_name, named, inspect.Parameter.VAR_POSITIONAL in kinds, arguments)
    rest = {name: value for name, value in named.items() if not positional or name not in data}
    yield positional, rest
    if takes_any_name and "epochs" not in by_name:
        yield positional, {name: value for name, value in rest.items() if name != "epochs"}
    if takes_any_name and positional:
        yield (), named


def _by_position(
    data: list[str],
    slots: list[str],
    by_name: set[str],
    named: Mapping[str, object],
    takes_any_number: bool,
    arguments: Mapping[str, object],
) -> tuple[object, ...]:
    """The data, if passed by position; then the validation data, if they have their own slots."""
    if set(data) <= by_name:
        return ()
    free = [name for name in slots if name in data or name not in arguments]
    if not takes_any_number and slots[: len(data)] != free[: len(data)]:
        return ()
    if not takes_any_number and len(slots) < len(data):
        return ()
    positional = [arguments[name] for name in data]
    validation = arguments.get("validation_data")
    if "validation_data" not in named and isinstance(validation, tuple) and len(free) >= len(data) + len(validation):
        positional += validation
    return tuple(positional)
