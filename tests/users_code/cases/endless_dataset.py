"""A `tf.data` pipeline that repeats without end: an epoch is `steps_per_epoch` batches."""

import numpy as np
import tensorflow as tf

from tests.users_code.holds import Holds
from tests.users_code.small_network import search  # noqa: F401

HOLDS = Holds(names=("units",))


def data():
    x = np.random.default_rng(4).normal(size=(32, 3)).astype("float32")
    parts = (tf.data.Dataset.from_tensor_slices((part, part[:, 0])) for part in (x[:24], x[24:]))
    return tuple(part.batch(8).repeat() for part in parts)


fit_arguments = {"steps_per_epoch": 3, "validation_steps": 1}
