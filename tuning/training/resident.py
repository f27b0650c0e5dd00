"""What the trials of a problem share: tensors of its data, and compiled epochs."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from tuning.arrays import RowsOf, is_aligned
from tuning.process import gpus
from tuning.training.fit_arguments import Data, is_arrays, texts_as_tensors
from tuning.training.graph_cache import Traces
from tuning.training.internals.tensorflow import Tensor

GPU_SHARE = 0.5
"""Share of a GPU's memory that data may take; the rest is for the model and what it computes."""


def too_large(*parts: Data) -> str:
    """Why these arrays cannot stay on the GPU that trains, in a few words; empty if they can, or if there is none."""
    if not gpus.in_use() or not (room := gpus.memory()):
        return ""
    leaves = [leaf for part in parts if part is not None and is_arrays(part) for leaf in keras.tree.flatten(part)]
    arrays = [leaf.array if isinstance(leaf, RowsOf) else leaf for leaf in leaves]  # it is there as a whole, and once
    size = sum(getattr(array, "nbytes", 0) for array in {id(array): array for array in arrays}.values())
    if size <= GPU_SHARE * room:
        return ""
    return f"data of {size / 1e9:.3g} GB, over half of the GPU's memory"


class Resident:
    """What the trials of a problem share: tensors of the arrays that all of them train on, and compiled epochs.

    Only the arrays given to the constructor are kept, not those that a user's `fit` creates in each trial.

    Args:
        arrays: Those kept.
        traces: Compiled epochs of the same problem on other arrays.
    """

    def __init__(self, arrays: Sequence[Data] = (), traces: Traces | None = None) -> None:
        self._arrays = {id(array): array for array in arrays}
        self._tensors: dict[int, Tensor] = {}
        self.traces = traces or Traces()

    def holds(self, arrays: Sequence[Data]) -> bool:
        """Whether all these are kept."""
        return all(id(array) in self._arrays for array in arrays)

    def tensor(self, array: Data) -> Tensor:
        """The array as a tensor; floats are cast to `keras.config.floatx()`, as Keras' own adapter does."""
        if id(array) in self._tensors:
            return self._tensors[id(array)]
        if id(array) not in self._arrays:
            return _copied(array)
        self._tensors[id(array)] = tensor = _shared(array)
        return tensor


def _copied(array: Data) -> Tensor:
    array = texts_as_tensors(array)
    is_float = keras.backend.is_float_dtype(keras.backend.standardize_dtype(array.dtype))
    return keras.ops.convert_to_tensor(array, dtype=keras.config.floatx() if is_float else None)


def _shared(array: np.ndarray) -> Tensor:
    """A tensor in the array's own memory if possible; TensorFlow would crash on an array that is not aligned.

    On a GPU it is a copy in the GPU's memory: what is shared stays outside, and would be sent there in each epoch.
    """
    import tensorflow as tf

    if gpus.in_use():
        return _copied(array)
    as_it_is = array.dtype.kind in "iub" or array.dtype.name == keras.config.floatx()
    if as_it_is and array.flags.writeable and is_aligned(array):
        return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
    return _copied(array)
