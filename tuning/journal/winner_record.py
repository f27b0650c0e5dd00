"""What the journal keeps of a tuner's winner: its layers, and what it predicts, as plain numbers.

A report shows the winners without a library that could load them, so what it shows is measured where the winner is
trained, and recorded. A record stays small whatever the size of model and test split: classes are counted, numbers are
binned.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tuning.journal.records import Cell, to_number, to_numbers

MAX_CLASSES = 100  # above, a matrix is neither read nor small
BINS = 48  # of each axis of predicted against true
Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Layer:
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


@dataclass(frozen=True)
class Confusion:
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
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Scatter:
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
    counts: tuple[tuple[int, ...], ...]
    outside: int
    rmse: float
    mae: float
    r2: float


@dataclass(frozen=True)
class Anatomy:
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


@dataclass(frozen=True)
class Winner:
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
    continued: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A mapping that `json` writes as strict JSON: numbers that are not finite become strings."""
        entries = asdict(self)
        del entries["cell"]
        made = self.anatomy.predictions
        if made is not None:
            numbers = asdict(made)
            for name in ("rmse", "mae", "r2"):
                if name in numbers:
                    numbers[name] = to_number(numbers[name])
            entries["anatomy"]["predictions"] = {"kind": _KINDS[type(made)], **numbers}
        for name in ("test", "continued"):
            entries[name] = to_numbers(entries[name])
        return {**self.cell._asdict(), **entries}

    @classmethod
    def from_json(cls, line: Mapping[str, Any]) -> Winner:
        """Reverse of `to_json`. Raises KeyError, TypeError, ValueError or AttributeError on anything else."""
        return cls(
            cell=Cell(str(line["problem"]), str(line["tuner"]), _whole(line["replicate"])),
            trial=_whole(line["trial"]),
            repeat=_whole(line["repeat"]),
            file=_text(line["file"]),
            test=_scores(line["test"]),
            anatomy=_anatomy(line["anatomy"]),
            further_epochs=_whole(line["further_epochs"]),
            continued=_scores(line["continued"]),
        )


def weights_file(path: Path) -> Path:
    """Beside a model's ``.keras`` file, the one with its weights and its optimizer's state alone."""
    return path.with_suffix(".weights.h5")


_KINDS = {Confusion: "confusion", Scatter: "scatter"}


def _anatomy(entry: Mapping[str, Any]) -> Anatomy:
    layers = tuple(_layer(layer, place) for place, layer in enumerate(entry["layers"]))
    return Anatomy(
        kind=_text(entry["kind"]),
        layers=layers,
        connected=bool(entry["connected"]),
        parameters=_whole(entry["parameters"]),
        trainable=_whole(entry["trainable"]),
        predictions=None if entry["predictions"] is None else _predictions(entry["predictions"]),
        remarks=tuple(map(_text, entry["remarks"])),
    )


def _layer(entry: Mapping[str, Any], place: int) -> Layer:
    inputs = tuple(map(_whole, entry["inputs"]))
    if not all(0 <= source < place for source in inputs):
        raise ValueError(f"layer {place} has the inputs {list(inputs)}; expected places of layers before it")
    shapes = tuple(tuple(None if axis is None else _whole(axis) for axis in shape) for shape in entry["shapes"])
    name, kind = _text(entry["name"]), _text(entry["kind"])
    return Layer(name, kind, shapes, _whole(entry["parameters"]), inputs, _whole(entry["call"]))


def _predictions(entry: Mapping[str, Any]) -> Confusion | Scatter:
    where = _text(entry["split"]), _text(entry["output"])
    counts = tuple(tuple(map(_whole, row)) for row in entry["counts"])
    if entry["kind"] == "confusion":
        classes = tuple(map(_text, entry["classes"]))
        _check_square(counts, len(classes))
        return Confusion(*where, classes, counts)
    if entry["kind"] != "scatter":
        raise ValueError(f"predictions of kind {entry['kind']!r}; expected 'confusion' or 'scatter'")
    _check_square(counts, BINS)
    low, high = float(entry["low"]), float(entry["high"])
    if not -math.inf < low < high < math.inf:
        raise ValueError(f"an axis from {low} to {high}; expected the lower number first")
    errors = (float(entry[name]) for name in ("rmse", "mae", "r2"))
    return Scatter(*where, low, high, counts, _whole(entry["outside"]), *errors)


def _check_square(counts: Sequence[Sequence[int]], size: int) -> None:
    if len(counts) != size or any(len(row) != size or min(row) < 0 for row in counts):
        raise ValueError(f"counts of {len(counts)} rows; expected {size} rows of {size} numbers from 0 on")


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise ValueError(f"{value!r} where a whole number was expected")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} where a text was expected")
    return value


def _scores(entries: Mapping[str, Any]) -> dict[str, float]:
    return {str(name): float(value) for name, value in entries.items()}
