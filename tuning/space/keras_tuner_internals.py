"""Private parts of KerasTuner that this package needs, each behind a function: checked with keras-tuner 1.4.8.

`tests/space/test_keras_tuner_internals.py` fails if a release moves one of them. Then fix it here, or raise the
pin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import keras_tuner
import numpy as np
from keras_tuner.engine.hyperparameters import HyperParameter

from tuning.configuration import Value


class ObservedHyperParameters(keras_tuner.HyperParameters):
    """KerasTuner's `HyperParameters`, which passes each declaration to `before_answer` first."""

    def before_answer(self, hp: HyperParameter) -> None:
        """Called with what the user's code declares or asks for; an exception goes to the user's code."""

    def _retrieve(self, hp: HyperParameter) -> object:
        self.before_answer(hp)
        return super()._retrieve(hp)

    def get(self, name: str) -> object:
        try:
            return super().get(name)
        except KeyError as error:  # as KerasTuner raises it: a user's code may catch it
            raise KeyError(f"{error.args[0]} Declare {name!r}, with hp.Int or the like, before it is read") from None
        except ValueError as error:
            raise ValueError(f"{error} Read {name!r} only inside of its conditional_scope") from None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # what `copy` and `pickle` look for, before there is anything
            raise AttributeError(name)
        raise AttributeError(
            f"hp has no {name!r}; it has Int, Float, Choice, Boolean and Fixed, and hp.get({name!r}) reads a value"
        )

    def is_declared(self, hp: HyperParameter) -> bool:
        """Whether this name is known under these conditions."""
        return bool(self._exists(hp.name, hp.conditions))

    def declared_as(self, name: str) -> Sequence[HyperParameter]:
        """All declarations of a name, under any conditions."""
        return list(self._hps.get(name, ()))

    def full_name(self, name: str) -> str:
        """The name, prefixed with the names of its scopes."""
        return str(self._get_name(name))


def number_of_values(hp: HyperParameter) -> int:
    """Number of values of a stepped hyperparameter."""
    return int(hp._get_n_values())


def value_by_index(hp: HyperParameter, index: int) -> Value:
    """The value at an index, from 0."""
    value: Value = hp._get_value_by_index(index)
    return value


def set_default(hp: HyperParameter, value: Value) -> None:
    """Gives a hyperparameter another default."""
    hp._default = value


def search_within(oracle: keras_tuner.Oracle, interval: tuple[float, float]) -> None:
    """Limits a Bayesian oracle's search of the acquisition to this interval of each dimension, in 0 .. 1."""
    oracle._get_hp_bounds = lambda: np.array([interval for _ in oracle._nonfixed_space()])


def draw_first(oracle: keras_tuner.Oracle, values: Mapping[str, Value]) -> None:
    """Makes an oracle's first random draw these values; the next ones are what it would have drawn without that.

    KerasTuner's tuners have no option for it (keras-team/keras-tuner issues 604 and 699).
    """
    draw = oracle._random_values

    def first() -> dict[str, Value]:
        oracle._random_values = draw
        return dict(values)

    oracle._random_values = first


def metric_direction(metric: str) -> str:
    """``"min"`` or ``"max"`` as KerasTuner infers it from a metric's name; empty if it cannot."""
    from keras_tuner.src.engine.metrics_tracking import infer_metric_direction

    try:
        return infer_metric_direction(metric) or ""
    except Exception:  # it builds the metric it finds, and some need arguments
        return ""


@contextmanager
def without_tracebacks() -> Iterator[None]:
    """Inside the block, KerasTuner prints no traceback for each failed trial."""
    from keras_tuner.src import config

    before, config.DEBUG = config.DEBUG, False
    try:
        yield
    finally:
        config.DEBUG = before
