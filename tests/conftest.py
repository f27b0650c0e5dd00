"""Where the tests find data sets that do not come with a package, and what is the same wherever they run.

A checkout may have a folder `shared/data` beside it; what is there is used, and what the caller set in the environment
goes before it.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from tests.support.browser import chromium
from tests.support.fork_server import kept
from tests.support.golden_journal import GOLDEN
from tests.support.undrawn import drawn, undrawn
from tuning.analysis.summary import summarise
from tuning.exploration.exploration import searches
from tuning.journal import journal

if TYPE_CHECKING:
    from tuning.analysis.problem_summary import ProblemSummary
    from tuning.analysis.summary import Summary
    from tuning.exploration.exploration import Search
    from tuning.journal.journal import Journal
    from tuning.report.report import Report

_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

for _variable, _folder in (("SCIKIT_LEARN_DATA", "scikit_learn"), ("TUNING_MNIST", "mnist")):
    if (_DATA / _folder).is_dir():
        os.environ.setdefault(_variable, str(_DATA / _folder))

# How long an example takes says how busy the machine is.
settings.register_profile("tuning", deadline=None)
settings.load_profile("tuning")

# Tests that run in the background or under nohup ignore Ctrl-C or a closed terminal, and so would all that they start.
for _name, _heard in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
    _signal = getattr(signal, _name, None)  # Windows has no SIGHUP
    if _signal is not None and signal.getsignal(_signal) is signal.SIG_IGN:
        signal.signal(_signal, _heard)


def pytest_collection_finish() -> None:
    """What the tests have imported by now stays: the collector need not go through it at each `clear_session`."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: many tests wait for processes that they have started."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that wait for other processes first: xdist gives its first process the first part of the list."""
    items.sort(key=lambda item: item.get_closest_marker("waits") is None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium; not longer than for a module, for Playwright has an event loop of its own in this thread."""
    with chromium() as found:
        yield found


@pytest.fixture(scope="session", autouse=True)
def _no_pictures() -> Iterator[None]:
    """Reports are made without their pictures, but for tests that ask for them."""
    with undrawn():
        yield


@pytest.fixture
def pictures() -> Iterator[None]:
    """Reports are made with their pictures."""
    with drawn():
        yield


@pytest.fixture(scope="module")
def fork_server() -> Iterator[None]:
    """Workers on this machine, and programs that tests start, are forked from one process, however often."""
    with kept():
        yield


@pytest.fixture(scope="session")
def golden_read(tmp_path_factory: pytest.TempPathFactory) -> Journal:
    """The golden journal, as it is committed and read."""
    path = tmp_path_factory.mktemp("golden")
    shutil.copytree(GOLDEN / "journal", path / "journal")
    return journal.read(path)


@pytest.fixture(scope="session")
def golden_report(golden_read: Journal) -> Report:
    """The report of it with its pictures, beside it."""
    from tuning.report.report import write_report

    with drawn():
        return write_report(golden_read.directory, golden_read)


@pytest.fixture(scope="session")
def golden(golden_read: Journal) -> Summary:
    """What a report says of it."""
    return summarise(golden_read)


@pytest.fixture(scope="session")
def digits(golden: Summary) -> ProblemSummary:
    """And of its one problem."""
    return golden.problems["digits"]


@pytest.fixture(scope="session")
def search(golden_read: Journal, golden: Summary) -> Search:
    """And of the search, for its one problem."""
    return searches(golden_read, golden)["digits"]
