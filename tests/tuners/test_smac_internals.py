"""Where a release of SMAC changes what we use of its inner parts, one of these says so."""

import inspect
from pathlib import Path

import numpy as np
import pytest

from tuning.tuners.smac_internals import on_one_thread, reproducible

pytest.importorskip("smac", reason="smac is not installed")

CHANGED = "SMAC has changed this: see tuning/tuners/smac_internals.py"


def test_the_local_search_begins_at_sorted_points_with_its_own_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ConfigSpace import ConfigurationSpace
    from smac import HyperparameterOptimizationFacade, Scenario
    from smac.acquisition.maximizer import LocalSearch

    space = ConfigurationSpace({"x": (0.0, 1.0)})
    points = space.sample_configuration(5)
    in_order = sorted(points, key=str)
    monkeypatch.setattr(LocalSearch, "_get_init_points_from_previous_configs", lambda self, *found: [*found])
    maximizer = HyperparameterOptimizationFacade.get_acquisition_maximizer(
        Scenario(space, output_directory=tmp_path, seed=1)
    )
    search = maximizer._local_search
    assert type(search) is LocalSearch, CHANGED
    before = dict(vars(search))
    assert reproducible(maximizer) is maximizer
    assert maximizer._local_search is search
    assert vars(search) == before
    for given in (in_order, in_order[::-1]):
        assert search._get_init_points_from_previous_configs(*given) == in_order


def test_the_forest_is_the_facades_own_on_one_thread(tmp_path: Path) -> None:
    from ConfigSpace import ConfigurationSpace
    from smac import HyperparameterOptimizationFacade, Scenario

    scenario = Scenario(ConfigurationSpace({"x": (0.0, 1.0)}), output_directory=tmp_path, seed=1)
    own, model = (HyperparameterOptimizationFacade.get_model(scenario) for _ in range(2))
    assert own._rf_opts["n_jobs"] == -1, CHANGED
    assert on_one_thread(model) is model
    points = np.linspace(0, 1, 20)[:, None]
    for forest in (own, model):
        forest.train(points, points**2)
    assert model._rf is not None
    assert model._rf.n_jobs == 1, CHANGED
    for found, expected in zip(model.predict(points), own.predict(points), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_smac_asks_for_the_points_by_the_name_that_we_replace() -> None:
    from smac.acquisition.maximizer import LocalAndSortedRandomSearch, LocalSearch

    assert "self._get_init_points_from_previous_configs(" in inspect.getsource(LocalSearch), CHANGED
    assert "self._local_search._maximize(" in inspect.getsource(LocalAndSortedRandomSearch._maximize), CHANGED
    taken = inspect.getsource(LocalSearch._get_init_points_from_previous_configs)
    assert "set(" in taken, "SMAC takes its points from no set any more: sorting them may not be needed"
