"""A trained Keras model in plain facts: its layers, and its predictions on the test split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from tuning.batches import is_dataset, is_endless
from tuning.journal.winner_record import BINS, MAX_CLASSES, Anatomy, Confusion, Layer, Scatter, Shape
from tuning.objective import Objective
from tuning.splits import Part, Splits, described_by
from tuning.text import error_line
from tuning.training.fit_arguments import Data, texts_as_tensors
from tuning.training.internals.keras import graph_nodes

_BATCH = 256  # samples predicted at a time; only memory depends on it


class _UnclearError(Exception):
    """Why predictions cannot be shown, as a sentence."""


def anatomy(model: keras.Model, splits: Splits, objective: Objective, remarks: Sequence[str] = ()) -> Anatomy:
    """What a winner's record says about its model. Never raises: the remarks name what could not be found out.

    Args:
        model: With the weights that count.
        splits: Predictions are made on test, or on validation if there is no test split.
        objective: Chooses the output to show if there are several.
        remarks: The first remarks.
    """
    layers, connected = layers_of(model)
    remarks = list(remarks)
    if not connected:
        remarks.append(
            f"{type(model).__name__} connects its layers in its own code: they are listed in the order in which it "
            "made them, and not drawn."
        )
    shown = None
    try:
        shown, more = predictions(model, splits, objective)
        remarks += more
    except _UnclearError as unclear:
        remarks.append(str(unclear))
    except Exception as error:  # a user's own model or data set may raise anything; its record must not be lost
        remarks.append(f"What it predicts could not be found out: {error_line(error)}.")
    return Anatomy(
        kind=type(model).__name__,
        layers=layers,
        connected=connected,
        parameters=_size(model.weights),
        trainable=_size(model.trainable_weights),
        predictions=shown,
        remarks=tuple(remarks),
    )


def layers_of(model: keras.Model) -> tuple[tuple[Layer, ...], bool]:
    """The layers (a nested model counts as one), and whether their connections are known."""
    nodes = graph_nodes(model)
    if nodes is None:
        chain = isinstance(model, keras.Sequential)
        inputs = [(place - 1,) if chain and place else () for place in range(len(model.layers))]
        listed = [
            Layer(layer.name, type(layer).__name__, (), _size(layer.weights), sources)
            for layer, sources in zip(model.layers, inputs, strict=True)
        ]
        return tuple(listed), chain
    places = {id(node): place for place, node in enumerate(nodes)}
    calls: dict[int, int] = {}
    layers = []
    for node in nodes:
        operation = node.operation
        call = calls[id(operation)] = calls.get(id(operation), 0) + 1
        layers.append(
            Layer(
                name=operation.name,
                kind=type(operation).__name__,
                shapes=tuple(_shape(tensor) for tensor in node.outputs),
                parameters=_size(getattr(operation, "weights", ())) if call == 1 else 0,
                inputs=tuple(dict.fromkeys(places[id(parent)] for parent in node.parent_nodes)),
                call=call,
            )
        )
    return tuple(layers), True


def _shape(tensor: keras.KerasTensor) -> Shape:
    return tuple(None if axis is None else int(axis) for axis in tensor.shape[1:])


def _size(weights: Sequence[keras.Variable]) -> int:
    return sum(int(np.prod(weight.shape)) for weight in weights)


@dataclass(frozen=True)
class _Seen:
    """Targets and predictions of the objective's output on a split."""

    split: str
    output: str
    true: np.ndarray
    made: np.ndarray
    remarks: list[str]


@dataclass(frozen=True)
class Classified:
    """The true and the predicted class of each sample.

    Attributes:
        true: (num_samples,): class numbers.
        predicted: (num_samples,): class numbers.
        certainty: (num_samples,): larger if the model is more certain.
        classes: Names by class number.
    """

    true: np.ndarray
    predicted: np.ndarray
    certainty: np.ndarray
    classes: tuple[str, ...]


