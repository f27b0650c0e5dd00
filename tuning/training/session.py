"""What Keras and TensorFlow keep between trainings, and where layers draw their seeds."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import keras

from tuning.training.internals.keras import seeds_drawn_from
from tuning.training.internals.tensorflow import forget_all_reduce_gradients


@contextlib.contextmanager
def seeds_of_its_own(seed: int) -> Iterator[None]:
    """Lets Keras draw the seeds of layers and initializers from a generator that no other thread draws from.

    Keras draws them from Python's global one, and in a Dask worker so do Dask's threads, at their own times. The
    numbers are those that `keras.utils.set_random_seed` alone would give.
    """
    with seeds_drawn_from(random.Random(seed)):
        yield


def clear_session() -> None:
    """Forgets the models before; `clear_session` would also forget a precision that the user has set."""
    policy = keras.config.dtype_policy()
    if keras.backend.backend() == "tensorflow":
        forget_all_reduce_gradients()
    keras.backend.clear_session()
    keras.config.set_dtype_policy(policy)
