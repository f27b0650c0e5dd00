"""Private parts of Keras that training needs, each behind a function; checked with keras 3.15.

`tests/training/internals/test_keras.py` fails if a release moves one of them. Then fix it here, or raise the pin.
"""

from __future__ import annotations

import contextlib
import functools
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import keras
from keras.src.random import seed_generator
from keras.src.utils.python_utils import pythonify_logs

from tuning.training.fit_arguments import Data


class Node(Protocol):
    """A call of a layer in a model's graph."""

    operation: keras.Operation
    outputs: Sequence[keras.KerasTensor]
    parent_nodes: Sequence[Node]


def plain_logs(logs: Mapping[str, Data]) -> dict[str, Data]:
    """Logs of tensors as `model.evaluate(return_dict=True)` returns them: floats, flat even for several outputs."""
    return dict(pythonify_logs(logs))


def first_epoch(model: keras.Model, initial_epoch: int) -> int:
    """The epoch at which a fit begins: a `BackupAndRestore` that has restored something sets its own on the model."""
    return int(model._initial_epoch or initial_epoch)


def is_validated(model: keras.Model, epoch: int, validation_freq: int | Sequence[int]) -> bool:
    """Whether `fit` validates after this epoch, counted from 0."""
    return bool(model._should_eval(epoch, validation_freq))


def logs_of_step(model: keras.Model, returned: Data) -> dict[str, Data]:
    """The logs that `fit` makes from the return value of a user's own `train_step`."""
    logs: dict[str, Data] = model._get_metrics_result_or_logs(returned)
    return logs


def compiled_metrics(model: keras.Model) -> keras.metrics.Metric | None:
    """The object that holds the metrics of `compile`, with `built`, `build` and `metrics`; None without any."""
    return model._compile_metrics


def symbolic_output(model: keras.Model) -> Data:
    """The symbolic output of a functional or sequential model, nested if it has several; None for other models."""
    return getattr(getattr(model, "_functional", model), "_outputs_struct", None)


def graph_nodes(model: keras.Model) -> list[Node] | None:
    """The layer calls that a functional or sequential model consists of, inputs first; None if not known."""
    graph = getattr(model, "_functional", None) if isinstance(model, keras.Sequential) else model
    depths = getattr(graph, "_nodes_by_depth", None)
    if depths is None:
        return None
    return [node for depth in sorted(depths, reverse=True) for node in depths[depth]]


def all_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """The model itself and all layers in it, at any depth."""
    return list(model._flatten_layers())


def profiles_batches(callback: keras.callbacks.TensorBoard) -> bool:
    """Whether a TensorBoard callback is set to profile some batches."""
    return bool(callback._should_trace)


def replace_fit(model: keras.Model, fit: Callable[..., keras.callbacks.History]) -> None:
    """Sets `model.fit` without Keras' own `__setattr__`, which would track what it refers to."""
    object.__setattr__(model, "fit", fit)


def restore_fit(model: keras.Model) -> None:
    """Makes `model.fit` that of its class again."""
    model.__dict__.pop("fit", None)


original_fit: Callable[..., keras.callbacks.History] = keras.Model.fit
"""Keras' own, also where `fits_through` has replaced it."""


@contextlib.contextmanager
def fits_through(fit: Callable[..., keras.callbacks.History]) -> Iterator[None]:
    """Within, `keras.Model.fit` is this function in this thread, for every model whose class does not have its own."""
    thread = threading.get_ident()

    @functools.wraps(original_fit)
    def replaced(model: keras.Model, *args: object, **kwargs: object) -> keras.callbacks.History:
        return (fit if threading.get_ident() == thread else before)(model, *args, **kwargs)

    before, keras.Model.fit = keras.Model.fit, replaced
    try:
        yield
    finally:
        keras.Model.fit = before
        if before is original_fit:
            del keras.Model.fit  # inherited


@contextlib.contextmanager
def unread_metrics(model: keras.Model) -> Iterator[None]:
    """Within, Keras' own step does not compute the results of its metrics, which nobody reads before the end."""
    object.__setattr__(model, "get_metrics_result", dict)
    try:
        yield
    finally:
        del model.__dict__["get_metrics_result"]


@contextlib.contextmanager
def seeds_drawn_from(generator: random.Random) -> Iterator[None]:
    """Within, Keras draws the seeds of layers and initializers from this generator, not from Python's global one."""
    before, seed_generator.python_random = seed_generator.python_random, generator
    try:
        yield
    finally:
        seed_generator.python_random = before
