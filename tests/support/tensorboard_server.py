"""TensorBoard on a study's logs, started for a test and asked through its own HTTP interface."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from tests.support.web_server import serving

# TensorBoard without TensorFlow, by its own switch: it starts in a second and reads the same.
TENSORBOARD = """
import sys, types
sys.modules["tensorboard.compat.notf"] = types.ModuleType("tensorboard.compat.notf")
from tensorboard.main import run_main
run_main()
"""
BOARD = (
    "import sys; from pathlib import Path; from tuning.tensorboard.server import serve; "
    "serve(Path(sys.argv[1]), open_browser=False, every='--all' in sys.argv, summary='--summary' in sys.argv)"
)
STATUSES = ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"]


@contextlib.contextmanager
def tensorboard(tmp_path: Path, study: Path, logs: str = "hparams/trials") -> Iterator[str]:
    command = (sys.executable, "-c", TENSORBOARD, f"--logdir={study / logs}", "--port=0")
    with serving(tmp_path / "tensorboard.log", *command) as (url, _):
        yield url


def board(tmp_path: Path, study: Path, *options: str) -> AbstractContextManager[tuple[str, subprocess.Popen[bytes]]]:
    """`tuning board`, with `--all` or `--summary`."""
    return serving(tmp_path / "board.log", sys.executable, "-c", BOARD, study, *options)


def post(url: str, route: str, request: dict[str, Any]) -> Any:
    body = json.dumps(request).encode()
    headers = {"Content-Type": "application/json"}
    asked = urllib.request.Request(f"{url}data/plugin/hparams/{route}", data=body, headers=headers)
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return json.load(answer)


def columns(url: str) -> Any:
    return post(url, "experiment", {"experimentName": "", "hparamsLimit": 1000})


def ask(url: str, *filters: dict[str, Any]) -> Any:
    request = {"startIndex": 0, "sliceSize": 10**6, "allowedStatuses": STATUSES, "colParams": filters}
    return post(url, "session_groups", request).get("sessionGroups", [])


def session_groups(url: str, expected: int, ended: int | None = None) -> dict[str, Any]:
    """Session groups by name, once TensorBoard has loaded as many as expected, all of them ended or so many."""
    for _ in range(300):
        # It loads run by run: a trial is there in full once its session has ended.
        found = ask(url)
        over = [group for group in found if group["sessions"][0]["status"] != "STATUS_UNKNOWN"]
        loaded = [group for group in found if group.get("metricValues")]
        if len(over) >= expected or (ended is not None and len(over) >= ended and len(loaded) >= expected):
            break
        time.sleep(0.1)
    assert len({group["name"] for group in found}) == len(found) == expected
    return {group["name"]: group for group in found}
