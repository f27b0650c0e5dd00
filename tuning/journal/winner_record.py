"""What the journal keeps of a tuner's winner: its layers, and what it predicts, as plain numbers.

A report shows the winners without a library that could load them, so what it shows is measured where the winner is
trained, and recorded. A record stays small whatever the size of model and test split: classes are counted, numbers are
binned.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from tuning.journal.records import Cell

MAX_CLASSES = 100  # above, a matrix is neither read nor small
BINS = 48  # of each axis of predicted against true
Shape = tuple[int | None, ...]
Counts = tuple[tuple[Annotated[int, Meta(ge=0)], ...], ...]


class Layer(Struct, frozen=True):
    """A layer, or one further call of a layer that is shared.

    Attributes:
        kind: Its class.
        shapes: Of its outputs, without the axis of samples; empty where it is not known.
        parameters: Its own weights' values; 0 at a further call.
        inputs: Places of the layers that it gets its inputs from; all are before it.
        call: From 1.
    """

    name: str
    kind: str
    shapes: tuple[Shape, ...]
    parameters: int
    inputs: tuple[int, ...] = ()
    call: int = 1


class Confusion(Struct, frozen=True, tag_field="kind", tag="confusion"):
    """How often which class was taken for which.

    Attributes:
        split: ``"test"``, or ``"validation"`` where there is no test split.
        output: Name of the output; empty where the model has one.
        classes: Names by class number.
        counts: (num_classes, num_classes): samples by true class, then by predicted class.
    """

    split: str
    output: str
    classes: tuple[str, ...]
    counts: Counts

    def __post_init__(self) -> None:
        _check_square(self.counts, len(self.classes))


class Scatter(Struct, frozen=True, tag_field="kind", tag="scatter"):
    """Predicted against true numbers, binned.

    Attributes:
        split: As in `Confusion`.
        output: As in `Confusion`.
        low: Where either axis begins, in the unit of the target.
        high: Where either axis ends.
        counts: (`BINS`, `BINS`): samples by true value, then by predicted value.
        outside: Samples whose prediction is on neither axis.
        rmse: Root of the mean squared error over all samples.
        mae: Mean absolute error.
        r2: Share of the targets' variance that is explained; may be below 0.
    """

    split: str
    output: str
    low: float
    high: float
    counts: Counts
    outside: int
    rmse: float
    mae: float
    r2: float

    def __post_init__(self) -> None:
        _check_square(self.counts, BINS)
        if not -math.inf < self.low < self.high < math.inf:
            raise ValueError(f"an axis from {self.low} to {self.high}; expected the lower number first")


class Anatomy(Struct, frozen=True):
    """A trained model, described.

    Attributes:
        kind: ``"Sequential"``, ``"Functional"``, or the name of the user's own class.
        layers: In an order in which each comes after its inputs.
        connected: Whether the layers' inputs are known: a subclassed model connects them in its own code.
        parameters: Values of all weights.
        trainable: Those of them that are trained.
        predictions: On the test split; None where `remarks` say why.
        remarks: What a reader has to know about the above, a sentence each.
    """

    kind: str
    layers: tuple[Layer, ...]
    connected: bool
    parameters: int
    trainable: int
    predictions: Confusion | Scatter | None = None
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for place, layer in enumerate(self.layers):
            if not all(0 <= source < place for source in layer.inputs):
                inputs = list(layer.inputs)
                raise ValueError(f"layer {place} has the inputs {inputs}; expected places of layers before it")


class Winner(Struct, frozen=True):
    """A tuner's winner, trained once more and saved.

    Attributes:
        trial: The incumbent whose configuration it has.
        repeat: The retraining that it is.
        file: Name of the model's file in the folder ``models``, or of its weights where Keras cannot save it whole.
        test: What the saved model scores on test: what the retraining did, unless libraries or machine have changed.
        further_epochs: Epochs that it was then trained on, on training and validation data together; 0 for none.
        continued: What it scores on test after them.
    """

    cell: Cell
    trial: int
    repeat: int
    file: str
    test: Mapping[str, float]
    anatomy: Anatomy
    further_epochs: int = 0
    continued: Mapping[str, float] = {}


def weights_file(path: Path) -> Path:
    """Beside a model's ``.keras`` file, the one with its weights and its optimizer's state alone."""
    return path.with_suffix(".weights.h5")


def _check_square(counts: Counts, size: int) -> None:
    if len(counts) != size or any(len(row) != size for row in counts):
        raise ValueError(f"counts of {len(counts)} rows; expected {size} rows of {size} numbers from 0 on")
