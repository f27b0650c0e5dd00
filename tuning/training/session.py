"""What Keras and TensorFlow keep between trainings, and where layers draw their seeds."""

from __future__ import annotations

import contextlib
import inspect
import random
from collections.abc import Iterator
from typing import Any

import keras


@contextlib.contextmanager
def seeds_of_its_own(seed: int) -> Iterator[None]:
    """Lets Keras draw the seeds of layers and initializers from a generator that no other thread draws from.

    Keras draws them from Python's global one, and in a Dask worker so do Dask's threads, at their own times. The
    numbers are those that `keras.utils.set_random_seed` alone would give.
    """
    from keras.src.random import seed_generator

    before, seed_generator.python_random = seed_generator.python_random, random.Random(seed)
    try:
        yield
    finally:
        seed_generator.python_random = before


def clear_session() -> None:
    """Forgets the models before; `clear_session` would also forget a precision that the user has set."""
    policy = keras.config.dtype_policy()
    if keras.backend.backend() == "tensorflow":
        _release_graphs()
    keras.backend.clear_session()
    keras.config.set_dtype_policy(policy)


def _release_graphs() -> None:
    """Lets the graphs of the models before go, 7 MB a trial of a small one.

    In a graph, an optimizer's all-reduce is a `tf.custom_gradient`, and TensorFlow registers those for ever, with all
    that they refer to. Nobody asks for the gradient of this one: it sums gradients.
    """
    from tensorflow.python.framework import ops

    registry = ops.gradient_registry._registry
    for name, entry in list(registry.items()):
        if name.startswith("CustomGradient-") and any(
            getattr(inner, "__module__", "") == "tensorflow.python.distribute.distribute_lib"
            for outer in _enclosed(entry["type"])
            for inner in _enclosed(outer)
        ):
            del registry[name]


def _enclosed(function: Any) -> list[Any]:
    """What a function closes over."""
    return list(inspect.getclosurevars(function).nonlocals.values()) if inspect.isfunction(function) else []
