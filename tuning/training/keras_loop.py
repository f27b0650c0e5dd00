"""Keras' own training loop, over the same batches in the same order."""

from __future__ import annotations

import keras
import numpy as np

from tuning.batches import is_py_dataset
from tuning.training.compiled_epoch import Order
from tuning.training.fit_arguments import Arguments, Data, as_floatx, is_arrays, normalise, size_of, texts_as_tensors
from tuning.training.internals.keras import original_fit


class OrderedBatches(keras.utils.PyDataset):
    """Arrays as batches in a given order, for Keras' own loop: the same batches as in `compiled_epoch.fit`."""

    def __init__(self, x: Data, y: Data, sample_weight: Data, batch_size: int, order: Order) -> None:
        super().__init__()
        parts = tuple(part for part in (x, y, sample_weight) if part is not None)
        self._data = keras.tree.lists_to_tuples(keras.tree.map_structure(as_floatx, parts))
        self._size = size_of(self._data)
        self._batch_size = batch_size
        self._next_order = order
        self._order = np.arange(self._size)

    def __len__(self) -> int:
        return -(-self._size // self._batch_size)

    def __getitem__(self, index: int) -> Data:
        rows = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        return texts_as_tensors(keras.tree.map_structure(lambda array: array[rows], self._data))

    def on_epoch_begin(self) -> None:
        self._order = self._next_order(self._size)


class ShuffledBatches(keras.utils.PyDataset):
    """A user's own batches in an order of ours: Keras would draw it from a generator that other threads use too."""

    def __init__(self, batches: keras.utils.PyDataset, order: Order) -> None:
        super().__init__()
        self._batches = batches
        self._next_order = order
        self._order = np.arange(len(batches))

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, index: int) -> Data:
        return self._batches[int(self._order[index])]

    def on_epoch_begin(self) -> None:
        self._batches.on_epoch_begin()
        self._order = self._next_order(len(self._batches))

    def on_epoch_end(self) -> None:
        self._batches.on_epoch_end()


def fit_by_keras(model: keras.Model, arguments: Arguments, order: Order) -> keras.callbacks.History:
    """Keras' own loop; if arrays or the batches of a `PyDataset` are to be shuffled, `order` shuffles them.

    Without `y` a step gets `x` alone, which a `PyDataset` cannot give: then Keras shuffles with its own seed.
    """
    arguments = dict(arguments)
    arrays = is_arrays((arguments["x"], arguments["y"], arguments["sample_weight"]))
    ordered = arrays and arguments["y"] is not None
    if ordered and arguments["shuffle"] is True and arguments["steps_per_epoch"] is None:
        arguments = normalise(arguments)
        batches = OrderedBatches(
            arguments["x"], arguments["y"], arguments["sample_weight"], arguments["batch_size"], order
        )
        arguments.update(x=batches, y=None, sample_weight=None, batch_size=None, shuffle=False)
    elif arrays:
        arguments.update({name: texts_as_tensors(arguments[name]) for name in ("x", "y")})
    elif is_py_dataset(arguments["x"]) and arguments["shuffle"] is True and arguments["steps_per_epoch"] is None:
        arguments.update(x=ShuffledBatches(arguments["x"], order), shuffle=False)
    elif not is_py_dataset(arguments["x"]):
        arguments["shuffle"] = False  # batches come as they come, and Keras would warn about its own default
    if is_arrays(arguments["validation_data"]):
        arguments["validation_data"] = texts_as_tensors(arguments["validation_data"])
    return original_fit(model, **{**arguments, "verbose": 0})
