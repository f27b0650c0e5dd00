"""Private parts of TensorFlow that training needs, each behind a function; checked with tensorflow 2.21.

`tests/training/internals/test_tensorflow.py` fails if a release moves one of them. Then fix it here, or raise the
pin. TensorFlow is imported inside the functions, because training also runs on Keras' other backends.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

Tensor: TypeAlias = Any
"""TensorFlow ships without types: tensors, nested structures of them, their specs and handles."""


class ConcreteFunction(Protocol):
    """A graph for arguments of known shapes."""

    captured_inputs: Sequence[Tensor]

    def __call__(self, *data: Tensor) -> Tensor: ...
    def set_external_captures(self, captures: Sequence[Tensor]) -> None: ...


class Function(Protocol):
    """A `tf.function`."""

    def __call__(self, *data: Tensor) -> Tensor: ...
    def get_concrete_function(self, *signature: Tensor) -> ConcreteFunction: ...


def set_variables(function: ConcreteFunction, handles: Sequence[Tensor]) -> None:
    """Makes a concrete function use other variables of the same shapes, given as handles in the captured order."""
    function.set_external_captures(list(handles))


def gradient_registry() -> dict[str, dict[str, object]]:
    """The table of gradients by name, which keeps every `tf.custom_gradient` of a graph."""
    from tensorflow.python.framework import ops

    registry: dict[str, dict[str, object]] = ops.gradient_registry._registry
    return registry


def forget_all_reduce_gradients() -> None:
    """Frees the graphs of earlier models: 7 MB per trial of a small model.

    In a graph, an optimizer's all-reduce is a `tf.custom_gradient`, and TensorFlow registers those forever, with all
    that they refer to. The gradient of this one is never needed, since it sums gradients.
    """
    registry = gradient_registry()
    for name, entry in list(registry.items()):
        if name.startswith("CustomGradient-") and any(
            getattr(inner, "__module__", "") == "tensorflow.python.distribute.distribute_lib"
            for outer in _enclosed(entry["type"])
            for inner in _enclosed(outer)
        ):
            del registry[name]


def _enclosed(function: object) -> list[object]:
    """What a function closes over."""
    return list(inspect.getclosurevars(function).nonlocals.values()) if inspect.isfunction(function) else []
