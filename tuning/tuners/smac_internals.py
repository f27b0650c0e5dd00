"""Private parts of SMAC that this package needs, each behind a function: checked with smac 2.4.1.

`tests/tuners/test_smac_internals.py` fails if a release moves one of them. Then fix it here, or raise the pin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ConfigSpace import Configuration
    from smac.acquisition.maximizer import LocalAndSortedRandomSearch
    from smac.model.random_forest.random_forest import RandomForest


def reproducible(maximizer: LocalAndSortedRandomSearch) -> LocalAndSortedRandomSearch:
    """SMAC's own maximizer, whose suggestions would otherwise depend on the hash seed that Python draws at its start.

    The starting points of its local search come from a set, in an order that changes between processes. Here they are
    sorted.
    """
    from smac.acquisition.maximizer import LocalSearch

    class Sorted(LocalSearch):
        def _get_init_points_from_previous_configs(self, *args: Any) -> list[Configuration]:
            return sorted(super()._get_init_points_from_previous_configs(*args), key=str)

    maximizer._local_search.__class__ = Sorted  # with all the settings that it was made with
    return maximizer


def on_one_thread(model: RandomForest) -> RandomForest:
    """SMAC's own forest, on one thread, as all that a worker does.

    It asks for a thread on each core, which scikit-learn refuses within a Dask worker, with five lines of warning at
    each prediction. Threads would also add up the trees' predictions in an order that changes.
    """
    model._rf_opts["n_jobs"] = 1
    return model
