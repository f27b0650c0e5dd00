"""Where a release of TensorBoard changes what we use of its inner parts, one of these says so."""

import builtins
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.plugins import base_plugin

from tuning.errors import StudyError
from tuning.tensorboard.tensorboard_internals import plugins_in_order, write_event_file

CHANGED = "TensorBoard has changed this: see tuning/tensorboard/tensorboard_internals.py"


def test_an_event_file_is_read_by_tensorboard(tmp_path: Path) -> None:
    events = [Event(wall_time=1.0, file_version="brain.Event:2"), Event(wall_time=2.0, step=3)]
    write_event_file(tmp_path / "new" / "events.out.tfevents.x", events)
    loaded = EventFileLoader(str(tmp_path / "new" / "events.out.tfevents.x")).Load()
    assert [(event.wall_time, event.step) for event in loaded] == [(1.0, 0), (2.0, 3)], CHANGED


@pytest.mark.filterwarnings("ignore:html5lib's sanitizer is deprecated:DeprecationWarning")  # its own web page's
def test_the_page_makes_its_experiment_where_we_sort_it() -> None:
    from tensorboard.plugins.hparams import backend_context, hparams_plugin

    parameters = list(inspect.signature(backend_context.Context.experiment_from_metadata).parameters)
    assert parameters[:5] == ["self", "ctx", "experiment_id", "include_metrics", "hparams_run_to_tag_to_content"], (
        CHANGED
    )
    assert "self._context = backend_context.Context(" in inspect.getsource(hparams_plugin.HParamsPlugin), CHANGED
    assert "HparamsInOrder" in [getattr(plugin, "__name__", "") for plugin in plugins_in_order()], CHANGED


@pytest.mark.parametrize("curves", [True, False])
def test_pages_of_curves_are_active_or_in_the_menu(curves: bool) -> None:
    kinds = {getattr(plugin, "plugin_name", ""): plugin for plugin in plugins_in_order(curves)}
    for name in ("timeseries", "scalars"):
        page = kinds[name](base_plugin.TBContext())
        assert page.is_active() is False, CHANGED
        assert ("scalars" in page.data_plugin_names()) == curves, CHANGED


def test_what_an_older_tensorboard_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    before = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "tensorboard" and "default" in rest[2]:
            raise ModuleNotFoundError(name="pkg_resources")
        return before(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(StudyError, match=r'tensorboard 2\.21 or newer, or: python -m pip install "setuptools<82"$'):
        plugins_in_order()


def test_pages_do_without_tensorflow() -> None:
    script = (
        "import sys; from tuning.tensorboard.tensorboard_internals import without_tensorflow; without_tensorflow(); "
        "from tensorboard.compat import tf; tf.__version__; print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "False", CHANGED + done.stderr
