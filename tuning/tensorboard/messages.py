"""TensorBoard's HPARAMS messages: the columns of a table, the start and end of a session, its scalars.

It uses TensorBoard's own messages and record format, never TensorFlow's: the two sets of protobuf classes do not mix
in one process. This is also why neither `tensorboard.plugins.hparams.api` (imports TensorFlow) nor `EventFileWriter`
(imports it at the first write, through `tensorboard.compat.tf`, and starts one thread per file) appears here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.plugins.hparams import api_pb2, metadata
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo, SessionStartInfo

from tuning.configuration import Value
from tuning.tensorboard.tensorboard_internals import write_event_file

EVENT_FILE = "events.out.tfevents.tuning"
ORIGIN = 946_684_800.0  # 2000-01-01 UTC: a journal has no dates
_MAX_FLOAT = 3.4028234663852886e38  # TensorBoard keeps scalars as 32-bit floats


def experiment_event(columns: Iterable[api_pb2.HParamInfo], metrics: Mapping[str, str]) -> Event:
    """The experiment tag of a log directory: its columns as `HParamInfo`, and its metrics with their descriptions."""
    experiment = api_pb2.Experiment(
        time_created_secs=ORIGIN,
        hparam_infos=columns,
        metric_infos=[
            api_pb2.MetricInfo(name=api_pb2.MetricName(tag=name), description=encodable(description))
            for name, description in metrics.items()
        ],
    )
    return _plugin_event(ORIGIN, metadata.EXPERIMENT_TAG, HParamsPluginData(experiment=experiment))


def start_event(group: str, values: Mapping[str, Value], wall_time: float) -> Event:
    """A session begins, in its own group, with the values of its columns."""
    info = SessionStartInfo(group_name=group, start_time_secs=wall_time)
    for name, value in values.items():
        field = info.hparams[name]
        if isinstance(value, bool):
            field.bool_value = value
        elif isinstance(value, str):
            field.string_value = value
        else:
            field.number_value = value
    return _plugin_event(wall_time, metadata.SESSION_START_INFO_TAG, HParamsPluginData(session_start_info=info))


def end_event(wall_time: float, failed: bool) -> Event:
    """A session ends; a session without an end stays UNKNOWN."""
    status = api_pb2.STATUS_FAILURE if failed else api_pb2.STATUS_SUCCESS
    ended = HParamsPluginData(session_end_info=SessionEndInfo(status=status, end_time_secs=wall_time))
    return _plugin_event(wall_time, metadata.SESSION_END_INFO_TAG, ended)


def scalars_event(wall_time: float, step: int, scalars: Mapping[str, float]) -> Event:
    """Scalars at a step; those that are not finite, or too large for TensorBoard, are left out."""
    values = [
        Summary.Value(tag=tag, simple_value=number)
        for tag, value in scalars.items()
        if (number := finite(value)) is not None and abs(number) <= _MAX_FLOAT
    ]
    return Event(wall_time=wall_time, step=step, summary=Summary(value=values))


def write_events(directory: Path, events: Iterable[Event], name: str = EVENT_FILE) -> None:
    """Writes an event file with its header."""
    first = Event(wall_time=ORIGIN, file_version="brain.Event:2")
    write_event_file(directory / name, [first, *events])


def finite(value: Any) -> float | None:
    """`value` as a float; None if it is not a finite number."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def encodable(text: str) -> str:
    """`text` without lone surrogates, which protobuf refuses."""
    return text.encode("utf-8", "backslashreplace").decode()


def _plugin_event(wall_time: float, tag: str, data: HParamsPluginData) -> Event:
    data.version = metadata.PLUGIN_DATA_VERSION
    # Like `metadata.create_summary_metadata`, but deterministic: the order of a map differs between processes.
    content = SummaryMetadata.PluginData(
        plugin_name=metadata.PLUGIN_NAME, content=data.SerializeToString(deterministic=True)
    )
    value = Summary.Value(tag=tag, metadata=SummaryMetadata(plugin_data=content), tensor=metadata.NULL_TENSOR)
    return Event(wall_time=wall_time, summary=Summary(value=[value]))
