"""What every worker needs, imported in the process that workers are forked from: nothing here may start a thread."""

import gc

from tuning.quiet import import_tensorflow

import_tensorflow(look_for_devices=False)

import distributed.nanny  # noqa: E402, F401
import keras_tuner  # noqa: E402, F401
import optuna  # noqa: E402, F401

import tuning.worker  # noqa: E402, F401

gc.collect()
gc.freeze()  # a collection in a worker would write to all that is shared, and so copy it
