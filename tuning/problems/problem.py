"""A problem: a search space, data, an objective, and the epochs of one full training.

The evaluator uses a problem through `TrainingProblem`: a recorded space and a `train` method. `Problem` trains Keras
models; `tuning.problems.synthetic.SyntheticProblem` computes curves, so that tuners can be tested without training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import numpy as np

from tuning.arguments import share, whole_number
from tuning.arrays import RowsOf
from tuning.configuration import Configuration
from tuning.errors import StudyError
from tuning.formatting import plural
from tuning.journal.study_record import ProblemRecord
from tuning.objective import Objective
from tuning.problems.problem_data import ProblemData
from tuning.seeds import FIRST_SPLIT, SplitSeeds
from tuning.splits import Part, Splits, described_by

if TYPE_CHECKING:
    import keras
    import keras_tuner

    from tuning.resampling.plans import Resampling
    from tuning.space.beforehand import Beforehand
    from tuning.space.space import Space
    from tuning.training.fit_arguments import Arguments
    from tuning.training.graph_cache import Traces
    from tuning.training.outcome import Logs, Outcome
    from tuning.training.recipe import BuildModel, Callbacks, Recipe
    from tuning.training.request import RetrainingRequest, TrainingRequest
    from tuning.training.resident import Resident

_OF_DATA = "give it in the problem's data, beside x and y"
RESERVED = {
    "x": _OF_DATA,
    "y": _OF_DATA,
    "sample_weight": _OF_DATA,
    "validation_data": _OF_DATA,
    "validation_freq": "every epoch is charged and scored, so every epoch is validated",
    "epochs": "give max_epochs (--max-epochs)",
    "initial_epoch": "the tuner says which trial continues which",
    "callbacks": "give Problem(callbacks=...) (--callbacks)",
    "verbose": "the study shows its own progress",
}
"""Arguments of `model.fit` that the user cannot set here, and what to use instead."""


class TrainingProblem(Protocol):
    """What the evaluator and the tuners see of a problem."""

    name: str
    objective: Objective
    max_epochs: int
    repeats: int

    @property
    def space(self) -> Space: ...

    @property
    def folds(self) -> int:
        """How many folds a configuration is trained on, each `repeats` times; a hold-out is one."""

    @property
    def is_regression(self) -> bool: ...

    @property
    def has_test(self) -> bool:
        """Whether a retrained configuration is scored on test."""

    def train(self, request: TrainingRequest) -> Outcome:
        """Trains a configuration up to the requested epochs."""

    def retrain(self, request: RetrainingRequest) -> Outcome:
        """Trains a configuration in full; the outcome holds the test scores of the epoch that counts."""

    def describe(self) -> ProblemRecord:
        """For the journal: ``space``, ``objective``, ``max_epochs``, ``data``; JSON-able."""

    def check(self) -> list[str]:
        """Raises TuningError if the problem cannot be searched; returns the metrics that training reports."""


def trainings_of(problem: TrainingProblem) -> int:
    """How many models a trial of the problem trains: one for each fold and repeat. Raises DataError."""
    return problem.folds * problem.repeats


def described(problem: TrainingProblem, *more: str) -> str:
    """What a problem's `repr` says of it, and whatever else is known."""
    rule = problem.objective
    parts = [
        f"{rule.metric}, {rule.direction}, {rule.epoch} epoch of a trial",
        f"{plural(problem.max_epochs, 'epoch')} in full",
        *(part for part in more if part),
    ]
    return f"<{type(problem).__name__} {problem.name!r}: {'; '.join(parts)}>"


