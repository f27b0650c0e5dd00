"""TensorFlow imported without its start-up lines, which would tear the progress display.

They come from its C++ parts, before any logging level is heard, and speak of the processor and of missing GPUs.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

from tuning.process.garbage import kept_for_good

_devices_known = False


def import_tensorflow(look_for_devices: bool = True) -> None:
    """Imports TensorFlow where it is Keras' backend. ``TF_CPP_MIN_LOG_LEVEL=0`` shows all it says.

    Args:
        look_for_devices: False in a process that forks: a GPU that was found could not be used by the others. They
            look for themselves, by calling this again.
    """
    global _devices_known
    if _devices_known or os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        return
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3") == "0":
        return
    with _no_stderr(), contextlib.suppress(ImportError):  # whoever needs it will say that it is missing
        # What a program holds that has imported it before is not ours to keep.
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
