"""A problem whose learning curves are computed by a formula, for tests."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import keras_tuner
import numpy as np

from tuning.configuration import Configuration
from tuning.journal.study_record import SYNTHETIC, DataRecord, ProblemRecord
from tuning.objective import Objective
from tuning.problems.problem import described
from tuning.seeds import derive
from tuning.space.recorder import record
from tuning.space.space import Space
from tuning.training.outcome import Logs, Outcome
from tuning.training.request import RetrainingRequest, TrainingRequest


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
    """Three continuous dimensions: no configuration should ever repeat."""
    hp.Float("x", 0.0, 1.0)
    hp.Float("y", 0.0, 1.0)
    hp.Float("z", 1e-4, 1.0, sampling="log")


def tiny_space(hp: keras_tuner.HyperParameters) -> None:
    """Four configurations."""
    hp.Choice("a", ["x", "y"])
    hp.Boolean("b")


class SyntheticProblem:
    """A problem with computed learning curves: a smooth optimum and a little noise, rising over the epochs.

    Args:
        declare: Asks `hp` for the hyperparameters, as `build_model` would.
        direction: Of the metric ``"metric"``; with ``"min"`` its values are those of ``"max"`` with the sign changed.
        fail: Called with each configuration; an error that it raises counts as training's error, and a float that it
            returns (NaN) replaces the metric.
    """

    def __init__(
        self,
        declare: Callable[[keras_tuner.HyperParameters], None] = mixed_space,
        *,
        name: str = "synthetic",
        direction: str = "max",
        max_epochs: int = 9,
        folds: int = 1,
        repeats: int = 1,
        fail: Callable[[Configuration], float | None] = lambda configuration: None,
    ) -> None:
        self.name = name
        self.objective = Objective("metric", direction)
        self.max_epochs = max_epochs
        self.folds = folds
        self.repeats = repeats
        self.is_regression = False
        self.has_test = True
        self.space: Space = record(declare)
        self.fail = fail
        self.trained_epochs = 0
        """Counted independently of the evaluator."""

    def __repr__(self) -> str:
        return described(self, repr(self.space))

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

    def train(self, request: TrainingRequest) -> Outcome:
        start, state = request.initial_epoch, request.state
        if (start > 0) != (state is not None) or (state is not None and int(state[0][0]) != start):
            raise RuntimeError(f"continued at epoch {start} with the state {state}")
        outcome = Outcome(fit="synthetic")
        sign = 1.0 if self.objective.direction == "max" else -1.0
        fold = request.split.fold
        seed = derive("fold", request.seed, fold) if fold else request.seed
        try:
            broken = self.fail(request.configuration)
        except Exception as error:
            outcome.error = str(error)
            return outcome
        for epoch in range(start + 1, request.epochs + 1):
            self.trained_epochs += 1
            value = broken
            if value is None:
                value = sign * self.value(request.configuration, epoch, seed)
            outcome.state = [np.array([epoch])] if request.keep_state else None
            if request.on_epoch({"metric": value}):
                outcome.interrupted = epoch < request.epochs
                break
        return outcome

    def retrain(self, request: RetrainingRequest) -> Outcome:
        """The test score is the metric at the epoch that counts, with its own noise."""
        curve: list[Logs] = []

        def on_each(logs: Logs) -> bool:
            curve.append(logs)
            return request.on_epoch(logs)

        outcome = self.train(replace(request.training(self.max_epochs), on_epoch=on_each))
        if curve:
            noise = float(np.random.default_rng([request.seed, 0]).normal(scale=0.01))
            outcome.test = {self.objective.test_metric: self.objective.score(curve) + noise}
        return outcome

    def describe(self) -> ProblemRecord:
        return ProblemRecord(
            self.space.to_json(),
            self.objective,
            self.max_epochs,
            DataRecord(SYNTHETIC),
            folds=self.folds,
            repeats=self.repeats,
        )

    def check(self) -> list[str]:
        return ["metric"]
