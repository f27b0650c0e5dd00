"""How a process that trains is set up, for speed and so that results do not differ in their last bits."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
from collections.abc import Iterator

import keras

from tuning.process.cores import cores

THREADS = 1


def prepare_process(threads: int = THREADS) -> dict[str, object]:
    """Settles what changes results in the last bits, before TensorFlow starts; returns what holds, for the manifest.

    One thread a process is also the fastest way to train small models; two cores then train two cells.
    """
    facts: dict[str, object] = {"backend": keras.backend.backend(), "threads": threads}
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with contextlib.suppress(RuntimeError):  # TensorFlow has started: what it runs with is reported instead
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        facts["threads"] = tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count() or 1
        # A trial's graphs run for seconds: optimising them costs more (0.2 s each) than it brings (nothing measurable).
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
        logging.getLogger("tensorflow").setLevel(logging.ERROR)
    elif keras.backend.backend() == "torch":
        import torch

        torch.set_num_threads(threads)
        facts["threads"] = torch.get_num_threads()
    else:  # XLA's pool on the jax backend is as large as the process has cores, and has no setting in Python
        facts["threads"] = cores()
    # What is loaded by now stays. Without this, each `clear_session` has the collector walk through all of it: 0.2 s.
    gc.collect()
    gc.freeze()
    return facts


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limits BLAS to one thread: a Gaussian process on small matrices is slower, and fights, with more."""
    import threadpoolctl

    with threadpoolctl.threadpool_limits(limits=1, user_api="blas"):
        yield
