"""Imports TensorFlow without its start-up messages, which would break the progress display.

They come from C++ code, before any logging level applies, and are about the processor and missing GPUs.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

from tuning.process.garbage import kept_for_good

_devices_known = False


def import_tensorflow(look_for_devices: bool = True) -> None:
    """Imports TensorFlow if it is Keras' backend. ``TF_CPP_MIN_LOG_LEVEL=0`` shows all messages.

    Args:
        look_for_devices: False in a process that forks: its children could not use a GPU found here. They look
            for GPUs themselves, by calling this again.
    """
    global _devices_known
    if _devices_known or os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        return
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3") == "0":
        return
    with _no_stderr(), contextlib.suppress(ImportError):  # code that needs it reports that it is missing
        # If a program imported TensorFlow before us, we do not freeze its objects.
        with contextlib.nullcontext() if "tensorflow" in sys.modules else kept_for_good():
            import tensorflow as tf

        if look_for_devices:
            tf.config.list_physical_devices()  # complains of finding no GPUs
            _devices_known = True


@contextlib.contextmanager
def _no_stderr() -> Iterator[None]:
    """Discards what this process writes to file descriptor 2, C++ included."""
    sys.stderr.flush()
    saved = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123  a device, not a file
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
