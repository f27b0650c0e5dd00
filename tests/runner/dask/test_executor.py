"""What becomes of a cell whose worker dies, message by message; whole runs are in `tests/runner/test_executors.py`."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from distributed import KilledWorker

from tuning.runner.dask.executor import _Run, _Sent


class Lost:
    """A future that has ended; its result is in a worker that dies before anybody fetches it."""

    def exception(self) -> None:
        return None

    def result(self) -> Any:
        raise KilledWorker("cell", SimpleNamespace(address="tcp://127.0.0.1:1"), 0)  # type: ignore[arg-type]


def test_a_worker_that_dies_with_a_result_loses_its_cell_and_not_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    lost: list[_Sent] = []
    running = object.__new__(_Run)
    sent = _Sent(SimpleNamespace(cell="cell"), Lost())  # type: ignore[arg-type]
    running.foreign, running.running = False, {"key": sent}
    monkeypatch.setattr(_Run, "lose", lambda self, gone: lost.append(gone))
    running.finish("key")
    assert lost == [sent]
    assert running.running == {}
