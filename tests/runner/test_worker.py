"""What a worker does around a cell."""

from __future__ import annotations

import pytest

from tuning.process.keras_settings import in_force
from tuning.runner import worker


def test_a_worker_prints_nothing_into_the_progress_of_its_driver(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def talks(*arguments: object) -> None:
        print("loading ...")
        asked.append(arguments)

    monkeypatch.setattr(worker, "_run", talks)
    worker.run_remote(b"task", in_force(), "topic", False, True)
    assert asked == [(b"task", in_force(), "topic", False, True)]
    assert capsys.readouterr().out == ""
