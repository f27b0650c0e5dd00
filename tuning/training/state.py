"""What a training continues from: weights, optimizer state and the state of random layers."""

from __future__ import annotations

import keras
import numpy as np

from tuning.batches import is_dataset
from tuning.training.fit_arguments import Data, as_floatx, is_arrays, texts_as_tensors

State = list[np.ndarray]
"""Values of a model's variables, then of its optimizer's, in Keras' own order; then those of `_generators`."""


def first_samples(x: Data) -> Data:
    """A few samples of what `fit` was given, to build a model on.

    Raises:
        ValueError: They cannot be read without consuming them.
    """
    if is_arrays(x):
        return texts_as_tensors(keras.tree.map_structure(lambda array: array[:1], x))
    if isinstance(x, keras.utils.PyDataset):
        return keras.utils.unpack_x_y_sample_weight(x[0])[0]
    if is_dataset(x):
        return keras.utils.unpack_x_y_sample_weight(next(iter(x)))[0]
    raise ValueError(
        f"a model that is not built cannot be continued on {type(x).__name__}; give it an Input layer or call build"
    )


def make_variables(model: keras.Model, x: Data, y: Data = None) -> None:
    """Makes the variables of a model that has not been called, as one trained by a `train_step` of its own need not be.

    Args:
        x, y: As `fit` was given them. The model is called on a few samples, or trained on them if it has no `call`:
            set its variables afterwards.

    Raises:
        ValueError: As `first_samples` does.
    """
    if model.built:
        return
    if type(model).call is not keras.Model.call:
        model(first_samples(x), training=False)
        return
    if is_dataset(x):
        x, y, _ = keras.utils.unpack_x_y_sample_weight(next(iter(x)))
    samples = [None if part is None else _tensors(first_samples(part)) for part in (x, y)]
    model.train_step(keras.utils.pack_x_y_sample_weight(*samples))
    model.built = True  # all of it that there is


def _tensors(samples: Data) -> Data:
    return keras.tree.map_structure(
        lambda leaf: keras.ops.convert_to_tensor(as_floatx(leaf) if isinstance(leaf, np.ndarray) else leaf), samples
    )


def read_state(model: keras.Model) -> State:
    """What `write_state` restores: all that a training continues from, including the learning rate."""
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in _variables(model)] + _generators()


def write_state(model: keras.Model, state: State) -> None:
    """Raises ValueError if the state is of another model."""
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)  # an unbuilt optimizer would silently drop its state
    variables = _variables(model)
    shapes = [tuple(variable.shape) for variable in variables] + [value.shape for value in _generators()]
    if shapes != [value.shape for value in state]:
        raise ValueError("the state of the continued trial does not fit the model built from the same configuration")
    for variable, value in zip(variables, state, strict=False):
        variable.assign(value)


def _generators() -> State:
    """Random state that is not a variable of the model: PyTorch's generator, on that backend."""
    if keras.backend.backend() != "torch":
        return []
    import torch

    return [torch.get_rng_state().numpy().copy()]


def set_generators(state: State) -> None:
    """Restores what `_generators` returned, if anything, from the end of a state."""
    if keras.backend.backend() == "torch" and state:
        import torch

        torch.set_rng_state(torch.from_numpy(state[-1]))


def _variables(model: keras.Model) -> list[keras.Variable]:
    """Weights, the state of random layers, and the optimizer's; not the metrics', which each epoch resets."""
    metrics = {id(variable) for variable in model.metrics_variables}
    return [variable for variable in model.variables if id(variable) not in metrics] + list(model.optimizer.variables)
