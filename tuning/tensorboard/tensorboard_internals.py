"""The internal parts of TensorBoard that we use, in one place: any release may change them.

Checked with TensorBoard 2.21; `tests/tensorboard/test_tensorboard_internals.py` shows what a later one has changed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from tuning.errors import StudyError

if TYPE_CHECKING:
    from tensorboard.compat.proto.event_pb2 import Event


def write_event_file(path: Path, events: Iterable[Event]) -> None:
    """Writes events, TensorBoard's `Event` messages, to a new file, and creates its folder."""
    # Not `EventFileWriter`, which imports TensorFlow at the first write and starts one thread per file.
    from tensorboard.summary.writer.record_writer import RecordWriter

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        records = RecordWriter(file)
        for event in events:
            records.write(event.SerializeToString())


def without_tensorflow() -> None:
    """Makes TensorBoard's pages run without TensorFlow: they do not need it, and importing it takes seconds."""
    # TensorBoard's own switch (tensorboard/compat/__init__.py).
    sys.modules.setdefault("tensorboard.compat.notf", ModuleType("tensorboard.compat.notf"))


def plugins_in_order(curves: bool = True) -> list[object]:
    """TensorBoard's own pages, HPARAMS with its columns in the order written.

    Args:
        curves: Whether Time Series and Scalars have a tab; else they are in the menu INACTIVE, where they work too.

    Raises:
        StudyError: TensorBoard before 2.21 needs `pkg_resources`, which setuptools has no longer.
    """
    # Imported here, because nothing else in `tuning` needs a web server.
    try:
        from tensorboard import default
    except ModuleNotFoundError as error:
        if error.name != "pkg_resources":
            raise
        raise StudyError(
            "this release of TensorBoard needs pkg_resources, which new releases of setuptools do not have; install "
            'tensorboard 2.21 or newer, or: python -m pip install "setuptools<82"'
        ) from error
    from tensorboard.plugins.hparams import backend_context, hparams_plugin, metadata
    from tensorboard.plugins.metrics import metrics_plugin
    from tensorboard.plugins.scalar import scalars_plugin

    class InOrder(backend_context.Context):
        # TensorBoard 2.21 sorts the columns by name (`_sort_and_reduce_to_hparams_limit`).
        def experiment_from_metadata(
            self,
            ctx: object,
            experiment_id: str,
            include_metrics: bool,
            tags_by_run: Mapping[str, Mapping[str, bytes]],
            *rest: object,
        ) -> object:
            experiment = super().experiment_from_metadata(ctx, experiment_id, include_metrics, tags_by_run, *rest)
            place: dict[str, int] = {}
            for tags in tags_by_run.values():
                if metadata.EXPERIMENT_TAG in tags:
                    written = metadata.parse_experiment_plugin_data(tags[metadata.EXPERIMENT_TAG])
                    place = {info.name: index for index, info in enumerate(written.hparam_infos)}
            columns = sorted(experiment.hparam_infos, key=lambda info: place.get(info.name, len(place)))
            experiment.ClearField("hparam_infos")
            experiment.hparam_infos.extend(columns)
            return experiment

    class HparamsInOrder(hparams_plugin.HParamsPlugin):
        def __init__(self, context: object) -> None:
            super().__init__(context)
            self._context = InOrder(context)

    class TimeSeriesInMenu(metrics_plugin.MetricsPlugin):
        def data_plugin_names(self) -> tuple[str, ...]:
            return ()  # the page of a plug-in that names no data is inactive

    class ScalarsInMenu(scalars_plugin.ScalarsPlugin):  # not dropped: HPARAMS asks it for a trial's curves
        def data_plugin_names(self) -> tuple[str, ...]:
            return ()

    ours: dict[object, object] = {hparams_plugin.HParamsPlugin: HparamsInOrder}
    if not curves:
        ours |= {metrics_plugin.MetricsPlugin: TimeSeriesInMenu, scalars_plugin.ScalarsPlugin: ScalarsInMenu}
    return [ours.get(plugin, plugin) for plugin in default.get_plugins()]