def predictions(
    model: keras.Model, splits: Splits, objective: Objective
) -> tuple[Confusion | Scatter, tuple[str, ...]]:
    """What the model predicts for the objective's output, counted or binned; and remarks.

    Raises:
        _UnclearError: Targets and predictions are neither one class per sample nor comparable numbers.
    """
    seen = _seen(model, splits, objective)
    by_class = _classified(model, splits, seen)
    if by_class is None:
        return _scatter(seen), tuple(seen.remarks)
    return _confusion(seen, by_class), tuple(seen.remarks)


def classified(model: keras.Model, splits: Splits, objective: Objective) -> Classified | None:
    """True and predicted classes on the test split; None if the model is not a classifier."""
    try:
        return _classified(model, splits, _seen(model, splits, objective))
    except _UnclearError:
        return None


def _seen(model: keras.Model, splits: Splits, objective: Objective) -> _Seen:
    if type(model).call is keras.Model.call:
        raise _UnclearError(f"{type(model).__name__} has no call: there is no one prediction to show.")
    split, part = ("validation", splits.validation) if splits.test is None else ("test", splits.test)
    if part is None:
        raise _UnclearError("There is no test and no validation split to predict.")
    if not isinstance(part, tuple) and not is_dataset(part):
        raise _UnclearError("What it predicts for a user's own batches is not shown.")
    if is_endless(part) or len(described_by(part)) == 1:
        raise _UnclearError("There are no targets to set its predictions beside, or no end of them.")
    remarks = [] if split == "test" else ["There is no test split: what it predicts is shown on validation."]
    pairs = list(_predicted(model, part))
    output, several = _output_of(model, objective, pairs[0][1])
    if several:
        remarks.append(f"The objective is of all outputs together: shown is what the first, {output}, predicts.")
    true, made = (np.concatenate([_array(_entry(model, pair[side], output)) for pair in pairs]) for side in range(2))
    return _Seen(split, output, true, made, remarks)


def _classified(model: keras.Model, splits: Splits, seen: _Seen) -> Classified | None:
    threshold = _threshold(model)
    numbers = class_numbers(seen.true, seen.made, threshold)
    if numbers is None:
        return None
    true, predicted, num = numbers
    certainty = seen.made.max(axis=-1) if seen.made.ndim > 1 and seen.made.shape[-1] > 1 else seen.made - threshold
    given = splits.class_names
    names = tuple((given.get(seen.output) if isinstance(given, Mapping) else given) or ())
    if names and len(names) != num:
        seen.remarks.append(f"{len(names)} class names for {num} classes: the classes' numbers are shown.")
    classes = names if len(names) == num else tuple(map(str, range(num)))
    return Classified(true, predicted, np.abs(certainty).ravel(), classes)


def _predicted(model: keras.Model, part: Part) -> Iterator[tuple[Data, Data]]:
    """Targets and predictions, batch by batch, each in its own structure."""
    if isinstance(part, tuple):
        yield part[1], model.predict(texts_as_tensors(part[0]), batch_size=_BATCH, verbose=0)
        return
    for batch in part:
        x, y, _ = keras.utils.unpack_x_y_sample_weight(batch)
        yield y, model.predict_on_batch(x)


def _output_of(model: keras.Model, objective: Objective, made: Data) -> tuple[str, bool]:
    """Name of the output that the objective's metric measures, empty for a single output; whether it is of several."""
    names = _output_names(model, made)
    if len(names) < 2:
        return "", False
    matching = [name for name in names if objective.test_metric.startswith(f"{name}_")]
    return (max(matching, key=len), False) if matching else (names[0], True)


def _output_names(model: keras.Model, made: Data) -> list[str]:
    if isinstance(made, Mapping):
        return list(made)
    if not isinstance(made, list | tuple):
        return [""]
    known = getattr(model, "output_names", None) or []
    return list(known) if len(known) == len(made) else [str(place) for place in range(len(made))]


def _entry(model: keras.Model, structure: Data, output: str) -> Data:
    """The part of targets or predictions that belongs to an output."""
    if not isinstance(structure, Mapping | list | tuple):
        return structure
    if isinstance(structure, Mapping) and output in structure:
        return structure[output]
    parts = list(structure.values()) if isinstance(structure, Mapping) else list(structure)
    names = _output_names(model, parts)
    if len(parts) == 1:
        return parts[0]
    if output not in names:
        raise _UnclearError(f"Which of the {len(parts)} targets belongs to the output {output} is not known.")
    return parts[names.index(output)]


