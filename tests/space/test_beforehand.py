"""Hyperparameters declared beforehand mean what they mean to KerasTuner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras_tuner
import pytest
from keras_tuner.engine.base_tuner import BaseTuner

from tuning.errors import SpaceError, StudyError
from tuning.space.beforehand import Beforehand
from tuning.space.hyperparameter import to_json
from tuning.space.recorder import record
from tuning.space.space import Space

HP = keras_tuner.HyperParameters


def declare(hp: HP) -> None:
    hp.Int("units", 4, 64)
    hp.Choice("optimizer", ["sgd", "adam"])
    with hp.conditional_scope("optimizer", ["adam"]):
        hp.Float("beta", 0.5, 0.9)
    hp.Float("rate", 1e-4, 1e-1, sampling="log")


def narrower() -> HP:
    hp = HP()
    hp.Float("rate", 1e-3, 1e-2, sampling="log")
    hp.Int("units", 8, 16)
    return hp


def fixed() -> HP:
    hp = HP()
    hp.Fixed("optimizer", "adam")
    return hp


def scoped() -> HP:
    hp = HP()
    hp.Choice("optimizer", ["adam", "sgd"])
    with hp.conditional_scope("optimizer", ["adam"]):
        hp.Fixed("beta", 0.75)
    return hp


def of_keras_tuner(given: HP, folder: Path, **more: bool) -> list[Any]:
    """The space that KerasTuner itself searches."""
    oracle = keras_tuner.oracles.RandomSearchOracle(
        keras_tuner.Objective("loss", "min"), max_trials=1, seed=1, hyperparameters=given, **more
    )
    BaseTuner(oracle, lambda hp: declare(hp), directory=folder, project_name="given", overwrite=True)
    return [to_json(hp) for hp in oracle.get_space().space]


def by_name(space: list[Any]) -> dict[str, Any]:
    return {entry["name"]: entry for entry in space}


@pytest.mark.parametrize("given", [narrower, fixed, scoped])
def test_they_replace_what_the_model_declares(given: Any, tmp_path: Path) -> None:
    space = record(declare, Beforehand(given()))
    assert by_name(space.to_json()) == by_name(of_keras_tuner(given(), tmp_path))
    assert space.names[0] == given().space[0].name


def test_what_is_not_among_them_keeps_its_default_if_it_is_not_tuned(tmp_path: Path) -> None:
    space = record(declare, Beforehand(narrower(), tune_new_entries=False))
    tuned = [entry for entry in space.to_json() if entry["type"] != "Fixed"]
    assert by_name(tuned) == by_name(of_keras_tuner(narrower(), tmp_path, tune_new_entries=False))
    values = {name: value for name, value in space.default().items() if name not in ("rate", "units")}
    assert values == {"optimizer": "sgd"}
    drawn = space.sample(lambda: 0.9)
    assert drawn["optimizer"] == "sgd"
    hp = space.to_hp(drawn)
    declare(hp)  # a trial's own build
    assert hp.get("units") == drawn["units"]
    assert Space.from_json(space.to_json()).names == space.names


def test_more_than_them_is_refused_if_it_is_not_allowed(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="allow_new_entries"):
        of_keras_tuner(narrower(), tmp_path, allow_new_entries=False)
    with pytest.raises(SpaceError, match=r"asks for 'optimizer', which is not .* \(rate, units are\); declare it too"):
        record(declare, Beforehand(narrower(), allow_new_entries=False))
    both = scoped()
    both.merge(narrower())
    assert set(record(declare, Beforehand(both, allow_new_entries=False)).names) == {
        "optimizer",
        "beta",
        "units",
        "rate",
    }


def test_what_is_no_declaration_is_refused() -> None:
    with pytest.raises(StudyError, match=r"hyperparameters=\{'units': 3\} of type dict; expected a keras_tuner.Hyper"):
        Beforehand({"units": 3})  # type: ignore[arg-type]
    for name in ("tune_new_entries", "allow_new_entries"):
        with pytest.raises(StudyError, match=f"{name}=False leaves nothing to tune"):
            Beforehand(None, **{name: False})
    repeats = HP()
    repeats.Choice("kind", [1, 1])
    with pytest.raises(SpaceError, match="Choice 'kind' repeats a value"):
        record(declare, Beforehand(repeats))
