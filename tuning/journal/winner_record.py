"""What the journal keeps about a tuner's winner: its layers and its predictions, as plain numbers.

A report shows the winners without a library that could load them, so what it shows is measured and recorded when the
winner is trained. A record stays small for any size of model and test split: classes are counted, numbers binned.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from tuning.journal.records import Cell

MODELS = "models"
"""Folder of the saved winners, in that of the study."""
MAX_CLASSES = 100  # a larger matrix is neither readable nor small
BINS = 48  # on each axis of predicted against true values
Shape = tuple[int | None, ...]
Counts = tuple[tuple[Annotated[int, Meta(ge=0)], ...], ...]


class Layer(Struct, frozen=True):
    """A layer, or a further call of a shared layer.

    Attributes:
        kind: Its class.
        shapes: Of its outputs, without the axis of samples; empty if not known.
        parameters: Number of values in its own weights; 0 at a further call.
        inputs: Positions of the layers that give its inputs; all are before it.
        call: Number of the call, from 1.
    """

    name: str
    kind: str
    shapes: tuple[Shape, ...]
    parameters: int
    inputs: tuple[int, ...] = ()
    call: int = 1


class Confusion(Struct, frozen=True, tag_field="kind", tag="confusion"):
    """A confusion matrix: how often each class was predicted for each true class.

    Attributes:
        split: ``"test"``, or ``"validation"`` if there is no test split.
        output: Name of the output; empty if the model has only one.
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
        low: Lower end of both axes, in the unit of the target.
        high: Upper end of both axes.
        counts: (`BINS`, `BINS`): samples by true value, then by predicted value.
        outside: Number of samples whose prediction is outside the axes.
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
        layers: Ordered so that each comes after its inputs.
        connected: Whether the layers' inputs are known: a subclassed model connects them in its own code.
        parameters: Number of values in all weights.
        trainable: Number of those that are trained.
        predictions: On the test split; if None, `remarks` say why.
        remarks: What a reader must know about the above, in one sentence each.
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
    """A tuner's winner, retrained and saved.

    Attributes:
        trial: The incumbent whose configuration it has.
        repeat: The retraining that it repeats.
        file: Name of the model's file in the folder ``models``, or of its weights if Keras cannot save it whole.
        test: The saved model's test scores: the retraining's, unless libraries or machine have changed.
        further_epochs: Further epochs it was then trained on training and validation data together; 0 for none.
        continued: Its test scores after them.
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
    """The file next to a model's ``.keras`` file that holds only its weights and its optimizer's state."""
    return path.with_suffix(".weights.h5")


def _check_square(counts: Counts, size: int) -> None:
    if len(counts) != size or any(len(row) != size for row in counts):
        raise ValueError(f"counts of {len(counts)} rows; expected {size} rows of {size} numbers from 0 on")
