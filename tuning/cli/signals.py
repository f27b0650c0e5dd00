"""Ctrl-C, `kill` and a closed terminal end a run in order: workers first, then a line that says how to resume.

Nothing depends on it: however the process ends, it costs no more than the trial that was being trained.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType


class Interruption:
    """While used as a context manager, the first such signal raises KeyboardInterrupt, the second ends the process.

    A signal that the caller ignores, as `nohup` does, stays ignored.

    Attributes:
        number: The received signal's, else 0.
    """

    SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")  # the last is unknown to Windows

    def __init__(self) -> None:
        self.number = 0
        self._before: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}

    @property
    def name(self) -> str:
        return signal.Signals(self.number).name if self.number else ""

    @property
    def exit_code(self) -> int:
        """As in shells: 130 for Ctrl-C, 143 for `kill`, 129 for a closed terminal."""
        return 128 + (self.number or signal.SIGINT)

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():  # only it may
            for name in self.SIGNALS:
                number = getattr(signal, name, None)
                if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.number:
            os._exit(128 + number)  # workers see that their parent is gone and end
        self.number = number
        raise KeyboardInterrupt
