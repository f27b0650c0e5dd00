"""Sets up a process that trains: for speed, and so that results do not differ in their last bits."""

from __future__ import annotations

import contextlib
import gc
import logging
import os

import keras

from tuning.process import gpus
from tuning.process.keras_settings import in_force
from tuning.process.limits import cores

THREADS = 1


def prepare_process(threads: int = THREADS) -> dict[str, object]:
    """Fixes settings that change results' last bits, before TensorFlow starts; returns those in force, for a manifest.

    One thread per process is also the fastest way to train small models; two cores then train two cells.
    """
    facts: dict[str, object] = {"backend": keras.backend.backend(), **in_force().described(), "threads": threads}
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with contextlib.suppress(RuntimeError):  # TensorFlow has already started: report its settings
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        facts["threads"] = tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count() or 1
        if gpus.in_use():
            facts |= gpus.described(gpus.visible())
            _share_gpus()
        else:
            # A trial's graphs run for seconds: optimising them costs 0.2 s each and gains nothing measurable. On a GPU
            # it chooses the layout of images and fuses operations.
            tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
        logging.getLogger("tensorflow").setLevel(logging.ERROR)
    elif keras.backend.backend() == "torch":
        import torch

        torch.set_num_threads(threads)
        facts["threads"] = torch.get_num_threads()
    else:  # XLA's pool on the jax backend has one thread per core of the process, and no setting in Python
        facts["threads"] = cores()
    # Objects loaded so far stay. Without this, each `clear_session` makes the collector scan them all: 0.2 s.
    gc.collect()
    gc.freeze()
    return facts


def _share_gpus() -> None:
    """Takes a GPU's memory as it is needed, or up to this worker's share; TensorFlow would take all of it at once."""
    import tensorflow as tf

    limit = gpus.limit_mib()
    for gpu in tf.config.get_visible_devices("GPU"):
        with contextlib.suppress(RuntimeError):  # TensorFlow has already started
            if limit:
                share = tf.config.LogicalDeviceConfiguration(memory_limit=limit)
                tf.config.set_logical_device_configuration(gpu, [share])
            else:
                tf.config.experimental.set_memory_growth(gpu, True)
