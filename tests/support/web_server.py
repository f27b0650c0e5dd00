"""A web server, TensorBoard's or another tool's, started for a test on a port that is free."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

STARTED = 300  # seconds until it answers, on a machine that does ten other things


def environment(**variables: str) -> dict[str, str]:
    """Of a process that imports this checkout, wherever it runs."""
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **variables}


@contextlib.contextmanager
def serving(log: Path, *command: str | Path, **variables: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Runs a command; its address, once it answers, and its process, which ends with the test.

    Args:
        log: Where what it prints goes.
        command: It must listen on 127.0.0.1 at `{port}`, or take a port itself and print its address.
        variables: Added to its environment.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [str(word).replace("{port}", str(port)) for word in command]
    given = f"http://127.0.0.1:{port}/" if any("{port}" in str(word) for word in command) else None
    with log.open("wb") as file:
        process = subprocess.Popen(
            words, env=environment(**variables), stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield _address(given, process, log), process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=30)
        with contextlib.suppress(ProcessLookupError):  # a server's workers that did not hear it
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _address(given: str | None, process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + STARTED
    while time.monotonic() < until:
        assert process.poll() is None, f"ended with {process.returncode}: {log.read_text()}"
        if address := given or "".join(re.findall(r"http://localhost:\d+/", log.read_text())[:1]):
            with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=10):  # refused, or too slow
                return address
        time.sleep(0.2)
    raise TimeoutError(log.read_text())
