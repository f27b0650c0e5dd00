"""What this operating system can do: decided here alone, so that tests can force what others do.

Linux is tested. Where something is missing, what takes its place is tested on Linux, by forcing it.
"""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import IO

FORKS = sys.platform == "linux"
"""Whether workers may be forked from a process that has imported TensorFlow; other systems' libraries start threads."""
DELAYS_SIGNALS = hasattr(signal, "pthread_sigmask")
"""Whether a process can be started that hears no Ctrl-C; Windows has no such thing."""
LOCKS_OPEN_FILES = find_spec("fcntl") is not None
"""Whether an open file can be locked; on Windows a file beside it is."""
POSIX_SHELL = sys.platform != "win32"


def lock(file: IO[bytes]) -> Callable[[], None] | None:
    """Locks a file, against other processes that call this, until it is closed and the function returned is called.

    Returns None if another process has locked it. The system ends a lock with its process.
    """
    if not LOCKS_OPEN_FILES:
        return _lock_beside(f"{file.name}.lock")
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return None
    return lambda: None  # closing the file is enough


def _lock_beside(path: str) -> Callable[[], None] | None:
    from filelock import FileLock, Timeout

    beside = FileLock(path)
    try:
        beside.acquire(blocking=False)
    except Timeout:
        return None
    return beside.release


def shell_line(words: Sequence[str]) -> str:
    """A command line of these words, as this system's shell reads it."""
    return shlex.join(words) if POSIX_SHELL else subprocess.list2cmdline(words)
