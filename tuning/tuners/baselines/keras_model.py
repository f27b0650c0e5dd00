"""A baseline without a search: a Keras model as one would write it without a tuner."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tuning.problems.problem import Problem, TrainingProblem
from tuning.tuners.baselines.fixed_model import PlainBaseline

if TYPE_CHECKING:
    import keras

    from tuning.space.space import Space
    from tuning.training.fit_arguments import Arguments
    from tuning.training.recipe import Callbacks


class KerasBaseline(PlainBaseline):
    """A plain Keras model beside the tuners, trained on the same splits and scored by the same objective.

        KerasBaseline("flatten-300-100-10", build, epochs=30)

    Args:
        label: Its name in the study.
        build: A function without arguments that returns a compiled model.
        epochs: Of its training; not limited by the study's budget or `max_epochs`.
        callbacks: As in `Problem`.
        fit_arguments: As in `Problem`; the problem's own are not used.

    Raises:
        StudyError: `epochs` is below one.
    """

    name = "keras-model"

    def __init__(
        self,
        label: str,
        build: Callable[[], keras.Model],
        *,
        epochs: int,
        callbacks: Callbacks = (),
        fit_arguments: Arguments | None = None,
    ) -> None:
        super().__init__(label, epochs=epochs, no_search=f"a Keras model, trained for {epochs} epochs")
        self.build = build
        self.callbacks = callbacks
        self.fit_arguments = fit_arguments

    def problem_of(self, problem: TrainingProblem) -> TrainingProblem:
        data = self.data_of(problem)
        return _WithoutSpace(
            lambda hp: self.build(),
            data=(lambda: data.splits()) if data.resampling is None else (lambda: data.samples),
            objective=problem.objective,
            max_epochs=self.epochs or 1,
            name=problem.name,
            callbacks=self.callbacks,
            fit_arguments=self.fit_arguments,
            resampling=data.resampling,
            repeats=problem.repeats,
            preprocess=None if data.resampling is None else data.preprocess,  # fixed splits come transformed
        )


class _WithoutSpace(Problem):
    """A problem with a single configuration, the empty one."""

    @property
    def space(self) -> Space:
        from tuning.space.space import Space

        return Space(())
