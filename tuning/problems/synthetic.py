"""A problem whose learning curves are computed by a formula, for tests."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras_tuner
import numpy as np

from tuning.configuration import Configuration
from tuning.objective import Objective
from tuning.space.recorder import record
from tuning.space.space import Space
from tuning.training.outcome import Logs, Outcome
from tuning.training.state import State


def mixed_space(hp: keras_tuner.HyperParameters) -> None:
    """Every kind of hyperparameter, with a conditional one under each value of a choice."""
    hp.Int("layers", 1, 4)
    hp.Int("width", 16, 256, step=16)
    hp.Int("batch", 8, 500, sampling="log")
    hp.Float("rate", 1e-4, 1e-1, sampling="log")
    hp.Float("decay", 0.0, 0.8, step=0.2)
    hp.Boolean("bias")
    hp.Fixed("loss", "mse")
    hp.Choice("optimizer", ["sgd", "adam"])
    with hp.conditional_scope("optimizer", ["sgd"]):
        hp.Float("momentum", 0.0, 0.99)
    with hp.conditional_scope("optimizer", ["adam"]):
        hp.Float("beta", 0.8, 0.999, sampling="reverse_log")


def continuous_space(hp: keras_tuner.HyperParameters) -> None:
    """Three continuous dimensions: no configuration should ever come twice."""
    hp.Float("x", 0.0, 1.0)
    hp.Float("y", 0.0, 1.0)
    hp.Float("z", 1e-4, 1.0, sampling="log")


def tiny_space(hp: keras_tuner.HyperParameters) -> None:
    """Four configurations."""
    hp.Choice("a", ["x", "y"])
    hp.Boolean("b")


class SyntheticProblem:
    """A problem whose learning curves are computed: a smooth optimum, a little noise, growing with the epochs.

    Args:
        declare: Asks `hp` for the hyperparameters, as `build_model` would.
        direction: Of the metric ``"metric"``; with ``"min"`` its values are those of ``"max"`` with the sign changed.
        fail: Called with each configuration; the error it raises is what training would have raised, and
            the float it returns (NaN) takes the metric's place.
    """

    def __init__(
        self,
        declare: Callable[[keras_tuner.HyperParameters], None] = mixed_space,
        *,
        name: str = "synthetic",
        direction: str = "max",
        max_epochs: int = 9,
        fail: Callable[[Configuration], float | None] = lambda configuration: None,
    ) -> None:
        self.name = name
        self.objective = Objective("metric", direction)
        self.max_epochs = max_epochs
        self.is_regression = False
        self.space: Space = record(declare)
        self.fail = fail
        self.trained_epochs = 0
        """Counted apart from the evaluator."""

    def value(self, configuration: Configuration, epoch: int, seed: int) -> float:
        """The metric after an epoch (from 1), in 0 .. 1 for direction ``"max"``."""
        distances = [
            hp.value_to_prob(configuration[hp.name]) - 0.7
            for hp in self.space.hyperparameters
            if hp.name in configuration and not isinstance(configuration[hp.name], str)
        ]
        quality = math.exp(-float(np.mean(np.square(distances)))) if distances else 0.5
        noise = np.random.default_rng([seed, epoch]).normal(scale=0.01)
        return float(quality * (1.0 - 0.5 ** (1.0 + epoch / 2)) + noise)

    def train(
        self,
        configuration: Configuration,
        *,
        seed: int,
        epochs: int,
        on_epoch: Callable[[Logs], bool],
        initial_epoch: int = 0,
        state: State | None = None,
        keep_state: bool = False,
    ) -> Outcome:
        if (initial_epoch > 0) != (state is not None) or (state is not None and int(state[0][0]) != initial_epoch):
            raise RuntimeError(f"continued at epoch {initial_epoch} with the state {state}")
        outcome = Outcome(fit="synthetic")
        sign = 1.0 if self.objective.direction == "max" else -1.0
        try:
            broken = self.fail(configuration)
        except Exception as error:
            outcome.error = str(error)
            return outcome
        for epoch in range(initial_epoch + 1, epochs + 1):
            self.trained_epochs += 1
            value = sign * self.value(configuration, epoch, seed) if broken is None else broken
            outcome.state = [np.array([epoch])] if keep_state else None
            if on_epoch({"metric": value}):
                break
        return outcome

    def retrain(
        self,
        configuration: Configuration,
        *,
        seed: int,
        on_epoch: Callable[[Logs], bool],
        save: Path | None = None,
        logs: Path | None = None,
    ) -> Outcome:
        """The test score is the metric's of the epoch that counts, with noise of its own."""
        curve: list[Logs] = []

        def on_each(logs: Logs) -> bool:
            curve.append(logs)
            return on_epoch(logs)

        outcome = self.train(configuration, seed=seed, epochs=self.max_epochs, on_epoch=on_each)
        if curve:
            noise = float(np.random.default_rng([seed, 0]).normal(scale=0.01))
            outcome.test = {self.objective.test_metric: self.objective.score(curve) + noise}
        return outcome

    def describe(self) -> dict[str, Any]:
        return {
            "space": self.space.to_json(),
            "objective": self.objective.to_json(),
            "max_epochs": self.max_epochs,
            "data": {"fingerprint": "synthetic", "shapes": {}},
        }

    def check(self) -> list[str]:
        return ["metric"]
