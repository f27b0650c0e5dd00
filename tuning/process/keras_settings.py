"""What a study file may set for the whole process, and its models depend on: Keras' precision, layout and the like.

A worker imports Keras itself, so it must be told what `keras.config.set_dtype_policy` or the like has set in the
driver: else a study would train other models with another number of jobs.
"""

from __future__ import annotations

import json
import os
from typing import NamedTuple

import keras

from tuning.process.manifest import SETTINGS

DETERMINISTIC = "TF_DETERMINISTIC_OPS"  # TensorFlow reads it, and has no public function that tells


class KerasSettings(NamedTuple):
    """Global settings of Keras and TensorFlow.

    Attributes:
        floatx: The default type of numbers.
        dtype_policy: The default policy of layers, as Keras serializes it, JSON.
        image_data_format: ``channels_last`` or ``channels_first``.
        epsilon: The fuzz factor.
        max_epochs, max_steps_per_epoch: Keras' own caps on every fit; None for none.
        eager: Whether TensorFlow runs functions eagerly.
        jit: TensorFlow's automatic clustering for XLA; empty for none.
        tf32: Whether a GPU may multiply in TensorFloat-32.
        deterministic: Whether TensorFlow uses only operations that give the same bits each time.
    """

    floatx: str
    dtype_policy: str
    image_data_format: str
    epsilon: float
    max_epochs: int | None
    max_steps_per_epoch: int | None
    eager: bool = False
    jit: str = ""
    tf32: bool = True
    deterministic: bool = False

    def described(self) -> dict[str, object]:
        """For the manifest: the precision and the layout, and what is set besides."""
        policy = json.loads(self.dtype_policy)["config"]
        values = (
            self.floatx,
            policy.get("name") or json.dumps(policy),
            self.image_data_format,
            None if self.epsilon == 1e-7 else self.epsilon,
            self.max_epochs,
            self.max_steps_per_epoch,
            self.eager or None,
            self.jit or None,
        )
        bits = {
            **({} if self.tf32 else {"TensorFloat-32": False}),
            **({"deterministic operations": True} if self.deterministic else {}),
        }
        return {**{name: value for name, value in zip(SETTINGS, values, strict=True) if value is not None}, **bits}


def caps() -> tuple[int | None, int | None]:
    """Keras' own caps on every fit's epochs and every epoch's steps; Keras before 3.10 has none."""
    if not hasattr(keras.config, "max_epochs"):
        return None, None
    return keras.config.max_epochs(), keras.config.max_steps_per_epoch()


def in_force() -> KerasSettings:
    """The settings of this process."""
    own = KerasSettings(
        keras.config.floatx(),
        json.dumps(keras.dtype_policies.serialize(keras.config.dtype_policy()), sort_keys=True),
        keras.config.image_data_format(),
        float(keras.config.epsilon()),
        *caps(),
    )
    if keras.backend.backend() != "tensorflow":
        return own
    import tensorflow as tf

    return own._replace(
        eager=bool(tf.config.functions_run_eagerly()),
        jit=str(tf.config.optimizer.get_jit() or ""),
        tf32=bool(tf.config.experimental.tensor_float_32_execution_enabled()),
        deterministic=os.environ.get(DETERMINISTIC, "0").lower() in ("1", "true"),
    )


def set_in_force(wanted: KerasSettings) -> None:
    """Sets all of them in this process."""
    keras.config.set_floatx(wanted.floatx)
    keras.config.set_dtype_policy(keras.dtype_policies.deserialize(json.loads(wanted.dtype_policy)))
    keras.config.set_image_data_format(wanted.image_data_format)
    keras.config.set_epsilon(wanted.epsilon)
    if (wanted.max_epochs, wanted.max_steps_per_epoch) != caps():
        keras.config.set_max_epochs(wanted.max_epochs)
        keras.config.set_max_steps_per_epoch(wanted.max_steps_per_epoch)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.run_functions_eagerly(wanted.eager)
        if wanted.jit != str(tf.config.optimizer.get_jit() or ""):
            tf.config.optimizer.set_jit(wanted.jit)
        tf.config.experimental.enable_tensor_float_32_execution(wanted.tf32)
        if wanted.deterministic:
            make_deterministic()


def make_deterministic() -> None:
    """Lets TensorFlow use only operations that give the same bits each time, in this process and those it starts."""
    os.environ[DETERMINISTIC] = "1"
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
