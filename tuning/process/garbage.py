"""Python's search for garbage in cycles, kept from where it would go through much that stays, and find nothing."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_search_for_cycles() -> Iterator[None]:
    """None within: what is read or made here is kept, and would be gone through again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def kept_for_good() -> Iterator[None]:
    """No search within, and none later through all that there is by its end: around imports, whose modules stay.

    TensorFlow's import makes 0.8 million objects, of which 4,000 are garbage, and takes a quarter less time so. In a
    process that forks, a later search would also write to all that is shared, and so copy it.
    """
    with no_search_for_cycles():
        yield
        gc.freeze()
