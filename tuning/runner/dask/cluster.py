"""Dask clusters: processes on this machine, or somebody else's scheduler."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from tuning.errors import StudyError
from tuning.process.limits import cores, free_memory
from tuning.runner.dask.internals import Inner, steady_clock, workers_without_process
from tuning.runner.devices import CPUS, Devices
from tuning.runner.forkserver import ctrl_c_waits, forked, start_method
from tuning.text import error_line

if TYPE_CHECKING:
    from distributed import Client, Nanny

WORKER_BYTES = 1.5e9  # memory planned per worker when their number is chosen
CONNECT_SECONDS = 20  # a scheduler that does not answer within this time counts as absent
START_SECONDS = 120.0  # a local worker that is not up by then is given up, and another one started


def require_scheduler(address: str) -> None:
    """Raises StudyError if no Dask scheduler answers at an address."""
    with client_of(0, address):
        pass


def default_jobs(cells: int, devices: Devices = CPUS) -> int:
    """Workers for this machine: one per core or per place on a GPU, limited by memory and by the number of cells."""
    room = int(free_memory() // WORKER_BYTES)
    return max(1, min(int(devices.workers) if devices.gpus else cores(), room, cells))


@contextmanager
def client_of(jobs: int, scheduler: str, devices: Devices = CPUS) -> Iterator[Client]:
    with _client_of_a_cluster(scheduler) if scheduler else _client_of_this_machine(jobs, devices) as client:
        steady_clock(client.loop)
        yield client


@contextmanager
def _client_of_a_cluster(scheduler: str) -> Iterator[Client]:
    from distributed import Client

    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise StudyError(
            f"no Dask scheduler answers at {scheduler} ({error}); start one with `dask scheduler`"
        ) from error
    with client:
        yield client


@contextmanager
def _client_of_this_machine(jobs: int, devices: Devices) -> Iterator[Client]:
    import logging

    import dask
    from distributed import Client, LocalCluster

    settings = {
        "distributed.scheduler.worker-saturation": 1.0,
        # The driver resends a lost worker's cell itself, with what was recorded meanwhile.
        "distributed.scheduler.allowed-failures": 0,
        # A training holds Python's lock for seconds; without this, Dask warns about an unresponsive loop.
        "distributed.admin.tick.limit": "10 minutes",
        # By default each process wakes up to 100 times a second to monitor itself, and takes time from a training.
        "distributed.admin.tick.interval": "1s",
        "distributed.admin.system-monitor.interval": "10s",
        "distributed.worker.profile.enabled": False,
        "distributed.worker.memory.terminate": False,
        "distributed.worker.memory.pause": False,
        "distributed.worker.memory.spill": False,
        # A dead local worker is noticed at once. By clock, all would seem dead when a laptop wakes or the clock is set.
        "distributed.scheduler.worker-ttl": None,
        # On a busy machine, restarting a worker takes longer than the 15 s after which Dask gives it up.
        "distributed.deploy.lost-worker-timeout": "1 day",
    }
    with forked(), ExitStack() as stack:
        stack.enter_context(dask.config.set({**settings, "distributed.worker.multiprocessing-method": start_method()}))
        with ctrl_c_waits():
            cluster = stack.enter_context(
                LocalCluster(
                    n_workers=jobs,
                    threads_per_worker=1,
                    processes=True,
                    worker_class=partial(_worker, devices),
                    dashboard_address=None,
                    # Dask still starts a web server, open to everybody, on a port that would be taken for a second
                    # run.
                    scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
                    # Above CRITICAL: Dask logs much about messages that it could not send while closing.
                    silence_logs=logging.CRITICAL + 1,
                )
            )
        yield stack.enter_context(Client(cluster))


def _worker(devices: Devices, scheduler: str, *, name: int, **options: Inner) -> Nanny:
    """A worker process of `LocalCluster`, and what restarts it in the same environment."""
    from distributed import Nanny

    return Nanny(scheduler, name=name, env=devices.environment(name), **options)


class LocalWorkers:
    """Restarts workers of this machine if Dask does not.

    Dask restarts a worker that died. If the restart fails, Dask gives that worker up for good.
    """

    def __init__(self, cluster: Inner, tell: Callable[[str], None]) -> None:
        self.cluster = cluster
        self.tell = tell
        self.down: set[object] = set()  # names of workers without a process, as last seen
        self.looking: Future[bool] | None = None
        self.problem = ""  # why one could not be started the last time

    def look(self) -> None:
        """Looks in Dask's own thread, where workers come and go; the driver learns the result at the next look."""
        if self.looking is not None:
            if not self.looking.done():
                return
            self.hear(self.looking)
        self.looking = asyncio.run_coroutine_threadsafe(self.replace_lost(), self.cluster.loop.asyncio_loop)

    async def replace_lost(self) -> bool:
        """Replaces lost workers; returns whether there were any."""
        nannies, down = self.cluster.workers, workers_without_process(self.cluster)
        lost, self.down = down & self.down, down  # a worker that Dask is starting has no process for a moment
        for name in lost & set(nannies):
            await nannies.pop(name).close()
        if lost:  # awaiting the cluster starts every worker that its specification names and that is missing
            await asyncio.wait_for(self.cluster, START_SECONDS)
        return bool(lost)

    def hear(self, looked: Future[bool]) -> None:
        error = looked.exception()
        if error is None:
            if looked.result():
                self.problem = ""
                self.tell("A worker process that was lost has been replaced.")
            return
        while error.__cause__ is not None:
            error = error.__cause__
        before, self.problem = self.problem, error_line(error)
        if self.problem != before:
            self.tell(f"A worker process was lost, and no other can be started ({self.problem}); it is tried again.")
