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
    """Lets Keras draw the seeds of layers and initializers from a generator that no other thread uses.

    Keras draws them from Python's global generator, and in a Dask worker Dask's threads do so too, at any time. The
    numbers are those that `keras.utils.set_random_seed` alone would give.
    """
    with seeds_drawn_from(random.Random(seed)):
        yield


def clear_session() -> None:
    """Forgets earlier models, but keeps the precision that the user has set, which Keras' `clear_session` resets."""
    policy = keras.config.dtype_policy()
    if keras.backend.backend() == "tensorflow":
        forget_all_reduce_gradients()
    keras.backend.clear_session()
    keras.config.set_dtype_policy(policy)
