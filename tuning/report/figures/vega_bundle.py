"""Vega's scripts for a page that draws charts offline, put together by a separate process."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

import vl_convert

_SCRIPT = "import sys, vl_convert; sys.stdout.buffer.write(vl_convert.javascript_bundle().encode())"
# -P: a file named like a module, in the folder where the command is given, must not run.
_COMMAND = (sys.executable, "-P", "-c", _SCRIPT)


@cache
def vega_bundle() -> Future[str]:
    """The scripts, as a future; they are the same for every page.

    vl-convert (1.9) takes a second or two to put them together, as long as for the pictures of a small study, and lets
    no other thread of its process run meanwhile. So call this early, and ask for the result late.
    """
    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(_made)
    finally:
        pool.shutdown(wait=False)


def _made() -> str:
    try:
        return subprocess.run(_COMMAND, capture_output=True, check=True).stdout.decode()
    except (OSError, subprocess.SubprocessError):  # if no process can be started: here, then
        # Its type stub requires a snippet; but only without one is the answer cached and instant.
        return str(vl_convert.javascript_bundle())  # type: ignore[call-arg]
