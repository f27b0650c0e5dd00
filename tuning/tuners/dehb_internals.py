"""Private parts of DEHB that this package needs, each behind a function: checked with dehb 0.1.1.

`tests/tuners/test_dehb_internals.py` fails if a release moves one of them. Then fix it here, or raise the pin.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dehb import DEHB


def without_a_log() -> type[DEHB]:
    """DEHB that writes no log file: its own is written by a thread and a queue, which a worker's fork must not meet.

    Importing dehb prints its messages to the console; they are switched off.
    """
    from dehb import DEHB
    from loguru import logger

    logger.disable("dehb")

    class Silent(DEHB):
        def _setup_logger(self, kwargs: dict[str, str]) -> None:
            self.logger, self.output_path = logger, Path(kwargs["output_path"])

    return Silent
