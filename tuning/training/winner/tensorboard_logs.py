"""All that TensorBoard can show of a winner's training: `--tensorboard full`.

    tensorboard/<winner>/train, validation    what Keras' own callback writes: scalars, histograms of weights, the
                                              model's graph and that of its operations, a profile of a few steps
    tensorboard/<winner>/model                its summary as text; pictures that it misclassifies

For winners only, which are retrained to be saved: it would slow down a search of hundreds of trials and fill the disk.
A profile needs Keras' own loop, over the same batches; the weights are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt

from tuning.objective import Objective
from tuning.splits import Part, Splits
from tuning.text import error_line
from tuning.training.winner.anatomy import classified

PROFILED = (2, 10)  # steps; the first step also traces and would hide the others
PICTURES = 24
_CHANNELS = (1, 3, 4)


class _EachNumber(keras.callbacks.TensorBoard):
    """Keras' own callback, which takes no metric that is an array: this one writes a scalar for each of its numbers."""

    def on_train_batch_end(self, batch: int, logs: Mapping[str, npt.ArrayLike] | None = None) -> None:
        super().on_train_batch_end(batch, _numbers(logs or {}))

    def on_epoch_end(self, epoch: int, logs: Mapping[str, npt.ArrayLike] | None = None) -> None:
        super().on_epoch_end(epoch, _numbers(logs or {}))

    def on_test_end(self, logs: Mapping[str, npt.ArrayLike] | None = None) -> None:
        super().on_test_end(_numbers(logs or {}))


def _numbers(logs: Mapping[str, npt.ArrayLike]) -> dict[str, float]:
    """One number a name: those of an array are ``f1_score_0``, ``f1_score_1``, as of class 0, 1."""
    numbers: dict[str, float] = {}
    for name, value in logs.items():
        values = np.ravel(value).tolist()
        numbers |= {name if len(values) == 1 else f"{name}_{place}": number for place, number in enumerate(values)}
    return numbers


def callback(folder: Path) -> keras.callbacks.TensorBoard:
    """Keras' own callback, which writes all that it can into a folder."""
    profiled = PROFILED if keras.backend.backend() == "tensorflow" else 0  # it refuses, or warns, on the others
    return _EachNumber(str(folder), histogram_freq=1, profile_batch=profiled)


def write(folder: Path, model: keras.Model, splits: Splits, objective: Objective) -> list[str]:
    """Adds the model's summary and its mistakes; returns one line for each thing not logged. Never raises."""
    notes = []
    if not any(folder.glob("**/plugins/profile/**/*.xplane.pb")):
        notes.append("no profile: TensorFlow's profiler gave none on this machine")
    try:
        from tensorflow import summary

        writer = summary.create_file_writer(str(folder / "model"))
        with writer.as_default(step=0):
            lines: list[str] = []
            model.summary(print_fn=lines.append, line_length=100)
            indented = "\n".join(f"    {line}" for line in "\n".join(lines).splitlines())  # Markdown's code
            summary.text("summary", indented)
            for tag, picture in mistakes(model, splits, objective):
                summary.image(tag, picture[None])
        writer.close()
    except Exception as error:  # the model is saved and must not be lost for a missing picture
        notes.append(f"no summary and pictures: {error_line(error)}")
    return notes


def mistakes(model: keras.Model, splits: Splits, objective: Objective) -> list[tuple[str, np.ndarray]]:
    """Up to `PICTURES` misclassified pictures of the test split, the most certain mistakes first.

    Returns:
        Titles, and pictures of shape (height, width, channels) with values in 0 .. 1; none unless exactly one input
        holds pictures and the model is a classifier.
    """
    pictures = _pictures(splits.test)
    if pictures is None:
        return []
    by_class = classified(model, splits, objective)
    if by_class is None or len(by_class.true) != len(pictures):  # such as a class for each pixel
        return []
    wrong = np.flatnonzero(by_class.true != by_class.predicted)
    shown = wrong[np.argsort(-by_class.certainty[wrong], kind="stable")][:PICTURES]
    least, most = float(pictures[shown].min(initial=0)), float(pictures[shown].max(initial=0))
    return [
        (
            f"misclassified/{place:02} {by_class.classes[by_class.true[row]]} taken for "
            f"{by_class.classes[by_class.predicted[row]]} (test sample {row})",
            (pictures[row] - least) / ((most - least) or 1.0),
        )
        for place, row in enumerate(shown, start=1)
    ]


def _pictures(test: Part | None) -> np.ndarray | None:
    """The one input of the test split that holds pictures, of shape (num, height, width, channels)."""
    if not isinstance(test, tuple):
        return None
    arrays = [array[..., None] if array.ndim == 3 else array for array in keras.tree.flatten(test[0])]
    pictures = [array for array in arrays if array.ndim == 4 and array.shape[-1] in _CHANNELS]
    return pictures[0] if len(pictures) == 1 and np.issubdtype(pictures[0].dtype, np.number) else None
