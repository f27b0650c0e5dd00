"""The pictures of a report, drawn by another process while this one makes the rest."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType

from tuning.report.figures.base import Figure, svg_from

_SCRIPT = """
import json, sys, vl_convert
vl_convert.vegalite_to_svg({"data": {"values": []}, "mark": "point"})  # half a second: it starts its JavaScript
for chart in sys.stdin:
    print(json.dumps(vl_convert.vegalite_to_svg(json.loads(chart))), flush=True)
"""
# -P: a file named like a module, in the folder where the command is given, must not run.
_COMMAND = (sys.executable, "-P", "-c", _SCRIPT)


class DrawnBeside:
    """Draws figures while this process does something else; a context manager.

    While vl-convert (1.9) draws, it lets no other thread of its process run. If the other process cannot start, or
    ends, figures are drawn here.
    """

    def __init__(self) -> None:
        self._begun: dict[str, Future[str]] = {}
        self._pool = ThreadPoolExecutor(1)  # one: answers come in the order of requests
        self._process: subprocess.Popen[str] | None = None
        with suppress(OSError):
            self._process = subprocess.Popen(
                _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )

    def __enter__(self) -> DrawnBeside:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process:
            self._process.kill()
        self._pool.shutdown(cancel_futures=True)  # after an error, nobody needs them
        if self._process:
            with suppress(OSError):  # what could not be sent in time
                self._process.communicate()

    def begin(self, figures: Iterable[Figure]) -> None:
        """Begins to draw figures, in this order."""
        for figure in figures:
            if figure.name not in self._begun:
                self._begun[figure.name] = self._pool.submit(self._drawn, figure)

    def svg(self, figure: Figure) -> str:
        """`figure.svg`, as soon as drawn."""
        self.begin([figure])
        return self._begun[figure.name].result()

    def _drawn(self, figure: Figure) -> str:
        drawn = self._asked(json.dumps(figure.spec))
        return figure.svg if drawn is None else svg_from(drawn, figure.description)

    def _asked(self, chart: str) -> str | None:
        """The process' answer; None if it has ended."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return None
        with suppress(OSError):
            process.stdin.write(f"{chart}\n")
            process.stdin.flush()
        answer = process.stdout.readline()
        return str(json.loads(answer)) if answer.endswith("\n") else None
