"""Hyperparameters declared before `build_model` runs, as `keras_tuner.Tuner(hyperparameters=...)` takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras_tuner

from tuning.errors import StudyError
from tuning.space.hyperparameter import HyperParameter, from_json, same_place, to_json


@dataclass(frozen=True)
class Beforehand:
    """KerasTuner's three arguments of a search, with their meaning there (`keras_tuner.Oracle`, 1.4.8).

    Attributes:
        hyperparameters: They replace what `build_model` declares by the same names under the same conditions: other
            bounds, other choices, or one fixed value.
        tune_new_entries: Whether what `build_model` declares besides them is searched; otherwise it keeps its defaults.
        allow_new_entries: Whether `build_model` may declare anything besides them.

    Raises:
        StudyError: `hyperparameters` are not KerasTuner's, or there are none for the other two to be about.
    """

    hyperparameters: keras_tuner.HyperParameters | None = None
    tune_new_entries: bool = True
    allow_new_entries: bool = True

    def __post_init__(self) -> None:
        given = self.hyperparameters
        if given is not None and not isinstance(given, keras_tuner.HyperParameters):
            raise StudyError(
                f"hyperparameters={given!r} of type {type(given).__name__}; expected a keras_tuner.HyperParameters "
                "with what is declared beforehand"
            )
        for name in ("tune_new_entries", "allow_new_entries"):
            if not getattr(self, name) and not self.declared:
                raise StudyError(f"{name}=False leaves nothing to tune: give hyperparameters={given!r} some entries")

    @property
    def declared(self) -> Sequence[HyperParameter]:
        return () if self.hyperparameters is None else tuple(self.hyperparameters.space)

    def replaces(self, hp: HyperParameter) -> bool:
        """Whether a declaration of `build_model` does not count, because of one beforehand or as none may be added."""
        return not self.tune_new_entries or self.has(hp)

    def has(self, hp: HyperParameter) -> bool:
        return any(same_place(hp, known) for known in self.declared)

    def entry(self, hp: HyperParameter) -> HyperParameter:
        """A new declaration as it enters the space: fixed at its default if it is not tuned."""
        if self.tune_new_entries or self.has(hp):
            return hp
        whole = to_json(hp)
        fixed = {"name": hp.name, "type": "Fixed", "value": hp.default, "default": hp.default}
        return from_json({**fixed, "conditions": whole["conditions"]})


NOTHING = Beforehand()