class Problem:
    """A Keras search problem.

    Args:
        build_model: KerasTuner's `build_model(hp)`, or a `kt.HyperModel` with or without its own `fit`.
        data: A function without arguments that returns training, validation and (optional) test splits; see
            `tuning.splits.Splits`. It is a function so that every worker can load the data once by itself.
        objective: What to optimise.
        max_epochs: Epochs of one full training.
        name: Default: the name of the data function.
        callbacks: A function without arguments that returns Keras callbacks, or a list of them to be copied;
            each trial gets new ones.
        fit_arguments: Further arguments of `model.fit`, such as ``{"batch_size": 64}``. With ``validation_split``,
            `data` returns one ``(x, y)``, whose last share becomes validation data, as in Keras.
        resampling: `tuning.Holdout(...)` or `tuning.CrossValidation(...)` if `data` returns one whole data set (see
            `tuning.Samples`): each replicate then has a split of its own, which all its tuners share. Without it,
            `data` returns fixed splits.
        repeats: Seeds on which each configuration is trained in the search, as KerasTuner's `executions_per_trial`.
            With repeats and folds a trial is all these trainings, its curve is their mean, and all are charged.
        preprocess: A transformer of scikit-learn for x, such as ``StandardScaler()``: a clone is fitted on the training
            part of each split alone.
        hyperparameters: As KerasTuner's tuners have it; see `tuning.space.beforehand.Beforehand`.
        tune_new_entries: The same.
        allow_new_entries: The same.

    Raises:
        StudyError: `max_epochs` or `repeats` is below one, an argument is set twice, or one is of the wrong kind.
    """

    def __init__(
        self,
        build_model: BuildModel,
        data: Callable[[], object],
        objective: Objective,
        max_epochs: int,
        *,
        name: str | None = None,
        callbacks: Callbacks = (),
        fit_arguments: Arguments | None = None,
        resampling: Resampling | None = None,
        repeats: int = 1,
        preprocess: object = None,
        hyperparameters: keras_tuner.HyperParameters | None = None,
        tune_new_entries: bool = True,
        allow_new_entries: bool = True,
    ) -> None:
        if not isinstance(objective, Objective):
            raise StudyError(f"Problem(objective={objective!r}): expected Objective('val_accuracy', 'max') or the like")
        whole_number(max_epochs, f"Problem(max_epochs={max_epochs!r})")
        whole_number(repeats, f"Problem(repeats={repeats!r})")
        if not isinstance(fit_arguments or {}, Mapping):
            raise StudyError(
                f"Problem(fit_arguments={fit_arguments!r}): expected a mapping, such as {{'batch_size': 64}}"
            )
        if not callable(callbacks) and not isinstance(callbacks, list | tuple):
            raise StudyError(
                f"Problem(callbacks={callbacks!r}): expected a function that returns Keras callbacks, or a list of them"
            )
        for reserved, instead in RESERVED.items():
            if reserved in (fit_arguments or {}):
                raise StudyError(f"Problem(fit_arguments=...) sets {reserved}, which tuning sets itself: {instead}")
        self.build_model = build_model
        self.data = data
        self.objective = objective
        self.max_epochs = max_epochs
        self.repeats = repeats
        self.name = str(name or getattr(data, "__name__", "problem"))
        self.callbacks = callbacks
        self.fit_arguments = dict(fit_arguments or {})
        given = self.fit_arguments.pop("validation_split", None)
        last = share(given, f"Problem(fit_arguments={{'validation_split': {given!r}}})")
        self.resampled = ProblemData(data, resampling, preprocess, last)
        self.beforehand: Beforehand | None = None
        if hyperparameters is not None or not (tune_new_entries and allow_new_entries):
            from tuning.space.beforehand import Beforehand

            self.beforehand = Beforehand(hyperparameters, tune_new_entries, allow_new_entries)
        self._space: Space | None = None
        self._resident: Resident | None = None

    def __repr__(self) -> str:
        """Short, and without loading data or recording the space."""
        return described(self, "" if self._space is None else repr(self._space))

    @property
    def splits(self) -> Splits:
        """The fixed splits, or one that stands for all; loaded once per process. Raises DataError."""
        return self.resampled.splits()

    @property
    def recipe(self) -> Recipe:
        """The recipe with these splits."""
        return self._recipe_of(FIRST_SPLIT)

    @property
    def folds(self) -> int:
        return self.resampled.folds

    def _recipe_of(self, split: SplitSeeds) -> Recipe:
        """The recipe with the data of one fold of a replicate. It is kept, with its tensors, as long as these are."""
        from tuning.training import recipe

        kept = self.resampled.kept(split)
        if kept.recipe is None:
            hypermodel = recipe.hypermodel_of(self.build_model)
            if recipe.has_own_fit(hypermodel):  # a user's own code gets arrays
                kept.splits = kept.splits.read()
            resident = self._resident_of(kept.splits)
            kept.recipe = recipe.Recipe(hypermodel, kept.splits, self.fit_arguments, self.callbacks, resident)
        return kept.recipe

    def _resident_of(self, splits: Splits) -> Resident:
        """Tensors of the arrays of these splits. Splits that are rows of the same arrays share them."""
        from tuning.training.resident import Resident

        parts = [part for part in splits.parts().values() if isinstance(part, tuple)]
        arrays = [leaf.array if isinstance(leaf, RowsOf) else leaf for part in parts for leaf in _arrays(part)]
        if self._resident is None or not self._resident.holds(arrays):
            self._resident = Resident(arrays, self._traces)
        return self._resident

    @cached_property
    def _traces(self) -> Traces:
        """Compiled epochs, whatever rows they are trained on."""
        from tuning.training.graph_cache import Traces

        return Traces()

    def _recipe_in_full(self, split: SplitSeeds) -> Recipe:
        """The recipe that a winner is retrained by: after cross-validation it has no validation data.

        Only a `fit` of the user's own may insist on some: the first fold's, which is then among the training data.
        """
        from tuning.training.recipe import has_own_fit

        recipe = self._recipe_of(split)
        if split.fold is not None or has_own_fit(recipe.hypermodel):
            return recipe
        return replace(recipe, splits=replace(recipe.splits, validation=None))

    @property
    def space(self) -> Space:
        """The search space, recorded at first use. Raises SpaceError."""
        if self._space is None:
            from tuning.training.probe import record_space

            self._space = record_space(self.recipe, self.max_epochs, self.beforehand)
        return self._space

    @property
    def has_test(self) -> bool:
        """Whether the data have a test part. Raises DataError."""
        return self.resampled.kept().splits.test is not None

    @property
    def is_regression(self) -> bool:
        """Whether the (first) target is a floating-point number, not a class, or there is none."""
        described = described_by(self.resampled.kept().splits.train)
        if len(described) == 1:
            return True
        targets = _arrays(described[1])
        dtype = targets[0].dtype  # TensorFlow's own, in a Dataset
        return np.issubdtype(getattr(dtype, "as_numpy_dtype", dtype), np.floating)

    def train(self, request: TrainingRequest) -> Outcome:
        """Trains one configuration; see `tuning.training.trainer.train_epochs`."""
        from tuning.training.trainer import train_epochs

        return train_epochs(self._recipe_of(request.split), self.space, request, self.objective)

    def retrain(self, request: RetrainingRequest) -> Outcome:
        """Trains one configuration in full and scores the weights that count on the test split."""
        from tuning.training.trainer import train_epochs

        training = request.training(self.max_epochs)
        return train_epochs(
            self._recipe_in_full(request.split),
            self.space,
            training,
            self.objective,
            test=True,
            save=request.save,
            logs=request.logs,
        )

    def load_model(self, model: Path, configuration: Configuration) -> keras.Model:
        """The `keras.Model` from a file that `retrain` saved. Raises StudyError."""
        from tuning.training.winner.saving import load_model

        return load_model(self.recipe, self.space.to_hp(configuration), model)

    def continue_training(
        self,
        model: Path,
        configuration: Configuration,
        epochs: int,
        *,
        seed: int,
        save: Path,
        split: SplitSeeds = FIRST_SPLIT,
    ) -> Logs:
        """Trains a saved model further, on training and validation data together, by the HyperModel's `fit`.

        Args:
            model: Its file, with weights and optimizer state.
            configuration: What it was built from.
            epochs: Further epochs.
            seed: Of the order of the data.
            save: Where to save the result.
            split: As in `TrainingRequest`.

        Returns:
            Its metrics on the test split; empty without one.

        Raises:
            StudyError: The model cannot be loaded or trained.
        """
        from tuning.training.trainer import continue_training, of_all_data

        recipe = self._recipe_in_full(split) if split.fold is None else of_all_data(self._recipe_of(split))
        return continue_training(recipe, self.space, self.objective, configuration, model, epochs, seed=seed, save=save)

    def check(self) -> list[str]:
        """Loads the data, records the space, trains the defaults on a few samples; returns the reported metrics.

        Raises:
            DataError, SpaceError, ObjectiveError: A mistake that the user has to fix.
        """
        from tuning.training.probe import check_ends, probe

        check_ends(self.recipe)
        return probe(self.recipe, self.space, self.objective)

    def describe(self) -> ProblemRecord:
        """For the journal."""
        record = ProblemRecord(self.space.to_json(), self.objective, self.max_epochs, self.resampled.record())
        return msgspec.structs.replace(record, repeats=self.repeats, folds=self.folds)

    def __getstate__(self) -> dict[str, object]:
        """For workers: with the space, but without tensors and without the data, which each worker loads itself."""
        state = {name: value for name, value in self.__dict__.items() if name != "_traces"}
        return {**state, "_resident": None}


def _arrays(part: Part) -> list[Any]:
    """The arrays of a nested structure, in order."""
    if isinstance(part, Mapping):
        return [array for name in sorted(part) for array in _arrays(part[name])]
    if isinstance(part, tuple | list):
        return [array for value in part for array in _arrays(value)]
    return [] if part is None else [part]
