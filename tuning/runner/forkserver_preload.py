"""Imports what every worker needs into the process that workers are forked from: nothing here may start a thread."""

from __future__ import annotations

from tuning.process.garbage import kept_for_good
from tuning.process.tensorflow_import import import_tensorflow

with kept_for_good():
    import_tensorflow(look_for_devices=False)

    import distributed.nanny  # noqa: F401
    import keras_tuner  # noqa: F401
    import optuna  # noqa: F401

    import tuning.runner.worker  # noqa: F401
