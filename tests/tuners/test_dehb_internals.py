"""Where a release of DEHB changes what we use of its inner parts, one of these says so."""

import inspect
import threading
from pathlib import Path

import pytest

from tuning.tuners.dehb_internals import without_a_log

pytest.importorskip("dehb", reason="dehb is not installed")

CHANGED = "DEHB has changed this: see tuning/tuners/dehb_internals.py"


def test_it_writes_no_log_starts_no_thread_and_prints_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    kind, threads = without_a_log(), threading.active_count()
    made = kind(
        dimensions=2, min_fidelity=1, max_fidelity=9, n_workers=1, seed=1, save_freq="end", output_path=str(tmp_path)
    )
    for _ in range(12):
        job = made.ask()
        made.tell(job, {"fitness": float(job["config"].sum()), "cost": 1})
    assert threading.active_count() == threads
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_dehb_makes_its_log_where_we_replace_it() -> None:
    from dehb.optimizers.dehb import DEHBBase

    assert "self._setup_logger(kwargs)" in inspect.getsource(DEHBBase.__init__), CHANGED
    assert set(inspect.signature(DEHBBase._setup_logger).parameters) == {"self", "kwargs"}, CHANGED
