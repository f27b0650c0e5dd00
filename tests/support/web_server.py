"""Another tool's web server, started for a test on a port that is free."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

STARTED = 300  # seconds until it answers, on a machine that does ten other things


@contextlib.contextmanager
def serving(log: Path, *command: str | Path, **variables: str) -> Iterator[str]:
    """Runs a command, of which `{port}` becomes a port; its address, once it answers. Its processes end with the test.

    Args:
        log: Where what it prints goes.
        command: It must listen on 127.0.0.1.
        variables: Added to its environment.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [str(word).replace("{port}", str(port)) for word in command]
    address = f"http://127.0.0.1:{port}/"
    with log.open("wb") as file:
        process = subprocess.Popen(
            words, env={**os.environ, **variables}, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        _wait(address, process, log)
        yield address
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=30)
        with contextlib.suppress(ProcessLookupError):  # a server's workers that did not hear it
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTED
    while time.monotonic() < until:
        assert process.poll() is None, f"ended with {process.returncode}: {log.read_text()}"
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=10):  # refused, or too slow
            return
        time.sleep(0.2)
    raise TimeoutError(log.read_text())
