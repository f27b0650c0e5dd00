"""Where a release of Dask changes what we use of its inner parts, one of these says so."""

import inspect
import random
import sys
from types import SimpleNamespace

import distributed.batched
import distributed.nanny
from distributed import SpecCluster

from tuning.runner.dask import internals

CHANGED = "Dask has changed this: see tuning/runner/dask/internals.py"


def test_messages_are_timed_by_the_name_that_we_replace() -> None:
    source = inspect.getsource(distributed.batched.BatchedSend)
    assert "from distributed.metrics import time" in inspect.getsource(distributed.batched), CHANGED
    assert "time()" in source, CHANGED
    assert "self.loop" in source, CHANGED


def test_a_steady_clock_stands_for_the_loops_and_for_that_of_messages(monkeypatch) -> None:
    monkeypatch.setattr(distributed.batched, "time", distributed.batched.time)
    loop = SimpleNamespace()
    internals.steady_clock(loop)
    assert loop.time is distributed.batched.time
    first = loop.time()
    assert 0 <= loop.time() - first < 60


def test_dask_draws_from_the_module_that_we_replace(monkeypatch) -> None:
    users = {
        name: module
        for name, module in sys.modules.items()
        if name.partition(".")[0] in ("dask", "distributed") and getattr(module, "random", None) is random
    }
    assert users, CHANGED
    for module in users.values():
        monkeypatch.setattr(module, "random", random)
    internals.leave_random_alone()
    assert all(isinstance(module.random, random.Random) for module in users.values())


def test_a_cluster_knows_its_workers_and_which_of_them_live() -> None:
    assert "self.worker_spec = " in inspect.getsource(SpecCluster), CHANGED
    assert "self.workers = " in inspect.getsource(SpecCluster), CHANGED
    assert callable(distributed.nanny.Nanny.is_alive), CHANGED
    alive, dead = SimpleNamespace(is_alive=lambda: True), SimpleNamespace(is_alive=lambda: False)
    cluster = SimpleNamespace(worker_spec={0: {}, 1: {}, 2: {}}, workers={0: alive, 1: dead})
    assert internals.workers_without_process(cluster) == {1, 2}