def _array(values: Data) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(values))


def _threshold(model: keras.Model) -> float:
    """Above it, a single number means class 1: 0 if the loss takes logits, else 0.5."""
    return 0.0 if getattr(model.loss, "from_logits", False) else 0.5


def class_numbers(
    true: np.ndarray, made: np.ndarray, threshold: float = 0.5
) -> tuple[np.ndarray, np.ndarray, int] | None:
    """True and predicted class numbers, both of shape ``(num,)``, and how many classes there are.

    Args:
        true: Class numbers, of the predictions' shape without its last axis (a last axis of length 1 is ignored),
            or one-hot, of the predictions' shape; 0 and 1 if a prediction is a single number.
        made: A value for each class along the last axis, or a single number.

    Returns:
        None if the targets are not classes.
    """
    if not np.issubdtype(true.dtype, np.number) and true.dtype != bool:
        raise _UnclearError(f"Targets are of type {true.dtype}: what was predicted cannot be set beside them.")
    num = made.shape[-1] if made.ndim > 1 else 1
    bare = true[..., 0] if true.ndim == made.ndim and true.shape[-1] == 1 else true
    if num == 1:
        made = made[..., 0] if made.ndim > 1 else made
        if bare.shape != made.shape or not np.isin(bare, (0, 1)).all():
            return None
        return bare.ravel().astype(int), (made > threshold).ravel().astype(int), 2
    if true.shape == made.shape:
        if not np.isin(true, (0, 1)).all():
            return None
        if not (true.sum(axis=-1) == 1).all():
            raise _UnclearError(
                "A sample may be of several classes at once: no one matrix says which is taken for which."
            )
        return true.argmax(axis=-1).ravel(), made.argmax(axis=-1).ravel(), num
    if bare.shape != made.shape[:-1] or (bare != np.floor(bare)).any() or bare.min() < 0 or bare.max() >= num:
        return None
    return bare.ravel().astype(int), made.argmax(axis=-1).ravel(), num


def _confusion(seen: _Seen, by_class: Classified) -> Confusion:
    num = len(by_class.classes)
    if num > MAX_CLASSES:
        right = float((by_class.true == by_class.predicted).mean())
        raise _UnclearError(
            f"{num:,} classes are too many for a matrix of which is taken for which; {right:.1%} of "
            f"{len(by_class.true):,} samples of the {seen.split} split are right."
        )
    counts = np.bincount(by_class.true * num + by_class.predicted, minlength=num * num).reshape(num, num)
    return Confusion(seen.split, seen.output, by_class.classes, tuple(tuple(map(int, row)) for row in counts))


def _scatter(seen: _Seen) -> Scatter:
    """Predicted against true values; the axes cover the targets' range, and a quarter of it on either side."""
    true, made = seen.true, seen.made
    if true.size != made.size:
        shapes = f"{list(true.shape)} and {list(made.shape)}"
        raise _UnclearError(f"Targets and predictions are of shapes {shapes}: they cannot be set beside each other.")
    true, made = true.ravel().astype(float), made.ravel().astype(float)
    error = made - true
    spread = float(np.square(true - true.mean()).mean())
    squared = float(np.square(error).mean())
    low, high = float(true.min()), float(true.max())
    margin = (high - low) / 4 or max(abs(low), 1.0) / 4
    finite = np.isfinite(made)
    both = np.concatenate([true, np.clip(made[finite], low - margin, high + margin)])
    low, high = float(both.min()), float(both.max())
    if low == high:
        low, high = low - margin, high + margin
    counts, _, _ = np.histogram2d(true[finite], made[finite], bins=BINS, range=((low, high), (low, high)))
    return Scatter(
        split=seen.split,
        output=seen.output,
        low=low,
        high=high,
        counts=tuple(tuple(map(int, row)) for row in counts),
        outside=len(true) - int(counts.sum()),
        rmse=squared**0.5,
        mae=float(np.abs(error).mean()),
        r2=1 - squared / spread if spread else float("nan"),
    )
